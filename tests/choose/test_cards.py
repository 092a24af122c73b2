"""66 cards as they are sold: what each gets, with room for the purpose and nothing unproved."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from setup_assistant.choose import faster_card
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.usable_gpus import Card as Usable
from setup_assistant.errors import SetupError
from tests.bench.machines import DESKTOP, SERVER, Card
from tests.choose.described import known, plan_for

GIB = 1 << 30
MORE = (
    Card("Tesla P40", "6.1", 24576, 450, 580),
    Card("Tesla V100-SXM2-32GB", "7.0", 32768, 450, 580),
    Card("Quadro P5000", "6.1", 16384, 450, 580),
    Card("Quadro RTX 4000", "7.5", 8192, 450),
    Card("Quadro RTX 5000", "7.5", 16384, 450),
    Card("Quadro RTX 6000", "7.5", 24576, 450),
    Card("NVIDIA TITAN RTX", "7.5", 24576, 450),
    Card("NVIDIA GeForce GTX 1070", "6.1", 8192, 450, 580),
    Card("NVIDIA GeForce RTX 2060", "7.5", 6144, 450),
    Card("NVIDIA GeForce RTX 2080 SUPER", "7.5", 8192, 450),
    Card("NVIDIA GeForce RTX 3070", "8.6", 8192, 455),
    Card("NVIDIA GeForce RTX 3080", "8.6", 10240, 455),
    Card("NVIDIA GeForce RTX 3050 Laptop GPU", "8.6", 4096, 460),
    Card("NVIDIA RTX A2000 12GB", "8.6", 12282, 460),
    Card("NVIDIA RTX A4000", "8.6", 16376, 460),
    Card("NVIDIA RTX A5000", "8.6", 24564, 460),
    Card("NVIDIA A2", "8.6", 15356, 460),
    Card("NVIDIA GeForce RTX 4060 Ti", "8.9", 16380, 535),
    Card("NVIDIA GeForce RTX 4080", "8.9", 16376, 525),
    Card("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "12.0", 97887, 570),
    Card("NVIDIA GeForce RTX 5080", "12.0", 16303, 570),
)
CARDS = (*SERVER, *DESKTOP, *MORE)
# Written by hand: what an owner of the card would take, for each of them.
CHOICES = {
    "CPU": ["GeForce GTX 750 Ti"],
    "2B below the floor": [
        "GeForce GTX 980 Ti", "GeForce GTX 1060 6GB",
    ],
    "2B-NF4 below the floor": ["GeForce RTX 3050 Laptop GPU"],
    "2B-NF4": ["GeForce GTX 1660 SUPER", "GeForce RTX 2060"],
    "2B": [
        "Tesla K80", "Tesla M60", "Tesla P100-PCIE-16GB", "Tesla P4", "Tesla V100-SXM2-16GB",
        "TITAN Xp", "GeForce GTX 1080 Ti", "TITAN V", "GeForce RTX 4060 Laptop GPU",
        "Quadro P5000", "Quadro RTX 4000", "GeForce GTX 1070", "GeForce RTX 2080 SUPER",
        "GeForce RTX 3070", "A100-SXM4-80GB MIG 1g.10gb",
    ],
    "7B-NF4": [
        "Tesla T4", "GeForce RTX 2080 Ti", "GeForce RTX 3060",
        "GeForce RTX 4070", "GeForce RTX 5070 Ti", "GeForce RTX 5060 Ti", "Quadro RTX 5000",
        "GeForce RTX 3080", "RTX A2000 12GB", "RTX A4000", "A2", "GeForce RTX 4060 Ti",
        "GeForce RTX 4080", "GeForce RTX 5080",
    ],
    "7B": [
        "Tesla M40 24GB", "Tesla P40", "Tesla V100-PCIE-32GB", "A100-SXM4-40GB", "A30", "A10",
        "A10G", "A40", "L4", "L40S", "H100 80GB HBM3 MIG 3g.40gb", "Quadro RTX 8000",
        "GeForce RTX 3090", "RTX A6000", "GeForce RTX 4090", "RTX 6000 Ada Generation",
        "GeForce RTX 5090", "RTX PRO 4000 Blackwell", "Tesla V100-SXM2-32GB", "Quadro RTX 6000",
        "TITAN RTX", "RTX A5000",
    ],
    "72B-NF4": [
        "A100 80GB PCIe", "H100 80GB HBM3", "H100 NVL", "H200",
        "RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell Workstation Edition",
    ],
    "72B": ["B200", "B300 SXM6 AC"],
}  # fmt: skip


def driver(*cards: Card) -> str:
    last = min((c.last for c in cards if c.last), default=0)
    return {470: "470.256.02", 580: "580.95.05"}.get(last, "580.95.05")


def spec(card: Card) -> str:
    return f"{card.name},{card.part},{card.mib},{int(card.mib * 0.98)}"


def plan(*cards: Card, purpose: str = "video") -> Plan:
    return plan_for(driver(*cards), *map(spec, cards), purpose=purpose, ram_gib=64)


def short(made: Plan) -> str:
    if made.placement.device == "cpu":
        return "CPU"
    name = made.model.id.removeprefix("Qwen/Qwen2-VL-").replace("-Instruct", "")
    little = any("little room" in w.message.english for w in made.warnings)
    return f"{name} below the floor" if little else name


def test_there_are_66_of_them() -> None:
    assert len(CARDS) == 66
    assert sum(map(len, CHOICES.values())) == len({c.name for c in CARDS}) == 65


@pytest.mark.parametrize("card", CARDS, ids=lambda c: f"{c.name}-{c.mib}")
def test_each_card_gets_what_its_owner_would_take(card: Card) -> None:
    made = plan(card)
    assert card.name.removeprefix("NVIDIA ") in CHOICES[short(made)]


# Restated here, so that the recipe and the code cannot be wrong together.
FLOORS = {"try": (0.8e6, 16), "images": (0.8e6, 16), "documents": (2e6, 16), "video": (0.8e6, 64)}


@pytest.mark.parametrize("purpose", FLOORS)
def test_none_is_below_the_purposes_floor_or_in_something_unproved(purpose: str) -> None:
    pixels, frames = FLOORS[purpose]
    for card in CARDS:
        made = plan(card, purpose=purpose)
        if made.placement.device == "cpu" or "below" in short(made):
            assert card.mib < 8000
            continue
        assert made.model.max_pixels >= pixels, card
        assert made.model.video_max_frames >= frames, card
        assert made.model.kept_free_bytes is not None
        assert made.model.kept_free_bytes >= GIB // 4, card
        stack = next(s for s in known().stacks.stack if s.id == made.stack)
        assert made.model.quantization in {"none", *stack.proved}
        assert not any("compiled at first use" in w.message.english for w in made.warnings)
        reasons = " ".join(r.message.english for r in made.reasons)
        assert "is kept free" in reasons
        assert ("Given up for it: " in reasons) == (made.model.id != "Qwen/Qwen2-VL-72B-Instruct")


# Faster first, from the data sheets: memory bandwidth, tensor cores, bfloat16.
ORDER = (
    "NVIDIA B200", "NVIDIA H200", "NVIDIA H100 80GB HBM3", "NVIDIA A100 80GB PCIe",
    "NVIDIA GeForce RTX 5090", "NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 3090",
    "Tesla V100-PCIE-32GB", "Quadro RTX 8000", "NVIDIA L4", "Tesla P40", "Tesla M40 24GB",
)  # fmt: skip


def test_of_two_cards_that_hold_it_the_faster_one_runs_it() -> None:
    by_name = {c.name: c for c in CARDS}
    alone = {name: plan(by_name[name]).model.id for name in ORDER}
    tried = 0
    for fast, slow in itertools.combinations((by_name[n] for n in ORDER), 2):
        try:
            both = plan(slow, fast)
        except SetupError:
            continue  # no wheel serves both
        if both.left_out or both.model.id != alone[fast.name]:
            continue
        if len(both.placement.gpus) == 1:
            tried += 1
            assert both.placement.gpus == ("1",), (fast.name, slow.name)
    assert tried >= 20


def test_the_reason_names_the_slower_card_with_more_memory() -> None:
    by_name = {c.name: c for c in CARDS}
    made = plan(by_name["Quadro RTX 8000"], by_name["NVIDIA GeForce RTX 4090"])
    assert made.placement.gpus == ("1",)
    said = [r.message.english for r in made.reasons if r.about == "placement"]
    assert said == [
        "NVIDIA GeForce RTX 4090 runs it: Quadro RTX 8000 has more memory, but is slower."
    ]


def test_a_card_that_would_set_the_pace_of_all_joins_none() -> None:
    """Two of 24 GB hold 72B in no way here; a third that is far slower changes nothing."""
    fast = "NVIDIA A100-SXM4-80GB,8.0,81920,81050"
    alone = plan_for("580.95.05", fast, fast)
    assert alone.placement.gpus == ("0", "1")
    joined = plan_for("580.95.05", fast, "Tesla P40,6.1,81920,81050")
    assert joined.placement.gpus == ("0",)
    assert joined.model.quantization == "nf4"


@pytest.mark.parametrize(
    ("part", "bandwidth", "pace"),
    [("8.0", 1e3, 1e3), ("7.5", 1e3, 800.0), ("7.0", 1e3, 800.0), ("6.1", 1e3, 350.0)],
)  # fmt: skip
def test_how_fast_a_card_counts(part: str, bandwidth: float, pace: float) -> None:
    one = Usable(id="0", name="x", index=0, part=part, free=1, budget=1, bandwidth=bandwidth)
    assert faster_card.score(one) == pytest.approx(pace)
    best = replace(one, part="9.0", bandwidth=5 * pace)
    assert faster_card.without_drags([one, best]) == [one, best]
    assert faster_card.without_drags([one, replace(best, bandwidth=5 * pace + 1)]) == [
        replace(best, bandwidth=5 * pace + 1)
    ]
