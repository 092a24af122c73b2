"""The session on a GPU, and what of it can be said without one."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from setup_assistant.choose.memory import Setting, Work, estimate
from setup_assistant.choose.vision_tokens import Grid
from tests.choose.described import known
from tests.gpu import rehearsed, session

BY_ID = {m.id: m for m in known().models}
ROOT = Path(__file__).resolve().parents[2]


def row(**about: object) -> rehearsed.Rehearsal:
    values: dict[str, object] = {
        "model": session.MODELS[0], "case": "448x448", "grids": "1x32x32", "text_tokens": 64,
        "new_tokens": 16, "dtype": "bfloat16", "gpu": "GPU", "compute_capability": "9.0",
        "driver": "580.65.06", "torch": "2.15.0", "transformers": "5.23.0", "predicted": 5,
        "measured": 4, "date": "2026-11-22",
    }  # fmt: skip
    return rehearsed.Rehearsal(**{**values, **about})  # type: ignore[arg-type]


def test_the_cases_are_the_usual_inputs() -> None:
    found = {case.name: case for case in session.cases(BY_ID[session.MODELS[0]])}
    assert found["2044x1372"].work.patches == 14_308
    assert found["4032x3024"].work.tokens > 15_000
    assert len(found["two of 1280x720"].work.grids) == 2
    assert found["10 s of 1280x720"].work.grids[0].steps == 10


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [row(), row(case="10 s of 1280x720", grids="10x54x96")]
    (tmp_path / rehearsed.FILE).write_text(session.render(rows))
    assert rehearsed.load(tmp_path) == tuple(rows)
    assert rehearsed.load(tmp_path / "nothing") == ()


def test_the_formula_meets_what_gpus_measured() -> None:
    apart = []
    for found in rehearsed.load():
        grids = tuple(
            Grid(*(int(side) for side in part.split("x"))) for part in found.grids.split()
        )
        work = Work(grids=grids, text_tokens=found.text_tokens, new_tokens=found.new_tokens)
        here = Setting(dtype=found.dtype, part=found.compute_capability, torch=found.torch,
                       transformers=found.transformers)  # fmt: skip
        apart.append(abs(estimate(BY_ID[found.model], work, here).total / found.measured - 1))
    assert statistics.median(apart or [0.0]) <= 0.05
    assert max(apart, default=0.0) <= 0.10


def test_a_machine_without_a_gpu_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.session", "--env", tmp_path], cwd=ROOT,
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "No NVIDIA GPU here" in done.stdout


@pytest.mark.gpu
@pytest.mark.timeout(1500)
def test_2b_takes_what_was_predicted() -> None:
    env = os.environ.get("SETUP_ASSISTANT_GPU_ENV")
    if not env:
        pytest.skip("SETUP_ASSISTANT_GPU_ENV names no environment with torch for a GPU")
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu.session", "--env", env, "--model", session.MODELS[0]],
        cwd=ROOT, capture_output=True, text=True, timeout=560, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    median = next(line for line in done.stdout.splitlines() if line.startswith("median"))
    assert float(median.split()[1].rstrip("%,")) <= 5.0
