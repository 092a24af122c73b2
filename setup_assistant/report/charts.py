"""The report's two charts, as bars of plain HTML.

Every bar carries its number as text and, in bytes or seconds, as an attribute: the charts say
what the receipt says, also on paper and to a screen reader.
"""

from __future__ import annotations

from collections.abc import Iterable

from setup_assistant.choose.plan import Plan
from setup_assistant.messages import Message, msg
from setup_assistant.report import labels
from setup_assistant.report.markup import Html, el
from setup_assistant.report.receipt import Receipt
from setup_assistant.times_text import took
from setup_assistant.units_text import memory_text

_ON_CPU = {"context": msg("Python, torch and its libraries")}


def memory_chart(receipt: Receipt) -> Html:
    """Return predicted, rehearsed and measured memory against what the device can give."""
    memory, total = receipt.memory, device_bytes(receipt)
    bars = [
        (msg("Predicted by formula"), memory.predicted_bytes, "predicted"),
        (msg("Rehearsed with dummy weights"), memory.rehearsed_bytes, "rehearsed"),
        (labels.measured_with(receipt), memory.measured_bytes, "measured"),
    ]
    most = max((memory.budget_bytes or 0, total or 0, *(b or 0 for _, b, _k in bars), 1))
    limits = [
        _limit(memory.budget_bytes, most, "budget"),
        _limit(total, most, "total"),
    ]
    rows = [
        _row(label, kind, count / most, memory_text(count), limits=limits, bytes=count)
        for label, count, kind in bars
        if count is not None
    ]
    missing = [
        el("p", label, labels.COLON, msg("not done in this run"), class_="muted")
        for label, count, _kind in bars
        if count is None
    ]
    return el("div", *rows, _legend(receipt, total), *missing, class_="chart")


def device_bytes(receipt: Receipt) -> int | None:
    """Return all memory of the device that the model runs on: of its card, or of the computer."""
    if receipt.plan.model.device == "cpu":
        return receipt.machine.memory_bytes
    used = receipt.plan.model.gpus
    cards = [g for g in receipt.machine.gpus if not used or g.uuid in used]
    return sum(c.memory_total_bytes or 0 for c in cards or receipt.machine.gpus) or None


def step_chart(receipt: Receipt) -> Html:
    """Return the steps one after the other on one time line."""
    together = sum(s.seconds or 0 for s in receipt.steps)
    rows, begun = [], 0.0
    for step in receipt.steps:
        spent = step.seconds or 0
        label = labels.step(step.name)
        said = msg("found done") if step.seconds is None else took(step.seconds)
        share, start = spent / (together or 1), begun / (together or 1)
        rows.append(_row(label, "step", share, said, start=start, seconds=step.seconds))
        begun += spent
    total = el("p", msg("Together"), labels.COLON, took(together), class_="together")
    return el("div", *rows, total, class_="chart")


def terms(plan: Plan) -> list[tuple[Message, str]]:
    """Return the terms of the prediction, largest first."""
    found = sorted((plan.model.terms or {}).items(), key=lambda t: -t[1])
    known = {**labels.TERMS, **_ON_CPU} if plan.placement.device == "cpu" else labels.TERMS
    return [(known.get(name, Message(name)), memory_text(count)) for name, count in found if count]


def _row(
    label: Message,
    kind: str,
    share: float,
    said: Message | str,
    *,
    start: float = 0.0,
    limits: Iterable[Html | None] = (),
    **data: float | None,
) -> Html:
    """Return one bar: its place on the track as shares of it, its number as text and as data."""
    style = f"left:{start:.2%};width:max({share:.2%},2px)"
    bar = el("div", class_=f"bar {kind}", style=style) if share else None
    number = {f"data_{name}": value for name, value in data.items()}
    return el(
        "div",
        el("span", label, class_="label"),
        el("div", bar, *limits, class_="track"),
        el("span", said, class_="number", **number),
        class_="row",
        data_kind=kind,
    )


def _limit(count: int | None, most: int, kind: str) -> Html | None:
    if count is None:
        return None
    return el("i", class_=f"limit {kind}", style=f"left:{count / most:.2%}")


def _legend(receipt: Receipt, total: int | None) -> Html:
    budget = receipt.memory.budget_bytes
    on_cpu = receipt.plan.model.device == "cpu"
    whole = msg("Main memory") if on_cpu else msg("Memory of the card")
    parts = [
        el("span", el("i", class_=f"key {kind}"), label, " ",
           el("b", memory_text(count), data_bytes=count, data_kind=kind))
        for kind, label, count in (
            ("budget", msg("Available for it"), budget), ("total", whole, total),
        )
        if count is not None
    ]  # fmt: skip
    return el("p", *parts, class_="legend")
