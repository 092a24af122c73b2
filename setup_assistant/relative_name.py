"""A relative name inside a folder, as data names it: listings, manifests, indexes, journals.

Whatever was received is a stranger's. A name from it is used only after it was checked here: it
must lie inside the folder that it is put together with, and be a name on every system.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from setup_assistant.messages import _

# Limits of common file systems, in characters of a path and in bytes of a name.
LONGEST_PATH = 1000
LONGEST_NAME = 255
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
# The superscript digits too: Windows takes them for the others.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)


def fault_of(value: object, *, spare: int = 0) -> str | None:
    """Return what is wrong with a relative name; None where it is safe on every system.

    Args:
        value: what the data hold, of any type.
        spare: bytes that are still to be put behind the name of a file.
    """
    if not isinstance(value, str):
        return _("it is no text")
    parts = value.split("/")
    if _FORBIDDEN.search(value) or not value.isprintable():
        return _("a character that no file name may have")
    if len(value) > LONGEST_PATH or any(len(p.encode()) > LONGEST_NAME - spare for p in parts):
        return _("too long")
    if "" in parts or "." in parts or ".." in parts:
        return _("it leads elsewhere")
    if any(_DEVICE.fullmatch(p) or p.endswith((" ", ".")) for p in parts):
        return _("not a file name on every system")
    return None


def clash(names: Iterable[str]) -> str | None:
    """Return what is wrong with names together: those that are one on some systems.

    Some ignore case; some take letters with accents apart, or together. A file that is also a
    folder is none either.
    """
    known: set[str] = set()
    for path in names:
        name = unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
        if name in known:
            return _("{path} is listed twice", path=ascii(path))
        known.add(name)
    for name in known:
        parts = name.split("/")
        for end in range(1, len(parts)):
            if "/".join(parts[:end]) in known:
                return _("{path}: a file is also a folder", path=ascii(name))
    return None
