"""A plan survives JSON, and reads as English there."""

import json

import pytest

from setup_assistant import messages
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.plan_json import from_json, to_json
from setup_assistant.errors import SetupError
from tests.choose.described import plan_for

GPUS = ("Tesla V100,7.0,16384,16100", "RTX 5090,12.0,32607,32000", "Old,3.5,4096,4000")


def a_plan() -> Plan:
    return plan_for("560.35.05", *GPUS)


def test_a_loaded_plan_equals_the_saved_one() -> None:
    for plan in (a_plan(), plan_for(None, ram_gib=24), plan_for("550.54.15", "T4,7.5,15360,14900")):
        text = json.dumps(to_json(plan))
        assert from_json(json.loads(text), "plan.json") == plan


def test_names_that_other_programs_rely_on() -> None:
    data = json.loads(json.dumps(to_json(a_plan())))
    for key in ("version", "build", "index_url", "compatibility"):
        assert data["torch"][key]
    assert data["torchvision"]["version"]
    assert data["transformers"]["version"]
    for key in ("id", "quantization", "dtype", "max_pixels", "need_bytes", "download_bytes"):
        assert data["model"][key]
    assert data["placement"]["gpus"]
    assert all(isinstance(line, str) and "{" not in line for line in data["reasons"])
    assert len(data["reasons"]) == len(data["reason_parts"])
    assert all(isinstance(other["message"], str) for other in data["alternatives"])
    assert data["left_out"]


def test_reasons_are_english_under_a_chinese_terminal() -> None:
    english = to_json(a_plan())
    messages.use_language("zh_CN")
    assert to_json(a_plan()) == english


@pytest.mark.parametrize(
    ("key", "value"), [("torch", None), ("model", {"id": 1}), ("reason_parts", "x")]
)
def test_a_damaged_plan_names_the_file_and_the_key(key: str, value: object) -> None:
    data = json.loads(json.dumps(to_json(a_plan())))
    data[key] = value
    with pytest.raises(SetupError) as caught:
        from_json(data, "site/plan.json")
    assert caught.value.code == "file_invalid"
    assert "site/plan.json" in str(caught.value)
    assert "$." in str(caught.value)


def test_something_else_is_no_plan() -> None:
    with pytest.raises(SetupError):
        from_json([], "plan.json")


@pytest.mark.parametrize("name", ["../x", "a/..", "/etc", "", "a/../../b", "a\\b", "a\x00"])
@pytest.mark.parametrize("key", ["id", "modelscope_id"])
def test_a_model_that_would_lie_elsewhere(name: str, key: str) -> None:
    value = to_json(a_plan())
    value["model"][key] = name
    with pytest.raises(SetupError) as caught:
        from_json(value, "plan.json")
    assert caught.value.code == "file_invalid"
    assert key in caught.value.message.english


@pytest.mark.parametrize("alternatives", [None, 5, "x", {}, [None], [{"message_parts": 5}]])
def test_alternatives_of_other_types(alternatives: object) -> None:
    value = to_json(a_plan()) | {"alternatives": alternatives}
    with pytest.raises(SetupError) as caught:
        from_json(value, "plan.json")
    assert caught.value.code == "file_invalid"


@pytest.mark.parametrize(
    ("part", "key"),
    [("torch", "index_url"), ("torch", "version"), ("sources", "packages"), ("decoder", "package")],
)
def test_a_strangers_plan_adds_no_line_to_what_is_installed(part: str, key: str) -> None:
    value = to_json(plan_for("550.54", "NVIDIA GeForce RTX 4090,8.9,24564,24000"))
    value[part][key] += "\n--extra-index-url http://elsewhere.example"
    with pytest.raises(SetupError, match=r"site/plan\.json .*elsewhere"):
        from_json(value, "site/plan.json")
