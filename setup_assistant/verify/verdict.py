"""From failed checks to one cause: what is whose consequence, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.catalog import checks
from setup_assistant.catalog.smoke import UsualDecoder
from setup_assistant.choose.plan import Plan
from setup_assistant.messages import Value
from setup_assistant.verify import causes, installs
from setup_assistant.verify.files_check import Fault, FilesReport
from setup_assistant.verify.results import Check, Verification
from setup_assistant.versions import public


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known beside the checks themselves."""

    env: Path
    plan: Plan | None
    report: FilesReport
    decoder: UsualDecoder
    canary: Path
    model: Path | None = None


def finish(check: Check, facts: Facts) -> Check:
    """Return the check with its real cause, and with the remedy in the language in use."""
    check = _planned_pair(check, facts.plan)
    if check.status != "fail" or not causes.known(check.cause):
        return check
    check = _inherit(check, facts.report)
    values = {**check.values, **_more_values(check, facts)}
    cause = check.cause or ""
    return replace(check, values=values, remedy=str(causes.remedy(cause, values)))


# Mended by a newer release of one package.
_OUTGROWN = {"transformers-mismatch": "transformers", "reader-too-old": "qwen-vl-utils"}


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


def _planned_pair(check: Check, plan: Plan | None) -> Check:
    """Fail a torchvision that is not the planned one: of another, nobody knows that it fits."""
    if plan is None or check.name != "imports" or check.status != "ok":
        return check
    torch, vision = (check.versions.get(name, "") for name in ("torch", "torchvision"))
    if public(torch) != public(plan.torch.version):
        return check
    if public(vision) == public(plan.torchvision.version):
        return check
    return replace(
        check,
        status="fail",
        cause="torchvision-mismatch",
        evidence=(*check.evidence, f"the plan pairs it with {plan.torchvision.version}"),
        values={"torch": torch, "torchvision": vision, "build": plan.torch.build},
    )


def _inherit(check: Check, report: FilesReport) -> Check:
    """Blame a damaged file for what follows from it."""
    if check.cause not in checks.load().consequences or check.kind == "files":
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
    mends = _install(check, facts) or _recover(check, facts)
    return {"command": mends} if mends else {}


def _install(check: Check, facts: Facts) -> str | None:
    """Return the command that mends a package."""
    package = str(check.values.get("package", ""))
    wanted = installs.requirement(package, facts.plan)
    if check.cause == "package-missing":
        return installs.install_command(facts.env, wanted)
    if check.cause == "import-failed":
        return installs.install_command(facts.env, wanted, again=True)
    if check.cause == "dependency-version":
        # The same version once more brings in the versions that it accepts.
        held = check.versions.get(package)
        exact = f"{package}=={held}" if held and facts.plan is None else wanted
        return installs.install_command(facts.env, exact)
    if check.cause in _OUTGROWN:
        newer = _OUTGROWN[check.cause]
        asked = (installs.requirement(newer, facts.plan),) if facts.plan else ("--upgrade", newer)
        return installs.install_command(facts.env, *asked)
    return None


def _recover(check: Check, facts: Facts) -> str | None:
    """Return the command that brings damaged files back."""
    known = checks.load()
    if check.cause in known.of_model and facts.model:
        return installs.download_command(facts.model)
    if check.cause in known.of_model | known.of_canary:
        return installs.restore_command(facts.canary)
    return None


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
