"""A plan is made from what is given: `make_plan` touches no file, process or network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Everything is imported and loaded; then the hook goes up, and stays up for good.
CHILD = """
import sys
from dataclasses import replace

from setup_assistant.catalog import drivers, gpus
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from tests.choose.described import described, known

recipes = known()
machines = [
    described("580.95.05", "NVIDIA GeForce RTX 4090,8.9,24564,24000"),
    described("550.54.15", "Tesla T4,7.5,15360,14900", "Tesla T4,7.5,15360,14900"),
    described("470.256.02", "Tesla K80,3.7,11441,11300", python="3.11"),
    described(None, ram_gib=32),
]
# What the tables must be asked for: the capability, memory and CUDA version of a bare name.
bare = described("535.104.05", "NVIDIA GeForce RTX 3090,8.6,24576,24000")
gpu = replace(
    bare.gpus[0], compute_capability=None, memory_total_bytes=None, memory_free_bytes=None
)
machines.append(replace(bare, gpus=(gpu,), driver=replace(bare.driver, cuda=None)))
# Whoever looks a table up by itself must open its file again.
for cached in (gpus.load, gpus.table, drivers.load):
    cached.cache_clear()
seen = []


def hook(event, args):
    if event in {"open", "subprocess.Popen", "socket.connect", "os.remove", "os.rename"}:
        if not str(args[0]).endswith((".py", ".pyc")):  # a module that is imported late
            seen.append((event, str(args)))


sys.addaudithook(hook)
made = []
for machine in machines:
    for model in ("auto", "canary", "Qwen2-VL-2B-Instruct-AWQ"):
        for purpose in ("video", "documents"):
            try:
                made.append(make_plan(machine, Wishes(model=model, purpose=purpose), recipes))
            except SetupError:
                continue
assert len(made) > 15, len(made)
MORE
print(seen)
sys.exit(len(seen))
"""


def run(more: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD.replace("MORE", more)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_plan_reads_and_writes_no_file() -> None:
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_would_notice() -> None:
    assert run("open('pyproject.toml').close()").returncode == 1
