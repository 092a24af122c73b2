"""Own captures of every kind: real text forms with values of our own, from compact descriptions.

`machines.toml` describes computers and the forms in which each is printed; `texts.toml` holds
what is no machine's regular output (errors, broken tables, lspci). `ALL` maps a name such as
"a30-slices.q" to its text, `EXPECTED` to what it says, as the description has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tests.machine.captures import forms

Gpu = tuple[str, str | None, int | None, int | None]
Expected = tuple[str | None, str | None, list[Gpu], list[str]]

_HERE = Path(__file__).parent
MACHINES: list[dict[str, Any]] = msgspec.toml.decode((_HERE / "machines.toml").read_bytes())[
    "machine"
]
TEXTS: list[dict[str, Any]] = msgspec.toml.decode((_HERE / "texts.toml").read_bytes())["text"]


def _expected(machine: dict[str, Any], form: str) -> Expected:
    """What a form tells of a machine: not every form tells everything."""
    driver = None if form == "L" else machine["driver"]
    cuda = None if form == "L" else machine.get("branch_cuda", machine["cuda"])
    gpus: list[Gpu] = []
    for card in [] if form == "version" else machine["card"]:
        gpus += _card(card, form, old=forms.is_old(machine["driver"]))
    return driver, cuda, gpus, list(machine.get("verdicts", [])) if form != "L" else []


def _card(card: dict[str, Any], form: str, *, old: bool) -> list[Gpu]:
    name = forms.shown_name(card, old=old) if form == "table" else card["name"]
    capability = card["cc"]
    total, free = card.get("total"), None
    if form == "L":
        total = card.get("sold", total)
    elif total is not None:
        reserved = 0 if form == "table" else card.get("reserved", 0)
        free = total - card["used"] - reserved
    found: list[Gpu] = [(name, capability, total, free)]
    if form == "csv":
        return found
    for piece in card.get("slice", []):
        size, left = piece["total"], piece["total"] - piece["used"]
        if form == "L":
            size, left = piece["nominal"], None
        found.append((f"{name} MIG {piece['profile']}", capability, size, left))
    return found


def _all() -> tuple[dict[str, str], dict[str, Expected]]:
    texts: dict[str, str] = {}
    expected: dict[str, Expected] = {}
    for machine in MACHINES:
        for form in machine["forms"]:
            name = f"{machine['id']}.{form}"
            texts[name] = forms.FORMS[form](machine)
            expected[name] = _expected(machine, form)
    for text in TEXTS:
        texts[text["id"]] = text["text"]
        gpus: list[Gpu] = [tuple(None if x == "" else x for x in g) for g in text["gpus"]]
        expected[text["id"]] = (
            text["driver"] or None,
            text["cuda"] or None,
            gpus,
            text["verdicts"],
        )
    return texts, expected


ALL, EXPECTED = _all()


def form_of(name: str) -> str:
    """The form of a capture, or "text"."""
    return name.rpartition(".")[2] if "." in name else "text"
