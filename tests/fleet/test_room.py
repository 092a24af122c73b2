"""Ten different machines over real SSH, each with its own right answer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.fleet import engine
from tests.fleet import trouble
from tests.fleet.machines import MACHINES, nvidia_smi
from tests.fleet.rig import Lab

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Fleet = Callable[..., dict[str, Any]]
Command = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def room(lab: Lab) -> Iterator[Lab]:
    for number, (name, machine) in enumerate(MACHINES.items()):
        host = lab.hosts[name]
        # A limit, not a use: room for the models, so that the cards decide.
        host.size = "100g"
        host.files = (
            {"/usr/local/bin/nvidia-smi": nvidia_smi(machine, number)} if machine.count else {}
        )
    lab.start()
    yield lab
    for host in lab.hosts.values():
        host.stop()


def test_each_gets_its_own_right_answer(room: Lab, fleet: Fleet, tmp_path: Path) -> None:
    inventory = room.inventory(tmp_path / "hosts.ini")
    page, table = tmp_path / "room.html", tmp_path / "room.csv"
    # A few at a time: ten machines on one must not keep each other from answering in time.
    few = ("-i", str(inventory), "--forks", "3")
    probed = fleet("probe", *few, "--report", str(table))
    assert probed["exit_code"] == 0, probed["errors"]
    for name, machine in MACHINES.items():
        said = probed["by_name"][name]["results"]["probe"]["data"]
        assert [g["name"] for g in said["gpus"]] == [machine.gpu] * machine.count, name
        assert (said["driver"]["version"] or "") == machine.driver
        assert probed["by_name"][name]["hostname"] == name
    assert len({h["machine"] for h in probed["by_name"].values()}) == len(MACHINES)
    planned = fleet("plan", *few, "--report", str(page))
    for name, machine in MACHINES.items():
        host = planned["by_name"][name]
        if machine.refused:
            assert (host["status"], host["code"]) == ("failed", machine.refused), name
            continue
        plan = host["results"]["plan"]["data"]
        assert plan["torch"]["build"] in machine.builds, (name, plan["torch"])
        if plan["model"]["quantization"] == "none":
            assert plan["model"]["dtype"] == machine.dtype, name
    assert planned["exit_code"] == 3
    assert planned["data"]["failed"] == ["pc06"]
    together = [set(g["hosts"]) for g in planned["data"]["groups"]]
    assert {"pc00", "pc01"} in together
    assert sum(len(g) for g in together) == 9
    assert len(table.read_text().splitlines()) == 11
    assert "GeForce GTX 580" in page.read_text()
    again = fleet("plan", "-i", str(inventory), "--limit", "@failed")
    assert list(again["by_name"]) == ["pc06"]


def test_a_stock_ansible_playbook_believes_what_hosts_say(
    room: Lab, fleet: Fleet, tmp_path: Path
) -> None:
    names = ("pc00", "pc06", "pc09")
    inventory, folder = room.inventory(tmp_path / "hosts.ini", names), tmp_path / "hand"
    for name in names:
        room.hosts[name].inside("rm -rf /home/lab/.cache")
    written = fleet("plan", "--playbook", str(folder), "--purpose", "images")
    assert written["data"]["playbook"] == str(folder / "site.yml")
    # An empty host would be changed, and is not touched.
    code, told = _play(folder, inventory, "--check")
    assert (code, told) == (0, dict.fromkeys(names, (1, 0)))
    assert room.hosts["pc00"].inside("ls -A /home/lab") == room.hosts["pc09"].inside(
        "ls -A /home/lab"
    )
    assert ".cache" not in room.hosts["pc00"].inside("ls -A /home/lab")
    # One whose model does not fit is red, in the words of the plan.
    code, told = _play(folder, inventory)
    assert (code, told) == (2, {"pc00": (1, 0), "pc06": (1, 1), "pc09": (1, 0)})
    kept = {n: json.loads((folder / "answers" / f"{n}.json").read_text()) for n in names}
    assert {n: k["code"] for n, k in kept.items()} == {
        "pc00": "",
        "pc06": "gpu_too_old",
        "pc09": "",
    }
    assert "RTX 4090" in str(kept["pc00"]["results"]["probe"]["data"]["gpus"])
    # What is there already is neither copied nor counted; other verbs come by a variable.
    other = ("-e", "setup_assistant_verb=probe", "--limit", "pc00,pc09")
    for more in ((*other, "--check"), other):
        assert _play(folder, inventory, *more) == (0, {"pc00": (0, 0), "pc09": (0, 0)})
    # Damaged on the way or on the disk, the agent is sent again.
    agent = "/home/lab/.cache/setup-assistant/fleet/agent-*.pyz"
    room.hosts["pc00"].inside(f"printf x >> $(ls {agent})")
    assert _play(folder, inventory, *other)[1]["pc00"] == (1, 0)
    page = tmp_path / "room.html"
    whole = fleet("report", "--answers", str(folder / "answers"), "--report", str(page),
                  "-i", str(room.inventory(tmp_path / "more.ini", (*names, "pc01"))))  # fmt: skip
    codes = {n: h["code"] for n, h in whole["by_name"].items()}
    assert codes == {"pc00": "", "pc06": "gpu_too_old", "pc09": "", "pc01": "no_answer"}
    assert "RTX 4090" in page.read_text()


def _play(folder: Path, inventory: Path, *more: str) -> tuple[int, dict[str, tuple[int, int]]]:
    """Run it as a scheduler does, without a terminal; return changed and failed of each host."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")}
    done = subprocess.run(
        [*engine.program("ansible-playbook"), "-i", inventory, folder / "site.yml", *more],
        cwd=folder, env={**env, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=900,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    found = re.findall(r"^(\S+)\s+: .*changed=(\d+).*failed=(\d+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return done.returncode, {n: (int(c), int(f)) for n, c, f in found}


@pytest.fixture
def slow(room: Lab) -> Iterator[Lab]:
    """A room whose jobs stop in the middle, until they are told to go on."""
    for host in room.hosts.values():
        trouble.hold(host)
    yield room
    trouble.go_on(room.hosts.values())


def test_a_killed_control_process_leaves_nothing_and_a_rerun_heals(
    slow: Lab, command: Command, fleet: Fleet, tmp_path: Path
) -> None:
    names = ("pc03", "pc04", "pc05")
    inventory = str(slow.inventory(tmp_path / "hosts.ini", names))
    process = command("probe", "-i", inventory, "--json")
    trouble.wait_until_at_work(slow.hosts[n] for n in names)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ends = time.monotonic() + 100
    while time.monotonic() < ends and _engines(tmp_path):
        time.sleep(0.1)
    assert _engines(tmp_path) == []
    trouble.go_on(slow.hosts.values())
    again = fleet("probe", "-i", inventory, "--limit", "@failed")
    assert again["exit_code"] == 0, again["by_name"]
    assert set(again["by_name"]) == set(names)
    # What the killed run had written, and its sockets, went with the next one.
    number = process.pid
    left = [p for n in ("setup-assistant-fleet", "sa-ssh") for p in _temporary(f"{n}-{number}-*")]
    assert left == []


def _temporary(pattern: str) -> list[Path]:
    return [*Path(tempfile.gettempdir()).glob(pattern), *Path("/tmp").glob(pattern)]


def _engines(folder: Path) -> list[str]:
    """Return the processes of an engine that still run for an inventory of this test."""
    mine = str(os.getpid())
    done = subprocess.run(["ps", "ax", "-o", "pid=,args="], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return [
        line for line in done.stdout.splitlines()
        if "ansible-playbook" in line and str(folder) in line and mine not in line.split()[0]
    ]  # fmt: skip
