"""Rooms that are really set up: torch, transformers and the canary's answers on every host."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.built import Built
from tests.fleet import real
from tests.fleet.machines import MACHINES
from tests.fleet.rig import Lab

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
Fleet = Callable[..., dict[str, Any]]
# A night's search sets up all ten; each takes half a minute of processor time.
ROOM = dict(islice(MACHINES.items(), 10 if os.environ.get("SETUP_ASSISTANT_TEST_SEARCH") else 6))
TWO = ("pc00", "pc01")
ASK_THE_WORLD = "python3 -c \"import socket; socket.create_connection(('192.0.2.1', 443), 2)\""


def _all_answered(envelope: dict[str, Any], verb: str = "up") -> None:
    for name, host in envelope["by_name"].items():
        assert host["status"] == "ok", (name, host["code"], host["reason"], host["remedy"])
        checks = host["results"][verb]["data"]["checks"]
        assert {c["status"] for c in checks} == {"ok"}, (name, checks)
        asked = [c for c in checks if c["expected"]]
        assert {"image", "multi-image", "video"} <= {c["kind"] for c in asked}, name
        assert all(c["answer"] == c["expected"] for c in asked), name


@pytest.fixture
def room(lab: Lab, built: Built, tmp_path: Path) -> Iterator[Lab]:
    """Machines whose homes lie on one volume, beside a cache that holds the stack."""
    if reason := real.no_room(tmp_path, real.TEN_BYTES):
        pytest.skip(reason)
    assert built.envelope["exit_code"] == 0, built.envelope["errors"]
    volume = tmp_path / "volume"
    volume.mkdir()
    real.share(built.place.cache / "uv", built.site / "requirements.lock", volume)
    try:
        real.switch_on(lab, volume, tuple(ROOM))
        yield lab
    finally:
        real.switch_off(lab, tuple(ROOM))
        shutil.rmtree(volume)


def test_a_room_is_set_up_and_a_second_run_changes_nothing(
    room: Lab, fleet: Fleet, tmp_path: Path
) -> None:
    inventory, volume = (
        str(room.inventory(tmp_path / "hosts.ini", tuple(ROOM))),
        tmp_path / "volume",
    )
    # A few at a time: all copies of torch at once would not fit into this machine's memory.
    arguments = ("apply", "-i", inventory, "--forks", "3", *real.FROM_VOLUME)
    first = fleet(*arguments, "--report", str(tmp_path / "apply.html"))
    assert first["exit_code"] == 0, (first["errors"], first["by_name"])
    assert [set(g["hosts"]) for g in first["data"]["groups"]] == [set(ROOM)]
    page = (tmp_path / "apply.html").read_text()
    assert all(m.gpu in page for m in ROOM.values())
    _all_answered(first)
    assert set(first["data"]["changed"]) == set(ROOM)
    assert len({h["machine"] for h in first["by_name"].values()}) == len(ROOM)
    before = real.tree(volume)
    again = fleet(*arguments)
    assert again["exit_code"] == 0, again["errors"]
    assert again["data"]["changed"] == []
    _all_answered(again)
    assert real.changes(before, real.tree(volume)) == []
    # What is reported of a host is its own: its cards, its folder, its proof.
    told = fleet("report", "-i", inventory, "--forks", "3", "--report", str(tmp_path / "room.csv"))
    assert told["exit_code"] == 0, [(h["code"], h["reason"]) for h in told["by_name"].values()]
    for name, machine in ROOM.items():
        results = told["by_name"][name]["results"]
        cards = [g["name"] for g in results["probe"]["data"]["gpus"]]
        assert cards == [machine.gpu] * machine.count, name
        receipt = json.loads((volume / name / "qwen2-vl" / "receipt.json").read_text())
        assert receipt["environment"]["prefix"] == f"/srv/room/{name}/qwen2-vl/env"
        assert results["report"]["data"]["checks"] == receipt["checks"], name
    assert len((tmp_path / "room.csv").read_text().splitlines()) == 1 + len(ROOM)
    _all_answered(fleet("verify", "-i", inventory, "--limit", "pc05"), "verify")
    # One machine loses a package: it alone is mended, and is asked again.
    package = next((volume / "pc04/qwen2-vl/env/lib").glob("python3*/site-packages/accelerate"))
    room.hosts["pc04"].inside(f"rm -r /srv/room/{package.relative_to(volume)}*")
    mended = fleet(*arguments, "--limit", "pc03,pc04")
    assert mended["data"]["changed"] == ["pc04"]
    _all_answered(mended)


@pytest.fixture
def two(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """Two machines with disks of their own, in a network that ends at the control machine."""
    if reason := real.no_room(tmp_path, real.TWO_BYTES):
        pytest.skip(reason)
    try:
        for name in TWO:
            host = lab.hosts[name]
            host.files, host.size, host.on_disk = {}, "11g", True
            host.start(lab.key)
        for name in TWO:
            lab.wait_for(lab.hosts[name])
        lab.trust()
        yield lab
    finally:
        real.switch_off(lab, TWO)
        shutil.rmtree(tmp_path / "bundle", ignore_errors=True)


def test_two_machines_without_internet_are_set_up_from_a_bundle(
    two: Lab, fleet: Fleet, assistant: Callable[..., Any], tmp_path: Path
) -> None:
    inventory = str(two.inventory(tmp_path / "hosts.ini", TWO))
    for name in TWO:
        assert "default" not in two.hosts[name].inside("ip route")
        assert "unreachable" in two.hosts[name].inside(ASK_THE_WORLD)
    probed, bundle = tmp_path / "room.json", tmp_path / "bundle"
    assert fleet("probe", "-i", inventory, "--report", str(probed))["exit_code"] == 0
    made = json.loads(
        assistant("bundle", "create", "--to", str(bundle), "--machine", str(probed),
                  "--model", "canary", "--backend", "uv", "--sign", str(two.key), "--json").stdout
    )  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    assert made["data"]["size_bytes"] > 1 << 30
    signer = str(two.key.with_suffix(".pub"))
    arguments = ("apply", "-i", inventory, "--bundle", str(bundle), "--signer", signer)
    done = fleet(*arguments)
    assert done["exit_code"] == 0, (done["errors"], done["by_name"])
    _all_answered(done)
    locked = (bundle / made["data"]["targets"][0]["lock"]).read_text()
    before = {}
    for name in TWO:
        host = two.hosts[name]
        receipt = json.loads(host.inside("cat /home/lab/qwen2-vl/receipt.json"))
        for package, version in receipt["environment"]["packages"].items():
            assert f"{package}=={version}" in locked, (name, package, version)
        # The wheels are gone once they are installed; the environment is linked to the cache.
        assert not host.inside("find /home/lab -name '*.whl'")
        before[name] = real.tree(Path(f"/proc/{host.init()}/root/home/lab"))
    again = fleet(*arguments)
    assert again["exit_code"] == 0, again["errors"]
    assert again["data"]["changed"] == []
    for name in TWO:
        after = real.tree(Path(f"/proc/{two.hosts[name].init()}/root/home/lab"))
        assert real.changes(before[name], after) == [], name
