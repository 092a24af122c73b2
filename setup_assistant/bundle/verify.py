"""Whether a bundle is whole and what it was: every file by its sum, the manifest by its key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle import sign
from setup_assistant.bundle.manifest import Manifest, Piece
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import _
from setup_assistant.weights.listing import OWN_PREFIX

# What systems leave on sticks, and our own records; nothing takes these for packages or weights.
_DROPPINGS = {".DS_Store", "Thumbs.db", "desktop.ini"}
_DROPPED_BEFORE = ("._", OWN_PREFIX)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A bundle that is whole. `signer` is the fingerprint of the key, "" if not signed."""

    folders: tuple[Path, ...]
    manifest: Manifest
    signer: str


def verify(
    folders: Sequence[Path],
    *,
    signer: Path | None = None,
    used: Callable[[Manifest], Iterable[str]] | None = None,
    tell: Callable[[int, int, str], None] = lambda _done, _total, _path: None,
) -> Checked:
    """Check a bundle that lies in one or several folders.

    Args:
        folders: where its parts are, e.g. the sticks.
        signer: whose signature it must bear; any if not given.
        used: gives the listed files whose content counts; all if not given. The others have to be
            there, in their size.
        tell: called with the bytes checked so far, all bytes, and the file.

    Raises:
        SetupError: `bundle_missing`, `bundle_damaged`, `bundle_extra`, `bundle_signature` or
            `bundle_invalid`, each naming the file; and as `used`.
    """
    path = manifests.find(folders, manifests.NAME)
    if path is None:
        raise SetupError("bundle_missing", path=manifests.NAME, folder=str(folders[0]))
    # First: what is not from whom it should be is not even read.
    signed_by = sign.check(path, manifests.find(folders, manifests.SIGNATURE), signer)
    manifest = manifests.load(folders, signed=signed_by not in ("", sign.UNCHECKED))
    _sums_signed(folders, signer, signed_by)
    parts = manifest.parts()
    read = [p for path in used(manifest) for p in manifest.item(path).parts()] if used else parts
    # All that is missing is told before gigabytes are read.
    for part in parts:
        _there(part, folders)
    tops = {p.path.partition("/")[0] for p in parts if "/" in p.path}
    if stranger := next(strangers(folders, parts, tops), None):
        raise SetupError("bundle_extra", path=str(stranger))
    total, done = sum(p.size for p in read), 0
    with ThreadPoolExecutor(2) as pool:
        for part in pool.map(lambda p: _right(p, folders), read):
            done += part.size
            tell(done, total, part.path)
    return Checked(folders=tuple(folders), manifest=manifest, signer=signed_by)


def _sums_signed(folders: Sequence[Path], signer: Path | None, signed_by: str) -> None:
    """Refuse sums that another key signed than the manifest; older bundles sign only that."""
    sums, signature = (
        manifests.find(folders, n) for n in (manifests.SUMS, manifests.SUMS_SIGNATURE)
    )
    if sums is None or signature is None or signed_by in ("", sign.UNCHECKED):
        return
    if sign.check(sums, signature, signer) != signed_by:
        detail = _("it is another key's")
        raise SetupError("bundle_signature", path=str(signature), detail=detail)


def strangers(
    folders: Sequence[Path], parts: Sequence[Piece], tops: Iterable[str]
) -> Iterator[Path]:
    """Yield files that lie in the folders `tops` of a bundle and are not listed.

    A model's loader and an installer take what they find: a file more is as bad as another one.
    """
    listed = {p.path for p in parts}
    tops = sorted(tops)
    for folder in folders:
        for top in tops:
            for root, _names, names in os.walk(folder / top):
                for name in sorted(names):
                    path = Path(root, name)
                    dropped = name in _DROPPINGS or name.startswith(_DROPPED_BEFORE)
                    if not dropped and path.relative_to(folder).as_posix() not in listed:
                        yield path


def _there(part: Piece, folders: Sequence[Path]) -> Path:
    path = manifests.find(folders, part.path)
    if path is None:
        raise SetupError("bundle_missing", path=part.path, folder=str(folders[0]))
    if path.stat().st_size != part.size:
        raise SetupError("bundle_damaged", path=str(path))
    return path


def _right(part: Piece, folders: Sequence[Path]) -> Piece:
    path = _there(part, folders)
    try:
        same = files.sha256(path) == part.sha256
    except OSError:
        # A stick that is worn out.
        same = False
    if not same:
        raise SetupError("bundle_damaged", path=str(path))
    return part
