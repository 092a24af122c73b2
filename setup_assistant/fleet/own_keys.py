"""The key that this machine was to log in with: is it one that only a passphrase opens?"""

from __future__ import annotations

import shlex
from pathlib import Path

from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.host import run

_SECONDS = 10


def locked(host: Host) -> str:
    """Return the key for a host that nobody can be asked to open; empty: there is another.

    Where there is no terminal, ssh leaves such a key out without a word.
    """
    there = [name for name in _names(host) if Path(name).is_file()]
    held = run.run(["ssh-add", "-l"], deadline=_SECONDS).out if there else ""
    return there[0] if there and all(_is_locked(name, held) for name in there) else ""


def _names(host: Host) -> list[str]:
    if host.key:
        return [str(Path(host.key).expanduser())]
    command = ["ssh", "-G", *shlex.split(host.ssh_args), "--", host.address or host.name]
    lines = [line.split(" ", 1) for line in run.run(command, deadline=_SECONDS).out.splitlines()]
    found = [words[1] for words in lines if words[0] == "identityfile" and len(words) > 1]
    return [str(Path(name).expanduser()) for name in found]


def _is_locked(name: str, held: str) -> bool:
    """Whether a key has a passphrase and is not among those that an agent holds."""
    opened = run.run(["ssh-keygen", "-y", "-P", "", "-f", name], deadline=_SECONDS)
    if opened.code == 0 or "passphrase" not in opened.err:
        return False
    words = run.run(["ssh-keygen", "-l", "-f", name], deadline=_SECONDS).out.split()
    return len(words) < 2 or words[1] not in held
