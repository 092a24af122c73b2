"""What the person's shell, folder and account make of an environment, beside a run alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.host import run as door
from setup_assistant.host.prefix import python_in, search_path

_CHILD = Path(__file__).with_name("surroundings_child.py")
_DEADLINE = 180.0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One run: which module failed and how, the files of the traceback, and where all came from.

    `failed` is None where everything was imported, and "" where the interpreter died.
    """

    failed: str | None
    error: str = ""
    frames: tuple[str, ...] = ()
    loaded: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    library: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The run of the person, and the same alone; None where the first gave no reason for it."""

    person: Seen
    alone: Seen | None = None


def look(prefix: Path, modules: Sequence[str], env: Mapping[str, str], cwd: Path) -> Surroundings:
    """Import as the person's own script would; again without their variables where that differs.

    Args:
        prefix: the environment.
        modules: what to import, in order.
        env: the person's variables.
        cwd: the person's working folder.
    """
    person = see(prefix, modules, env, cwd)
    if person.failed is None and not foreign(prefix, person):
        return Surroundings(person=person)
    return Surroundings(person=person, alone=see(prefix, modules, None, None))


def see(
    prefix: Path,
    modules: Sequence[str],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    hooks: Mapping[str, Sequence[str]] | None = None,
) -> Seen:
    """Import modules in a child; without variables it is alone: no folder, no variable, no home.

    Args:
        prefix: the environment.
        modules: what to import, in order.
        env: the person's variables.
        cwd: the person's working folder.
        hooks: in place of all that Python runs at its start: the `folders` of the packages, and
            the `hooks` that are run.
    """
    flags = [] if env is not None else ["-I"]
    flags += [] if hooks is None else ["-S"]
    text = _CHILD.read_text(encoding="utf-8")
    request = json.dumps({"modules": list(modules), **(hooks or {})})
    done = door.run(
        [python_in(prefix), *flags, "-c", text, request],
        deadline=_DEADLINE,
        env=dict(env) if env is not None else alone_variables(),
        cwd=cwd or prefix,
    )
    for line in reversed(done.out.splitlines()):
        if line.startswith('{"failed"'):
            said = json.loads(line)
            return Seen(failed=said["failed"], error=said["error"], frames=tuple(said["frames"]),
                        loaded=said["loaded"], path=tuple(said["path"]),
                        library=said["library"])  # fmt: skip
    last = (done.err.strip().splitlines() or [f"exit status {done.code}"])[-1]
    return Seen(failed="", error=last)


def alone_variables() -> dict[str, str]:
    """Return the few variables that every program needs."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
    return {k: v for k, v in door.clean_environment().items() if k in kept}


def foreign(prefix: Path, seen: Seen) -> dict[str, str]:
    """Return the modules that come neither from the environment nor from its Python."""
    homes = (prefix, Path(seen.library), *search_path(prefix))
    own = tuple(f"{p}{os.sep}" for home in homes for p in {home, home.resolve()})
    return {n: f for n, f in seen.loaded.items() if not f.startswith(own) and n != "__main__"}
