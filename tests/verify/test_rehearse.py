"""The fit test: real shapes, a child whose death is a result, and refusals before it starts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.models import Model
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose import rehearsal_trials
from setup_assistant.choose.memory import Setting
from setup_assistant.choose.rehearsal_trials import Trial, trials
from setup_assistant.errors import SetupError
from setup_assistant.host.prefix import python_in
from setup_assistant.machine.facts import Machine, Memory, System
from setup_assistant.steps import rehearsal_plan
from setup_assistant.verify.rehearse import Place, rehearse

MODELS = {m.id.split("/")[-1]: m for m in load_all().models}
GIB = 1 << 30
Assistant = Callable[..., subprocess.CompletedProcess[str]]


def canary() -> Model:
    return MODELS["canary"]


def environment(folder: Path, script: str) -> Path:
    """Return an environment whose Python is a shell script."""
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ncat > /dev/null\n{script}\n")
    python.chmod(0o755)
    return folder / "env"


def small(**about: int) -> list[Trial]:
    caps = {"max_pixels": 64 * 784, "total_pixels": 256 * 784, "text_tokens": 8, "new_tokens": 2}
    return list(trials(canary().vision, **{**caps, **about}))


def test_the_trials_keep_within_the_caps() -> None:
    for image, video in ((1024, 3840), (512, 1024), (1, 2), (700, 769), (16384, 24576)):
        one, two, clip = trials(
            canary().vision, max_pixels=image * 784, total_pixels=video * 784,
            text_tokens=8, new_tokens=2,
        )  # fmt: skip
        (grid,) = one.work.grids
        assert 0.9 * image - 2 <= grid.tokens <= image
        assert two.work.grids == (grid, grid)
        (moving,) = clip.work.grids
        assert 0.85 * video - 2 <= moving.tokens <= video
        assert moving.tokens // moving.steps <= 768


def test_a_killed_child_is_a_result(tmp_path: Path) -> None:
    line = json.dumps({"event": "start", "name": "build"})
    env = environment(tmp_path, f"echo '{line}'\nkill -9 $$")
    found = rehearse(
        canary(), small(), Setting(dtype="float32", part=None), Place(env=env, device="cpu")
    )
    assert (found.status, found.cause) == ("fail", "killed")
    assert "memory ran out" in found.evidence
    assert found.measured_bytes is None
    assert [c.status for c in found.cases] == ["blocked"] * 3
    assert found.predicted_bytes == max(c.predicted_bytes for c in found.cases)


def test_a_case_that_runs_out_of_memory_is_a_result(tmp_path: Path) -> None:
    said = {"event": "check", "name": "image", "kind": "image", "status": "fail",
            "cause": "out-of-memory", "values": {"detail": "CUDA out of memory"}}  # fmt: skip
    env = environment(tmp_path, f"echo '{json.dumps(said)}'\necho '{{\"event\": \"end\"}}'")
    found = rehearse(
        canary(), small(), Setting(dtype="float32", part=None), Place(env=env, device="cpu")
    )
    assert (found.status, found.cause, found.cases[0].status) == ("fail", "out-of-memory", "fail")
    assert found.remedy


def test_on_a_gpu_what_the_allocator_held_counts_and_the_context(tmp_path: Path) -> None:
    said = {"event": "check", "name": "image", "kind": "image", "status": "ok",
            "peak_memory_bytes": 3 * GIB, "values": {"reserved_bytes": 4 * GIB}}  # fmt: skip
    env = environment(tmp_path, f"echo '{json.dumps(said)}'\necho '{{\"event\": \"end\"}}'")
    found = rehearse(
        canary(), small(), Setting(dtype="bfloat16", part="8.6"), Place(env=env, device="cuda")
    )
    assert found.measured_bytes == int(4.45 * GIB)


def machine(gib: float) -> Machine:
    return Machine(
        system=System(os="Linux", arch="x86_64", python="3.12", glibc="2.36"),
        memory=Memory(total_bytes=int(gib * GIB), available_bytes=int(gib * GIB)),
    )


@pytest.fixture
def env(tmp_path: Path) -> Path:
    return environment(tmp_path, "exit 1")


def test_what_would_not_fit_is_refused_before_it_starts(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(5))
    with pytest.raises(SetupError) as caught:
        rehearsal_plan.prepare("Qwen/Qwen2-VL-7B-Instruct", env, None, rehearsal_plan.Asked())
    assert (caught.value.code, int(caught.value.exit)) == ("memory_too_small", 4)


def test_only_the_trials_that_fit_are_run(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(11.3))
    asked = rehearsal_plan.Asked(dtype="float32", max_pixels=256 * 784, total_pixels=8000 * 784)
    ready = rehearsal_plan.prepare("Qwen2-VL-2B-Instruct", env, None, asked)
    assert [t.name for t in ready.trials] == ["image", "two-images"]
    assert ready.left_out == ("video",)
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(24))
    ready = rehearsal_plan.prepare(
        "Qwen2-VL-2B-Instruct", env, None, replace(asked, max_pixels=None)
    )
    assert ready.left_out == ()
    assert ready.trials[0].work.grids[0].tokens <= rehearsal_plan.CPU_PICTURE
    assert ready.predicted < 24 * GIB


def test_unknown_models_are_wrong_use_and_quantized_ones_need_a_gpu(env: Path) -> None:
    for name, code, status in (
        ("Qwen2-VL-7B-Instruct-AWQ", "kernels_missing", 4),
        ("Qwen/Nobody", "model_unknown", 2),
    ):
        with pytest.raises(SetupError) as caught:
            rehearsal_plan.prepare(name, env, None, rehearsal_plan.Asked())
        assert (caught.value.code, int(caught.value.exit)) == (code, status)


def test_a_gpu_that_is_not_there_is_not_replaced_by_the_cpu(
    env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(64))
    with pytest.raises(SetupError) as caught:
        rehearsal_plan.prepare(
            "Qwen2-VL-2B-Instruct", env, None, rehearsal_plan.Asked(device="cuda")
        )
    assert (caught.value.code, int(caught.value.exit)) == ("no_gpu", 4)


def test_an_environment_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        rehearsal_plan.prepare(
            "Qwen2-VL-2B-Instruct", tmp_path / "nothing", None, rehearsal_plan.Asked()
        )
    assert caught.value.code == "file_missing"
    with pytest.raises(SetupError, match="name one with --env") as caught:
        rehearsal_plan.prepare(
            "Qwen2-VL-2B-Instruct", None, tmp_path / "nothing", rehearsal_plan.Asked()
        )
    assert (caught.value.code, int(caught.value.exit)) == ("usage", 2)


def test_what_took_too_long_says_nothing_about_memory(tmp_path: Path) -> None:
    line = json.dumps({"event": "start", "name": "image"})
    env = environment(tmp_path, f"echo '{line}'\nsleep 60")
    found = rehearse(
        canary(), small(), Setting(dtype="float32", part=None), Place(env=env, device="cpu"),
        deadline=1.5,
    )  # fmt: skip
    assert (found.status, found.cause) == ("unfinished", "timeout")


def test_too_long_is_not_does_not_fit(tmp_path: Path, assistant: Assistant) -> None:
    env = environment(tmp_path, "sleep 60")
    done = assistant("rehearse", "canary", "--env", str(env), "--deadline", "1.5", "--json")
    value = json.loads(done.stdout)
    assert (done.returncode, value["exit_code"]) == (3, 3)
    assert value["errors"][0]["code"] == "rehearsal_unfinished"
    assert "does not say whether it fits" in value["errors"][0]["message"]
    assert value["data"]["expected_seconds"] > 10


def test_each_case_is_told_as_it_ends(tmp_path: Path, assistant: Assistant) -> None:
    said = [{"event": "check", "name": name, "kind": "image", "status": "ok",
             "peak_memory_bytes": 3 * GIB} for name in ("image", "two-images")]  # fmt: skip
    lines = "\n".join(f"echo '{json.dumps(s)}'" for s in said)
    env = environment(tmp_path, f'{lines}\necho \'{{"event": "end"}}\'')
    done = assistant("rehearse", "canary", "--env", str(env), "--json")
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert [(e["event"], e["name"]) for e in events] == [("case", "image"), ("case", "two-images")]
    assert events[0]["measured_bytes"] == 3 * GIB


def test_sizes_of_ones_own(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(64))
    asked = rehearsal_plan.Asked(
        device="cpu", dtype="bfloat16", images=((2044, 1372), (640, 480)),
        videos=((1280, 720, 10.0),), max_pixels=12_845_056,
    )  # fmt: skip
    ready = rehearsal_plan.prepare("Qwen2-VL-2B-Instruct", env, None, asked)
    assert [t.name for t in ready.trials] == ["own-images", "own-video-1"]
    first, second = ready.trials[0].work.grids
    assert (second.height, second.width) == (34, 46)
    assert first.patches > second.patches
    longer = replace(asked, videos=((1280, 720, 7200.0),))
    again = rehearsal_plan.prepare("Qwen2-VL-2B-Instruct", env, None, longer)
    assert again.trials[1].work.tokens < 32_768
    assert again.expected_seconds > rehearsal_trials.START_SECONDS
    bad = replace(asked, images=((9000, 10),))
    with pytest.raises(SetupError) as caught:
        rehearsal_plan.prepare("Qwen2-VL-2B-Instruct", env, None, bad)
    assert caught.value.code == "picture_refused"


def test_the_plans_pictures_are_rehearsed() -> None:
    about = {"max_pixels": 64 * 784, "total_pixels": 256 * 784, "text_tokens": 8, "new_tokens": 2}
    names = [[t.name for t in trials(canary().vision, **about, pictures=n)] for n in (1, 2, 4)]
    assert names == [
        ["image", "video"], ["image", "two-images", "video"], ["image", "4-images", "video"]
    ]  # fmt: skip


@pytest.mark.e2e
def test_every_architecture_has_its_published_parameters(built_environment: Path) -> None:
    known = {n: m for n, m in MODELS.items() if m.quantization == "none" and n != "canary"}
    done = subprocess.run(
        [python_in(built_environment), "-I", Path(__file__).with_name("on_meta.py")],
        input=json.dumps({name: architecture(m) for name, m in known.items()}),
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted == {name: m.shapes.params_total for name, m in known.items()}


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_2b_needs_what_was_predicted(built_environment: Path, assistant: Assistant) -> None:
    psutil = pytest.importorskip("psutil")
    if psutil.virtual_memory().available < 9 * GIB:
        pytest.skip("needs 9 GiB of free memory")
    done = assistant(
        "rehearse", "Qwen/Qwen2-VL-2B-Instruct", "--env", str(built_environment), "--json",
        "--device", "cpu", "--dtype", "bfloat16", "--max-pixels", "200704",
        "--total-pixels", "301056", "--new-tokens", "2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    data = json.loads(done.stdout)["data"]
    assert abs(data["difference"]) < 0.10
    for case in data["cases"]:
        assert case["measured_bytes"] == pytest.approx(case["predicted_bytes"], rel=0.10)


@pytest.mark.e2e
def test_the_canary_is_rehearsed(built_environment: Path, assistant: Assistant) -> None:
    done = assistant("rehearse", "canary", "--env", str(built_environment), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["status"] == "ok"
    assert [c["name"] for c in data["cases"]] == ["image", "two-images", "video"]
    for case in data["cases"]:
        assert case["measured_bytes"] > 100 << 20
        assert case["seconds_per_token"] > 0
    assert abs(data["difference"]) < 0.35  # of a model this small the libraries are all
    assert data["device_map"] == ["cpu: the whole model"]
