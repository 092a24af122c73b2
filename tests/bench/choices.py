"""The share of machines on which what a tool chooses would run: installable peers beside ours.

    python -m tests.bench.choices [--count 510] [--seed 3] [--scratch DIR]

Makes a scratch environment, installs the peers from the package index, tells each of them the
same machines as far as it listens (driver, or names of GPUs), and judges every choice with
`tests.bench.oracle`. A peer that names only a build is given the newest torch that has it for
the machine's Python and architecture. Not part of the tests: it needs a package index.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench import oracle
from tests.bench.machines import Box, machines
from tests.bench.oracle import WHEELS, Answer
from tests.bench.ours import choice

PEERS = ("uv", "light-the-torch", "torchruntime", "env-doctor", "nvidia-variant-provider")
ASK = Path(__file__).with_name("ask_peers.py")
USUAL = "3.12"


def main() -> None:
    """Install, ask, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=510)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scratch", type=Path)
    given = parser.parse_args()
    boxes = machines(given.count, given.seed)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = given.scratch or Path(temporary)
        installed = _install(scratch)
        answers = _asked(scratch, boxes)
        if installed["uv"]:
            answers["uv"] = list(_uv(scratch, boxes))
    _judge("this tool", boxes, [choice(box) for box in boxes])
    for peer in PEERS:
        if not installed[peer]:
            _say(f"{peer:24} does not install from the package index")
        elif peer not in answers:
            _say(f"{peer:24} installs, but chooses nothing")
        else:
            _judge(peer, boxes, answers[peer])


def _install(scratch: Path) -> dict[str, bool]:
    venv.create(scratch, with_pip=True, clear=True)
    pip = [str(_python(scratch)), "-m", "pip", "install", "--quiet"]
    return {
        peer: subprocess.run([*pip, peer], capture_output=True, check=False).returncode == 0
        for peer in PEERS
    }


def _asked(scratch: Path, boxes: list[Box]) -> dict[str, list[Answer]]:
    """Return what the peers written in Python answer, asked inside their environment."""
    done = subprocess.run(
        [str(_python(scratch)), str(ASK)],
        input=json.dumps([asdict(box) for box in boxes]),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: dict[str, list[list[str]]] = json.loads(done.stdout.splitlines()[-1])
    return {
        peer: [_newest(box, tags) for box, tags in zip(boxes, rows, strict=True)]
        for peer, rows in told.items()
    }


def _uv(scratch: Path, boxes: list[Box]) -> Iterator[Answer]:
    """Yield uv's choice: its automatic backend, read from the index it goes to."""
    wanted = scratch / "wanted.in"
    wanted.write_text("torch\n")
    known: dict[str, str] = {}
    for box in boxes:
        if box.driver not in known:
            env = {**os.environ, "UV_CUDA_DRIVER_VERSION": box.driver, "UV_HTTP_RETRIES": "0"}
            done = subprocess.run(
                [str(_python(scratch).with_name("uv")), "pip", "compile", "--verbose",
                 "--no-cache", "--torch-backend=auto", str(wanted)],
                env=env, capture_output=True, text=True, check=False,
            )  # fmt: skip
            found = re.search(r"/whl/(cu\d+|cpu)", done.stderr + done.stdout)
            known[box.driver] = found[1] if found else ""
        yield _newest(box, [known[box.driver]])


def _newest(box: Box, tags: list[str]) -> Answer:
    """Return the newest torch with one of these builds that installs, as pip would find it.

    An exact pair, ["2.4.0+cu118"], counts as the newest patch of its release line.
    """
    python = box.python or USUAL
    if len(tags) == 1 and "+" in tags[0]:
        torch, _plus, build = tags[0].partition("+")
        line = torch.rsplit(".", 1)[0]
        known = next((t for t in WHEELS if t.startswith(f"{line}.")), torch)
        return Answer(torch=known, build=build, python=python)
    for torch, (*_rest, builds) in WHEELS.items():
        if not oracle.installs(box, torch, python):
            continue
        for build in sorted(tags, reverse=True):
            linux_only = box.system == "Windows" and (torch, build) in oracle.NOT_ON_WINDOWS
            if build in builds and builds[build][box.arch == "aarch64"] and not linux_only:
                return Answer(torch=torch, build=build, python=python)
    return Answer(error=" ".join(tags) or "nothing")


def _judge(name: str, boxes: list[Box], answers: list[Answer]) -> None:
    """Print the share that runs; a refusal counts as right where nothing can run."""
    reasons: Counter[str] = Counter()
    for box, answer in zip(boxes, answers, strict=True):
        if answer.error in {"cpu", "nothing"} or not answer.torch:
            possible = any(True for _ in oracle.faults(box, Answer(error="cannot")))
            reasons["no CUDA build, though one runs" if possible else ""] += 1
        else:
            why = oracle.runnable(box, answer)
            reasons["no kernels for a GPU" if why.startswith("no kernels") else why] += 1
    right = reasons.pop("", 0)
    rest = ", ".join(f"{n} {why}" for why, n in reasons.most_common())
    _say(f"{name:24} {right}/{len(boxes)} right ({right / len(boxes):.1%})  {rest}")


def _python(scratch: Path) -> Path:
    windows = scratch / "Scripts" / "python.exe"
    return windows if windows.exists() else scratch / "bin" / "python"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
