"""What a proof asks: the canary as it was recorded, a real model within its plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.catalog import canary, smoke
from setup_assistant.choose.plan import Placement, Plan
from setup_assistant.verify import request
from setup_assistant.verify.request import Wanted
from setup_assistant.verify.run import stretch
from tests.site import samples

CANARY, SMOKE = canary.load(), smoke.load()
MODEL = Path("/models/qwen")


def planned(**model: Any) -> Plan:
    base = samples.plan()
    return replace(base, model=replace(base.model, **model))


def asked(wanted: Wanted, **more: Any) -> dict[str, Any]:
    return request.build(wanted, CANARY, SMOKE, **more)


def by_name(wanted: Wanted) -> dict[str, dict[str, Any]]:
    return {c["name"]: c for c in asked(wanted)["cases"]}


def test_the_canary_is_asked_as_it_was_recorded() -> None:
    """One thread, few tokens, never quantized, in float32 on a processor, and compared."""
    plan = planned(quantization="nf4", dtype="bfloat16")
    told = asked(Wanted(plan=replace(plan, placement=Placement(device="cpu"))), blocked_by="x")
    assert (told["threads"], told["max_new_tokens"]) == (1, SMOKE.limits.canary_new_tokens)
    assert (told["quantization"], told["dtype"], told["device"]) == ("none", None, "cpu")
    assert (told["model"], told["reference"]) == (str(CANARY.model), str(CANARY.reference))
    assert told["tolerance"]["float32"] == CANARY.header.logits_atol
    assert told["blocked_by"] == "x"
    recorded = {c.id: c.answer for c in CANARY.cases}
    assert {c["case"]: c["answer"] for c in told["cases"]} == recorded
    assert asked(Wanted(plan=plan))["dtype"] == "bfloat16"


def test_a_real_model_is_asked_as_it_is_planned() -> None:
    plan = planned(quantization="awq", dtype="float16")
    told = asked(Wanted(model=MODEL, plan=replace(plan, placement=Placement(device="cpu"))))
    assert (told["threads"], told["max_new_tokens"]) == (None, SMOKE.limits.new_tokens)
    assert (told["quantization"], told["dtype"], told["model"]) == ("awq", "float16", str(MODEL))
    assert told["reference"] is None
    assert all(c["words"] for c in told["cases"])
    other = asked(Wanted(model=MODEL, plan=plan, device="cpu", dtype="float32"))
    assert (other["device"], other["dtype"]) == ("cpu", "float32")
    alone = asked(Wanted(model=MODEL))
    assert (alone["quantization"], alone["dtype"], alone["device"]) == ("none", None, "auto")
    assert alone["decoder_package"] == SMOKE.decoder.package


def test_only_a_cards_share_is_given_where_the_plan_names_it() -> None:
    plan = samples.plan(placement=Placement(device="cuda", max_memory_bytes=(7, 9)))
    assert request.max_memory(plan) == {"0": 7, "1": 9}
    assert request.max_memory(samples.plan()) is None
    assert request.max_memory(None) is None


def test_one_address_for_each_language_and_plain_names_for_the_first_of_a_kind() -> None:
    for wanted in (Wanted(), Wanted(model=MODEL)):
        names = [c["name"] for c in asked(wanted)["cases"]]
        assert len(names) == len(set(names))
        assert {"image-en", "image-zh", "video-en", "image-url-en", "image-url-zh"} <= set(names)
    url = by_name(Wanted())["image-url-en"]
    assert (url["kind"], url["question"]) == (
        "image-url",
        by_name(Wanted())["image-en"]["question"],
    )
    assert [Path(f).name for f in url["files"]] == [Path(n).name for n in url["served"]]


def test_ones_own_files_alone_and_together() -> None:
    one = by_name(Wanted(images=("a.png",), videos=("c.mp4", "d.mp4"), language="zh"))
    assert [n for n in one if n.startswith("own")] == ["own-image-1", "own-video-1", "own-video-2"]
    assert one["own-image-1"]["question"] == SMOKE.questions["image"]["zh"]
    two = by_name(Wanted(images=("a.png", "b.png"), question="Who?"))
    assert two["own-multi-image"]["files"] == ["a.png", "b.png"]
    assert {c["question"] for n, c in two.items() if n.startswith("own")} == {"Who?"}


@pytest.mark.parametrize(("count", "share"), [(1, 900), (2, 900), (3, 600), (4, 450)])
def test_more_pictures_than_planned_share_the_pixels_of_those(count: int, share: int) -> None:
    plan = planned(max_pixels=900, pictures=2)
    assert request.picture_limits(plan, count) == {"max_pixels": share}
    assert request.picture_limits(None, count) == {}


def test_a_clip_has_the_tutorials_pixels_or_the_plans_fewer() -> None:
    usual, least = SMOKE.limits.video_max_pixels, 128 * 28 * 28
    free = request.video_limits(SMOKE, None)
    assert (free["max_pixels"], free["max_frames"]) == (usual, SMOKE.limits.video_max_frames)
    assert "total_pixels" not in free
    wide = request.video_limits(SMOKE, planned(max_pixels=usual + 1, video_total_pixels=5))
    assert (wide["max_pixels"], wide["total_pixels"]) == (usual, 5)
    for pixels in (least, least - 1):
        told = request.video_limits(SMOKE, planned(max_pixels=pixels))
        assert told["max_pixels"] == pixels
        assert told.get("min_pixels") == (pixels if pixels < least else None)


def test_all_files_of_a_question_stay_within_the_plan() -> None:
    plan = planned(max_pixels=900, pictures=2, video_total_pixels=5000, max_prompt_tokens=0)
    assert request.within("image", plan) == {"pixels": 1800, "patch": 14}
    assert request.within("video", plan) == {"pixels": 5000, "patch": 14}
    limited = planned(max_prompt_tokens=77)
    assert request.within("image", limited)["tokens"] == 77
    assert request.within("image", None) == {}
    assert request.patch("Qwen/Qwen3-VL-2B-Instruct") == 16
    assert request.patch("nobody/knows") == 14


def test_only_a_processor_that_computes_is_waited_for_beyond_the_limit() -> None:
    """Who waits for a card that hangs computes as well."""
    on_cpu = samples.plan(placement=Placement(device="cpu"))
    assert stretch(Wanted(plan=on_cpu), None) > 1
    assert stretch(Wanted(device="cpu"), None) > 1
    for wanted in (Wanted(plan=samples.plan()), Wanted(), Wanted(plan=on_cpu, device="cuda")):
        assert stretch(wanted, None) == 1
    assert stretch(Wanted(plan=on_cpu), 300.0) == 1
