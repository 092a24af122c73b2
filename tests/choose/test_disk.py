"""What the disk holds and what a download costs, in the automatic choice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.choose.plan import Plan
from setup_assistant.machine.facts import Disk
from tests.choose.described import described, planned

A100 = "NVIDIA A100-SXM4-80GB,8.0,81920,81000"
L4 = "NVIDIA L4,8.9,23034,22600"


def plan_on(card: str, free_gb: float | None, **wishes: str) -> Plan:
    machine = described("580.65.06", card, ram_gib=128)
    free = None if free_gb is None else int(free_gb * 1e9)
    disks = (Disk(role="site", path="/srv/site", free_bytes=free),)
    return planned(replace(machine, disks=disks), **wishes)


def why(plan: Plan) -> str:
    return " ".join(str(r.message.english) for r in plan.reasons if r.about == "model")


@pytest.mark.parametrize(
    ("card", "free", "model"),
    [
        (A100, None, "Qwen/Qwen2-VL-72B-Instruct-NF4"),
        (A100, 160, "Qwen/Qwen2-VL-72B-Instruct-NF4"),
        (A100, 150, "Qwen/Qwen2-VL-7B-Instruct"),  # 146.8 GB beside 5.8 GB of packages
        (A100, 15, "Qwen/Qwen2-VL-2B-Instruct"),
        (A100, 3, "Qwen/Qwen2-VL-2B-Instruct"),  # holds none: the least, with a warning
        (L4, 150, "Qwen/Qwen2-VL-7B-Instruct"),
    ],
)
def test_the_disk_holds_what_is_chosen(card: str, free: float | None, model: str) -> None:
    plan = plan_on(card, free)
    assert plan.model.id == model
    warned = any("/srv/site" in w.message.english for w in plan.warnings)
    assert warned == (free == 3)


def test_what_the_disk_kept_away_is_said() -> None:
    said = why(plan_on(A100, 150))
    assert "Given up for it: Qwen/Qwen2-VL-72B-Instruct-NF4" in said
    assert "146.8 GB" in said
    assert "the disk has" not in why(plan_on(A100, 160))


def test_a_dear_download_names_the_cheaper_model() -> None:
    said = why(plan_on(A100, None))
    assert "146.8 GB are downloaded for it" in said
    assert "Qwen/Qwen2-VL-7B-Instruct needs 16.6 GB" in said
    assert "are downloaded for it" not in why(plan_on(L4, None))


def test_a_named_model_and_a_named_folder_are_not_weighed() -> None:
    named = plan_on(A100, 50, model="Qwen/Qwen2-VL-72B-Instruct-NF4")
    assert named.model.id == "Qwen/Qwen2-VL-72B-Instruct-NF4"
    assert any("/srv/site" in w.message.english for w in named.warnings)
    assert plan_on(A100, 50, weights="/data").model.id == "Qwen/Qwen2-VL-72B-Instruct-NF4"
