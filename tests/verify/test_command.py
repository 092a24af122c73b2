"""The verb: its statuses, its envelope, and what it shows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.choose import plan_json
from tests.site import samples

Assistant = Callable[..., "subprocess.CompletedProcess[str]"]


def test_no_environment_is_a_wrong_use(assistant: Assistant) -> None:
    done = assistant("verify")
    assert done.returncode == 2
    assert "--env" in done.stderr


@pytest.mark.parametrize(
    "flags",
    [("--env", "nowhere"), ("--env", ".", "--model", "nowhere"),
     ("--env", ".", "--image", "nowhere.png"), ("--env", ".", "--video", "nowhere.mp4")],
)  # fmt: skip
def test_what_does_not_exist_is_named(assistant: Assistant, flags: tuple[str, ...]) -> None:
    done = assistant("verify", *flags, "--json")
    value = json.loads(done.stdout)
    assert (done.returncode, value["exit_code"]) == (2, 2)
    assert value["errors"][0]["code"] == "file_missing"
    assert flags[-2] in value["errors"][0]["message"]
    assert flags[-1] in value["errors"][0]["message"]


def test_an_environment_without_python(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    done = assistant("verify", "--env", str(tmp_path / "env"), "--json")
    value = json.loads(done.stdout)
    assert done.returncode == 1
    assert value["data"]["cause"] == "python-missing"
    assert value["data"]["remedy"]
    assert value["errors"][0]["hint"] == value["data"]["remedy"]
    assert value["data"]["checks"][0]["status"] == "fail"


def test_the_plan_beside_the_environment_is_used(
    assistant: Assistant, tmp_path: Path, fake_env: Callable[[str], Path]
) -> None:
    seen = tmp_path / "seen.json"
    prefix = fake_env(f"cat >{seen}\nenv >{seen}.env").rename(tmp_path / "env")
    plan = json.dumps(plan_json.to_json(samples.plan()))
    (tmp_path / "plan.json").write_text(plan, encoding="utf-8")
    assistant("verify", "--env", str(prefix))
    request = json.loads(seen.read_text(encoding="utf-8"))
    assert (request["device"], request["dtype"]) == ("cuda", "bfloat16")
    assert (request["reader"], request["decoder_package"]) == ("decord", "decord2")
    given = Path(f"{seen}.env").read_text(encoding="utf-8")
    assert "FORCE_QWENVL_VIDEO_READER=decord\n" in given
    assert "CUDA_VISIBLE_DEVICES=GPU-1234\n" in given


@pytest.mark.e2e
def test_a_sound_environment(assistant: Assistant, built_environment: Path) -> None:
    done = assistant("verify", "--env", str(built_environment), "--model", "canary", "--json")
    value = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert value["status"] == "ok"
    assert value["data"]["cause"] is None
    keys = {"name", "status", "expected", "answer", "seconds", "device", "dtype",
            "peak_memory_bytes"}  # fmt: skip
    assert all(keys <= set(check) for check in value["data"]["checks"])
    asked = [c for c in value["data"]["checks"] if c["kind"] == "video"]
    assert {c["language"] for c in asked} == {"en", "zh"}
    plain = assistant("verify", "--env", str(built_environment), "--model", "canary")
    assert plain.returncode == 0
    assert "A red circle." in plain.stdout
    assert "checks passed" in plain.stdout.splitlines()[-1]
