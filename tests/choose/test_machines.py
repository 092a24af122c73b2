"""Hundreds of plausible machines, judged by tables that share nothing with the recipes."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests.bench import oracle
from tests.bench.machines import Box, Card, machines
from tests.bench.ours import choice

FACTS = Path(__file__).resolve().parents[1] / "catalog" / "facts"
# A search of all of them is for a night; most of what they are judged by shows in the first.
COUNT = 510 if os.environ.get("SETUP_ASSISTANT_TEST_SEARCH") else 170
ADA = Card("NVIDIA GeForce RTX 4090", "8.9", 24564, 525)
HOPPER = Box("535.104.05", (ADA,), "Linux", "x86_64", "3.12", "2.35")


def test_every_choice_runs_and_is_the_newest_that_does() -> None:
    wrong = [
        (box, answer.pair, fault)
        for box in machines(count=COUNT, seed=3)
        for answer in [choice(box)]
        for fault in oracle.faults(box, answer)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("torch", "build", "why"),
    [
        ("2.15.0", "cu130", "driver"),
        ("2.9.1", "cu128", "avoid"),
        ("2.14.1", "cu128", "build"),
        ("2.13.0", "cu129", ""),
        ("2.8.0", "cu126", ""),
    ],
)
def test_the_judge_can_tell(torch: str, build: str, why: str) -> None:
    answer = oracle.Answer(torch=torch, build=build, python="3.12")
    found = oracle.runnable(HOPPER, answer)
    assert (why in found) if why else not found


def test_the_judges_tables_are_the_facts() -> None:
    path = FACTS / "wheel_sm.csv"
    told = _kernels(path)
    for torch, (vision, first, last, _glibc, builds) in oracle.WHEELS.items():
        for build, (intel, arm) in builds.items():
            line = ".".join(torch.split(".")[:2])
            known = told.get((line, build, "linux_x86_64"), set())
            # Nobody has verified Kepler in the last builds for CUDA 11.8.
            assert set(intel) in (known, known - {37}), (torch, build)
            assert set(arm) == told.get((line, build, "linux_aarch64"), set()), (torch, build)
            row = _release(FACTS / "torch_wheels.csv", torch, build)
            assert row["torchvision"] == vision
            assert int(row["python_min"].split(".")[1]) <= first or torch == "2.4.1"
            assert int(row["python_max"].split(".")[1]) - last in (0, 1)


def _kernels(path: Path) -> dict[tuple[str, str, str], set[int]]:
    with path.open(encoding="utf-8") as stream:
        return {
            (row["torch"], row["cuda_tag"], row["platform"]): {
                int(n) for n in row["sm_list"].removeprefix("(unverified) ").split(";")
            }
            for row in csv.DictReader(stream)
        }


def _release(path: Path, torch: str, build: str) -> dict[str, str]:
    with path.open(encoding="utf-8") as stream:
        return next(
            row
            for row in csv.DictReader(stream)
            if (row["torch"], row["cuda_tag"]) == (torch, build)
        )
