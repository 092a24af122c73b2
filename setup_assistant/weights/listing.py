"""What a source says it has; nothing of it is believed before it was checked here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host.file_sum import RemoteFile, is_sha256
from setup_assistant.messages import _

# A thousand times the number of files of the largest model in the recipes.
MOST_FILES = 100_000
# One file cannot be larger than this many bytes (4 PB): a hub that says so is broken.
_LARGEST = 1 << 52
_LONGEST_PATH = 1000
# What stands behind the name of a file on its way, and of the note that goes with it.
PART_SUFFIX = ".sa-part"
STATE_SUFFIX = ".sa-part.state"
# What ModelScope's own client adds.
_CLIENT_SUFFIX = ".incomplete"
_RESERVED = (PART_SUFFIX, STATE_SUFFIX, _CLIENT_SUFFIX)
# 255 bytes is the limit of common file systems.
_LONGEST_NAME = 255 - max(len(s) for s in _RESERVED)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
# The superscript digits too: Windows takes them for the others.
_DEVICE = re.compile(
    r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)
# What this tool writes beside the weights.
OWN_PREFIX = ".setup-assistant"


def checked(entries: Iterable[object], model: str) -> tuple[RemoteFile, ...]:
    """Return the files of a listing in the form of the ModelScope API, folders left out.

    Raises:
        SetupError: `weights_listing`, for any entry that could write outside the target, that
            this or another system could not store, or that makes no sense.
    """
    found: list[RemoteFile] = []
    for entry in entries:
        if len(found) >= MOST_FILES:
            raise _refused(model, _("more than {count} files", count=MOST_FILES))
        file = _file(entry, model)
        if file:
            found.append(file)
    _check_together(found, model)
    if not found:
        raise _refused(model, _("no files at all"))
    return tuple(sorted(found, key=lambda f: f.path))


def path_fault(path: str) -> str | None:
    """Return what is wrong with a relative path; None where it is safe on every system."""
    parts = path.split("/")
    if _FORBIDDEN.search(path) or not path.isprintable():
        return _("a character that no file name may have")
    if len(path) > _LONGEST_PATH or any(len(p.encode()) > _LONGEST_NAME for p in parts):
        return _("too long")
    if "" in parts or "." in parts or ".." in parts:
        return _("it leads elsewhere")
    if any(_DEVICE.fullmatch(p) or p.endswith((" ", ".")) for p in parts):
        return _("not a file name on every system")
    lower = [p.lower() for p in parts]
    if lower[0].startswith(OWN_PREFIX) or ".git" in lower or lower[-1].endswith(_RESERVED):
        return _("a reserved name")
    return None


def _file(entry: object, model: str) -> RemoteFile | None:
    if not isinstance(entry, Mapping):
        raise _refused(model, _("an entry that is no file"))
    if entry.get("Type") == "tree":
        return None
    path, size = entry.get("Path"), entry.get("Size")
    if not isinstance(path, str):
        raise _refused(model, _("a file without a path"))
    if fault := path_fault(path):
        raise _refused(model, f"{path!a}: {fault}")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
        raise _refused(model, f"{path!a}: Size {size!a}")
    return RemoteFile(
        path=path,
        size=size,
        sha256=_sum(entry.get("Sha256"), path, model),
        revision=_text(entry.get("Revision")),
    )


def _sum(value: Any, path: str, model: str) -> str | None:  # noqa: ANN401 - JSON value
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not is_sha256(value.lower()):
        raise _refused(model, f"{path!a}: Sha256 {str(value)[:80]!a}")
    return value.lower()


def _check_together(found: list[RemoteFile], model: str) -> None:
    if fault := clash(file.path for file in found):
        raise _refused(model, fault)


def clash(paths: Iterable[str]) -> str | None:
    """Return what is wrong with paths together: names that are one on some systems.

    Some ignore case; some take letters with accents apart, or together. A file that is also a
    folder is none either.
    """
    names: set[str] = set()
    for path in paths:
        name = unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
        if name in names:
            return _("{path} is listed twice", path=ascii(path))
        names.add(name)
    for name in names:
        parts = name.split("/")
        for end in range(1, len(parts)):
            if "/".join(parts[:end]) in names:
                return _("{path}: a file is also a folder", path=ascii(name))
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refused(model: str, detail: str) -> SetupError:
    return SetupError("weights_listing", model=model, detail=detail)
