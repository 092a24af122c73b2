"""All checks in order, and from their results one primary cause."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from setup_assistant.catalog import causes
from setup_assistant.doctor import (
    by_hand,
    disk,
    driver,
    environment,
    gpu,
    harmful_releases,
    interpreter,
    libraries,
    limits,
    model_run,
    model_support,
    network,
    package_files,
    packages,
    redownload,
    runtime,
    situation,
    stack,
    startup_hooks,
    variables,
    weights,
    weights_content,
)
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import Check, NotHere, Trouble
from setup_assistant.doctor.finding import Diagnosis, Finding, Fix, keeps_everything, only_shows
from setup_assistant.doctor.gather import gather, opened
from setup_assistant.doctor.package_names import named
from setup_assistant.host import clock, log
from setup_assistant.messages import Message, msg

CHECKS: tuple[Check, ...] = (
    *driver.CHECKS, *gpu.CHECKS, *environment.CHECKS, *variables.CHECKS, *limits.CHECKS,
    *startup_hooks.CHECKS, *interpreter.CHECKS, *packages.CHECKS, *stack.CHECKS,
    *harmful_releases.CHECKS, *package_files.CHECKS, *packages.LAST, *by_hand.CHECKS,
    *libraries.CHECKS,
    *weights.CHECKS, *weights_content.CHECKS, *model_support.CHECKS, *model_run.CHECKS,
    *runtime.CHECKS, *package_files.LAST,
    *network.CHECKS, *disk.CHECKS,
)  # fmt: skip
# Seconds for one check, by its id or layer. Reading much takes long; a dead disk takes for ever.
_LIMIT = 15.0
_LIMITS = {"runtime": None, "weights": 900.0, "files-changed": 900.0}
_ORDER = ("fail", "warn", "unknown", "blocked", "ok", "skipped")
# Words in a command that the person must replace first.
_PLACES = ("=FILE", "=FOLDER", redownload.UNKNOWN)
# Of these a run on the CPU proves nothing.
_NEEDS_GPU = {"driver-too-old", "no-kernel", "cuda-compat"}
# What a run that imports everything proves wrong, whatever fails after it.
_LOADING = {"glibc-too-old", "wheel-tags", "cpu-instructions", "library-damaged",
            "library-machine", "library-missing", "library-version"}  # fmt: skip
# What a live failure may be a symptom of.
_DEEPER = ("driver", "gpu", "environment", "packages")


def known_ids() -> tuple[str, ...]:
    """Return every id that a finding can have."""
    return (*(c.id for c in CHECKS), *runtime.ids())


def diagnose(case: Case, *, only: str | None = None) -> Diagnosis:
    """Run every check, or the one called `only`, and name the primary cause."""
    case = opened(case)
    found: list[Finding] = []
    seconds: dict[str, float] = {}
    for check in CHECKS:
        inside = check.layer == "runtime" and only in runtime.ids()
        if only not in (None, check.id) and not inside:
            continue
        started = clock.monotonic()
        blocker = _blocker(check, found)
        if blocker:
            finding = _blocked(check, blocker)
        else:
            finding, case = _examine(check, case)
        seconds[check.layer] = seconds.get(check.layer, 0.0) + clock.monotonic() - started
        found.append(finding)
    findings = concluded(found, case)
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


def _blocked(check: Check, by: Finding) -> Finding:
    return Finding(
        id=check.id, layer=check.layer, status="blocked", consequence_of=by.consequence_of or by.id
    )


def _examine(check: Check, case: Case) -> tuple[Finding, Case]:
    """Run one check in a thread; a crash or a hang is a finding of its own.

    The case comes back with what was gathered for the check.
    """
    seen = _Seen(case)
    thread = threading.Thread(target=_look, args=(check, seen), daemon=True)
    thread.start()
    thread.join(_LIMITS.get(check.id, _LIMITS.get(check.layer, _LIMIT)))
    case = seen.case
    if seen.done:
        return _finding(check, seen.answer, case), case
    if seen.error is not None:
        detail = f"{type(seen.error).__name__}: {seen.error}"
        return _unknown(check, msg("This check failed itself: {detail}", detail=detail),
                        detail), case  # fmt: skip
    return _unknown(check, msg("This check gave no answer in time."), "timeout"), case


class _Seen:
    """What a check has come to, told by its thread."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.answer: Trouble | NotHere | None = None
        self.error: Exception | None = None
        self.done = False


def _look(check: Check, seen: _Seen) -> None:
    try:
        case = gather(seen.case, check.gathers)
        seen.answer = check.look(case)
        seen.case, seen.done = case, True
    except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
        log.exception(f"doctor {check.id}", error)
        seen.error = error


def _unknown(check: Check, cause: Message, detail: str) -> Finding:
    return Finding(id=check.id, layer=check.layer, status="unknown", cause=cause,
                   evidence=(("doctor", detail),), confidence="proven")  # fmt: skip


def _finding(check: Check, answer: Trouble | NotHere | None, case: Case) -> Finding:
    if not isinstance(answer, Trouble):
        return Finding(id=check.id, layer=check.layer, status="skipped" if answer else "ok")
    row = causes.find(answer.cause or check.id, check.layer)
    commands = answer.commands
    if not commands and answer.cause is None:
        wanted = tuple(named(remedy, {}) for remedy in row.remedy)
        commands = situation.commands(wanted, situation.of_case(case))
    if commands and case.install is not None:
        said = " ".join((*(w for pair in answer.evidence for w in pair),
                         *map(str, answer.values.values())))  # fmt: skip
        commands = situation.pinned(commands, said, case.install)
    root = any(c.startswith("sudo ") for c in commands) or (row.root and not answer.commands)
    open_places = any(word in c for c in commands for word in _PLACES)
    shown = all(map(only_shows, commands))
    return Finding(
        id=answer.id or check.id,
        layer=check.layer,
        status=answer.status,
        evidence=answer.evidence,
        cause=row.sentence(answer.values),
        confidence=answer.confidence,
        fix=Fix(
            advice=answer.advice or row.remedy_text(answer.values),
            commands=commands,
            needs_root=root,
            needs_reboot=row.reboot,
            reversible=row.reversible and keeps_everything(commands),
            # What the catalogue says in general was not thought out for this environment.
            automatic=bool(answer.commands) and not (root or row.own_shell or open_places or shown),
        ),
    )


def concluded(found: Sequence[Finding], case: Case) -> list[Finding]:
    """Return what was found, the primary cause first: what a run has refuted is taken back."""
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


def _imported(live: Sequence[Finding]) -> bool:
    """Whether the run imported everything, and failed at nothing but the driver or the GPU."""
    causes_of = [f.id.removeprefix(runtime.PREFIX) for f in live if f.status == "fail"]
    deep = all(causes.known(c) and causes.layer_of(c) in ("driver", "gpu") for c in causes_of)
    return deep and any(f.id == "live-imports" and f.status == "ok" for f in live)


def _refuted(found: Sequence[Finding], case: Case) -> list[Finding]:
    """Take back what a run inside the environment has proved wrong."""
    live = [f for f in found if f.layer == "runtime"]
    ran = bool(live) and all(f.status in ("ok", "skipped") for f in live)
    ran = ran and any(f.status == "ok" for f in live)
    if not (ran or _imported(live)):
        return list(found)
    refutable = {c.id for c in CHECKS if c.refutable} if ran else _LOADING
    refutable = refutable if runtime.ran_on_gpu(case) else refutable - _NEEDS_GPU
    said = msg("everything was imported, computed and answered all the same")
    if not ran:
        said = msg("everything was imported all the same")
    note = (str(msg("run")), str(said))
    return [
        replace(f, status="warn", confidence="inferred", evidence=(*f.evidence, note))
        if f.status == "fail" and (f.id in refutable or (ran and f.confidence == "inferred"))
        else f
        for f in found
    ]
