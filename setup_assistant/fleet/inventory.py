"""The person's own inventory, as Ansible itself reads it, checked value by value."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine
from setup_assistant.fleet.inventory_rules import Host, Refused, host_of
from setup_assistant.host import run

_READ_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The hosts that were asked for, in the inventory's order."""

    path: str
    hosts: tuple[Host, ...]
    refused: tuple[Refused, ...]


def read(path: str, limit: str = "") -> Inventory:
    """Return the hosts of an inventory (ini, yaml, a folder of these, or `a,b,`).

    Args:
        path: as given with `-i`.
        limit: a pattern of Ansible's, e.g. `lab:!pc07`.

    Raises:
        SetupError: `file_missing`, `inventory_invalid`, `inventory_empty`.
    """
    if "," not in path and not Path(path).expanduser().exists():
        raise SetupError("file_missing", path=path, flag="-i")
    said = _listed(path, limit)
    hosts: list[Host] = []
    refused: list[Refused] = []
    variables: Mapping[str, Any] = said.get("_meta", {}).get("hostvars", {})
    groups = _groups(said)
    for name in _names(said):
        found = host_of(name, variables.get(name, {}), groups.get(name, ()))
        if isinstance(found, Host):
            hosts.append(found)
        else:
            refused.append(found)
    if not hosts and not refused:
        raise SetupError("inventory_empty", path=path, limit=limit or "all")
    return Inventory(path=path, hosts=tuple(hosts), refused=tuple(refused))


def only(inventory: Inventory, names: Container[str]) -> Inventory:
    """Return an inventory with some of its hosts."""
    return Inventory(
        path=inventory.path,
        hosts=tuple(h for h in inventory.hosts if h.name in names),
        refused=tuple(r for r in inventory.refused if r.name in names),
    )


def _listed(path: str, limit: str) -> dict[str, Any]:
    """Ask `ansible-inventory`, which reads without running anything that the file says."""
    given = path if "," in path else str(Path(path).expanduser().absolute())
    command = [*engine.program("ansible-inventory"), f"--inventory={given}", "--list"]
    if limit:
        command.append(f"--limit={limit}")
    # No plugin that runs a program; and of the settings nothing but ours.
    env = engine.environment({"ANSIBLE_INVENTORY_ENABLED": "host_list,yaml,ini"})
    env["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "1"
    outcome = run.run(command, deadline=_READ_SECONDS, env=env)
    try:
        value = json.loads(outcome.out) if outcome.ok else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SetupError("inventory_invalid", path=path, detail=engine.last_words(outcome))
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
