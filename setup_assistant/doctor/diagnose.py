"""All checks in order, and from their results one primary cause."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from setup_assistant.doctor import (
    disk,
    driver,
    environment,
    gpu,
    harmful_releases,
    libraries,
    limits,
    model_run,
    model_support,
    network,
    package_files,
    packages,
    redownload,
    runtime,
    stack,
    startup_hooks,
    variables,
    weights,
)
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Check, NotHere, Trouble
from setup_assistant.doctor.finding import Diagnosis, Finding, Fix, keeps_everything
from setup_assistant.host import clock, log
from setup_assistant.messages import Message, msg

CHECKS: tuple[Check, ...] = (
    *driver.CHECKS, *gpu.CHECKS, *environment.CHECKS, *variables.CHECKS, *limits.CHECKS,
    *startup_hooks.CHECKS, *packages.CHECKS, *stack.CHECKS, *harmful_releases.CHECKS,
    *package_files.CHECKS, *packages.LAST, *libraries.CHECKS,
    *weights.CHECKS, *model_support.CHECKS, *model_run.CHECKS, *runtime.CHECKS,
    *network.CHECKS, *disk.CHECKS,
)  # fmt: skip
# Seconds for one check. Reading damaged weights again takes long; a dead disk takes for ever.
_LIMIT, _LIMIT_WEIGHTS = 15.0, 900.0
_ORDER = ("fail", "warn", "unknown", "blocked", "ok", "skipped")
# Words in a command that the person must replace first.
_PLACES = ("=FILE", "=FOLDER", redownload.UNKNOWN)
# Of these a run on the CPU proves nothing.
_NEEDS_GPU = {"driver-too-old", "no-kernel", "cuda-compat"}
# What a live failure may be a symptom of.
_DEEPER = ("driver", "gpu", "environment", "packages")


def known_ids() -> tuple[str, ...]:
    """Return every id that a finding can have."""
    return (*(c.id for c in CHECKS), *runtime.IDS)


def _nobody(finding: Finding) -> None:
    """Tell nobody."""


def diagnose(
    case: Case, *, only: str | None = None, on_finding: Callable[[Finding], None] = _nobody
) -> Diagnosis:
    """Run every check, or the one called `only`, and name the primary cause.

    `on_finding` is told of each finding as it comes, before the primary one is known.
    """
    found: list[Finding] = []
    seconds: dict[str, float] = {}
    for check in CHECKS:
        if only is not None and only != check.id and not _may_give(check, only):
            continue
        started = clock.monotonic()
        blocker = _blocker(check, found)
        finding = _blocked(check, blocker) if blocker else _examine(check, case)
        seconds[check.layer] = seconds.get(check.layer, 0.0) + clock.monotonic() - started
        found.append(finding)
        on_finding(finding)
    findings = _concluded(found, case)
    if only is not None:
        findings = [f for f in findings if f.id == only or not only.startswith(runtime.PREFIX)]
    return Diagnosis(findings=tuple(findings), seconds={k: round(v, 4) for k, v in seconds.items()})


def _blocker(check: Check, found: Sequence[Finding]) -> Finding | None:
    """Return the finding that makes a check meaningless: without driver no GPU can be judged."""
    stops = [f for f in found if f.status in ("fail", "blocked")]
    named = next((f for f in stops if f.id in check.needs), None)
    if named or check.layer != "gpu":
        return named
    return next((f for f in stops if f.layer == "driver" and f.id not in _NEEDS_GPU), None)


def _may_give(check: Check, only: str) -> bool:
    return check.layer == "runtime" and only in runtime.IDS


def _blocked(check: Check, by: Finding) -> Finding:
    return Finding(
        id=check.id, layer=check.layer, status="blocked", consequence_of=by.consequence_of or by.id
    )


def _examine(check: Check, case: Case) -> Finding:
    """Run one check in a thread; a crash or a hang is a finding of its own."""
    answer: list[Trouble | NotHere | None] = []
    errors: list[Exception] = []
    thread = threading.Thread(target=partial(_look, check, case, answer, errors), daemon=True)
    thread.start()
    limits = {"runtime": None, "weights": _LIMIT_WEIGHTS}
    thread.join(limits.get(check.layer, _LIMIT))
    if answer:
        return _finding(check, answer[0])
    if errors:
        detail = f"{type(errors[0]).__name__}: {errors[0]}"
        return _unknown(check, msg("This check failed itself: {detail}", detail=detail), detail)
    return _unknown(check, msg("This check gave no answer in time."), "timeout")


def _look(
    check: Check, case: Case, answer: list[Trouble | NotHere | None], errors: list[Exception]
) -> None:
    try:
        answer.append(check.look(case))
    except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
        log.exception(f"doctor {check.id}", error)
        errors.append(error)


def _unknown(check: Check, cause: Message, detail: str) -> Finding:
    return Finding(id=check.id, layer=check.layer, status="unknown", cause=cause,
                   evidence=(("doctor", detail),), confidence="proven")  # fmt: skip


def _finding(check: Check, answer: Trouble | NotHere | None) -> Finding:
    if answer is None or answer == NOT_HERE:
        status = "ok" if answer is None else "skipped"
        return Finding(id=check.id, layer=check.layer, status=status)  # type: ignore[arg-type]
    assert isinstance(answer, Trouble)  # noqa: S101 - for the type checker
    root = any(c.startswith("sudo ") for c in answer.commands) or check.root
    open_places = any(word in c for c in answer.commands for word in _PLACES)
    return Finding(
        id=answer.id or check.id,
        layer=check.layer,
        status=answer.status,
        evidence=answer.evidence,
        cause=answer.cause or Message(check.cause.template, answer.values),
        confidence=answer.confidence,
        fix=Fix(
            advice=answer.advice or Message(check.advice.template, answer.values),
            commands=answer.commands,
            needs_root=root,
            needs_reboot=check.reboot,
            reversible=check.reversible and keeps_everything(answer.commands),
            automatic=bool(answer.commands) and not (root or check.own_shell or open_places),
        ),
    )


def _concluded(found: Sequence[Finding], case: Case) -> list[Finding]:
    refuted = _refuted(found, case)
    failed = [f for f in refuted if f.status == "fail"]
    first = next((f for f in failed if f.layer != "runtime"), failed[0] if failed else None)
    if first is not None and first.layer not in _DEEPER and failed[0].layer == "runtime":
        first = failed[0]
    out = [_placed(f, first) for f in refuted]
    return sorted(out, key=lambda f: (not f.primary, _ORDER.index(f.status)))


def _placed(finding: Finding, first: Finding | None) -> Finding:
    """Mark the primary finding, and the live symptoms of it."""
    if finding is first:
        return replace(finding, primary=True)
    if first is None or finding.status != "fail":
        return finding
    live = finding.layer == "runtime" and (first.layer in _DEEPER or first.layer == "runtime")
    if live or (finding.layer == "driver" == first.layer and finding.id not in _NEEDS_GPU):
        return replace(finding, consequence_of=first.id)
    return finding


def _refuted(found: Sequence[Finding], case: Case) -> list[Finding]:
    """Take back what a run inside the environment has proved wrong."""
    live = [f for f in found if f.layer == "runtime"]
    ran = bool(live) and all(f.status in ("ok", "skipped") for f in live)
    ran = ran and any(f.status == "ok" for f in live)
    if not ran:
        return list(found)
    refutable = {c.id for c in CHECKS if c.refutable}
    refutable -= set() if runtime.ran_on_gpu(case) else _NEEDS_GPU
    said = msg("everything was imported, computed and answered all the same")
    note = (str(msg("run")), str(said))
    return [
        replace(f, status="warn", confidence="inferred", evidence=(*f.evidence, note))
        if f.status == "fail" and f.id in refutable
        else f
        for f in found
    ]
