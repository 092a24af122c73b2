"""Whether a bundle is whole and what it was: every file by its sum, the manifest by its key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.bundle import contents, sign
from setup_assistant.bundle.contents import Manifest, Piece
from setup_assistant.errors import SetupError
from setup_assistant.host import files


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
    tell: Callable[[int, int, str], None] = lambda _done, _total, _path: None,
) -> Checked:
    """Check a bundle that lies in one or several folders.

    Args:
        folders: where its parts are, e.g. the sticks.
        signer: whose signature it must bear; any if not given.
        tell: called with the bytes checked so far, all bytes, and the file.

    Raises:
        SetupError: `bundle_missing`, `bundle_damaged`, `bundle_signature` or `bundle_invalid`,
            each naming the file.
    """
    path = contents.find(folders, contents.NAME)
    if path is None:
        raise SetupError("bundle_missing", path=contents.NAME, folder=str(folders[0]))
    # First: what is not from whom it should be is not even read.
    signed_by = sign.check(path, contents.find(folders, contents.SIGNATURE), signer)
    manifest = contents.load(folders)
    parts = [part for item in manifest.files for part in item.parts()]
    # All that is missing is told before gigabytes are read.
    for part in parts:
        _there(part, folders)
    total, done = sum(p.size for p in parts), 0
    with ThreadPoolExecutor(2) as pool:
        for part in pool.map(lambda p: _right(p, folders), parts):
            done += part.size
            tell(done, total, part.path)
    return Checked(folders=tuple(folders), manifest=manifest, signer=signed_by)


def _there(part: Piece, folders: Sequence[Path]) -> Path:
    path = contents.find(folders, part.path)
    if path is None:
        raise SetupError("bundle_missing", path=part.path, folder=str(folders[0]))
    if path.stat().st_size != part.size:
        raise SetupError("bundle_damaged", path=str(path))
    return path


def _right(part: Piece, folders: Sequence[Path]) -> Piece:
    path = _there(part, folders)
    if files.sha256(path) != part.sha256:
        raise SetupError("bundle_damaged", path=str(path))
    return part
