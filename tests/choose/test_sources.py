"""Which source each leg comes from."""

from dataclasses import replace

import pytest

from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.source_legs import Legs
from setup_assistant.choose.sources import choose_sources
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.site.requirements import options
from tests.choose.described import described, known, planned, reached


def chosen(machine: Machine, **wishes: str) -> Legs:
    return choose_sources(machine, Wishes(**wishes), known(), Notes())  # type: ignore[arg-type]


def measured(**seconds: float) -> Machine:
    """Return a machine where these package indexes answered so fast."""
    sources = tuple(
        replace(s, reachable=s.name in seconds, seconds=seconds.get(s.name))
        for s in reached()
        if s.leg == "packages"
    )
    return Machine(sources=sources)


def test_a_described_machine_reaches_everything() -> None:
    legs = chosen(Machine())
    assert (legs.packages.name, legs.torch.name) == ("pypi", "pytorch")
    assert (legs.conda.name, legs.weights.name) == ("conda-forge", "modelscope")
    assert legs.weights.reachable


def test_what_answers_is_taken() -> None:
    legs = chosen(Machine(sources=reached("packages/tuna", "torch/nju")))
    assert (legs.packages.name, legs.torch.name) == ("tuna", "nju")
    assert legs.torch.address("cu128").endswith("/cu128")
    assert not legs.weights.reachable


@pytest.mark.parametrize(
    ("seconds", "name"),
    [({"pypi": 0.3, "tuna": 0.2}, "pypi"), ({"pypi": 3.0, "tuna": 0.2, "ustc": 0.1}, "ustc")],
)
def test_the_official_one_unless_another_is_much_faster(
    seconds: dict[str, float], name: str
) -> None:
    assert chosen(measured(**seconds)).packages.name == name


def speeds(**given: tuple[float, float | None]) -> Machine:
    """Return a machine where these package indexes answered and sent so fast."""
    sources = tuple(
        replace(s, reachable=s.name in given, seconds=given.get(s.name, (None,))[0],
                bytes_per_second=given.get(s.name, (0, None))[1])
        for s in reached()
        if s.leg == "packages"
    )  # fmt: skip
    return Machine(sources=sources)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        # Far away but wide: what is downloaded is large, so the speed decides.
        ({"pypi": (0.9, 8e6), "tuna": (0.1, 1e6)}, "pypi"),
        ({"pypi": (0.1, 4e5), "tuna": (0.9, 6e6)}, "tuna"),
        # Not twice as fast: the official one, which is never behind.
        ({"pypi": (0.5, 4e6), "tuna": (0.5, 7e6)}, "pypi"),
        # Whoever sent too little to be measured counts as slow beside one that was.
        ({"pypi": (0.1, None), "ustc": (0.5, 2e6)}, "ustc"),
        ({"pypi": (0.1, None), "ustc": (0.5, 2e4)}, "pypi"),
    ],
)
def test_a_measured_speed_decides(given: dict[str, tuple[float, float | None]], name: str) -> None:
    assert chosen(speeds(**given)).packages.name == name


def test_a_measured_speed_is_said() -> None:
    notes = Notes()
    choose_sources(speeds(tuna=(0.2, 2.5e6)), Wishes(), known(), notes)
    assert "Packages come from tuna: it sent 2.50 MB/s here." in [
        r.message.english for r in notes.reasons
    ]


def test_a_hub_of_the_persons_own_is_planned_for() -> None:
    hub = Source(leg="weights", name="modelscope", url="http://hub.example", reachable=True)
    assert chosen(Machine(sources=(hub,))).weights.url == "http://hub.example"


def test_a_region_can_be_wished() -> None:
    machine = measured(pypi=0.1, tuna=0.5, aliyun=0.4)
    assert chosen(machine, mirror="cn").packages.name == "aliyun"
    assert chosen(machine, mirror="official").packages.name == "pypi"


def test_an_address_can_be_wished() -> None:
    legs = chosen(Machine(), mirror="https://wheels.example/simple/")
    assert legs.packages.url == "https://wheels.example/simple"
    assert legs.torch.name == "pytorch"
    legs = chosen(Machine(), mirror="https://wheels.example/{build}")
    assert legs.torch.address("cu126") == "https://wheels.example/cu126"
    assert legs.packages.name == "pypi"


def test_the_persons_own_index_wins() -> None:
    own = Source(leg="packages", name="pip configuration", url="https://own.example/simple",
                 reachable=True, seconds=5.0)  # fmt: skip
    legs = chosen(Machine(sources=(*reached("packages/pypi"), own)))
    assert legs.packages.url == "https://own.example/simple"


def test_hugging_face_falls_back_to_its_mirror() -> None:
    assert chosen(Machine(), weights_source="huggingface").weights.name == "huggingface"
    machine = Machine(sources=reached("weights/hf-mirror"))
    assert chosen(machine, weights_source="huggingface").weights.name == "hf-mirror"
    assert chosen(machine, weights_source="/mnt/weights").weights.url == "/mnt/weights"


def test_own_sources_are_named_in_plan_and_reasons() -> None:
    machine = replace(
        described(None, ram_gib=32),
        sources=(
            Source(leg="packages", name="own", url="http://index.example/simple", reachable=True,
                   credentials=True),
            Source(leg="extra", name="own-1", url="http://index.example/more", reachable=True),
            Source(leg="extra", name="own-2", url="http://gone.example", reachable=False),
            *reached("packages/pypi", "torch/pytorch"),
        ),
    )  # fmt: skip
    plan = planned(machine)
    assert plan.sources.packages == "http://index.example/simple"
    assert plan.sources.extra_index_urls == ("http://index.example/more",)
    assert any("as pip or uv is set up" in r.message.english for r in plan.reasons)
    found = options(plan)
    assert not any("index.example/simple" in line for line in found.lines)
    assert any("index.example/simple" in line for line in found.withheld)
    assert "--extra-index-url http://index.example/more" in found.lines


def silent(*names: str, answering: tuple[str, ...] = ()) -> Machine:
    """Return a machine where those named "leg/name" have not answered, and others refused."""
    return Machine(
        sources=tuple(replace(s, silent=f"{s.leg}/{s.name}" in names) for s in reached(*answering))
    )


def test_silence_is_no_refusal() -> None:
    legs = chosen(silent("packages/tuna", "packages/ustc", "torch/nju", "weights/modelscope"))
    assert [(c.name, c.reachable, c.answered) for c in (legs.packages, legs.torch)] == [
        ("tuna", True, False), ("nju", True, False)
    ]  # fmt: skip
    assert [c.name for c in legs.packages.others] == ["ustc"]
    assert legs.unanswered == ("packages", "torch", "weights")


def test_an_answer_comes_before_silence() -> None:
    legs = chosen(silent("packages/pypi", answering=("packages/ustc",)))
    assert (legs.packages.name, legs.packages.answered) == ("ustc", True)
    assert [c.name for c in legs.packages.others] == ["pypi"]
    assert "packages" not in legs.unanswered


def test_ones_own_silent_index_is_tried_before_strangers() -> None:
    own = Source(leg="packages", name="own", url="http://i.example", reachable=False, silent=True)
    machine = silent("packages/pypi")
    legs = chosen(replace(machine, sources=(own, *machine.sources)))
    assert (legs.packages.url, legs.packages.others) == ("http://i.example", ())


def test_the_plan_says_what_it_does_not_know_and_where_it_would_go_on() -> None:
    extra = Source(
        leg="extra", name="own-1", url="http://dead.example/simple", reachable=False,
        reason="The connection was refused.", setting="/etc/pip.conf",
    )  # fmt: skip
    machine = silent("packages/pypi", answering=("torch/pytorch", "torch/sjtu"))
    plan = planned(replace(machine, sources=(extra, *machine.sources)), model="canary")
    assert plan.sources.unanswered == ("packages",)
    assert plan.sources.left_out == ("http://dead.example/simple",)
    assert {f.leg for f in plan.sources.fallbacks} == {"torch"}
    told = [w.message.english for w in plan.warnings]
    assert any("/etc/pip.conf" in t and "dead.example" in t for t in told)
    assert any(t.startswith("https://pypi.org/simple has not answered yet") for t in told)


def test_a_mirror_is_named_for_one_leg() -> None:
    legs = chosen(Machine(), mirror="packages=ustc,conda=tuna")
    assert (legs.packages.name, legs.conda.name, legs.torch.name) == ("ustc", "tuna", "pytorch")
    legs = chosen(Machine(), mirror="weights=hf-mirror")
    assert legs.weights.name == "hf-mirror"
    with pytest.raises(SetupError, match="conda=aliyun"):
        chosen(Machine(), mirror="conda=aliyun")


@pytest.mark.parametrize(
    ("wish", "said"), [("cn", True), ("tuna", True), ("official", False), ("auto", False)]
)
def test_a_mirror_that_was_asked_for_and_does_not_answer_is_named(wish: str, said: bool) -> None:
    notes = Notes()
    machine = Machine(sources=reached("packages/pypi", "torch/pytorch"))
    choose_sources(machine, Wishes(mirror=wish), known(), notes)
    told = [str(w.message) for w in notes.warnings if "--mirror" in str(w.message)]
    assert bool(told) == said, told


def unmet(machine: Machine, **wishes: str) -> dict[str, str]:
    """Return the warnings about sources that were asked for and are not used."""
    notes = Notes()
    choose_sources(machine, Wishes(**wishes), known(), notes)  # type: ignore[arg-type]
    said = [(w.about, w.message.english) for w in notes.warnings]
    return {about: text for about, text in said if "was asked for" in text}


def test_each_leg_that_comes_from_elsewhere_is_told() -> None:
    some = Machine(sources=reached("packages/aliyun", "torch/pytorch", "conda/conda-forge"))
    assert unmet(some, mirror="aliyun") == {
        "sources.torch": "aliyun was asked for with --mirror and does not answer for torch; "
        "pytorch is used."
    }
    assert set(unmet(some, mirror="cn", backend="conda")) == {"sources.torch", "sources.conda"}
    assert unmet(some, mirror="aliyun torch=https://a.example/{build}") == {}
    assert unmet(some) == {}


def test_hugging_face_through_a_mirror_that_nobody_asked_for_is_told() -> None:
    some = Machine(sources=reached("packages/pypi", "weights/hf-mirror"))
    assert "hf-mirror is used" in unmet(some, weights_source="huggingface")["sources.weights"]
    for mirror in ("cn", "hf-mirror", "weights=hf-mirror"):
        assert "sources.weights" not in unmet(some, weights_source="huggingface", mirror=mirror)
