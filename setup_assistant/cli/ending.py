"""The last screen of `up`: what was proved, where things are, what to try next."""

from __future__ import annotations

import shlex
from typing import Any

from setup_assistant.cli import show
from setup_assistant.host.program import program
from setup_assistant.report.limits import LIMITS
from setup_assistant.site.layout import Layout
from setup_assistant.steps.prepare import Prepared
from setup_assistant.words import _


def show_ending(prepared: Prepared, receipt: dict[str, Any]) -> None:
    """Show the end of the road."""
    layout = prepared.layout
    checks = receipt["checks"]
    passed = sum(c["status"] == "ok" for c in checks)
    if checks:
        show.line()
        show.line(_("{passed} of {total} checks passed.", passed=passed, total=len(checks)))
    show.line(_("Report: {path}", path=str(layout.report_html)))
    if receipt["status"] != "done":
        return
    show.line(_("Next:"))
    for command in next_commands(layout):
        show.line(f"  {command}")
    if prepared.plan.model.id != "canary":
        show.line(_("Known limits of the model (not faults of this installation):"))
        for limit in LIMITS:
            show.line(f"  - {limit}")


def next_commands(layout: Layout) -> tuple[str, ...]:
    """Return three commands worth trying next, ready to paste."""
    python = shlex.quote(str(layout.env_python))
    script = shlex.quote(str(layout.scripts / "image.py"))
    env = shlex.quote(str(layout.env))
    site = shlex.quote(str(layout.root))
    return (
        f"{python} {script}",
        f"{program()} verify --env {env}",
        f"{program()} report --site {site}",
    )
