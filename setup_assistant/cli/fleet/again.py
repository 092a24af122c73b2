"""The command that runs a fleet's verb again for the hosts that are left, with the same wishes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from setup_assistant.host.program import program

_FLAGS = {
    "inventory": "-i",
    "user": "--user",
    "key": "--private-key",
    "forks": "--forks",
    "check": "--check",
    "become": "--become",
    "timeout": "--timeout",
    "report": "--report",
    "bundles": "--bundle",
    "signer": "--signer",
    "rate": "--rate",
    "serve": "--serve",
    "server": "--serve-from",
}


def again(verb: str, given: Mapping[str, Any], wishes: Mapping[str, Any], limit: str) -> str:
    """Return a command line for `limit`; what was given counts again.

    A host that was never reached has no site yet that would remember the wishes.

    Args:
        verb: of `fleet`.
        given: what was given of `_FLAGS`; what is at its default is left out by the caller.
        wishes: by the fields of `Wishes`; without passwords, as the job was made of them.
        limit: which hosts.
    """
    from setup_assistant.fleet.jobs import arguments

    words: list[str] = []
    for name, flag in _FLAGS.items():
        value = given.get(name)
        for part in value if isinstance(value, tuple) else (value,):
            if part not in (None, False, "", 0):
                words += [flag] if part is True else [flag, str(part)]
    line = shlex.join([*words, *arguments(wishes), "--limit", limit])
    return f"{program()} fleet {verb} {line}"
