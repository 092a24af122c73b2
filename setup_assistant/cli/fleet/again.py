"""The command that runs a fleet's verb again for the hosts that are left, with the same wishes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from setup_assistant.host.program import program

_SECRET = re.compile(r"pass|secret|token", re.IGNORECASE)

_FLAGS = {
    "inventory": "-i",
    "extra": "-e",
    "vaults": "--vault-password-file",
    "ask_vault": "--ask-vault-pass",
    "ask_become": "--ask-become-pass",
    "user": "--user",
    "key": "--private-key",
    "forks": "--forks",
    "check": "--check",
    "become": "--become",
    "timeout": "--timeout",
    "report": "--report",
    "tool": "--install-tool",
    "bundles": "--bundle",
    "signer": "--signer",
    "rate": "--rate",
    "serve": "--serve",
    "server": "--serve-from",
}


def is_secret(extra: object) -> bool:
    """Whether variables that were given look like a password: they are not repeated."""
    return not str(extra).startswith("@") and _SECRET.search(str(extra)) is not None


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
            if part not in (None, False, "", 0) and not (name == "extra" and is_secret(part)):
                words += [flag] if part is True else [flag, str(part)]
    line = shlex.join([*words, *arguments(wishes), "--limit", limit])
    return f"{program()} fleet {verb} {line}"
