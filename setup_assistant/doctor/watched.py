"""The person's own program under a watch: how it ended, in which files, and what it opened."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import lenient, temporary
from setup_assistant.host import run as door
from setup_assistant.host.prefix import kind

_CHILD = Path(__file__).with_name("watch_child.py")
_PYTHON = re.compile(r"python(?:\d[\d.]*)?(?:\.exe)?$")
_WITH_VALUE = ("-X", "-W")
_NO_SCRIPT = ("-m", "-c", "-")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One exception of a chain, and its frames: file, line, function; the innermost last."""

    kind: str
    text: str
    frames: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """How a program ended. `code` is negative for a signal; `chain` has the last exception first.

    `folders` are those in which files of a model were opened.
    """

    command: tuple[str, ...]
    code: int
    err: str = ""
    chain: tuple[Link, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


def prefix_of(command: Sequence[str], path: str) -> Path | None:
    """Return the environment whose interpreter, or program, a command starts."""
    found = shutil.which(command[0], path=path)
    place = Path(found).absolute().parent.parent if found else None
    return place if place is not None and kind(place) is not None else None


def watch(
    command: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    tell: Callable[[str], None],
) -> Watched:
    """Run a program as the person does, and return how it ended.

    Args:
        command: the program and its arguments; a script of Python is watched from within.
        env: the person's variables.
        cwd: the person's working folder.
        tell: shows each line of its output.

    Raises:
        SetupError: `file_missing` where there is no such program.
    """
    if shutil.which(command[0], path=env.get("PATH")) is None:
        raise SetupError("file_missing", path=command[0], flag="--run")
    with temporary.folder() as scratch:
        out = scratch / "watched.json"
        done = door.run(_inside(command, out), deadline=None, cwd=cwd, on_out=tell, on_err=tell,
                        env={"PYTHONFAULTHANDLER": "1", **env})  # fmt: skip
        said = lenient.json_object(out)
    chain = tuple(
        Link(kind=c["type"], text=c["text"], frames=tuple((f, n, w) for f, n, w in c["frames"]))
        for c in said.get("chain", ())
    )
    folders = tuple(said.get("folders", ()))
    return Watched(command=tuple(command), code=done.code, err=done.err, chain=chain,
                   modules=said.get("modules", {}), folders=folders)  # fmt: skip


def _inside(command: Sequence[str], out: Path) -> list[str]:
    """Return the command with the watch before the script; as it is where there is none."""
    if not _PYTHON.match(Path(command[0]).name):
        return list(command)
    at = 1
    while at < len(command) and command[at].startswith("-"):
        if command[at] in _NO_SCRIPT:
            return list(command)
        at += 2 if command[at] in _WITH_VALUE else 1
    if at >= len(command):
        return list(command)
    return [*command[:at], str(_CHILD), str(out), *command[at:]]
