"""Files that already lie on this machine: in the hubs' own caches, and in other sites.

A file is taken where name, size and sha256 are those that were listed; it is linked, so that it
takes no room twice. Where the source names no sha256, nothing is taken.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files, sites
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.steps.download.local import link_or_copy
from setup_assistant.weights import folder_record


def take(
    model: str, wanted: Sequence[RemoteFile], folder: Path, flag: str
) -> Iterator[tuple[RemoteFile, Path]]:
    """Bring what lies elsewhere on this machine into `folder`; yield each file and its origin."""
    homes = [h for h in _homes(model) if h.resolve() != folder.resolve()]
    for file in wanted:
        if (folder / file.path).exists():
            continue
        origin = _find(file, homes)
        if origin is not None:
            with contextlib.suppress(SetupError, OSError):
                link_or_copy(origin, folder / file.path, flag)
                yield file, origin


def _find(file: RemoteFile, homes: Sequence[Path]) -> Path | None:
    if file.sha256 is None or not file.size:
        return None
    for home in homes:
        candidate = home / file.path
        with contextlib.suppress(OSError):
            if candidate.stat().st_size == file.size and _sum(home, file.path) == file.sha256:
                return candidate
    return None


def _sum(home: Path, path: str) -> str:
    """Return a file's sha256: as its record or Hugging Face's blob name says, else by reading."""
    record = folder_record.load(home)
    for kept in record.files if record else ():
        if kept.path == path and folder_record.untouched(home, kept):
            return kept.sha256
    # The caller compares the bytes again once they are in the folder.
    blob = (home / path).resolve().name
    if (home / path).is_symlink() and len(blob) == 64:
        return blob
    return files.sha256(home / path)


def _homes(model: str) -> Iterator[Path]:
    """Yield the folders that may hold files of `model`."""
    owner, _slash, name = model.partition("/")
    home = Path.home()
    hub = Path(os.environ.get("MODELSCOPE_CACHE") or home / ".cache" / "modelscope")
    for root in (hub, hub / "hub"):
        for below in (root / "models" / owner, root / owner):
            yield from (f for f in (below / name, below / name.replace(".", "___")) if f.is_dir())
        # Where modelscope-hub keeps them, the client since 1.40.
        yield from sorted(Path(root, "models", f"{owner}--{name}", "snapshots").glob("*"))
    cache = os.environ.get("HF_HUB_CACHE") or Path(
        os.environ.get("HF_HOME") or home / ".cache" / "huggingface", "hub"
    )
    yield from sorted(Path(cache, f"models--{owner}--{name}", "snapshots").glob("*"))
    for site in sites.all():
        yield from sorted(p for p in (site / "models").glob("*") if p.name == name)
