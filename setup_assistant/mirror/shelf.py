"""What a mirror serves: models, their files and sums. Nothing that is not on the shelf is sent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.file_sum import FileSum
from setup_assistant.weights import folder_record
from setup_assistant.weights.listing import path_fault
from setup_assistant.weights.model_folder import CONFIG

# From here on hubs keep a file apart from the others, known by its sha256.
_LARGE_BYTES = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Item(FileSum):
    """One file on the shelf; `file` is where it lies."""

    sha256: str
    file: Path

    @property
    def large(self) -> bool:
        """Whether hubs keep it apart (LFS)."""
        return self.size > _LARGE_BYTES

    @property
    def pointer(self) -> bytes:
        """What git holds in the place of a large file."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\n"
        return f"{text}size {self.size}\n".encode()


class Shelf:
    """The models below one folder, by id.

    A model is a folder with a config.json. Its id is the one under which this tool fetched it,
    else the names of the last two folders (OWNER/NAME).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.models = {_id(folder): folder for folder in _model_folders(root)}
        self._known: dict[tuple[Path, int, int], str] = {}
        self._blobs: dict[str, str] = {}
        self._lock = threading.Lock()
        if not self.models:
            raise SetupError("mirror_empty", path=str(root))

    def prepare(self, tell: Callable[[str], None]) -> None:
        """Reckon the sums that no record names, so that the first client need not wait."""
        for model in self.models:
            tell(model)
            self.items(model)

    def items(self, model: str) -> dict[str, Item]:
        """Return a model's files by path; a file that changed is read again."""
        folder = self.models[model]
        record = folder_record.own(folder)
        kept = {k.path: k for k in record.files} if record else {}
        found = {}
        for path, file in _inside(folder):
            known = kept.get(path)
            sure = known is not None and folder_record.untouched(folder, known)
            digest = known.sha256 if known and sure else self._sum(file)
            found[path] = Item(path=path, size=file.stat().st_size, sha256=digest, file=file)
        return found

    def item(self, model: str, path: str) -> Item | None:
        """Return one file of a model as `items` does; None for anything else."""
        return self.items(model).get(path) if self.find(model, path) else None

    def commit(self, model: str) -> str:
        """Return what changes with any file of a model: the revision, as git would number it."""
        digest = hashlib.sha1(usedforsecurity=False)
        for path, item in self.items(model).items():
            digest.update(f"{path}\0{item.size}\0{item.sha256}\n".encode())
        return digest.hexdigest()

    def blob_id(self, item: Item) -> str:
        """Return the name that git gives to a file, or to what it holds in its place."""
        if item.sha256 not in self._blobs:
            body = item.pointer if item.large else item.file.read_bytes()
            head = f"blob {len(body)}\0".encode()
            self._blobs[item.sha256] = hashlib.sha1(head + body, usedforsecurity=False).hexdigest()
        return self._blobs[item.sha256]

    def listed(self, model: str, root: str, *, recursive: bool) -> tuple[list[str], list[Item]]:
        """Return the folders and files of a model below `root`, with what lies in folders of it."""
        below = f"{root}/" if root else ""
        items = [i for p, i in self.items(model).items() if p.startswith(below)]
        parts = [i.path.split("/") for i in items]
        every = {"/".join(p[:n]) for p in parts for n in range(1, len(p))}
        folders = sorted(f for f in every if f.startswith(below))
        if recursive:
            return folders, items
        return (
            [f for f in folders if "/" not in f[len(below) :]],
            [i for i in items if "/" not in i.path[len(below) :]],
        )

    def find(self, model: str, path: str) -> Path | None:
        """Return a file that is on the shelf; None for anything else."""
        folder = self.models.get(model)
        if folder is None or path_fault(path):
            return None
        file = folder / path
        return file if file.is_file() and _belongs(file, folder) else None

    def _sum(self, file: Path) -> str:
        stat = file.stat()
        key = (file, stat.st_size, stat.st_mtime_ns)
        with self._lock:
            if key not in self._known:
                self._known[key] = files.sha256(file)
            return self._known[key]


def _model_folders(root: Path) -> Iterator[Path]:
    for pattern in ("", "*", "*/*"):
        for folder in sorted(root.glob(pattern)) if pattern else [root]:
            if (folder / CONFIG).is_file() and not folder.name.startswith("."):
                yield folder


def _id(folder: Path) -> str:
    record = folder_record.load(folder)
    folder = folder.absolute()
    return record.model if record else f"{folder.parent.name}/{folder.name}"


def _inside(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        hidden = any(p.startswith(".") for p in path.split("/"))
        if not hidden and not path_fault(path) and file.is_file() and _belongs(file, folder):
            yield path, file


def _belongs(file: Path, folder: Path) -> bool:
    """Whether a file is inside the folder, also where it is a link."""
    hidden = any(p.startswith(".") for p in file.relative_to(folder).parts)
    return not hidden and file.resolve().is_relative_to(folder.resolve())
