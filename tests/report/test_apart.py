"""Memory that is not as predicted is a finding with its likely cause."""

from dataclasses import replace
from typing import Any

import pytest

from setup_assistant.report import apart
from setup_assistant.report.receipt import GpuLine, MemoryLine, Receipt, settle
from setup_assistant.report.sections import sections
from tests.report.samples import receipt
from tests.site.samples import GIB


def with_memory(**bytes_: int | None) -> Receipt:
    return replace(receipt(), memory=MemoryLine(**bytes_))


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        ({"predicted_bytes": 10 * GIB, "measured_bytes": 11 * GIB}, None),
        ({"predicted_bytes": 10 * GIB, "measured_bytes": 5 * GIB}, None),
        ({"predicted_bytes": 10 * GIB, "measured_bytes": 12 * GIB}, "20 % more memory"),
        ({"predicted_bytes": 10 * GIB, "rehearsed_bytes": 8 * GIB}, "20 % apart"),
        ({"predicted_bytes": 10 * GIB, "rehearsed_bytes": 12 * GIB}, "20 % apart"),
        ({"predicted_bytes": 10 * GIB, "rehearsed_bytes": 11 * GIB}, None),
        ({"predicted_bytes": None, "measured_bytes": 11 * GIB}, None),
    ],
)
def test_only_what_is_far_apart_is_a_finding(memory: dict[str, int | None], said: str) -> None:
    value = with_memory(**memory)
    found = apart.finding(value)
    assert (said in found.english) if said else found is None
    notes = [n for s in sections(value) for n in s.notes if "% " in n]
    assert bool(notes) == bool(said)


def changed(value: Receipt, **about: Any) -> Receipt:
    model = replace(value.plan.model, dtype=about.get("planned", "bfloat16"), device="cuda")
    versions = {**value.plan.versions, "transformers": about.get("transformers", "5.23.0")}
    checks = tuple(replace(c, dtype=about.get("ran", "bfloat16")) for c in value.checks)
    gpus = (GpuLine(name="GPU", compute_capability=about.get("part", "8.6")),)
    machine = replace(value.machine, os=about.get("os", "Linux"), driver="560.94", gpus=gpus)
    plan = replace(value.plan, model=model, versions=versions)
    return replace(value, plan=plan, checks=checks, machine=machine)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"transformers": "4.45.2"}, "before 4.54"),
        ({"ran": "float32"}, "in float32"),
        ({"part": "7.5"}, "fused attention"),
        ({"os": "Windows"}, "lends main memory"),
        ({}, "not known"),
    ],
)
def test_the_likely_cause(about: dict[str, str], said: str) -> None:
    assert said in apart.cause(changed(receipt(), **about)).english


def test_a_first_rehearsal_makes_a_new_receipt() -> None:
    old = receipt(rehearsed_bytes=None)
    new = receipt(rehearsed_bytes=17 * GIB, when="2027-01-01T00:00:00Z")
    assert settle(new, old) is new
    assert settle(receipt(rehearsed_bytes=16 * GIB), new) is new
