"""Whose text is it, and of when: one paste may hold several computers, or one before and after.

A text is cut into moments where an output begins (a banner, the head of `-q`, a report). Each
belongs to a host: the one that a prompt or a heading names, or else the one whose cards it
shows. Of one host the newest moment of a form counts; what is told twice differs only in age.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from setup_assistant.machine.reading import Card, Reading

# Where an output begins, by its form.
_HEADS = (
    ("table", r"(?:\|\s*)?NVIDIA-SMI\s+\d[\d.]*\s+(?:Driver|KMD) Version:"),
    ("tree", r"=+\s*NVSMI LOG\s*=+"),
    ("xml", r"<nvidia_smi_log"),
    ("list", r"^ *GPU 0: [^\n]*\(UUID: "),
    ("report", r"Collecting environment information|^PyTorch version *:"),
)
_HEAD = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _HEADS), re.MULTILINE)
# Who is asked: a prompt, a heading of dsh, clush or Ansible, the name of a file.
_HOST = re.compile(
    r"^(?:\([\w.-]+\) )?\[?[a-z_][\w.-]*"
    r"@(?P<prompt>[A-Za-z0-9][\w.-]*)(?::[^\n$#]*|[ \]][^\n$#]*)?[$#] "
    r"|^[=#-]{3,} ?(?P<line>[A-Za-z][\w.-]*) ?[=#-]{3,}$"
    r"|^-{5,}\n(?P<dsh>[A-Za-z][\w.-]*)(?: \(\d+\))?\n-{5,}$"
    r"|^(?P<ansible>[A-Za-z][\w.-]*) \| (?:CHANGED|SUCCESS)(?: \| rc=\d+ >>| => )"
    r"|^==> (?P<file>\S+) <==$"
    r"|^(?P<gpustat>[A-Za-z0-9][\w.-]*) +\w{3} +\w{3} +\d+ [\d:]{8} \d{4} +\d{3}\.[\d.]+$",
    re.MULTILINE,
)
_SENDER = re.compile(r"^([A-Za-z][\w.-]*)(?::| +\|) ?(.*)$")
_OLDER = re.compile(
    r"\b(?:before|old|previous(?:ly)?|yesterday|earlier|used to be|last (?:week|month))\b"
    r"|之前|以前|升级前|更新前",
    re.IGNORECASE,
)
_NEWER = re.compile(r"\b(?:after(?:wards)?|now|new|today)\b|之后|现在|升级后|更新后", re.IGNORECASE)
# nvidia-smi's own date, as "Sat Mar 29 02:21:35 2025".
_DATE = re.compile(r"\b[A-Z][a-z]{2} ([A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4})\b")
# The upper border of a table, which stands in front of its banner.
_BORDER = re.compile(r"[+\s][+-]{3,}[+\s|]*\Z")
# How far in front of an output the words and the date that belong to it stand.
_LOOK_BACK = 240


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One output: its form ("" for what is none), its host where one is named, its age.

    `age` sorts: what the words around it say, its date, its place in the text.
    """

    text: str
    form: str = ""
    host: str | None = None
    age: tuple[int, float, int] = (0, 0.0, 0)
    readings: tuple[Reading, ...] = ()

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every card that an output in it shows."""
        return tuple(c for r in self.readings if r.source != "prose" for c in r.cards)


def split(text: str) -> list[Moment]:
    """Return the moments of a cleaned text, in its order."""
    found = (m for host, part in _by_sender(text) for m in _of_host(host, part))
    return [replace(m, age=(*m.age[:2], place)) for place, m in enumerate(found)]


def _by_sender(text: str) -> list[tuple[str | None, str]]:
    """Return each host's lines, where all lines have the name of one in front (pdsh, clush)."""
    rows = [_SENDER.match(s) for s in text.split("\n") if s.strip()]
    names = [m[1] for m in rows if m]
    hosts = list(dict.fromkeys(names))
    if len(names) < len(rows) or len(hosts) < 2 or any(names.count(h) < 3 for h in hosts):
        return [(None, text)]
    return [(h, "\n".join(m[2] for m in rows if m and m[1] == h)) for h in hosts]


def _of_host(host: str | None, text: str) -> Iterator[Moment]:
    """Yield the moments of a text, a new one wherever another host or output begins."""
    cuts = [(m.start(), "", _named(m)) for m in _HOST.finditer(text)] if host is None else []
    cuts += [(m.start(), m.lastgroup or "", None) for m in _HEAD.finditer(text)]
    begun, form = 0, ""
    for place, head, name in [*sorted(cuts, key=lambda c: c[0]), (len(text), "end", None)]:
        if not head and name == host:
            continue
        if text[begun:place].strip():
            yield _moment(text, begun, place, form, host)
        begun, form = place, head
        host = name if not head else host


def _named(found: re.Match[str]) -> str | None:
    name = next((n for n in found.groups() if n), None)
    # A container's number: the computer is the one around it.
    return None if name and re.fullmatch(r"[0-9a-f]{12}", name) else name


def _moment(text: str, begun: int, ended: int, form: str, host: str | None) -> Moment:
    # Words and a date in front of an output belong to it, unless another output ends there.
    before = _BORDER.sub("", text[max(0, begun - _LOOK_BACK) : begun]).rpartition("+--")[2]
    older, newer = (max((m.end() for m in p.finditer(before)), default=0) for p in (_OLDER, _NEWER))
    word = 0 if not form or older == newer else -1 if older > newer else 1
    dates = _DATE.findall(before)
    when = _seconds(dates[-1]) if dates else 0.0
    return Moment(text=text[begun:ended], form=form, host=host, age=(word, when, 0))


def _seconds(date: str) -> float:
    try:
        return datetime.strptime(date, "%b %d %H:%M:%S %Y").timestamp()  # noqa: DTZ007 - as printed
    except ValueError:
        return 0.0


def by_host(moments: Sequence[Moment]) -> dict[str, list[Moment]]:
    """Return each computer's moments, by the name or the number that it is told apart by."""
    # Where no output shows a card, words that name some count as if they did.
    spoken = not any(m.cards for m in moments)
    named: dict[str, list[Moment]] = {}
    for moment in moments:
        if moment.host:
            named.setdefault(moment.host, []).append(moment)
    found = {name: told for name, told in named.items() if _of(told, spoken)}
    quiet = [m for name, told in named.items() if name not in found for m in told]
    for moment in moments:
        if moment.host:
            continue
        if not moment.cards:
            quiet.append(moment)
            continue
        fitting = (told for told in found.values() if not conflict(_of(told), moment.cards))
        group = next(fitting, None)
        if group is None:
            found[str(len(found) + 1)] = [moment]
        else:
            group.append(moment)
    if len(found) <= 1:
        # What shows no card, such as an error's words, is of the one computer that there is.
        return {name: [*told, *quiet] for name, told in found.items()} or {"1": quiet}
    return found


def _of(moments: Iterable[Moment], spoken: bool = False) -> tuple[Card, ...]:
    return tuple(
        c for m in moments for r in m.readings if spoken or r.source != "prose" for c in r.cards
    )


def conflict(one: Sequence[Card], other: Sequence[Card]) -> bool:
    """Whether two lists of cards cannot be of one computer."""
    if one and other and sorted(map(_name, one)) == sorted(map(_name, other)):
        # The same cards, perhaps counted another way: their own numbers decide.
        uuids = [{c.uuid for c in cards if c.uuid} for cards in (one, other)]
        return all(uuids) and uuids[0].isdisjoint(uuids[1])
    return any(_another(a, b) for a in one for b in other if _same_place(a, b))


def _same_place(one: Card, other: Card) -> bool:
    if one.pci_bus_id and other.pci_bus_id:
        return one.pci_bus_id == other.pci_bus_id
    return one.index is not None and one.index == other.index


def _another(one: Card, other: Card) -> bool:
    if (one.vendor or "nvidia") != (other.vendor or "nvidia"):
        return False
    if one.uuid and other.uuid:
        return one.uuid != other.uuid
    a, b = _name(one), _name(other)
    return bool(a and b) and not a.startswith(b) and not b.startswith(a)


def _name(card: Card) -> str:
    """Return a name as it is compared, without the dots that cut it."""
    from setup_assistant.catalog import gpus

    return gpus.plain(card.name or "").rstrip(". ")


def newest(moments: Sequence[Moment]) -> tuple[list[Reading], bool]:
    """Return what one computer's moments say, the newest first, and whether some were older.

    Of each form only the newest moment that tells of cards, or of a driver, counts.
    """
    kept: list[Moment] = []
    differ = False
    for moment in sorted(moments, key=lambda m: m.age, reverse=True):
        later = [k for k in kept if k.form and k.form == moment.form and _says(k) >= _says(moment)]
        if not later:
            kept.append(moment)
        else:
            differ = differ or bool(_drivers(moment) - _drivers(later[0]))
            # What failed then is still worth knowing.
            failed = (
                Reading(source=r.source, faults=r.faults) for r in moment.readings if r.faults
            )
            kept.append(replace(moment, readings=tuple(failed)))
    ordered = sorted(kept, key=lambda m: m.age, reverse=True)
    driver = next((d for m in ordered for d in sorted(_drivers(m))), None)
    differ = differ or any(_drivers(m) - {driver} for m in ordered)
    found = [r for m in ordered for r in m.readings]
    shown = any(m.cards for m in moments)
    spoken = (
        replace(
            r,
            # What somebody types of a computer is a description of it, not an answer of it.
            source="given" if r.cards and not shown else "nvidia-smi",
            driver=r.driver if driver is None else None,
            cards=() if shown else r.cards,
            unknown=() if shown else r.unknown,
        )
        for r in found
        if r.source == "prose" and not (shown and driver)
    )
    return [*(_of_driver(r, driver) for r in found if r.source != "prose"), *spoken], differ


def _of_driver(reading: Reading, driver: str | None) -> Reading:
    """Return a reading without what it says of a driver that has been replaced."""
    if reading.source == "nvidia-smi" and reading.driver not in (None, driver):
        return replace(reading, driver=None, cuda=None, library=None, cuda_missing=False)
    return reading


def _says(moment: Moment) -> int:
    return 2 if moment.cards else 1 if _drivers(moment) else 0


def _drivers(moment: Moment) -> set[str]:
    return {r.driver for r in moment.readings if r.driver and r.source != "prose"}
