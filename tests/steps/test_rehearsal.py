"""The rehearsal on the road: when it is done, what stops the download, what only is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.site.layout import Layout
from setup_assistant.steps import rehearsal_plan
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.rehearsal import RehearsalStep, wanted
from setup_assistant.steps.run_steps import standard_steps
from setup_assistant.steps.step import Context
from tests.choose.described import described, plan_for
from tests.verify.test_rehearse import environment, machine

CARD = "RTX 3090,8.6,24576,24200"
MODEL = "Qwen/Qwen2-VL-2B-Instruct"
OUT = {"event": "check", "name": "image", "kind": "image", "status": "fail",
       "cause": "out-of-memory", "values": {"detail": "CUDA out of memory"}}  # fmt: skip


def planned(model: str, *cards: str) -> Plan:
    return plan_for("550.54.15" if cards else None, *cards, model=model, ram_gib=24)


@pytest.mark.parametrize(
    ("model", "cards", "wish", "done"),
    [
        (MODEL, (CARD,), "", True),
        (MODEL, (CARD,), "no", False),
        (MODEL, (), "", False),
        (MODEL, (), "yes", True),
        (MODEL + "-AWQ", (CARD,), "", False),
        ("canary", (CARD,), "", False),
        ("canary", (CARD,), "yes", True),
    ],
)
def test_when_the_road_rehearses(
    tmp_path: Path, model: str, cards: tuple[str, ...], wish: Any, done: bool
) -> None:
    plan = planned(model, *cards)
    assert wanted(plan, Wishes(rehearse=wish), Layout(tmp_path)) is done
    names = [step.name for step in standard_steps(plan, rehearse=done)]
    assert ("rehearsal" in names) is done
    if done:
        later = names.index("weights") if "weights" in names else len(names)
        assert names.index("canary") < names.index("rehearsal") < later


def test_weights_that_are_there_need_no_rehearsal(tmp_path: Path) -> None:
    site = Layout(tmp_path)
    site.weights(MODEL).mkdir(parents=True)
    assert not wanted(planned(MODEL, CARD), Wishes(), site)
    site.rehearsal.write_text("{}")  # one that was begun belongs to the road
    assert wanted(planned(MODEL, CARD), Wishes(), site)


def road(tmp_path: Path, said: dict[str, Any] | None, wish: Any) -> Context:
    end = 'echo \'{"event": "end"}\''
    environment(tmp_path, f"echo '{json.dumps(said)}'\n{end}" if said else "exit 7")
    return Context(
        machine=described(None, ram_gib=24),
        plan=planned(MODEL),
        wishes=Wishes(rehearse=wish),
        site=Layout(tmp_path),
        ledger=Ledger(tmp_path / "ledger.jsonl"),
        recipes=paths.recipes_folder(),
    )


def test_what_does_not_fit_stops_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(24))
    context, step = road(tmp_path, OUT, ""), RehearsalStep()
    assert not step.check(context)
    with pytest.raises(SetupError) as caught:
        step.do(context)
    assert caught.value.code == "proof_failed"
    assert not step.check(context)


def test_a_rehearsal_that_fails_for_its_own_reasons_only_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: machine(24))
    context, step = road(tmp_path, None, ""), RehearsalStep()
    step.do(context)
    assert step.check(context)
    asked_for = replace(context, wishes=Wishes(rehearse="yes"))
    assert not step.check(asked_for)
    with pytest.raises(SetupError):
        step.do(asked_for)
