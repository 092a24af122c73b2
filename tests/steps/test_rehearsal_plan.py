"""What is rehearsed where: a site's own plan, or one for the machine as it is now."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose import plan_json
from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine
from setup_assistant.site.layout import Layout
from setup_assistant.steps import rehearsal_plan, smoke_memory, write_receipt
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.rehearsal_plan import Asked, prepare
from setup_assistant.verify.rehearse import Rehearsed
from tests.choose.described import GIB, described, plan_for
from tests.recorded import compare
from tests.verify.test_rehearse import environment

KEPT = Path(__file__).with_name("recorded_rehearsal_plans.txt")
CARD, SMALL = "RTX 3090,8.6,24576,24200", "RTX 3090,8.6,24576,6000"
MODEL = "Qwen/Qwen2-VL-2B-Instruct"


def seen(monkeypatch: pytest.MonkeyPatch, *cards: str, ram_gib: float = 64) -> Machine:
    found = described("550.54.15" if cards else None, *cards, ram_gib=ram_gib)
    monkeypatch.setattr(rehearsal_plan, "probe", lambda: found)
    return found


def site(folder: Path, **changes: Any) -> tuple[Layout, Plan]:
    """Make a site with an environment and a plan for one card."""
    environment(folder, "exit 1")
    plan = plan_for("550.54.15", CARD, model=MODEL, ram_gib=64)
    plan = replace(plan, model=replace(plan.model, **changes))
    layout = Layout(folder)
    files.write_json(layout.plan, plan_json.to_json(plan))
    return layout, plan


ASKED: dict[str, tuple[tuple[str, ...], Asked]] = {
    "a card": ((CARD,), Asked()),
    "a card with little room": ((SMALL,), Asked()),
    "the processor beside a card": ((CARD,), Asked(device="cpu")),
    "no card": ((), Asked()),
    "another dtype": ((CARD,), Asked(dtype="float16", new_tokens=3)),
    "caps of one's own": ((CARD,), Asked(max_pixels=200_704, total_pixels=301_056)),
    "sizes of one's own": (
        (CARD,), Asked(images=((1024, 768), (640, 480), (2000, 100)), videos=((640, 480, 30.0),))
    ),
    "sizes and caps of one's own": (
        (CARD,), Asked(images=((1024, 768),), videos=((640, 480, 30.0),), max_pixels=100_352,
                       total_pixels=400_000)
    ),
}  # fmt: skip


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("name", ASKED)
def test_what_is_rehearsed_is_as_it_was_recorded(
    name: str, planned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards, asked = ASKED[name]
    seen(monkeypatch, *cards)
    if planned:
        env = site(tmp_path, max_pixels=500_192, video_total_pixels=4_000_000, pictures=3)[0].env
    else:
        env = environment(tmp_path, "exit 1")
    try:
        ready = prepare(MODEL, env, None, asked)
    except SetupError as error:
        compare(KEPT, {f"{name}, {planned}": f"{error.code} {json.dumps(error.args_)}"})
        return
    place = {k: v for k, v in asdict(ready.place).items() if k != "env"}
    said = [
        *(f"{t.name}: {t.kind} {[(g.steps, g.height, g.width) for g in t.work.grids]} "
          f"{t.work.text_tokens} {t.work.new_tokens}" for t in ready.trials),
        f"left out: {ready.left_out}", f"setting: {json.dumps(asdict(ready.setting))}",
        f"place: {json.dumps(place)}", f"caps: {ready.max_pixels} {ready.predicted}",
    ]  # fmt: skip
    assert (ready.layout.root, ready.place.env) == (tmp_path, env)
    compare(KEPT, {f"{name}, {planned}": "\n".join(said)})


def test_a_sites_plan_is_taken_for_its_own_model_place_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(monkeypatch, CARD)
    layout, plan = site(tmp_path, max_pixels=500_192)
    model = next(m for m in rehearsal_plan.load_all().models if m.id == MODEL)
    other = next(m for m in rehearsal_plan.load_all().models if m.id == "canary")

    def taken(device: Any = "auto", **changes: Any) -> Plan | None:
        about = {"env": layout.env.absolute(), "model": model, **changes}
        return rehearsal_plan._plan_of(layout, about["env"], about["model"], Asked(device=device))

    assert taken() == taken("cuda") == plan
    assert taken("cpu") is None
    assert taken(env=tmp_path / "other") is None
    assert taken(model=other) is None
    layout.plan.write_text("{")
    assert taken() is None
    layout.plan.unlink()
    assert taken() is None


def test_the_budget_is_what_is_free_now_and_no_more_than_was_planned() -> None:
    plan = plan_for("550.54.15", CARD, CARD, model=MODEL, ram_gib=64)
    plan = replace(plan, model=replace(plan.model, budget_bytes=20 * GIB))
    (card, _other) = described("550.54.15", CARD, CARD).gpus
    place = replace(plan.placement, gpus=("GPU-1", "1"))

    def budget(*free: int | None, planned: int | None = 20 * GIB) -> int | None:
        gpus = tuple(
            replace(card, index=n, uuid="GPU-1" if n == 0 else None, memory_free_bytes=size)
            for n, size in enumerate(free)
        )
        about = replace(plan, placement=place, model=replace(plan.model, budget_bytes=planned))
        return rehearsal_plan._budget(about, replace(described(None), gpus=gpus))

    assert budget(5 * GIB, 6 * GIB, 7 * GIB) == 11 * GIB
    assert budget(15 * GIB, 6 * GIB) == 20 * GIB
    assert budget(None, 6 * GIB) == 6 * GIB
    assert budget(None, None) == budget() == 20 * GIB
    assert budget(5 * GIB, planned=None) is None


def rehearsed(env: Path) -> Rehearsed:
    return Rehearsed(
        status="ok", model=MODEL, env=str(env), device="cpu", dtype="float32", seconds=1.0,
        quantization="none", cases=(), predicted_bytes=2, measured_bytes=3, terms={},
        device_map=(), budget_bytes=None,
    )  # fmt: skip


def test_an_outcome_is_kept_in_the_site_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(monkeypatch, CARD)
    layout, _plan = site(tmp_path)
    ready = prepare(MODEL, layout.env, None, Asked())
    rehearsal_plan.keep(
        replace(ready, place=replace(ready.place, env=tmp_path)), rehearsed(tmp_path)
    )
    assert not layout.rehearsal.exists()
    assert write_receipt.rehearsed(layout, MODEL) == (None, None)
    rehearsal_plan.keep(ready, rehearsed(layout.env))
    assert json.loads(layout.rehearsal.read_text())["measured_bytes"] == 3
    assert write_receipt.rehearsed(layout, MODEL) == (3, 2)
    assert write_receipt.rehearsed(layout, "canary") == (None, None)
    layout.rehearsal.unlink()
    layout.plan.unlink()
    rehearsal_plan.keep(ready, rehearsed(layout.env))
    assert not layout.rehearsal.exists()
    for peak, predicted in ((None, 2), (3, None), ("3", 2)):
        told = {"model": MODEL, "measured_bytes": peak, "predicted_bytes": predicted}
        layout.rehearsal.write_text(json.dumps(told))
        assert write_receipt.rehearsed(layout, MODEL) == (None, None)


def test_what_the_last_repair_has_changed_and_still_holds(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    now = {"a": "2", "b": "2", "c": "3", "d": "1"}
    assert write_receipt._put_back(ledger, now) == {}
    ledger.record("environment", "done", changed={"a": ["0", "2"]})
    assert write_receipt._put_back(ledger, now) == {"a": ("0", "2")}
    told = {
        "b": ["1", "2"],
        "c": ["1", "2"],
        "d": [None, "1"],
        "e": ["1"],
        "f": "1",
        "g": ["1", None],
    }
    ledger.record("environment", "done", put_back=told, changed={"a": ["1", "2"]})
    ledger.record("environment", "failed", put_back={})
    ledger.record("weights", "done", size=3)
    found = {"b": ("1", "2"), "d": (None, "1"), "g": ("1", None)}
    assert write_receipt._put_back(ledger, now) == found
    ledger.record("environment", "done", put_back=["b"])
    assert write_receipt._put_back(ledger, now) == {}


def test_an_account_is_the_last_of_what_was_done(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert not write_receipt.is_told(layout)
    ledger = Ledger(layout.ledger)
    ledger.record("account", "done")
    assert not write_receipt.is_told(layout)
    layout.report.touch()
    assert write_receipt.is_told(layout)
    assert not write_receipt.has_account(layout)
    ledger.record("weights", "done")
    assert not write_receipt.is_told(layout)


CHECK = {"device": "cuda", "peak_memory_bytes": GIB,
         "values": {"prompt_tokens": 300, "grids": "1x20x26 1x8x8", "new_tokens": 4}}  # fmt: skip


def test_memory_is_compared_for_the_question_that_took_most() -> None:
    plan = plan_for("550.54.15", CARD, CARD, model=MODEL, ram_gib=64)
    machine = described("550.54.15", CARD, CARD)
    recipes = rehearsal_plan.paths.recipes_folder()
    values: dict[str, Any] = CHECK["values"]  # type: ignore[assignment]

    def asked(*checks: dict[str, Any]) -> str:
        return repr(smoke_memory.asked(plan, machine, checks, recipes))

    held = {**CHECK, "values": {**values, "reserved_bytes": 2 * GIB}}
    short = {k: v for k, v in values.items() if k != "new_tokens"}
    lines = {
        "on a card": asked(CHECK), "held": asked(held), "the larger": asked(CHECK, held),
        "on a processor": asked({**held, "device": "cpu"}),
        "a longer answer": asked({**CHECK, "values": {**values, "new_tokens": 400}}),
        "no answer told": asked({**CHECK, "values": short}),
        "words alone": asked({**CHECK, "values": {**values, "grids": ""}}),
        "nothing": asked(), "no values": asked({"peak_memory_bytes": GIB}),
        "no peak": asked({**CHECK, "peak_memory_bytes": None}),
        "no tokens": asked({**CHECK, "values": {**values, "prompt_tokens": None}}),
        "no grids": asked({**CHECK, "values": {**values, "grids": None}}),
    }  # fmt: skip
    compare(KEPT, {"memory of a question": "\n".join(f"{k}: {v}" for k, v in lines.items())})
    setting = smoke_memory.planned_setting(plan, machine)
    assert (setting.part, setting.gpus) == ("8.6", max(1, len(plan.placement.gpus)))
    older = replace(machine.gpus[0], uuid="GPU-9", compute_capability="10.0")
    newer = replace(machine.gpus[0], uuid="GPU-8", compute_capability="9.0")
    both = replace(plan, placement=replace(plan.placement, gpus=("GPU-8", "GPU-9")))
    mixed = replace(
        machine, gpus=(older, newer, replace(newer, uuid="GPU-7", compute_capability="7.5"))
    )
    assert smoke_memory.planned_setting(both, mixed).part == "9.0"
    assert smoke_memory.planned_setting(both, replace(mixed, gpus=())).part == "8.0"
