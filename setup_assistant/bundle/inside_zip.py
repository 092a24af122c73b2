"""What wheels and agents say of what is in them: names, licences, needs, libraries of others."""

from __future__ import annotations

import contextlib
import email
import email.message
import hashlib
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import InvalidRequirement, Requirement

from setup_assistant.host.prefix import normal_name

_LARGEST_METADATA = 1 << 20
_BLOCK = 1 << 20
_UNREADABLE = (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError)
# Libraries that a wheel took along from elsewhere: as auditwheel, delocate and delvewheel put them.
_TAKEN_ALONG = re.compile(
    r"(?:.*/)?(?:[^/]+\.libs/[^/]+|\.dylibs/[^/]+|lib[^/]+-[0-9a-f]{8}\.so[^/]*)"
)
Licence = dict[str, str] | dict[str, dict[str, str]]


def metadata(wheel: Path) -> email.message.Message:
    """Return what a wheel says of itself; nothing where it cannot be read."""
    return next(_said(wheel, r"[^/]+\.dist-info/METADATA"), email.message.Message())


def packages(agent: Path) -> dict[tuple[str, str], email.message.Message]:
    """Return name and version → metadata of what is packed into an agent."""
    said = _said(agent, r"[^/]+/(?:[^/]+/)*[^/]+\.dist-info/METADATA")
    found = {(str(m["Name"]), str(m["Version"])): m for m in said if m["Name"] and m["Version"]}
    return dict(sorted(found.items()))


def _said(archive: Path, pattern: str) -> Iterator[email.message.Message]:
    with contextlib.suppress(*_UNREADABLE):
        for _name, stream in _members(archive, re.compile(pattern)):
            text = stream.read(_LARGEST_METADATA).decode("utf-8", "replace")
            yield email.message_from_string(text)


def libraries(wheel: Path) -> dict[str, str]:
    """Return name → sha256 of the libraries of others that a wheel took along."""
    found: dict[str, str] = {}
    with contextlib.suppress(*_UNREADABLE):
        for name, stream in _members(wheel, _TAKEN_ALONG):
            digest = hashlib.sha256()
            while block := stream.read(_BLOCK):
                digest.update(block)
            found[name] = digest.hexdigest()
    return found


def _members(archive: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if not member.is_dir() and pattern.fullmatch(member.filename):
                with opened.open(member) as stream:
                    yield member.filename, stream


def needs(said: email.message.Message) -> set[str]:
    """Return the names of the projects that a package requires, without its extras."""
    found: set[str] = set()
    for line in said.get_all("Requires-Dist", []):
        try:
            needed = Requirement(str(line))
        except InvalidRequirement:
            continue
        if "extra" not in str(needed.marker or ""):
            found.add(normal_name(needed.name))
    return found


def licences(said: email.message.Message) -> list[Licence]:
    """Return the licences as a package names them: an expression, classifiers, or a short name."""
    if expression := str(said.get("License-Expression") or "").strip():
        return licence(expression)
    classes = [str(c) for c in said.get_all("Classifier", [])]
    names = [c.rpartition(" :: ")[2] for c in classes if c.startswith("License :: ")]
    names = [n for n in names if n != "OSI Approved"]
    # Some put the whole text of the licence there.
    short = str(said.get("License") or "").strip()
    if not names and short and "\n" not in short and len(short) < 100:
        return licence(short)
    return [{"license": {"name": n}} for n in dict.fromkeys(names)]


def licence(said: str) -> list[Licence]:
    """Return one licence: an SPDX expression in its proper spelling where it is one, or a name."""
    if not said:
        return []
    try:
        return [{"expression": str(canonicalize_license_expression(said))}]
    except InvalidLicenseExpression:
        return [{"license": {"name": said}}]
