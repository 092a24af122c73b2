"""The last screen of `up`: what was proved, where things are, what to try next."""

from __future__ import annotations

import shlex
from typing import Any

from setup_assistant.choose.candidates import CANARY
from setup_assistant.cli.terminal import show
from setup_assistant.host import paths
from setup_assistant.host.program import program
from setup_assistant.messages import _
from setup_assistant.report import apart
from setup_assistant.report.labels import LIMITS
from setup_assistant.report.receipt import Receipt, from_json
from setup_assistant.site.layout import Layout
from setup_assistant.steps.prepare import Prepared


def show_ending(prepared: Prepared, receipt: dict[str, Any]) -> None:
    """Show the end of the road."""
    layout, checks = prepared.layout, receipt["checks"]
    if checks:
        show.line()
        show.line(_proved(checks))
    if receipt["status"] == "done" and prepared.plan.model.id == CANARY:
        show.line("! " + _("The environment is proved; no real model is here yet."))
    done = from_json(receipt)
    show.facts([*_places(prepared), *_memory(done)])
    # Why the figures are apart, where they are.
    if why := apart.finding(done):
        show.line(str(why))
    if receipt["status"] != "done":
        return
    show.line(_("Next:"))
    for said, command in next_commands(layout, only_test=prepared.plan.model.id == CANARY):
        show.line(f"  # {said}")
        show.command(f"  {command}")
    if prepared.plan.model.id != CANARY:
        show.line(_("Known limits of the model (not faults of this installation):"))
        for limit in LIMITS:
            show.line(f"  - {limit}")


def _proved(checks: list[dict[str, Any]]) -> str:
    """Say what was proved, in one sentence."""
    from setup_assistant.report.labels import ASKED

    passed = [c for c in checks if c["status"] == "ok"]
    counted = _("{passed} of {total} checks passed", passed=len(passed), total=len(checks))
    kinds = dict.fromkeys(str(ASKED[c["kind"]]) for c in passed if c["kind"] in ASKED)
    device = next((c["device"] for c in passed if c.get("device")), None)
    said = f"{counted}: {show.listed(kinds)}" if kinds else counted
    where = device.upper() if device in ("cpu", "cuda") else device
    said += _(" (on {device})", device=where) if where else ""
    return f"{show.mark(len(passed) == len(checks))} {said}"


def _places(prepared: Prepared) -> list[tuple[str, str]]:
    """Return where things are."""
    layout = prepared.layout
    found = [(_("environment"), str(layout.env))]
    if prepared.plan.model.id != CANARY:
        found.append((_("weights"), str(layout.weights(prepared.plan.model.modelscope_id))))
    return [*found, (_("scripts"), str(layout.scripts)), (_("report"), str(layout.report_html)),
            (_("how to use it"), str(layout.root / "README.txt"))]  # fmt: skip


def _memory(receipt: Receipt) -> list[tuple[str, str]]:
    """Return the model's memory in one row, where a model of real size was asked."""
    if receipt.plan.model.id == CANARY:
        return []
    figures = apart.together(receipt.memory)
    return [(_("memory"), _("predicted · rehearsed · measured: {figures}", figures=figures))]


def next_commands(layout: Layout, *, only_test: bool) -> tuple[tuple[str, str], ...]:
    """Return the commands worth trying next, ready to paste, and what each is for.

    `only_test`: only the canary is there, and a real model comes first.
    """
    usual = layout.root == paths.default_site()
    site = "" if usual else f" --site {shlex.quote(str(layout.root))}"
    real = ((_("get a real model"), f"{program()} up{site} --model auto"),)
    return (
        *(real if only_test else ()),
        (_("ask about pictures and clips"), f"{program()} ask{site}"),
        (_("serve it to programs and the browser"), f"{program()} serve{site}"),
        (_("read the report in a browser"), f"{program()} report{site} --open"),
        (_("prove it again, at any time"),
         f"{program()} verify --env {shlex.quote(str(layout.env))}"),
    )  # fmt: skip
