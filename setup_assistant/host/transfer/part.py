"""One file on its way: its bytes in place, and beside it how far each segment is.

`NAME.sa-part` has the file's full size from the start; every block is written where it belongs.
`NAME.sa-part.state` says what the file is to become (64 hex digits), what the server calls this
state of it (64 more, zeros where it has no word for it) and then, 8 bytes for each segment, how
many of its bytes are there. A block is written first and counted afterwards, so
that a process killed at any moment leaves a state that claims nothing that is not there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import struct
import threading
from pathlib import Path

from setup_assistant.host import durable, removal
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, STATE_SUFFIX, RemoteFile

SEGMENT = 8 << 20
_SCHEMA = "setup-assistant/part/2"
_IDENTITY_BYTES, _VERSION_BYTES = 64, 64
_HEAD_BYTES = _IDENTITY_BYTES + _VERSION_BYTES
_NO_VERSION = b"0" * _VERSION_BYTES
# What the processor's cache holds; one of 1 MiB costs a twentieth more.
_HASH_BLOCK = 1 << 18
_HASH_SLICE = 32 << 20


class Part:
    """One file on its way. `origin` names its source, for files that have no sha256."""

    def __init__(self, folder: Path, file: RemoteFile, origin: str) -> None:
        self.file, self._folder = file, folder
        self.target = folder / file.path
        self.path = folder / f"{file.path}{PART_SUFFIX}"
        self.state = folder / f"{file.path}{STATE_SUFFIX}"
        self.counts: list[int] = [0] * -(-file.size // SEGMENT)
        self.digest = hashlib.sha256()
        self.hashed = 0
        self._identity = _identity(file, origin)
        self._version = _NO_VERSION
        self._data = self._marks = -1
        self._hashing = threading.Lock()
        self.named = False

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return sum(self.counts)

    @property
    def behind(self) -> bool:
        """Whether there is more to hash before the end."""
        return self.hashed < self.file.size

    def length(self, segment: int) -> int:
        """Return the size of a segment."""
        return min(SEGMENT, self.file.size - segment * SEGMENT)

    def missing(self) -> list[tuple[int, int]]:
        """Return runs of unfinished segments; only the first of a run may have begun."""
        runs: list[tuple[int, int]] = []
        for segment, count in enumerate(self.counts):
            if count == self.length(segment):
                continue
            if runs and runs[-1][1] == segment and not count:
                runs[-1] = (runs[-1][0], segment + 1)
            else:
                runs.append((segment, segment + 1))
        return runs

    def kept(self) -> list[int] | None:
        """Return the counts an earlier run left; None where there are none that fit."""
        with contextlib.suppress(OSError, struct.error):
            # Another name of somebody's file is no part of ours.
            if any(p.is_symlink() or p.stat().st_nlink > 1 for p in (self.path, self.state)):
                return None
            if self.path.stat().st_size != self.file.size:
                return None
            with self.state.open("rb") as stream:
                data = stream.read(_HEAD_BYTES + 8 * len(self.counts) + 1)
            if data[:_IDENTITY_BYTES] == self._identity:
                counts = struct.unpack(f"<{len(self.counts)}Q", data[_HEAD_BYTES:])
                if all(c <= self.length(i) for i, c in enumerate(counts)):
                    self._version = data[_IDENTITY_BYTES:_HEAD_BYTES]
                    return list(counts)
        return None

    def load(self) -> None:
        """Learn what an earlier run left, without opening anything."""
        self.counts = self.kept() or self.counts

    def open(self) -> None:
        """Open both files, going on with what an earlier run left."""
        counts = self.kept()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        if counts is None:
            self._drop(self.path, self.state)
        self._data = os.open(self.path, flags, 0o644)
        self._marks = os.open(self.state, flags, 0o644)
        if counts is None:
            os.truncate(self._data, self.file.size)
            self._version = _NO_VERSION
            head = self._identity + self._version
            os.pwrite(self._marks, head + bytes(8 * len(self.counts)), 0)
        else:
            self.counts = counts

    def write(self, segment: int, block: bytes | memoryview) -> None:
        """Add a block to a segment: first the bytes, then the count."""
        at = segment * SEGMENT + self.counts[segment]
        view = memoryview(block)
        while view:
            written = os.pwrite(self._data, view, at)
            at, view = at + written, view[written:]
        self._mark(segment, self.counts[segment] + len(block))

    def is_of(self, version: str) -> bool:
        """Whether an answer of this version goes with what is there; the first one decides."""
        if not version:
            return True
        named = hashlib.sha256(version.encode()).hexdigest().encode()
        if self._version == _NO_VERSION:
            self._version = named
            os.pwrite(self._marks, named, _IDENTITY_BYTES)
        return self._version == named

    def start_over(self) -> None:
        """Forget everything that came."""
        self._version = _NO_VERSION
        os.pwrite(self._marks, self._version, _IDENTITY_BYTES)
        with self._hashing:
            for segment in range(len(self.counts)):
                self._mark(segment, 0)
            self.digest, self.hashed = hashlib.sha256(), 0

    def hash_on(self) -> bool:
        """Hash what is there of the contiguous beginning; return whether anything was."""
        if not self._hashing.acquire(blocking=False):
            return False
        try:
            before = self.hashed
            until = min(self._prefix(), before + _HASH_SLICE)
            while self.hashed < until:
                block = os.pread(self._data, min(_HASH_BLOCK, until - self.hashed), self.hashed)
                if not block:
                    # Someone else cut it.
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.path))
                self.digest.update(block)
                self.hashed += len(block)
            until = self.hashed
        finally:
            self._hashing.release()
        # A disk whose queue is full makes this wait; the sums go on meanwhile. Where the file has
        # its name by now and was closed, there is nothing to begin.
        if until > before and self._data >= 0:
            durable.begin_sync(self._data, before, until - before)
        return until > before

    def settle(self) -> str | None:
        """Give a file that is there and hashed its name, once; return its sha256."""
        if self.behind:
            return None
        with self._hashing:
            if self.named or self.hashed < self.file.size or self.done < self.file.size:
                return None
            self.named = True
            self.close()
            self.path.replace(self.target)
            self._drop(self.state)
            return self.digest.hexdigest()

    def close(self) -> None:
        """Let go of both files; a later run goes on with them."""
        for handle in (self._data, self._marks):
            if handle >= 0:
                os.close(handle)
        self._data = self._marks = -1

    def _drop(self, *paths: Path) -> None:
        for path in paths:
            removal.drop(path, under=self._folder)

    def _prefix(self) -> int:
        at = self.hashed // SEGMENT
        while at < len(self.counts) and self.counts[at] == self.length(at):
            at += 1
        return at * SEGMENT + self.counts[at] if at < len(self.counts) else self.file.size

    def _mark(self, segment: int, count: int) -> None:
        os.pwrite(self._marks, struct.pack("<Q", count), _HEAD_BYTES + 8 * segment)
        self.counts[segment] = count


def kept_bytes(folder: Path, file: RemoteFile, origin: str) -> int:
    """Return how many bytes of a file an earlier run left in `folder`."""
    if not os.path.lexists(f"{folder}/{file.path}{PART_SUFFIX}"):
        return 0
    return sum(Part(folder, file, origin).kept() or ())


def _identity(file: RemoteFile, origin: str) -> bytes:
    # With a sha256 any source may go on with the file; without, only the same one.
    what = [file.sha256] if file.sha256 else [origin, file.revision]
    text = json.dumps([_SCHEMA, SEGMENT, file.path, file.size, *what])
    return hashlib.sha256(text.encode()).hexdigest().encode()
