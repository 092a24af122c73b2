"""The person's own inventory, as Ansible itself reads it, checked value by value."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine
from setup_assistant.fleet.inventory_rules import (
    Host,
    Refused,
    host_of,
    is_name,
    not_worked_out,
    template_refused,
)
from setup_assistant.fleet.inventory_sources import Source, must_be_there
from setup_assistant.fleet.inventory_values import (
    CONNECTION,
    Unclear,
    is_open,
    must_be_harmless,
    worked_out,
)
from setup_assistant.host import lenient, run, temporary

# A dynamic inventory may ask a slow service.
_READ_SECONDS = 180.0
_UNSAFE = "__ansible_unsafe"
_VAULT = "SETUP_ASSISTANT_VAULT"


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The hosts that were asked for, in the inventory's order."""

    path: str
    hosts: tuple[Host, ...]
    refused: tuple[Refused, ...]


def read(source: Source | str, limit: str = "", config: str = "") -> Inventory:
    """Return the hosts of inventories, as Ansible reads them.

    Args:
        source: as given with `-i`; a text is one inventory.
        limit: a pattern of Ansible's, e.g. `lab:!pc07`.
        config: the person's ansible.cfg, which counts where an inventory is read; empty: none.

    Raises:
        SetupError: `file_missing`, `inventory_foreign`, `inventory_invalid`, `inventory_vault`,
            `inventory_empty`.
    """
    source = Source(paths=(source,)) if isinstance(source, str) else source
    must_be_there(source.paths)
    env = _environment(source, config)
    with temporary.folder() as folder:
        arguments = source.arguments(_vault_program(folder) if source.vault_password else None)
        said = _listed(source, arguments, env, limit)
        given = said.get("_meta", {}).get("hostvars", {})
        variables = {host: _bare(values) for host, values in given.items()}
        refused, found = _worked_out(variables, arguments, env, folder)
    groups = _groups(said)
    hosts: list[Host] = []
    for name in _names(said):
        one = refused.get(name) or host_of(name, {**variables.get(name, {}), **found.get(name, {})},
                                           groups.get(name, ()))  # fmt: skip
        if isinstance(one, Host):
            hosts.append(one)
        else:
            refused[name] = one
    if not hosts and not refused:
        raise SetupError("inventory_empty", path=source.shown, limit=limit or "all")
    return Inventory(path=source.shown, hosts=tuple(hosts), refused=tuple(refused.values()))


def _worked_out(
    variables: Mapping[str, Mapping[str, Any]],
    arguments: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
) -> tuple[dict[str, Refused], dict[str, dict[str, Any]]]:
    """Have Ansible work out what is a template or in a vault; return who is refused, and values."""
    refused: dict[str, Refused] = {}
    left = {}
    for host, said in variables.items():
        keys = [k for k in CONNECTION if is_open(said.get(k))]
        if not keys or not is_name(host):
            continue
        try:
            must_be_harmless(said, variables.values())
            left[host] = keys
        except Unclear as unclear:
            refused[host] = template_refused(host, unclear.key, unclear.text)
    if not left:
        return refused, {}
    values = worked_out(arguments, env, folder, left)
    for host, keys in left.items():
        there = values.get(host, {"": "?"})
        empty = next((k for k in keys if there.get(k) in (None, "")), None)
        if "" in there or empty:
            key = empty or keys[0]
            in_vault = isinstance(variables[host].get(key), Mapping) or "vault" in str(
                there.get("", "")
            )
            refused[host] = not_worked_out(host, key, str(there.get("", "")), in_vault=in_vault)
    return refused, {h: values[h] for h in left if h not in refused}


def _bare(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they are: what a program or plugin gave is marked, and is no template."""
    return {
        k: v.get(_UNSAFE, v) if isinstance(v, Mapping) and len(v) == 1 else v
        for k, v in values.items()
    }


def _vault_program(folder: Path) -> Path:
    """Write what prints the vault's password, which stays in this process's environment."""
    path = folder / "vault-client"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "${_VAULT}"\n', encoding="utf-8")
    path.chmod(0o700)
    return path


def _environment(source: Source, config: str) -> dict[str, str]:
    """Return the environment in which an inventory is read: Ansible's own business.

    The person's settings and variables count: their plugins, collections and vaults.
    """
    theirs = {k: v for k, v in os.environ.items() if k.startswith("ANSIBLE_")}
    env = engine.environment(theirs)
    env["ANSIBLE_CONFIG"] = config or engine.NO_CONFIG
    env["ANSIBLE_NOCOLOR"] = "1"
    env["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
    return {**env, _VAULT: source.vault_password} if source.vault_password else env


def only(inventory: Inventory, names: Container[str]) -> Inventory:
    """Return an inventory with some of its hosts."""
    return Inventory(
        path=inventory.path,
        hosts=tuple(h for h in inventory.hosts if h.name in names),
        refused=tuple(r for r in inventory.refused if r.name in names),
    )


def _listed(
    source: Source, arguments: Sequence[str], env: Mapping[str, str], limit: str
) -> dict[str, Any]:
    command = [*engine.program("ansible-inventory"), *arguments, "--list"]
    if limit:
        command.append(f"--limit={limit}")
    outcome = run.run(command, deadline=_READ_SECONDS, env=env)
    value = lenient.parsed(outcome.out) if outcome.ok else {}
    if not value:
        detail = outcome.last_words(600)
        if "vault" in detail.lower() and "secret" in detail.lower():
            raise SetupError("inventory_vault", path=source.shown, detail=detail)
        raise SetupError("inventory_invalid", path=source.shown, detail=detail)
    return value


def _names(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield each host once, in the order of the groups."""
    seen: dict[str, None] = {}
    waiting = ["all"]
    known = {"_meta"}
    while waiting:
        group = waiting.pop(0)
        if group in known:
            continue
        known.add(group)
        entry = said.get(group)
        if isinstance(entry, dict):
            seen.update(dict.fromkeys(str(h) for h in entry.get("hosts", ())))
            waiting += [str(c) for c in entry.get("children", ())]
    yield from seen


def _groups(said: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for group, entry in said.items():
        if group in {"_meta", "all", "ungrouped"} or not isinstance(entry, dict):
            continue
        for host in entry.get("hosts", ()):
            found.setdefault(str(host), []).append(str(group))
    return {host: tuple(groups) for host, groups in found.items()}
