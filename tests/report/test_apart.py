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
        ({"predicted_bytes": GIB, "measured_bytes": 3 * GIB // 2}, None),  # the libraries
        ({"predicted_bytes": GIB, "rehearsed_bytes": 3 * GIB // 2}, None),
        (
            {"predicted_bytes": 9 * GIB, "asked_bytes": 5 * GIB, "measured_bytes": 6 * GIB},
            "20 % more memory",
        ),
        (
            {"predicted_bytes": 9 * GIB, "asked_bytes": 8 * GIB, "measured_bytes": 6 * GIB},
            "25 % less memory",
        ),
        ({"predicted_bytes": 9 * GIB, "asked_bytes": 5 * GIB, "measured_bytes": 5 * GIB}, None),
    ],
)
def test_only_what_is_far_apart_is_a_finding(memory: dict[str, int | None], said: str) -> None:
    value = with_memory(**memory)
    found = apart.finding(value)
    if said:
        assert found is not None
        assert said in found.english
    else:
        assert found is None
    notes = [n for s in sections(value) for n in s.notes if "% " in n]
    assert bool(notes) == bool(said)


def test_the_three_figures_stand_in_one_row() -> None:
    value = with_memory(predicted_bytes=10 * GIB, rehearsed_bytes=9 * GIB)
    (row,) = (
        row for s in sections(value) for row in s.rows if row[0].startswith("Predicted · rehearsed")
    )
    assert row[1].count(" · ") == 2
    assert row[1].endswith(" · -")


def changed(value: Receipt, **about: Any) -> Receipt:
    model = replace(value.plan.model, dtype=about.get("planned", "bfloat16"), device="cuda")
    packages = {**value.environment.packages, "transformers": about.get("transformers", "5.23.0")}
    environment = replace(value.environment, packages=packages)
    checks = tuple(replace(c, dtype=about.get("ran", "bfloat16")) for c in value.checks)
    gpus = (GpuLine(name="GPU", compute_capability=about.get("part", "8.6")),)
    machine = replace(value.machine, os=about.get("os", "Linux"), driver="560.94", gpus=gpus)
    plan = replace(value.plan, model=model)
    return replace(value, plan=plan, checks=checks, machine=machine, environment=environment)


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
    about_it = apart.circumstances(changed(receipt(), **about))
    assert said in apart.cause(about_it).english


def test_a_first_rehearsal_makes_a_new_receipt() -> None:
    old = receipt(rehearsed_bytes=None)
    new = receipt(rehearsed_bytes=17 * GIB, when="2027-01-01T00:00:00Z")
    assert settle(new, old) is new
    assert settle(receipt(rehearsed_bytes=16 * GIB), new) is new
