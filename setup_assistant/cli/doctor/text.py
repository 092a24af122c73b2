"""How the doctor speaks: one line where all is well, detail for trouble only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli.terminal import show
from setup_assistant.messages import Message, _, msg

if TYPE_CHECKING:
    from setup_assistant.doctor.finding import Diagnosis, Finding
    from setup_assistant.doctor.fix import Attempt
    from setup_assistant.host.prefix import Change
    from setup_assistant.machine.facts import Gpu

_LAYERS = {
    "driver": msg("driver"),
    "gpu": msg("GPU"),
    "environment": msg("environment"),
    "packages": msg("packages"),
    "weights": msg("weights"),
    "runtime": msg("run"),
    "network": msg("network"),
    "disk": msg("disk"),
}
# Who knows about cards of other makers.
_OTHERS = {
    "amd": ("AMD", "https://rocm.docs.amd.com/projects/install-on-linux/en/latest/"),
    "intel": ("Intel", "https://docs.pytorch.org/docs/stable/notes/get_start_xpu.html"),
}
_STATES = {
    "mended": msg("{id}: mended."),
    "failed": msg("{id}: the commands did not mend it."),
    "declined": msg("{id}: left as it is."),
    "shown": msg("{id}: not run from here; the commands are:"),
    "refused": msg("{id}: nothing was changed, since it does not go with what must stay: {detail}"),
    "taken-back": msg("{id}: taken back, every package is as it was: {detail}"),
}


def show_scope(env: Path | None, *, named: bool, active: Path | None) -> None:
    """Say in the first line what is examined, and what is not."""
    if env is not None:
        if not named:
            show.note(_("Examined: this machine and {env}.", env=str(env)))
    elif active is not None:
        show.note(_("Examined: this machine only. The active environment {env} holds no torch; "
                    "name another with --env.", env=str(active)))  # fmt: skip
    else:
        show.note(_("Examined: this machine only. No environment is active; name one with --env."))


def show_diagnosis(found: Diagnosis) -> None:
    """Show the troubles, root cause first, then one line about the rest."""
    troubles = [f for f in found.findings if f.status in ("fail", "warn", "unknown")]
    for finding in troubles:
        if finding.consequence_of and not show.is_verbose():
            show.line(_("  follows from {id}: {what}", id=finding.consequence_of,
                        what=str(finding.cause)))  # fmt: skip
        else:
            show_finding(finding)
    _show_plan(found.findings)
    well = sum(f.status == "ok" for f in found.findings)
    blocked = sum(f.status == "blocked" for f in found.findings)
    if not found.findings:
        return
    if not troubles:
        show.line(_("Nothing is wrong: {count} [check|checks] passed.", count=well))
    elif well or blocked:
        show.line(_("{count} other [check|checks] passed; {blocked} could not be judged because of "
                    "this.", count=well, blocked=blocked))  # fmt: skip


def _show_plan(findings: Sequence[Finding]) -> None:
    """Show the remedies of several causes as one, in order."""
    from setup_assistant.doctor.remedy_plan import remedy_plan

    roots = [f for f in findings if f.status == "fail" and not f.consequence_of and f.fix]
    plan = remedy_plan(findings)
    if sum(bool(f.fix and f.fix.commands) for f in roots) < 2:
        return
    show.line(_("All of it, in this order:"))
    for command in plan:
        show.command(f"      {command}")


def show_other_cards(cards: Sequence[Gpu]) -> None:
    """Say that cards of other makers are not examined, and who knows about them."""
    for vendor, (name, place) in _OTHERS.items():
        found = next((c for c in cards if c.vendor == vendor), None)
        if found is not None and not any(c.vendor == "nvidia" for c in cards):
            said = _(
                "Not examined: the {vendor} card here ({name}); this tool knows NVIDIA's. "
                "For {vendor}: {place}",
                vendor=name,
                name=found.name,
                place=place,
            )
            show.note(said)


def show_finding(finding: Finding) -> None:
    """Show one trouble: cause, evidence, and what mends it."""
    sign = show.mark(False) if finding.status == "fail" else "!"
    layer = str(_LAYERS[finding.layer])
    show.line(f"{sign} [{layer}] {finding.cause}  ({finding.id})")
    for source, value in finding.evidence:
        show.line(f"    {source}: {value}")
    if finding.confidence == "inferred":
        show.line("    " + _("(concluded from text or a comparison, not proved)"))
    if finding.fix is None:
        return
    show.line(f"  > {finding.fix.advice}")
    for command in finding.fix.commands:
        show.command(f"      {command}")
    if finding.fix.needs_root:
        show.line("    " + _("Needs administrator rights: this tool never runs it."))
    if finding.fix.needs_reboot:
        show.line("    " + _("Takes effect after a reboot."))


def show_attempt(attempt: Attempt) -> None:
    """Show what became of one remedy."""
    state: Message = _STATES[attempt.state]
    show.line(str(Message(state.template, {"id": attempt.id, "detail": attempt.detail})))
    if attempt.state == "shown":
        show_changes(attempt.changes)
        for command in attempt.commands:
            show.command(f"      {command}")


def show_changes(changes: Sequence[Change]) -> None:
    """Show every package that a remedy changes."""
    if changes:
        show.line("    " + _("Packages that change, and no other:"))
    for change in changes:
        again = change.old == change.new
        said = _("{version}, put anew", version=change.new or "-") if again else (
            f"{change.old or '-'} → {change.new or '-'}")  # fmt: skip
        show.line(f"      {change.name} {said}")


def show_list(rows: Sequence[dict[str, str]]) -> None:
    """Show every check: layer, id, and the cause it may name."""
    show.table(
        [(str(_LAYERS[row["layer"]]), row["id"], row["cause"]) for row in rows],
        (_("layer"), _("id"), _("cause")),
    )
