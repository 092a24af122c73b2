"""What is made of what Ansible lists of an inventory, with a stand-in for Ansible."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine, inventory
from setup_assistant.fleet.inventory_sources import Source

Ansible = Callable[..., Path]


@pytest.fixture
def ansible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ansible]:
    """Return a function that has Ansible list hosts, and work values out, as told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def program(name: str, *lines: str) -> None:
        path = folder / name
        path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        path.chmod(0o755)

    def use(listed: object, *events: dict[str, Any], error: str = "") -> Path:
        said = listed if isinstance(listed, str) else json.dumps(listed)
        program(
            "ansible-inventory", f'echo "$@" > {tmp_path}/arguments',
            f"printf %s {shlex.quote(said)}", f"printf %s {shlex.quote(error)} >&2",
            f"exit {int(bool(error))}",
        )  # fmt: skip
        program(
            "ansible-playbook", 'case "$1" in --version) echo "x [core 2.18.0]"; exit;; esac',
            'for a in "$@"; do case "$a" in --limit=@*)',
            f'cat "${{a#--limit=@}}" > {tmp_path}/asked;; esac; done',
            *(f"printf '%s\\n' {shlex.quote(json.dumps(e))}" for e in events),
        )  # fmt: skip
        return tmp_path

    engine._own.cache_clear()
    yield use
    engine._own.cache_clear()


def listing(hosts: dict[str, dict[str, Any]], **groups: Any) -> dict[str, Any]:
    return {"_meta": {"hostvars": hosts}, **groups}


def read(limit: str = "", **more: Any) -> inventory.Inventory:
    return inventory.read(Source(paths=("pc,",), **more), limit)


def test_hosts_come_in_the_order_of_the_groups(ansible: Ansible) -> None:
    groups = {
        "all": {"children": ["ungrouped", "front", "back", "none"]},
        "ungrouped": {"hosts": ["zed"]},
        "front": {"children": ["desks"], "hosts": ["b"]},
        "back": {"hosts": ["a", "b"], "children": ["desks", "all"]},
        "desks": {"hosts": ["c", "a"]},
        "odd": ["x"],
    }
    hosts = {n: {"ansible_host": f"10.0.0.{n}"} for n in "abc"}
    root = ansible(listing(hosts, **groups))
    found = read("lab:!x")
    assert [(h.name, h.groups) for h in found.hosts] == [
        ("zed", ()), ("b", ("front", "back")), ("a", ("back", "desks")), ("c", ("desks",)),
    ]  # fmt: skip
    assert [h.address for h in found.hosts] == ["", *(f"10.0.0.{n}" for n in "bac")]
    assert (found.path, found.refused) == ("pc,", ())
    assert "--list --limit=lab:!x" in (root / "arguments").read_text()
    read()
    assert "--limit" not in (root / "arguments").read_text()


def test_values_that_are_left_to_ansible_are_worked_out(ansible: Ansible) -> None:
    vault = {"__ansible_vault": "$ANSIBLE_VAULT"}
    hosts = {
        "plain": {"ansible_user": {"__ansible_unsafe": "lab"}},
        "template": {"ansible_host": "{{ ip }}", "ip": "10.0.0.1"},
        "runs": {"ansible_host": "{{ lookup('pipe', 'id') }}"},
        "empty": {"ansible_user": "{{ who }}"},
        "failed": {"ansible_user": "{{ who }}"},
        "unopened": {"ansible_password": vault},
        "unheard": {"ansible_host": "{{ ip }}"},
        "-odd": {"ansible_host": "{{ ip }}"},
    }
    values = [
        ("template", {"ansible_host": "10.0.0.1"}), ("empty", {"ansible_user": ""}),
    ]  # fmt: skip
    events = [{"event": "ok", "host": n, "task": "Values", "msg": json.dumps(v)} for n, v in values]
    events += [
        {"event": "failed", "host": n, "task": "Values", "msg": said}
        for n, said in (("failed", "'who' is undefined"), ("unopened", "no vault secrets"))
    ]
    root = ansible(listing(hosts, all={"hosts": list(hosts)}), *events)
    found = read()
    assert [(h.name, h.address, h.user) for h in found.hosts] == [
        ("plain", "", "lab"), ("template", "10.0.0.1", ""),
    ]  # fmt: skip
    asked = (root / "asked").read_text().split()
    assert asked == ["template", "empty", "failed", "unopened", "unheard"]
    said = {r.name: r.reason.english for r in found.refused}
    assert set(said) == {"runs", "empty", "failed", "unopened", "unheard", "-odd"}
    assert "could run a program" in said["runs"]
    assert "who" in said["failed"]
    assert "vault" in said["unopened"]
    assert all("vault" not in said[n] for n in ("empty", "failed", "unheard"))


@pytest.mark.parametrize(
    ("listed", "error", "code"),
    [
        ("", "Attempting to decrypt but no vault secrets found", "inventory_vault"),
        ("", "vault of another kind", "inventory_invalid"),
        ("", "a secret of its own", "inventory_invalid"),
        ("no JSON", "", "inventory_invalid"),
        ("{}", "", "inventory_invalid"),
        (listing({}, all={"hosts": []}), "", "inventory_empty"),
        # It failed, whatever it listed before.
        (listing({"a": {}}, all={"hosts": ["a"]}), "it broke", "inventory_invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(
    ansible: Ansible, listed: object, error: str, code: str
) -> None:
    ansible(listed, error=error)
    with pytest.raises(SetupError) as raised:
        read()
    assert raised.value.code == code
    if error:
        assert error in str(raised.value) + raised.value.hint.english


def test_values_that_nobody_tells_are_an_error(ansible: Ansible) -> None:
    ansible(listing({"a": {"ansible_host": "{{ ip }}"}}, all={"hosts": ["a"]}))
    with pytest.raises(SetupError) as raised:
        read()
    assert raised.value.code == "inventory_invalid"
