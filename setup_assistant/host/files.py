"""Files: written whole or not at all, read with errors that name them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from setup_assistant.errors import SetupError
from setup_assistant.host import durable
from setup_assistant.messages import _
from setup_assistant.units_text import size_text

_BLOCK = 1 << 20
# What is read whole is never larger: a plan, a ledger, an answers file; a lock has some MB.
LARGEST_BYTES = 256 << 20
# Of a larger file this much is read of its beginning, and of its end.
_HEAD_BYTES, _TAIL_BYTES = 2 << 20, 6 << 20
# What the system says where a disk or a quota is full.
FULL = (errno.ENOSPC, errno.EDQUOT)
# What it says where one may not write.
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_DEVICES = ("/dev/", "/proc/")


def write_text(path: Path, text: str, *, mode: int = 0o644) -> bool:
    """Write `text` to `path` atomically; return whether anything changed.

    An unchanged file is left alone, so that a rerun changes nothing.
    """
    return write_bytes(path, text.encode(), mode=mode)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> bool:
    """Write `data` to `path` as `write_text` does."""
    device = str(path.absolute()).startswith(_DEVICES) and not path.is_relative_to("/dev/shm")  # noqa: S108
    with contextlib.suppress(OSError):
        if not device and plain(path).read_bytes() == data:
            return False
    try:
        if device:
            # One that was put in its place would end it for all.
            with path.open("wb") as stream:
                return bool(stream.write(data))
        durable.make_folder(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
            durable.sync_folder(path.parent)
        except BaseException:
            from setup_assistant.host import removal

            removal.drop(Path(name), under=path.parent)
            raise
    except OSError as error:
        raise refusal(error, path, named=False) from error
    return True


def open_anew(path: Path) -> BinaryIO:
    """Open a new file for writing, in place of what has its name.

    What is there may be a link, hard or symbolic, to something that is nobody's to change.
    """
    from setup_assistant.host import removal

    removal.drop(path, under=path.parent)
    return path.open("xb")


def refusal(error: OSError, path: Path, *, flag: str = "--site", named: bool = True) -> SetupError:
    """Return what the system's refusal to write at or below `path` means for a person.

    `named`: say the path that the system named, where it named one.
    """
    place = str((error.filename if named else None) or path)
    if error.errno in FULL:
        return SetupError("disk_filled", path=place)
    return SetupError("not_writable", path=place, detail=error.strerror or str(error), flag=flag)


def write_json(path: Path, value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Write `value` as indented JSON; return whether anything changed."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_text(path: Path, flag: str = "", errors: str = "strict") -> str:
    """Return the text of `path`; `errors` says what becomes of bytes that are no UTF-8.

    Raises:
        SetupError: `file_missing` or `file_invalid`, naming the file.
    """
    with _reading(path, flag or path.name):
        return plain(path).read_text(encoding="utf-8", errors=errors)


def read_ends(path: Path, flag: str) -> bytes:
    """Return what a file holds; of a very large one its beginning and its end.

    Raises:
        SetupError: `file_missing` or `file_invalid`, naming the file.
    """
    with _reading(path, flag), plain(path, most=None).open("rb") as stream:
        return ends_of(stream)


@contextlib.contextmanager
def _reading(path: Path, flag: str) -> Iterator[None]:
    """Name the file in what the system says while it is read."""
    try:
        yield
    except FileNotFoundError as error:
        raise SetupError("file_missing", path=str(path), flag=flag) from error
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError("file_invalid", path=str(path), detail=detail) from error
    except UnicodeDecodeError as error:
        detail = _("it is no text in UTF-8 (byte {place})", place=error.start)
        raise SetupError("file_invalid", path=str(path), detail=detail) from error


def plain(path: Path, most: int | None = LARGEST_BYTES) -> Path:
    """Return the path of a file that ends: no pipe or device, but one that a shell hands over.

    `most`: the bytes that fit into memory; None where it is not read whole.

    Raises:
        OSError: it is one, is larger, or is not there.
    """
    given = str(path).startswith(("/dev/fd/", "/dev/stdin", "/proc/")) or str(path) == os.devnull
    if given:
        return path
    found = path.stat()
    if os.name != "nt" and not stat.S_ISREG(found.st_mode):
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, _("it is a pipe, socket or device, not a file"))
    if most is not None and found.st_size > most:
        raise OSError(errno.EFBIG, _("it is larger than {size}", size=size_text(most)))
    return path


def ends_of(stream: BinaryIO) -> bytes:
    """Return what a stream holds, in bounded memory: its first and its last bytes."""
    head = stream.read(_HEAD_BYTES)
    tail = bytearray()
    while part := stream.read(_BLOCK):
        tail += part
        if len(tail) > 2 * _TAIL_BYTES:
            del tail[:-_TAIL_BYTES]
    if len(tail) > _TAIL_BYTES:
        # Cut between lines, so that no letter is cut in two.
        del tail[:-_TAIL_BYTES]
        return head[: head.rfind(b"\n") + 1] + bytes(tail[tail.find(b"\n") + 1 :])
    return head + bytes(tail)


def read_json(path: Path, flag: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value in `path`; errors name the file and the place."""
    try:
        return json.loads(read_text(path, flag))
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        detail = _("it is no JSON (line {line}, column {column})", **place)
        raise SetupError("file_invalid", path=str(path), detail=detail) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits; brackets in brackets without end.
        detail = _("it is no JSON that can be read")
        raise SetupError("file_invalid", path=str(path), detail=detail) from error


def append_line(path: Path, line: str, *, through_link: bool = False) -> None:
    """Append one line and wait until it is on the disk.

    `through_link`: follow a link by that name, which a person put there. Otherwise none is
    followed, and a file that has other names too is left to them: this one gets a copy.

    Raises:
        SetupError: `not_writable`, also for a link, a pipe or a device.
    """
    try:
        durable.make_folder(path.parent)
        if not through_link:
            _make_single(path)
        new = not path.exists()
        with open(
            path, "a", encoding="utf-8", opener=None if through_link else _unlinked
        ) as stream:
            stream.write(line + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            durable.sync_folder(path.parent)
    except OSError as error:
        raise refusal(error, path, named=False) from error


def _unlinked(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o644)


def _make_single(path: Path) -> None:
    """Give a file that has other names too a copy of its own.

    Raises:
        OSError: it is a link, or none that ends.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, _("{link} is a link", link=str(path)))
    if not path.exists() or plain(path, most=None).stat().st_nlink < 2:
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        shutil.copyfile(path, name)
        shutil.copymode(path, name)
        durable.sync_file(Path(name))
        Path(name).replace(path)
    except BaseException:
        from setup_assistant.host import removal

        removal.drop(Path(name), under=path.parent)
        raise


def sha256(path: Path) -> str:
    """Return the sha256 of a file as lower-case hex."""
    return sum_of(path, hashlib.sha256())


def sum_of(path: Path, digest: hashlib._Hash) -> str:
    """Return the sum of a file as lower-case hex, as one that was begun goes on."""
    with plain(path, most=None).open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def folder_bytes(path: Path) -> int:
    """Return the bytes that the files under `path` occupy by name (hard links count fully)."""
    total = 0
    for root, _folders, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - hot loop
    return total


def free_bytes(path: Path) -> int:
    """Return what an ordinary user may still write on the disk that holds `path`.

    Uses `f_bavail`; `path` need not exist yet: its nearest existing parent counts.
    """
    return shutil.disk_usage(nearest_existing(path)).free


def check_room(path: Path, need: int, flag: str) -> None:
    """Refuse what the disk that holds `path` cannot take, in bytes.

    Raises:
        SetupError: `no_space`; `flag` is what names another place.
    """
    free = free_bytes(path)
    if free < need:
        from setup_assistant.units_text import size_text

        raise SetupError("no_space", path=str(nearest_existing(path)), free=size_text(free),
                         need=size_text(need), flag=flag)  # fmt: skip


def linked(folder: Path, path: Path) -> Path | None:
    """Return a link on the way from `folder` to `path`, which is below it; the last part counts.

    What was received may hold links that lead elsewhere: nothing is written through them.
    """
    place = folder
    for part in path.relative_to(folder).parts:
        place = place / part
        if place.is_symlink():
            return place
    return None


def nearest_existing(path: Path) -> Path:
    """Return `path`, or its nearest parent that exists."""
    path = path.absolute()
    while path != path.parent:
        # A name that no folder could have does not exist either.
        with contextlib.suppress(OSError):
            if path.exists():
                break
        path = path.parent
    return path


@contextlib.contextmanager
def exclusive(
    path: Path, on_busy: Callable[[], None] | None = None, *, flag: str = "--site"
) -> Iterator[bool]:
    """Hold the lock file `path`; the system lets go of it when the process dies.

    Where another process holds it, `on_busy` is called once and then waited; yields whether.

    Raises:
        SetupError: `site_busy` when another process holds it.
    """
    from filelock import FileLock, Timeout

    lock, waited = FileLock(path), False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            if on_busy is None:
                raise SetupError("site_busy", path=str(path.parent)) from error
            waited = True
            on_busy()
            lock.acquire(timeout=-1, poll_interval=0.2)
    except OSError as error:
        if error.errno == errno.ELOOP:
            error = OSError(errno.ELOOP, _("{link} is a link", link=str(path)))
        raise refusal(error, path.parent, flag=flag, named=False) from error
    try:
        yield waited
    finally:
        lock.release()
