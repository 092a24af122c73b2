"""What a source says it has; nothing of it is believed before it was checked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host.file_sum import is_sha256
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, STATE_SUFFIX, RemoteFile
from setup_assistant.messages import _
from setup_assistant.relative_name import clash, fault_of

# A thousand times the number of files of the largest model in the recipes.
MOST_FILES = 100_000
# One file cannot be larger than this many bytes (4 PB): a hub that says so is broken.
_LARGEST = 1 << 52
# What ModelScope's own client adds.
_CLIENT_SUFFIX = ".incomplete"
_RESERVED = (PART_SUFFIX, STATE_SUFFIX, _CLIENT_SUFFIX)
_SPARE = max(len(s) for s in _RESERVED)
_SHA1 = re.compile(r"[0-9a-f]{40}")
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
    if fault := clash(file.path for file in found):
        raise _refused(model, fault)
    if not found:
        raise _refused(model, _("no files at all"))
    return tuple(sorted(found, key=lambda f: f.path))


def path_fault(path: object) -> str | None:
    """Return what is wrong with the name of a file of a model or bundle; None where it is safe.

    Beside what `relative_name.fault_of` refuses, names of this tool's own are: what was received
    may neither pass for a record nor replace one.
    """
    if fault := fault_of(path, spare=_SPARE):
        return fault
    lower = [p.lower() for p in str(path).split("/")]
    if lower[0].startswith(OWN_PREFIX) or ".git" in lower or lower[-1].endswith(_RESERVED):
        return _("a reserved name")
    return None


def _file(entry: object, model: str) -> RemoteFile | None:
    if not isinstance(entry, Mapping):
        raise _refused(model, _("an entry that is no file"))
    if entry.get("Type") == "tree":
        return None
    path, size, revision = entry.get("Path"), entry.get("Size"), entry.get("Revision")
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
        revision=revision if isinstance(revision, str) else None,
        git_blob=_blob(entry.get("GitBlob")),
    )


def _sum(value: Any, path: str, model: str) -> str | None:  # noqa: ANN401 - JSON value
    if value in (None, ""):
        return None
    if not isinstance(value, str) or not is_sha256(value.lower()):
        raise _refused(model, f"{path!a}: Sha256 {str(value)[:80]!a}")
    return value.lower()


def _blob(value: object) -> str | None:
    """Return the id of a Git blob; another one than sha1's says nothing here."""
    return value if isinstance(value, str) and _SHA1.fullmatch(value) else None


def _refused(model: str, detail: str) -> SetupError:
    return SetupError("weights_listing", model=model, detail=detail)
