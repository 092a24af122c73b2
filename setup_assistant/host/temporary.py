"""Folders for the time of a block; what killed runs left of them is swept by the next one."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.host import removal
from setup_assistant.host.removal_proofs import Both, Named, Proof, seen

APP = "setup-assistant"
# Of a fleet, whose paths must be short.
SOCKETS, SHORT = "sa-ssh", Path("/tmp")  # noqa: S108 - a folder of our own is made there


@contextlib.contextmanager
def folder(name: str = APP, *, above: Path | None = None) -> Iterator[Path]:
    """Make an empty folder that only its owner can read; remove it afterwards.

    Args:
        name: how it is called, before the number of this process and something random.
        above: where it is made; by default where the system keeps temporary files.
    """
    for path, proof in left(name, above=above):
        removal.tidy(path, under=path.parent, proof=proof)
    made = Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-", dir=above))
    proof = seen(made)
    try:
        yield made
    finally:
        removal.tidy(made, under=made.parent, proof=proof)


def left(name: str = APP, *, above: Path | None = None) -> Iterator[tuple[Path, Proof]]:
    """Yield this account's folders of processes that are gone, and what proves them ours."""
    import psutil

    own = getattr(os, "geteuid", lambda: None)()
    pattern = f"{name}-[0-9]*-????????"
    for path in sorted((above or Path(tempfile.gettempdir())).glob(pattern)):
        number = path.name.removeprefix(f"{name}-").partition("-")[0]
        with contextlib.suppress(OSError):
            found = path.lstat()
            ours = stat.S_ISDIR(found.st_mode) and own in (None, found.st_uid)
            if ours and number.isdecimal() and not psutil.pid_exists(int(number)):
                yield path, Both((Named((pattern,), folders=True), seen(path)))


def all_left() -> Iterator[tuple[Path, Proof]]:
    """Yield as `left` what any run has left where temporary files are."""
    yield from left()
    yield from left(SOCKETS, above=SHORT)
