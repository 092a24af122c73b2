"""The report of a room: what is installed tells more than what would be, and nothing is guessed."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.agent.inside.answer import MARKER, proof
from setup_assistant.cli.fleet.text import gist_of, write_report
from setup_assistant.fleet import faults
from setup_assistant.fleet.answers import outcome_of
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.groups import group, plan_in
from setup_assistant.fleet.html_report import render_page
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.outcome import Answer, Outcome
from setup_assistant.fleet.play_loop import failed
from setup_assistant.messages import msg
from tests.recorded import compare

CARD = {"name": "NVIDIA GeForce RTX 4090", "memory_total_bytes": 24564 << 20}
PLAN: dict[str, Any] = {
    "torch": {"version": "2.14.1", "build": "cu126", "compatibility": "minor-version"},
    "transformers": {"version": "5.23.0"},
    "model": {"id": "Qwen/Qwen2-VL-7B-Instruct", "dtype": "bfloat16"},
    "python": "3.11",
    "placement": {"device": "cuda"},
}
RECEIPT: dict[str, Any] = {
    "machine": {"driver": "550.54.14", "gpus": [CARD, CARD]},
    "plan": {
        "torch": {"version": "2.15.0", "build": "cu132", "compatibility": "default-build"},
        "versions": {"transformers": "5.23.0", "python": "3.11"},
        "model": {"id": "canary", "dtype": "float32", "device": "cpu"},
    },
    "checks": [{"status": "ok"}, {"status": "ok"}, {"status": "skipped"}],
}


def _host(name: str, **answers: dict[str, Any]) -> Outcome:
    found = tuple(
        Answer(command=c, code=0, envelope={"exit_code": 0, "data": d}) for c, d in answers.items()
    )
    return Outcome(host=name, status="ok", seconds=1.0, answers=found)


def _data(*outcomes: Outcome) -> dict[str, Any]:
    return {
        "verb": "apply", "when": "2026-01-01T00:00:00Z", "seconds": 2.0, "failed": [],
        "hosts": [o.to_json() for o in outcomes],
        "groups": [g.to_json() for g in group(outcomes)],
    }  # fmt: skip


def test_what_is_installed_groups_a_room() -> None:
    set_up = _host("a", up={"steps": [], **RECEIPT})
    reported = _host("b", plan=PLAN, report=RECEIPT)
    planned = _host("c", plan=PLAN)
    shown = _host("d", up={"dry_run": True, **PLAN})
    asked = _host("e", probe={"driver": {"version": None}, "gpus": []})
    groups = group([set_up, reported, planned, shown, asked])
    assert [g.hosts for g in groups] == [("c", "d"), ("a", "b")]
    assert groups[1].example["transformers"]["version"] == "5.23.0"
    assert not plan_in({"up": {"data": {"steps": [], "plan": None}}})


def test_the_table_of_an_apply_tells_cards_and_checks(tmp_path: Path) -> None:
    data = _data(_host("a", up={"steps": [], **RECEIPT}), _host("b", up={"dry_run": True, **PLAN}))
    write_report(tmp_path / "room.csv", data)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "room.csv").read_text())))
    assert (rows[0]["gpus"], rows[0]["driver"], rows[0]["checks"], rows[0]["torch"]) == (
        "2 x NVIDIA GeForce RTX 4090 (24.0 GiB)", "550.54.14", "2/2", "2.15.0 cu132",
    )  # fmt: skip
    assert (rows[1]["gpus"], rows[1]["checks"], rows[1]["group"]) == ("", "", "1")
    write_report(tmp_path / "room.html", data)
    page = (tmp_path / "room.html").read_text()
    assert "2.15.0 cu132 (default-build)" in page
    assert "2.14.1 cu126 (minor-version)" in page


@pytest.mark.parametrize(("reported", "status"), [(0, "ok"), (1, "failed")])
def test_a_plan_that_fails_now_is_nothing_to_what_is_set_up(reported: int, status: str) -> None:
    refused = {"exit_code": 4, "data": {}, "errors": [{"code": "gpu_too_old", "message": "x"}]}
    receipt = {"exit_code": reported, "data": RECEIPT, "errors": [{"code": "no_receipt"}]}
    said = [("probe", 0, {"exit_code": 0, "data": {}}), ("plan", 4, refused),
            ("report", reported, receipt)]  # fmt: skip
    entries = [{"argv": [c], "code": code, "out": json.dumps(e)} for c, code, e in said]
    body = json.dumps({"state": "done", "result": {"answers": entries, "seconds": 1.0}})
    line = {"nonce": "n", "machine": "m", "host": "h", "body": body, "proof": proof("n", "m", body)}
    found = outcome_of(
        Event(event="ok", host="pc", task="Start", out=f"{MARKER} {json.dumps(line)}"), "n"
    )
    assert isinstance(found, Outcome)
    assert found.status == status


def test_a_host_that_was_not_looked_at_is_not_said_to_have_no_gpu() -> None:
    said = [h["results"] for h in _data(_host("b", up=PLAN), _host("p", probe={}))["hosts"]]
    assert ["no GPU" in gist_of(r) for r in said] == [False, False]
    assert gist_of(_host("a", probe={"driver": {}, "gpus": []}).to_json()["results"]) == "no GPU"


def test_the_page_of_a_room_is_as_it_was_recorded() -> None:
    cpu = {**PLAN, "torch": {**PLAN["torch"], "build": "cpu", "compatibility": "cpu"}}
    native = {**PLAN, "torch": {**PLAN["torch"], "compatibility": "cu126"}}
    native["torch"]["needs"] = {}
    bad = Answer(command="verify", code=1, envelope={"data": {"checks": [
        {"status": "ok"}, {"status": "fail"}, {"status": "blocked"}, {"status": "skipped"}]}},
    )  # fmt: skip
    twice = replace(_host("d", up={"dry_run": True, **native}), notes=(msg("One."), msg("Two.")))
    several = (
        _host("a", up={"steps": [], **RECEIPT}), _host("b", report=RECEIPT),
        _host("c", plan=cpu), twice,
        replace(_host("e"), status="unfinished", answers=(bad,), code="verify_failed",
                reason=msg("exit status 1")),
        failed(Host(name="f"), faults.fault("host_down", host="f")),
        Outcome(host="g", status="refused", code="value_refused", reason=msg("<odd>")),
        Outcome(host="h", status="failed", code="job_died", reason=msg("died")),
    )  # fmt: skip
    rooms = {
        "all is well": [several[0]],
        "nothing planned": [_host("x", probe={"driver": {"version": "550.1"}, "gpus": [CARD]})],
        "one of each": several,
        "two alone": [several[2], several[3]],
        "alone beside others": [*several[:2], several[2]],
    }
    found = {}
    for name, outcomes in rooms.items():
        data = {**_data(*outcomes), "failed": [o.host for o in outcomes if not o.ok]}
        page = re.sub(
            r"(?s)<(style|script)\b.*?</\1>", "", "<h1" + render_page(data).partition("<h1")[2]
        )
        found[name] = re.sub(r"(?=<(?:h1|p|section|tr|td|li|article)\b)", "\n", page)
    compare(Path(__file__).with_name("recorded_pages.txt"), found)
