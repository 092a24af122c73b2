"""What somebody types of their computer: "2x 3090, driver 550, Ubuntu 22.04".

Only short texts without any output in them are read so, and only names that stand for one card
of the table.
"""

from __future__ import annotations

import functools
import re

from setup_assistant.machine.facts import Unknown
from setup_assistant.machine.reading import Card, Reading
from setup_assistant.messages import msg

# Longer texts are letters: a number in them may be anything.
LONGEST = 600
_COUNTS = {"one": 1, "two": 2, "dual": 2, "three": 3, "four": 4, "eight": 8, "两": 2, "双": 2,
           "二": 2, "三": 3, "四": 4, "八": 8}  # fmt: skip
_COUNT = (
    r"(?:(?P<count>\d{1,2}|" + "|".join(_COUNTS) + r") ?(?:[x×*块张卡个]|pcs\.?|pieces of)? ?)?"
)
_DRIVER = re.compile(
    r"(?:driver|驱动)\w{0,2}(?: version| branch|版本)?[ :=*-]*(?:is |是)?(?:nvidia[- ])?[rv]?"
    r"(\d{3}(?:\.\d{1,3}){0,2})(?!\d)|\b(\d{3}\.\d{1,3}(?:\.\d{1,2})?) drivers?\b"
    r"|\bnvidia(?:-[a-z]+){0,3}[ =-]v?(\d{3}\.\d{1,3}(?:\.\d{1,2})?)(?![.\d])",
    re.IGNORECASE,
)
# The form of a card, which may stand in the middle: "A100 40GB PCIe x4".
_SEAT = r"(?:[\s-](?:PCIe|SXM\d?|NVL(?:ink)?))?"
# "GPU 1 RTX 3090" is the first of them, or the second.
_NUMBERED = re.compile(r"(?:gpu|card|slot|device|显卡|#) ?$", re.IGNORECASE)
# What may stand between the cards of a list: a name that comes later again is no second card.
_LISTED = re.compile(
    r"(?:[^\w.。]|\b(?:and|plus|und|y|et|gpu|card|slot|device)\b|和|与|显卡|\b\d{1,2}\b[.:)]?)*",
    re.IGNORECASE,
)
# What makes a bare number such as 3090 a card.
_CONTEXT = re.compile(
    r"driver|驱动|gpu|显卡|vram|显存|cuda|card|rtx|gtx|jetson|jetpack|dgx|\b\d{1,2} ?[x×*]",
    re.IGNORECASE,
)
# Names that are told without a number: "Thor" alone may be anybody.
_COMPUTER = re.compile(r"jetson|dgx|tegra|drive|agx|igx|project|dell")


def read(text: str) -> Reading:
    """Return the cards and the driver that a typed list names."""
    if len(text) > LONGEST or not _CONTEXT.search(text):
        return Reading(source="prose")
    cards: list[Card] = []
    ended = -1
    for found in _pattern().finditer(text):
        name = _names()[_plain(found["name"])][0]
        count = _count(found, text)
        listed = ended >= 0 and _LISTED.fullmatch(text[ended : found.start()])
        ended = found.end()
        if count == 1 and not listed and any(_same(c.name or "", name) for c in cards):
            continue  # The same card, spoken of again.
        total = int(found["gib"]) << 30 if found["gib"] else None
        cards += [
            Card(name=name, index=len(cards) + n, total_bytes=total) for n in range(min(count, 16))
        ]
    driver = _DRIVER.search(text)
    if not cards:
        # A table's rows name cards too, counted from 0; the words around may tell its driver.
        spoken = _version(driver) if driver and ended >= 0 else None
        return Reading(source="prose", driver=spoken)
    reason = msg("This is a typed list. The output of nvidia-smi -q tells what is really there.")
    return Reading(
        source="prose",
        driver=_version(driver) if driver else None,
        cards=tuple(cards),
        unknown=(Unknown(field="gpus", reason=reason.english),),
    )


def _version(found: re.Match[str]) -> str | None:
    return next(filter(None, found.groups()), None)


def _same(one: str, other: str) -> bool:
    """Whether two names may be of one card, the second perhaps with its form and size."""
    return one.startswith(other) or other.startswith(one)


def _count(found: re.Match[str], text: str) -> int:
    told = (found["count"] or found["after"] or "1").lower()
    if found["count"] and _NUMBERED.search(text[: found.start()]):
        return 1
    return _COUNTS.get(told) or int(told)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "", name.lower()).removeprefix("nvidia").removeprefix("geforce")


@functools.cache
def _names() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the short names of cards, as `_plain` writes them, with the name and its words."""
    from setup_assistant.catalog import gpus

    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for row in gpus.rows():
        if row.compute_capability is None:
            continue
        short = row.name.replace("GeForce ", "").replace("Tesla ", "").replace(" GPU", "")
        # "6000" alone may be five cards; "4090" is one.
        bare = re.sub(r"^(?:RTX|GTX) ", "", short)
        forms = [short]
        if " Generation" in short:
            forms.append(short.replace(" Generation", ""))
        if row.name.startswith("GeForce ") and re.match(r"\d{4}", bare):
            forms.append(bare)
        for form in forms:
            words = tuple(re.findall(r"\d+|[A-Za-z]+", form))
            found.setdefault(_plain(form), (row.name, words))
    return {
        k: v for k, v in found.items() if _COMPUTER.match(k) or (re.search(r"\d", k) and len(k) > 1)
    }


@functools.cache
def _pattern() -> re.Pattern[str]:
    known = sorted(_names().items(), key=lambda item: len(item[0]), reverse=True)
    # Blanks and hyphens stand wherever a person puts them.
    spaced = "|".join(r"[\s-]?".join(words) for _plain_name, (_name, words) in known)
    return re.compile(
        rf"(?<![A-Za-z0-9_.]){_COUNT}(?:NVIDIA[\s-]?)?(?:GeForce[\s-]?|Tesla[\s-]?)?(?P<name>{spaced})s?"
        rf"{_SEAT}(?:[\s(,-]{{0,2}}(?P<gib>\d{{1,3}}) ?G(?:i?B)?\b\)?)?{_SEAT}"
        rf"(?: ?[x×*] ?(?P<after>\d{{1,2}}))?(?![\w.]*\d)(?![A-Za-z])",
        re.IGNORECASE,
    )
