"""The key that this machine was to log in with: public, locked, or with an old certificate?"""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.host import lenient, run

_SECONDS = 10


def unusable(host: Host) -> Fault | None:
    """Return why the key for a host opens nothing; None: it may, or there is another.

    Where there is no terminal, ssh leaves a key with a passphrase out without a word.
    """
    there = [name for name in _names(host) if Path(name).is_file()]
    if host.key and there and _is_public(there[0]):
        private = there[0].removesuffix(".pub")
        return fault("key_unusable", host=host.name, public=there[0], private=private)
    held = run.run(["ssh-add", "-l"], deadline=_SECONDS).out if there else ""
    if there and all(_is_locked(name, held) for name in there):
        return fault("key_unusable", host=host.name, locked=there[0])
    for certificate in [f"{name}-cert.pub" for name in there]:
        if stated := _idle_certificate(certificate, host.user):
            return fault("key_unusable", host=host.name, certificate=certificate, stated=stated)
    return None


def _idle_certificate(name: str, user: str) -> str:
    """Return the line by which a certificate does not count for a user now; empty: it may."""
    if not Path(name).is_file():
        return ""
    shown = run.run(["ssh-keygen", "-L", "-f", name], deadline=_SECONDS).out
    # In local time, as ssh-keygen writes it.
    now = time.strftime("%Y-%m-%dT%H:%M:%S")
    valid = re.search(r"Valid: (?:(?:from|after) (\S+))?(?: ?(?:to|before) (\S+))?", shown)
    if valid and ((valid[1] or now) > now or (valid[2] or now) < now):
        return valid[0]
    names = re.search(r"Principals:((?: *\n {16,}\S+)+)", shown)
    whose = names[1].split() if names else []
    return f"Principals: {', '.join(whose)}" if whose and user and user not in whose else ""


def _is_public(name: str) -> bool:
    return lenient.text(Path(name)).startswith(("ssh-", "ecdsa-", "sk-"))


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
