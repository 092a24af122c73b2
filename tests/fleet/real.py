"""Rooms that install the full stack: a volume that hosts share, what lies on it, and what changed.

Ten private copies of the CUDA stack would be 60 GB. Like the diskless machines of many labs, the
hosts have their homes on one volume beside one package cache, so that an environment there is
hard links. Everything else is each host's own: sshd, keys, root, nvidia-smi, processes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.fleet.machines import MACHINES, nvidia_smi
from tests.fleet.rig import Lab

_USER = 4711
GIB = 1 << 30
# What the homes of ten hosts take beside the cache: compiled Python, mostly.
TEN_BYTES = 6 * GIB
# The bundle, and for each of two hosts its wheels and what they unpack to.
TWO_BYTES = 23 * GIB
WISHES = ("--model", "canary", "--gpus", "none")
FROM_VOLUME = (*WISHES, "--offline", "--lock", "/srv/room/requirements.lock")
# What each run writes of itself: its job and its log.
_OWN_NOTES = (".cache/setup-assistant/fleet/jobs", ".cache/setup-assistant/logs")
_OWN = ".cache/setup-assistant"


def no_room(folder: Path, need: int) -> str:
    """Return why the full stack cannot be installed here; empty where it can."""
    free = shutil.disk_usage(folder).free
    if free < need:
        return f"{free >> 30} GiB are free, {need >> 30} are needed for the full stack"
    return ""


def share(cache: Path, lock: Path, volume: Path) -> None:
    """Fill a volume: a package cache by hard links, and the lock of what it holds.

    The files become the hosts' user's: nobody may link what belongs to another.
    """
    volume.chmod(0o755)
    for folder, names, files in os.walk(cache):
        target = volume / "cache" / os.path.relpath(folder, cache)
        target.mkdir(parents=True, exist_ok=True)
        os.chown(target, _USER, _USER)
        # Another worker may fill the same cache: what it is still writing is not for us.
        names[:] = [n for n in names if not n.startswith(".tmp")]
        for name in (*files, *(n for n in names if (Path(folder) / n).is_symlink())):
            with contextlib.suppress(FileNotFoundError):
                os.link(Path(folder) / name, target / name, follow_symlinks=False)
                os.chown(target / name, _USER, _USER, follow_symlinks=False)
    shutil.copy(lock, volume / "requirements.lock")


def switch_on(lab: Lab, volume: Path, names: Iterable[str]) -> None:
    """Start hosts with the GPUs and drivers of `MACHINES`, their homes on the volume."""
    for number, name in enumerate(MACHINES):
        if name not in names:
            continue
        host, machine = lab.hosts[name], MACHINES[name]
        host.size, host.volume = "100m", volume
        host.variables = {"UV_CACHE_DIR": "/srv/room/cache"}
        host.files = (
            {"/usr/local/bin/nvidia-smi": nvidia_smi(machine, number)} if machine.count else {}
        )
        host.start(lab.key)
    for name in names:
        lab.wait_for(lab.hosts[name])
    lab.trust()


def switch_off(lab: Lab, names: Iterable[str]) -> None:
    """Stop hosts; they have their homes to themselves again."""
    for name in names:
        host = lab.hosts[name]
        host.stop()
        host.volume, host.variables, host.on_disk = None, {}, False
        shutil.rmtree(host.base, ignore_errors=True)


Tree = dict[str, tuple[int, int, int]]


def tree(folder: Path) -> Tree:
    """Return path → inode, size and time of change of all files but a run's own notes.

    Nor counts what Python compiles of the agent when it is first imported.
    """
    found: Tree = {}
    for parent, names, files in os.walk(folder):
        inside = os.path.relpath(parent, folder)
        compiled = _OWN in inside and inside.endswith("__pycache__")
        if compiled or inside.endswith(_OWN_NOTES):
            names.clear()
            continue
        for name in files:
            stat = (Path(parent) / name).lstat()
            found[f"{inside}/{name}"] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


def changes(before: Tree, after: Tree) -> list[str]:
    """Return the files that came, went or were written."""
    return sorted(p for p in {*before, *after} if before.get(p) != after.get(p))
