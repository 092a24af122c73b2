"""The receipt: what it lists, and that it comes back as it was."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest

from setup_assistant.report.receipt import SCHEMA, from_json, settle, to_json
from tests.report.samples import KINDS, checks, receipt
from tests.site.samples import GIB, plan


def test_checks_stand_at_the_top_level_canary_first() -> None:
    value = to_json(receipt())
    assert next(iter(value)) == "schema"
    assert value["schema"] == SCHEMA
    assert [c["suite"] for c in value["checks"]] == ["canary"] * 8 + ["smoke"]
    for kind in KINDS:
        languages = {c["language"] for c in value["checks"] if c["kind"] == kind}
        assert languages == {"en", "zh"}
    first = value["checks"][0]
    assert {k: first[k] for k in ("name", "status", "expected", "answer")} == {
        "name": "image-en", "status": "ok", "expected": "a red circle", "answer": "a red circle",
    }  # fmt: skip
    assert first["logits_distance"] == 1.5e-6
    assert first["peak_memory_bytes"] == 400 << 20


def test_status_and_resume_command() -> None:
    assert to_json(receipt())["status"] == "done"
    partial = to_json(receipt(resume="setup-assistant up --site S", smoke=()))
    assert partial["status"] == "partial"
    assert partial["next"] == "setup-assistant up --site S"


def test_measured_memory_is_that_of_the_planned_model() -> None:
    assert receipt().memory.measured_bytes == 17 * GIB
    assert receipt().memory.predicted_bytes == 18 * GIB
    # The canary's peak says nothing about a model that did not run yet.
    assert receipt(smoke=()).memory.measured_bytes is None
    canary = dataclasses.replace(plan().model, id="canary")
    assert receipt(smoke=(), plan=plan(model=canary)).memory.measured_bytes == 400 << 20


def test_limits_are_english_in_the_file() -> None:
    assert "Its knowledge ends in June 2023." in to_json(receipt())["limits"]
    assert len(to_json(receipt())["limits"]) == 6


def test_there_and_back() -> None:
    failed = checks(status="fail", cause="decoder-missing", values={"a": 1}, evidence=("x",))
    made = receipt(canary=failed, resume="again")
    assert from_json(msgspec.json.decode(msgspec.json.encode(to_json(made)))) == made


def test_a_check_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="seconds"):
        receipt(canary=checks(seconds="long"))


def test_times_alone_make_no_new_receipt() -> None:
    old = receipt()
    again = receipt(
        when="2026-11-23T08:00:00Z",
        steps={"environment": None, "canary": None, "weights": None, "smoke": None},
        canary=checks(seconds=99.0, peak_memory_bytes=1),
    )
    assert settle(again, old) is old
    assert settle(again, None) is again


def test_another_answer_or_version_makes_a_new_receipt() -> None:
    old = receipt()
    for new in (
        receipt(canary=checks(answer="a blue circle", status="fail")),
        receipt(tool_version="0.2.0"),
        receipt(resume="again"),
        receipt(plan=plan(python="3.11")),
    ):
        assert settle(new, old) is new
