"""A room without internet: hosts that reach the control machine only, set up from its bundle."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.conftest import call, stocked, variables
from tests.fleet.rig import Lab

__all__ = ["call", "stocked", "variables"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Fleet = Callable[..., dict[str, Any]]
NAMES = ("pc00", "pc01")


@pytest.fixture
def room(lab: Lab) -> Iterator[Lab]:
    for name in NAMES:
        lab.hosts[name].files = {}
        lab.hosts[name].size = "8g"
        lab.hosts[name].start(lab.key)
    for name in NAMES:
        lab.wait_for(lab.hosts[name])
    lab.trust()
    yield lab
    for name in NAMES:
        lab.hosts[name].stop()


def test_hosts_install_from_the_control_machine(
    room: Lab, fleet: Fleet, call: Fleet, stocked: dict[str, str], tmp_path: Path
) -> None:
    inventory = str(room.inventory(tmp_path / "hosts.ini", NAMES))
    probed, bundle = tmp_path / "room.json", tmp_path / "bundle"
    assert fleet("probe", "-i", inventory, "--report", str(probed))["exit_code"] == 0
    made = call("bundle", "create", "--to", str(bundle), "--machine", str(probed),
                "--model", "canary", "--backend", "uv")  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    assert made["data"]["targets"][0]["hosts"] == list(NAMES)
    arguments = ("apply", "-i", inventory, "--bundle", str(bundle), "--rate", "20M")
    shown = fleet(*arguments, "--check")
    assert shown["exit_code"] == 0, (shown["errors"], shown["by_name"])
    assert [g["hosts"] for g in shown["data"]["groups"]] == [list(NAMES)]
    done = fleet(*arguments)
    for name in NAMES:
        steps = _steps(done, name)
        assert steps["environment"] == "done", done["by_name"][name]["reason"]
        # The packages are empty: the canary must say so, as the host's own reason.
        assert done["by_name"][name]["code"] == "proof_failed"
        assert done["by_name"][name]["status"] == "failed"
        listed = room.hosts[name].inside(
            "ls -d /home/lab/qwen2-vl/env/lib/python3*/site-packages/*.dist-info"
        )
        for package, version in stocked.items():
            assert f"/{package.replace('-', '_')}-{version}" in listed, (package, listed)
    again = fleet(*arguments)
    for name in NAMES:
        assert _steps(again, name)["environment"] == "already"
    _one_host_serves_the_others(room, fleet, arguments)
    damaged = next((bundle / "wheels").iterdir())
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    refused = fleet(*arguments)
    assert refused["errors"][0]["code"] == "bundle_damaged"
    assert damaged.name in json.dumps(refused["errors"])


def _one_host_serves_the_others(room: Lab, fleet: Fleet, arguments: tuple[str, ...]) -> None:
    server, other = (room.hosts[n] for n in NAMES)
    other.inside("rm -rf /home/lab/qwen2-vl /home/lab/.cache/setup-assistant/bundle")
    done = fleet(*arguments, "--serve-from", server.name)
    assert _steps(done, other.name)["environment"] == "done", done["by_name"][other.name]["reason"]
    # It came from there, whole; and the server ends though nobody tells it to.
    kept = server.inside("ls /home/lab/.cache/setup-assistant/bundle/served/wheels")
    assert ".whl" in kept
    said = server.inside("cat /home/lab/.cache/setup-assistant/logs/*bundle-serve*")
    assert other.address in said
    unknown = fleet(*arguments, "--serve-from", "pc99")
    assert unknown["errors"][0]["code"] == "server_unknown"
    server.inside("chown -R root /home/lab/.cache/setup-assistant/bundle/served")
    refused = fleet(*arguments, "--serve-from", server.name)
    assert refused["errors"][0]["code"] == "server_failed"
    assert "/bundle/served" in refused["errors"][0]["message"]


def _steps(envelope: dict[str, Any], name: str) -> dict[str, str]:
    found = envelope["by_name"][name]["results"]["up"]["data"].get("steps", ())
    return {s["name"]: s["status"] for s in found}
