"""Write arrived files to the disk while others still arrive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from setup_assistant.host import durable

_TICK_SECONDS = 0.5
# Smaller files wait for the end: a disk that turns takes longer for each than for all at once.
_LARGE_BYTES = 1_000_000
_FEW = 32


class Flusher:
    """Files below one folder on their way to the disk. Only what is there may be recorded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # One after the other: a disk gains nothing from more, and readers are not held up.
        self._pool = ThreadPoolExecutor(1)
        self._waiting: dict[str, Future[None]] = {}
        self._small: set[str] = set()
        self._folders: set[Path] = {folder, folder.parent}

    def add(self, path: str) -> None:
        """Begin to write one file out; it may be one that was given before."""
        file = self._folder / path
        self._folders.update(file.parents[: path.count("/") + 1])
        if file.stat().st_size < _LARGE_BYTES:
            self._small.add(path)
        else:
            self._waiting[path] = self._pool.submit(durable.sync_file, file)

    def is_out(self, path: str) -> bool:
        """Whether a file is on the disk, as far as this run wrote it."""
        begun = self._waiting.get(path)
        done = begun is None or (begun.done() and begun.exception() is None)
        return done and path not in self._small

    def finish(self, tick: Callable[[], None] = lambda: None) -> None:
        """Wait until every file, and the folders that name them, are on the disk.

        Args:
            tick: called now and then while it takes.

        Raises:
            OSError: the disk could not take it.
        """
        pending = {*self._waiting.values(), self._pool.submit(self._finish_small)}
        while pending:
            done, pending = wait(pending, timeout=_TICK_SECONDS)
            for one in done:
                one.result()
            if pending:
                tick()
        self._waiting.clear()
        self._small.clear()

    def abandon(self) -> None:
        """Begin nothing more: the person wants to leave."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _finish_small(self) -> None:
        if len(self._small) > _FEW:
            durable.sync_disk(self._folder)
        else:
            for path in self._small:
                durable.sync_file(self._folder / path)
        # The deepest first: what is inside before what leads to it.
        for folder in sorted(self._folders, key=lambda f: len(f.parts), reverse=True):
            durable.sync_folder(folder)
