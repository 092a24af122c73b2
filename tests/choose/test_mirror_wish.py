"""What `--mirror` says."""

from __future__ import annotations

import pytest

from setup_assistant.choose.mirror_wish import MirrorWish, parse
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from tests.choose.described import known, reached
from tests.choose.test_sources import chosen

NAMES = {m.name for m in known().mirrors}


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("", MirrorWish()),
        ("auto", MirrorWish()),
        ("cn", MirrorWish(region="cn")),
        ("tuna", MirrorWish(name="tuna")),
        ("https://a/simple/", MirrorWish(addresses={"packages": "https://a/simple"})),
        ("https://a/whl/{build}", MirrorWish(addresses={"torch": "https://a/whl/{build}"})),
        ("https://a/conda-forge", MirrorWish(addresses={"conda": "https://a/conda-forge"})),
        (
            "/my channels/conda-forge",
            MirrorWish(addresses={"conda": "file:///my%20channels/conda-forge"}),
        ),
        (
            "official, conda=/渠道/c packages=https://p/simple",
            MirrorWish(
                region="official",
                addresses={
                    "conda": "file:///%E6%B8%A0%E9%81%93/c",
                    "packages": "https://p/simple",
                },
            ),
        ),
        ("weights=http://10.0.0.5:8123", MirrorWish(addresses={"weights": "http://10.0.0.5:8123"})),
    ],
)
def test_what_is_said_is_understood(text: str, wish: MirrorWish) -> None:
    assert parse(text, NAMES) == wish


@pytest.mark.parametrize("text", ["chinese", "packages=", "conda=here", "cn elsewhere"])
def test_what_is_not_understood_is_wrong_use(text: str) -> None:
    with pytest.raises(SetupError) as caught:
        parse(text, NAMES)
    assert caught.value.code == "mirror_unknown"
    assert caught.value.exit == 2
    assert "tuna" in str(caught.value)


def test_one_choice_for_every_leg() -> None:
    legs = chosen(Machine(), mirror="cn")
    assert {legs.packages.name, legs.conda.name} == {"tuna"}
    assert legs.torch.name == "nju"
    legs = chosen(Machine(), mirror="ustc")
    assert (legs.packages.name, legs.conda.name) == ("ustc", "ustc")
    # Who carries no torch wheels is not left for a source on the other side of the world.
    assert legs.torch.name == "nju"


def test_single_legs_win_over_the_choice() -> None:
    legs = chosen(
        Machine(), mirror="cn conda=https://lab.example/conda-forge torch=/wheels/{build}"
    )
    assert legs.packages.name == "tuna"
    assert (legs.conda.url, legs.conda.form) == ("https://lab.example/conda-forge", "channel")
    assert legs.torch.address("cu128") == "file:///wheels/cu128"
    assert legs.torch.form == "find-links"


def test_weights_follow_the_region_within_their_hub() -> None:
    machine = Machine(sources=reached("weights/hf-mirror", "weights/huggingface"))
    for mirror, name in (("cn", "hf-mirror"), ("official", "huggingface"), ("auto", "huggingface")):
        legs = chosen(machine, mirror=mirror, weights_source="huggingface")
        assert legs.weights.name == name
    legs = chosen(machine, mirror="weights=http://10.0.0.5:8123")
    assert (legs.weights.url, legs.weights.reachable) == ("http://10.0.0.5:8123", True)
