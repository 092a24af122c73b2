"""From failed checks to one cause: what is whose consequence, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.catalog.smoke import UsualDecoder
from setup_assistant.choose.plan import Plan
from setup_assistant.verify import causes, installs
from setup_assistant.verify.files_check import Fault, FilesReport
from setup_assistant.verify.values import Check, Verification
from setup_assistant.words import Value

# What a damaged file may lead to. A failure of any other sort has a cause of its own.
_CONSEQUENCES = frozenset(
    {
        "wrong-answer",
        "logits-differ",
        "not-a-number",
        "empty-answer",
        "repeating",
        "not-seen",
        "input-unreadable",
        "question-failed",
        "decoder-broken",
        "model-unreadable",
        "weights-truncated",
        "weights-incomplete",
        "config-invalid",
    }
)
# Where an answer is wrong although nothing is known to be damaged, the numbers' causes rank as
# written; a package's cause comes with the command that mends it.
_INSTALLED = {
    "package-missing": False,
    "dependency-version": True,
    "import-failed": True,
    "transformers-mismatch": False,
}
_LEAST_TRANSFORMERS = "transformers>=4.57"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known beside the checks themselves."""

    env: Path
    plan: Plan | None
    report: FilesReport
    decoder: UsualDecoder


def finish(check: Check, facts: Facts) -> Check:
    """Return the check with its real cause, and with the remedy in the language in use."""
    if check.status != "fail" or check.cause not in causes.CAUSES:
        return check
    check = _inherit(check, facts.report)
    values = {**check.values, **_more_values(check, facts)}
    cause = check.cause or ""
    return replace(check, values=values, remedy=str(causes.remedy(cause, values)))


def conclude(checks: Sequence[Check], facts: Facts, *, model: str, seconds: float) -> Verification:
    """Return the verdict: the failed check nearest the root gives the primary cause."""
    failed = [c for c in checks if c.status == "fail"]
    first = min(failed, key=lambda c: causes.rank(c.cause), default=None)
    versions = next((c.versions for c in checks if c.versions), {})
    complete = first is None and bool(checks)
    said = first.cause if first else None
    return Verification(
        status="ok" if complete else "fail",
        model=model,
        env=str(facts.env),
        checks=tuple(checks),
        seconds=round(seconds, 2),
        cause=said,
        evidence=str(causes.sentence(said, first.values)) if first and said else "",
        remedy=first.remedy if first else None,
        versions=versions,
    )


def _inherit(check: Check, report: FilesReport) -> Check:
    """Blame a damaged file for what follows from it."""
    if check.cause not in _CONSEQUENCES or check.kind == "files":
        return check
    fault = _guilty(check, report)
    if fault is None:
        return check
    evidence = (*check.evidence, *fault.evidence)
    return replace(check, cause=fault.cause, values=dict(fault.values or {}), evidence=evidence)


def _guilty(check: Check, report: FilesReport) -> Fault | None:
    own = next((report.blames[path] for path in check.files if path in report.blames), None)
    if own:
        return own
    # Damaged weights speak from every answer.
    return next((f for f in report.blames.values() if f.cause.startswith("weights-")), None)


def _more_values(check: Check, facts: Facts) -> dict[str, Value]:
    """Return what only this side knows: commands, and the version that fits."""
    if check.cause == "torchvision-mismatch":
        return _torchvision(check, facts)
    if check.cause in ("decoder-missing", "decoder-broken"):
        package = facts.plan.decoder.package if facts.plan else facts.decoder.package
        usual = facts.plan.decoder.reader if facts.plan else facts.decoder.reader
        again = check.cause == "decoder-broken"
        command = installs.install_command(
            facts.env, installs.requirement(package, facts.plan), again=again
        )
        return {"package": package, "command": command, "usual": usual}
    if check.cause in _INSTALLED:
        package = str(check.values.get("package", ""))
        wanted = installs.requirement(package, facts.plan)
        if check.cause == "transformers-mismatch":
            planned = installs.requirement("transformers", facts.plan)
            wanted = planned if facts.plan else _LEAST_TRANSFORMERS
        again = _INSTALLED[check.cause]
        return {"command": installs.install_command(facts.env, wanted, again=again)}
    return {}


def _torchvision(check: Check, facts: Facts) -> dict[str, Value]:
    torch = str(check.values.get("torch", ""))
    release = installs.torchvision_for(torch, facts.plan)
    index = installs.torch_index(torch, check.versions.get("torch", ""), facts.plan)
    wanted = f"torchvision=={release}" if release else "torchvision"
    build = str(check.values.get("build", ""))
    return {
        "wanted": f"torchvision {release or '?'} ({build})" if build else wanted,
        "command": installs.install_command(facts.env, wanted, again=True, index_url=index),
    }
