"""Ansible: found, given its settings, run, and listened to.

`ansible-playbook` is run as a child behind the one door for processes, with a small callback
that prints one JSON line per answer. It dies with this process, and nothing that a host says
is written to a file on the way.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import log, run
from setup_assistant.versions import numbers

REQUIREMENT = "ansible-core>=2.16"
OLDEST = (2, 16)
_VERSION_SECONDS = 20.0
# Given, so that the settings of other projects stay out.
NO_CONFIG = str(Path(__file__).with_name("inventory.cfg"))
_CALLING = {
    "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
    "ANSIBLE_STDOUT_CALLBACK": "events",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one task of one host came to.

    `event` is ok, failed, unreachable or running; `task` the first word of its name in the
    playbook: Look, Push or Start.
    """

    event: str
    host: str
    task: str
    out: str = ""
    err: str = ""
    msg: str = ""
    rc: int | None = None


def available() -> bool:
    """Whether there is an Ansible that can be used: the person's own, or one beside this tool."""
    return _own() is not None or _beside()


def _beside() -> bool:
    return importlib.util.find_spec("ansible") is not None


@functools.cache
def _own() -> Path | None:
    """Return the folder of the Ansible on PATH, if it is not too old: with its collections."""
    found = shutil.which("ansible-playbook")
    if found is None:
        return None
    version = _version(Path(found).resolve())
    if version and version >= OLDEST:
        return Path(found).parent
    log.debug("engine: %s is ansible-core %s, too old", found, version)
    return None


def _version(path: Path) -> tuple[int, ...]:
    """Return the version of an ansible-playbook: by what is installed beside it, else by asking."""
    for folder in path.parent.parent.glob("lib/python3*/site-packages/ansible_core-*.dist-info"):
        return numbers(folder.name.split("-")[1])
    outcome = run.run([path, "--version"], deadline=_VERSION_SECONDS)
    said = re.search(r"\[core (\S+)\]", outcome.out)
    return numbers(said[1]) if said else ()


def install() -> None:
    """Install Ansible beside this tool.

    Raises:
        SetupError: `engine_missing` where that fails.
    """
    from setup_assistant.host import paths
    from setup_assistant.steps.backends.uv import environment as uv_environment
    from setup_assistant.steps.backends.uv import uv_program

    outcome = run.run(
        [uv_program(), "pip", "install", "--quiet", "--python", sys.executable,
         "--require-hashes", "-r", paths.lock_file("fleet")],
        deadline=None,
        env=uv_environment(paths.cache_folder()),
    )  # fmt: skip
    importlib.invalidate_caches()
    if not outcome.ok or not _beside():
        log.debug("engine: %s", outcome.err)
        raise missing()


def missing() -> SetupError:
    """Return the error that says how to install it by hand."""
    return SetupError("engine_missing", command=f"{sys.executable} -m pip install '{REQUIREMENT}'")


def program(name: str) -> list[str]:
    """Return the command of one of Ansible's programs."""
    own = _own()
    if own is not None and (own / name).exists():
        return [str(own / name)]
    if not _beside():
        raise missing()
    beside = Path(sys.executable).with_name(name)
    if beside.exists():
        return [str(beside)]
    return [sys.executable, "-m", f"ansible.cli.{name.removeprefix('ansible-')}"]


def listen(
    arguments: Sequence[str], env: Mapping[str, str], on_event: Callable[[Event], None]
) -> run.Outcome:
    """Run `ansible-playbook` on this machine with our callback, for values of an inventory."""
    return run.run(
        [*program("ansible-playbook"), *arguments],
        deadline=None,
        env={**env, **_CALLING},
        on_out=lambda line: _hear(line, on_event),
    )


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return Ansible's environment: a person's settings reach it as `settings` lets them."""
    env = {k: v for k, v in run.clean_environment().items() if not k.startswith("ANSIBLE_")}
    env.update(
        ANSIBLE_CONFIG=NO_CONFIG,
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_LOCALHOST_WARNING="0",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="0",
        # ssh speaks the language of the terminal in some systems; its words are looked at.
        LC_ALL="C.UTF-8",
    )
    env.update(extra or {})
    return env


def play(
    folder: Path,
    *,
    hosts: Sequence[str],
    forks: int,
    secrets: Mapping[str, str],
    on_event: Callable[[Event], None],
    on_tick: Callable[[], None] | None = None,
) -> run.Outcome:
    """Run the playbook in `folder` on some of its hosts; answers arrive as they come.

    What `on_tick` raises, a few times a second, ends it.
    """
    env = environment(
        {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            **_CALLING,
            **secrets,
        }
    )
    # One for each play: some hosts may be tried again while the others still work.
    number, name = tempfile.mkstemp(prefix="limit-", suffix=".txt", dir=folder)
    os.close(number)
    chosen = Path(name)
    chosen.write_text("\n".join(hosts) + "\n", encoding="utf-8")
    return run.run(
        [*program("ansible-playbook"), "--inventory", folder / "hosts.json",
         "--forks", str(forks), "--limit", f"@{chosen}", "--extra-vars", f"@{folder}/job.json",
         "--skip-tags", "setup_assistant_answer", folder / "site.yml"],
        deadline=None,
        env=env,
        cwd=folder,
        on_out=lambda line: _hear(line, on_event),
        on_tick=on_tick,
    )  # fmt: skip


def _hear(line: str, on_event: Callable[[Event], None]) -> None:
    if not line.startswith("{"):
        return
    try:
        value = json.loads(line)
        event = Event(**value)
    except (ValueError, TypeError, RecursionError):
        log.debug("engine: %s", line)
        return
    on_event(event)
