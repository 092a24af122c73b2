"""Killed at any moment and run again, or on a disk that fills: nothing is lost, all is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import cut, manifest
from setup_assistant.host import files
from tests.bundle.conftest import OFFLINE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Call = Callable[..., dict[str, Any]]
DATE = {"SOURCE_DATE_EPOCH": "1700000000"}


def tree(folder: Path) -> dict[str, str]:
    """Return the sum of every file; the signature is as good as the manifest."""
    return {
        p.relative_to(folder).as_posix(): files.sha256(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def times(folder: Path) -> dict[Path, int]:
    """Return when every file was written, but for what Python compiles as it goes."""
    every = (p for p in folder.rglob("*") if "__pycache__" not in p.parts)
    return {p: p.stat().st_mtime_ns for p in every}


def killed_when(
    moment: Callable[[], bool], variables: dict[str, str], cwd: Path, *arguments: str
) -> bool:
    """Run the command and kill it at a moment; return whether that came before its end."""
    child = subprocess.Popen(
        [sys.executable, "-m", "setup_assistant.cli.app", *arguments, "--json"],
        env=variables, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while child.poll() is None:
        if moment():
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return True
        time.sleep(0.001)
    return False


def test_a_killed_creation_goes_on(
    call: Call, stocked: dict[str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    whole, bundle = tmp_path / "whole", tmp_path / "bundle"
    make = ("bundle", "create", "--model", "canary", "--part-size", "900")
    made = call(*make, "--to", str(whole), **DATE)
    assert made["exit_code"] == 0, made["errors"]
    moments: tuple[Callable[[], bool], ...] = (
        bundle.exists,
        lambda: len(list(bundle.glob("wheels/*"))) > 2,
        (bundle / cut.JOURNAL).exists,
        lambda: len(list(bundle.glob("part-0[2-9]/**/*.whl*"))) > 1,
        (bundle / manifest.NAME).exists,
    )
    env = {**variables, **DATE}
    came = [killed_when(m, env, tmp_path, *make, "--to", str(bundle)) for m in moments]
    assert sum(came) >= 3, came
    again = call(*make, "--to", str(bundle), **DATE)
    assert again["exit_code"] == 0, again["errors"]
    assert tree(bundle) == tree(whole)
    # Once more it changes nothing, at another date neither.
    call(*make, "--to", str(bundle))
    assert tree(bundle) == tree(whole)


def test_a_killed_application_goes_on(
    call: Call, stocked: dict[str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    bundle, site = tmp_path / "bundle", tmp_path / "site"
    made = call("bundle", "create", "--to", str(bundle), "--model", "canary",
                "--part-size", "500")  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    before = tree(bundle)
    cache = Path(variables["SETUP_ASSISTANT_CACHE"]) / "bundle"
    moments: tuple[Callable[[], bool], ...] = (
        lambda: bool(list(cache.glob("*/wheels/*"))),
        (site / "ledger.jsonl").exists,
        lambda: bool(list(site.glob("env*/pyvenv.cfg"))),
    )
    apply = ("bundle", "apply", str(bundle), "--site", str(site))
    assert all(killed_when(m, variables, tmp_path, *apply) for m in moments)
    done = call(*apply)
    steps = {s["name"]: s["status"] for s in done["data"]["steps"]}
    assert steps["environment"] == "done", done["errors"]
    # Nothing of the runs that were killed is left, and the bundle is as it was.
    assert not cache.exists()
    assert not list(site.glob("env.*"))
    assert tree(bundle) == before
    env = {
        p: p.stat().st_mtime_ns for p in (site / "env").rglob("*") if "__pycache__" not in p.parts
    }
    again = call(*apply)
    assert {s["name"]: s["status"] for s in again["data"]["steps"]}["environment"] == "already"
    assert times(site / "env") == env


def test_a_disk_that_fills(call: Call, stocked: dict[str, str], tmp_path: Path) -> None:
    if not OFFLINE:
        pytest.skip("only root can mount")
    stick, lab = tmp_path / "stick", tmp_path / "lab"
    stick.mkdir()
    lab.mkdir()

    def on_disk(folder: Path, size: str) -> tuple[str, ...]:
        script = f'mount -t tmpfs -o size={size} none "{folder}" && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, "sh")

    # The wheels fit, and the agent does not.
    make = ("bundle", "create", "--to", str(stick / "b"), "--model", "canary")
    said = call(*make, before=on_disk(stick, "2M"))
    assert said["errors"][0]["code"] == "disk_filled"
    assert str(stick) in said["errors"][0]["message"]
    bundle = tmp_path / "bundle"
    made = call("bundle", "create", "--to", str(bundle), "--model", "canary",
                "--part-size", "500")  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    # What must be put together again fits nowhere: told before, and nothing is left.
    said = call("bundle", "apply", str(bundle), "--site", str(tmp_path / "site"),
                before=on_disk(lab, "4k"), SETUP_ASSISTANT_CACHE=str(lab))  # fmt: skip
    assert said["errors"][0]["code"] in {"no_space", "disk_filled"}
    assert str(lab) in said["errors"][0]["message"]
    assert not (tmp_path / "site" / "env").exists()
