"""Plans and several kinds of machine in one bundle: each gets its own, and they share files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.conftest import OFFLINE, agent_of, stock

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Call = Callable[..., dict[str, Any]]
CARD = ("--gpu", "RTX 4090,8.9,24564,23900")
# Another card, driver, Python and C library: what a room may hold.
KINDS = {
    "old": ("--driver", "535.104.05", *CARD, "--python", "3.10", "--glibc", "2.28"),
    "new": ("--driver", "535.104.05", *CARD, "--python", "3.12", "--glibc", "2.35"),
    "newer": ("--driver", "570.86.15", *CARD, "--python", "3.12", "--glibc", "2.35"),
    "volta": ("--driver", "470.57.02", "--gpu", "V100,7.0,32510,32000", "--python", "3.10"),
    "none": ("--python", "3.12", "--glibc", "2.31", "--system", "Linux"),
}


def test_plans_alone_make_a_bundle(
    call: Call, stocked: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = []
    for name, described in KINDS.items():
        path = tmp_path / f"{name}.json"
        plan = call("plan", "--model", "canary", *described)
        stock(tmp_path / "index", plan["data"])
        # The envelope of --json, or what --save writes: both are a plan.
        path.write_text(json.dumps(plan if name == "old" else plan["data"]))
        given += ["--plan", str(path)]
    here = tmp_path / "here.json"
    assert call("plan", "--model", "canary", "--save", str(here))["exit_code"] == 0
    bundle = tmp_path / "bundle"
    made = call("bundle", "create", "--to", str(bundle), *given, "--machine", str(here))
    assert made["exit_code"] == 0, made["errors"]
    targets = {host: t for t in made["data"]["targets"] for host in t["hosts"]}
    assert set(targets) == {*KINDS, "here"}
    # One plan for two drivers is one kind of machine.
    assert targets["new"] is targets["newer"]
    assert targets["old"]["platform"] == {"os": "Linux", "arch": "x86_64", "glibc": "2.28"}
    builds = {n: next(w for w in t["wheels"] if "/torch-" in w) for n, t in targets.items()}
    assert builds["old"] == builds["new"] != builds["volta"]
    assert targets["old"]["lock"] != targets["new"]["lock"]
    floors = {name: t["driver"].partition(".")[0] for name, t in targets.items()}
    assert floors == {"old": "525", "new": "525", "newer": "525", "volta": "450",
                      "none": "", "here": ""}  # fmt: skip
    data = made["data"]
    with capsys.disabled():
        alone = sum(len(t["wheels"]) for t in data["targets"])
        kept = len(list((bundle / "wheels").iterdir()))
        said = f"{len(data['targets'])} kinds: {alone} wheels as {kept}, {alone / kept:.2f} : 1"
        sys.stdout.write(f"\n{said}\n")
    assert kept < alone / 2
    assert data["unshared_bytes"] > 2 * data["size_bytes"]
    # This machine takes the one that it can run, and no other; what is broken of that is told.
    site, parts = tmp_path / "site", {n: {*t["wheels"], t["lock"]} for n, t in targets.items()}
    ours, other = (
        bundle / min(parts[a] - parts[b]) for a, b in (("here", "volta"), ("volta", "here"))
    )
    for damaged in (ours, other):
        whole = damaged.read_bytes()
        damaged.write_bytes(bytes(reversed(whole)))
        assert call("bundle", "verify", str(bundle))["errors"][0]["code"] == "bundle_damaged"
        tried = call("bundle", "apply", str(bundle), "--site", str(site), "--dry-run")
        assert tried["exit_code"] == (damaged == ours), tried["errors"]
        if damaged == ours:
            assert damaged.name in tried["errors"][0]["message"]
            damaged.write_bytes(whole)
    done = call("bundle", "apply", str(bundle), "--site", str(site), before=OFFLINE)
    assert {s["name"]: s["status"] for s in done["data"]["steps"]}["environment"] == "done"
    plan, wanted = json.loads((site / "plan.json").read_text()), json.loads(here.read_text())
    for key in ("torchvision", "transformers", "accelerate", "python", "decoder"):
        assert plan[key] == wanted[key]
    assert plan["torch"]["version"] == wanted["torch"]["version"]


def test_a_plan_that_nobody_here_can_run(
    call: Call, stocked: dict[str, str], tmp_path: Path
) -> None:
    future = ("--glibc", "2.99", "--system", "Linux")
    plan = call("plan", "--model", "canary", *future, "--save", str(tmp_path / "p.json"))
    stock(tmp_path / "index", plan["data"])
    bundle = tmp_path / "bundle"
    made = call("bundle", "create", "--to", str(bundle), "--plan", str(tmp_path / "p.json"))
    assert made["exit_code"] == 0, made["errors"]
    refused = call("bundle", "apply", str(bundle), "--site", str(tmp_path / "site"))
    assert (refused["exit_code"], refused["errors"][0]["code"]) == (4, "bundle_unfit")
    assert "glibc 2.99" in refused["errors"][0]["message"]
    assert not (tmp_path / "site").exists()


def test_a_stick_that_is_read_only_and_runs_no_programs(
    call: Call, stocked: dict[str, str], tmp_path: Path
) -> None:
    bundle, stick = tmp_path / "bundle", tmp_path / "U 盘"
    made = call("bundle", "create", "--to", str(bundle), "--model", "canary")
    assert made["exit_code"] == 0, made["errors"]
    stick.mkdir()
    if not OFFLINE:
        pytest.skip("only root can mount")
    options = "bind,ro,noexec,nosuid,nodev"
    mount = ["mount", "--bind", str(bundle), str(stick)]
    again = ["mount", "-o", f"remount,{options}", str(stick)]
    script = " && ".join([" ".join(f"'{a}'" for a in c) for c in (mount, again)])
    within = ("unshare", "--net", "--mount", "sh", "-c", f'{script} && exec "$@"', "sh")
    agent = agent_of(bundle, sys.executable)
    program = (*agent[:-1], str(stick / "agent" / Path(agent[-1]).name))
    before = {p: p.stat().st_mtime_ns for p in bundle.rglob("*")}
    done = call("bundle", "apply", str(stick), "--site", str(tmp_path / "site"), before=within,
                program=program)  # fmt: skip
    steps = {s["name"]: s["status"] for s in done["data"]["steps"]}
    assert steps["environment"] == "done", done["errors"]
    assert {p: p.stat().st_mtime_ns for p in bundle.rglob("*")} == before
    assert subprocess.run([tmp_path / "site/env/bin/python", "-c", "import torch"],
                          check=False).returncode == 0  # fmt: skip
