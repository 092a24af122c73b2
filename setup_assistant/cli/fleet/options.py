"""The options of a fleet's verbs: hosts, account and manner, and what serving a bundle takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from setup_assistant.cli.options import size_option
from setup_assistant.messages import _

F = TypeVar("F", bound=Callable[..., object])
TIMEOUT = 6 * 3600.0
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
Row = tuple[tuple[str, ...], str, dict[str, Any]]


def _rows() -> tuple[Row, ...]:
    """Return names, help and the rest of what every verb takes."""
    return (
        (
            ("-i", "--inventory"),
            _("Ansible's inventory: a file, a folder, a program that prints one, or names with "
              "commas (repeatable); by default that of your ansible.cfg."),
            {"multiple": True, "metavar": "FILE"},
        ),
        (
            ("--limit",),
            _("Only these hosts, as Ansible has it; @failed: those the last run left over."),
            {"default": "", "metavar": "PATTERN"},
        ),
        (
            ("-u", "--user"),
            _("Account, where none is named."),
            {"default": "", "metavar": "NAME"},
        ),
        (
            ("--private-key", "key"),
            _("SSH key, where none is named; ssh's own configuration counts besides."),
            {"default": "", "metavar": "FILE"},
        ),
        (
            ("--forks",),
            _("How many hosts at once; by default all, at most 40."),
            {"type": click.IntRange(1, 500)},
        ),
        (
            ("--check", "--dry-run", "check"),
            _("Install and remove nothing: show what would be done. The agent that looks is kept "
              "on the hosts, in ~/.cache/setup-assistant/fleet."),
            {"is_flag": True},
        ),
        (
            ("-e", "--extra-vars", "extra"),
            _("Variables for reading the inventory, as Ansible has it: NAME=VALUE or @FILE."),
            {"multiple": True, "metavar": "VARS"},
        ),
        (
            ("--vault-password-file", "--vault-id", "vaults"),
            _("File with the password of the inventory's vaults, or NAME@FILE (repeatable)."),
            {"multiple": True, "metavar": "FILE"},
        ),
        (
            ("--ask-vault-pass", "ask_vault"),
            _("Ask for the password of the inventory's vaults."),
            {"is_flag": True},
        ),
        (
            ("--become",),
            _("Work as root there, by sudo, or as the inventory says."),
            {"is_flag": True},
        ),
        (
            ("-K", "--ask-become-pass", "ask_become"),
            _("With --become: ask for the password that sudo wants."),
            {"is_flag": True},
        ),
        (
            ("--timeout",),
            _("Give a host up after this time; its job goes on there."),
            {"type": click.FloatRange(min=10), "default": TIMEOUT, "metavar": "SECONDS"},
        ),
        (
            ("--report",),
            _("Also write the report of the room: FILE.html, .csv or .json."),
            {"type": _FILE, "metavar": "FILE"},
        ),
        (
            ("--playbook",),
            _("Run nothing: write a playbook with its role for ansible-playbook into DIR."),
            {"type": _FOLDER, "metavar": "DIR"},
        ),
    )  # fmt: skip


def _room_rows() -> tuple[Row, ...]:
    return (
        (
            ("--bundle", "bundles"),
            _("Serve this bundle to the hosts, which then need no internet (repeatable)."),
            {"multiple": True, "type": click.Path(path_type=Path), "metavar": "DIR"},
        ),
        (
            ("--signer",),
            _("Public key that must have signed the bundle."),
            {"type": _FILE, "metavar": "FILE"},
        ),
        (
            ("--rate",),
            _("With --bundle: bytes a second for the whole room, e.g. 80M."),
            {"callback": size_option, "metavar": "SIZE"},
        ),
        (
            ("--serve",),
            _("With --bundle: the serving machine's address, where hosts cannot tell it by SSH."),
            {"default": "", "metavar": "ADDRESS"},
        ),
        (
            ("--serve-from", "server"),
            _("With --bundle: this host of the inventory takes the bundle and serves the others."),
            {"default": "", "metavar": "HOST"},
        ),
        (
            ("--offline",),
            _("Hosts take packages from their caches and local folders only."),
            {"is_flag": True, "default": None},
        ),
        (
            ("--lock",),
            _("Install exactly what this requirements.lock on the hosts names."),
            {"metavar": "FILE"},
        ),
    )


def fleet_options(function: F) -> F:
    """Add what every verb of a fleet takes."""
    return _added(function, _rows())


def room_options(function: F) -> F:
    """Add what serving a bundle takes."""
    return _added(function, _room_rows())


def tool_option(function: F) -> F:
    """Add what leaves the tool on the hosts."""
    text = _("Leave the tool there, as ~/.local/bin/setup-assistant of the account.")
    return _added(function, ((("--install-tool", "tool"), text, {"is_flag": True}),))


def answers_option(function: F) -> F:
    """Add the folder of answers that a playbook kept."""
    text = _("Ask nobody: read the answers that the role of --playbook kept in DIR.")
    return _added(
        function, ((("--answers", "answers"), text, {"type": _FOLDER, "metavar": "DIR"}),)
    )


def yes_option(function: F) -> F:
    """Add what answers the question before something is removed or believed."""
    return _added(function, ((("--yes", "-y"), _("Do not ask."), {"is_flag": True}),))


def inventory_options(function: F) -> F:
    """Add what names hosts, for what does not work on them."""
    wanted = ("inventory", "limit", "extra", "vaults", "ask_vault")
    rows = (r for r in _rows() if r[0][-1].lstrip("-").replace("-", "_") in wanted)
    return _added(function, rows)


def site_option(function: F) -> F:
    """Add the one wish of verbs that plan nothing."""
    return _added(function, ((("--site",), _("Folder of the deployment."), {"metavar": "DIR"}),))


def _added(function: F, rows: Iterable[Row]) -> F:
    """Add options so that the first stands first."""
    for names, text, more in reversed(tuple(rows)):
        function = click.option(*names, help=text, **more)(function)
    return function
