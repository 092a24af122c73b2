"""Each injected fault is named first, with its remedy; a sound machine raises no alarm."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor.finding import Diagnosis
from setup_assistant.machine.facts import Driver
from tests.conftest import ROOT
from tests.doctor.body import CARD, Body
from tests.doctor.faults import FAULTS, Break
from tests.recorded import compare


def troubles(found: Diagnosis) -> list[str]:
    # Whether this machine's own disk is nearly full is not the test's affair.
    return [f"{f.id} {f.status} {f.evidence}" for f in found.findings
            if f.status in ("fail", "warn", "unknown") and f.id != "disk-tight"]  # fmt: skip


KEPT = Path(__file__).with_name("recorded_findings.txt")


def told(body: Body, found: Diagnosis) -> str:
    """Return findings word by word, without the places of this machine."""
    lines, blocked = [], []
    for one in found.findings:
        if one.status == "blocked":
            blocked.append(f"{one.id} by {one.consequence_of}")
        if one.status not in ("fail", "warn") or one.id == "disk-tight":
            continue
        about = [one.layer, one.status, one.confidence, *(["first"] if one.primary else [])]
        lines.append(f"{one.id} ({', '.join(about)}, of {one.consequence_of}): {one.cause}")
        lines += [f"  {source}: {value}" for source, value in one.evidence]
        if one.fix:
            flags = [k for k, v in vars(one.fix).items() if v is True]
            lines += [f"  > {line}" for line in (one.fix.advice, *one.fix.commands, *flags)]
    text = "\n".join([*lines, *(["blocked: " + ", ".join(blocked)] if blocked else [])])
    # Some places need quotes in a shell.
    places = (("'", ""), (body.folder, "BODY"), (sys.executable, "PYTHON"), (ROOT, "ROOT"))
    return functools.reduce(lambda t, p: t.replace(str(p[0]), p[1]), places, text)


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 70
    assert len({wanted for wanted, _name, _break in FAULTS}) >= 50


@pytest.mark.parametrize(("wanted", "name", "break_"), FAULTS,
                         ids=[f"{w}:{n}" for w, n, _b in FAULTS])  # fmt: skip
def test_a_fault_is_named_first(body: Body, wanted: str, name: str, break_: Break) -> None:
    variables = break_(body) or {}
    found = body.diagnose(**variables)
    assert found.failed, troubles(found)
    first = found.failed[0]
    assert first.id == wanted, troubles(found)
    assert first is found.findings[0]
    assert first.primary
    assert first.evidence
    assert str(first.cause)
    assert "{" not in str(first.cause)
    assert first.fix is not None
    assert str(first.fix.advice)
    assert "{" not in str(first.fix.advice)
    assert not [f for f in found.findings if f.status == "unknown"], troubles(found)
    compare(KEPT, {name: told(body, found)})


def test_a_sound_machine_raises_no_alarm(body: Body) -> None:
    body.with_model = True
    assert troubles(body.diagnose()) == []


@pytest.mark.parametrize(
    ("torch", "build", "vision"),
    [("2.8.0", "cu128", "0.23.0"), ("2.6.0", "cu124", "0.21.0"), ("2.11.0", "cu130", "0.26.0")],
)
def test_other_stacks_raise_no_alarm(body: Body, torch: str, build: str, vision: str) -> None:
    body.torch(torch, build, pair=vision)
    assert troubles(body.diagnose()) == []


def test_a_machine_without_gpu_raises_no_alarm(body: Body) -> None:
    body.machine = replace(body.machine, gpus=(), driver=Driver())
    assert troubles(body.diagnose()) == []
    body.torch("2.8.0", "cpu", pair="0.23.0")
    body.remove("nvidia_cudnn_cu12-*.dist-info")
    assert troubles(body.diagnose()) == []


def test_a_driver_of_the_same_major_is_enough(body: Body) -> None:
    body.machine = replace(body.machine, driver=Driver(version="535.1", cuda="12.2"))
    body.torch("2.8.0", "cu128", pair="0.23.0")
    assert troubles(body.diagnose()) == []


def test_a_failed_driver_blocks_the_gpus_instead_of_ten_symptoms(body: Body) -> None:
    body.verdicts("driver_library_mismatch", "nvml_error", gpus=(replace(CARD, usable=False),))
    found = body.diagnose()
    assert [f.id for f in found.failed] == ["driver-library-mismatch", "nvml-error"]
    assert found.failed[1].consequence_of == "driver-library-mismatch"
    gpu = [f for f in found.findings if f.layer == "gpu"]
    assert {f.status for f in gpu} == {"blocked"}
    assert {f.consequence_of for f in gpu} == {"driver-library-mismatch"}


def test_a_check_that_crashes_is_a_finding(body: Body) -> None:
    (body.packages / "torch" / "version.py").unlink()
    (body.packages / "torch" / "version.py").mkdir()
    (body.env / "pyvenv.cfg").unlink()
    (body.env / "pyvenv.cfg").mkdir()
    found = body.diagnose()
    assert found.failed


def test_only_one_finding_can_be_asked_for(body: Body) -> None:
    from setup_assistant.doctor.diagnose import diagnose

    (body.packages / "~orch").mkdir()
    assert [f.id for f in diagnose(body.case(), only="leftovers").findings] == ["leftovers"]
    assert diagnose(body.case(), only="duplicates").findings[0].status == "ok"


def test_the_remedy_of_a_leftover_removes_it(body: Body) -> None:
    from setup_assistant.doctor.fix import mend, roots_of

    (body.packages / "~orch" / "lib").mkdir(parents=True)
    first = body.diagnose().failed[0]
    told: list[str] = []
    kept = mend(first, agree=lambda _f, _c: False, judge=lambda _f: "", tell=told.append)
    assert kept.state == "declined"
    assert (body.packages / "~orch").exists()
    roots = roots_of(first, body.case())
    done = mend(first, agree=lambda _f, _c: True, tell=told.append, roots=roots,
                judge=lambda f: "x" * (f.id in [g.id for g in body.diagnose().failed]))  # fmt: skip
    assert done.state == "mended", told
    assert not body.diagnose().failed


def test_root_commands_are_only_shown(body: Body) -> None:
    from setup_assistant.doctor.fix import mend

    body.verdicts("driver_missing")
    first = body.diagnose().failed[0]
    assert first.fix is not None
    assert first.fix.needs_root
    assert first.fix.needs_reboot
    attempt = mend(first, agree=lambda _f, _c: True, judge=lambda _f: "", tell=print)
    assert attempt.state == "shown"


def test_what_ran_outranks_what_was_compared(body: Body) -> None:
    from setup_assistant.doctor.diagnose import diagnose
    from setup_assistant.verify.results import Check, Verification

    names = ("imports", "device", "model", "decoder", "image")
    checks = tuple(Check(name=n, kind=n, status="ok", device="cuda:0") for n in names)
    ran = Verification(status="ok", model="canary", env="-", checks=checks, seconds=1.0)
    body.file(body.packages / "torchvision/version.py", "__version__ = '0.23.0+cpu'\n")
    done = frozenset({"verification"})
    found = diagnose(replace(body.case(), verification=ran, gathered=done))
    assert not found.failed
    warned = [f for f in found.findings if f.status == "warn" and f.id != "disk-tight"]
    assert [f.id for f in warned] == ["torchvision-variant"]
    assert warned[0].confidence == "inferred"
    failed = replace(ran, checks=(replace(checks[0], status="fail", cause="torchvision-mismatch",
                                          values={"torch": "2.8.0"}), *checks[1:]))  # fmt: skip
    case = replace(body.case(), verification=failed, gathered=done)
    ids = [(f.id, f.consequence_of) for f in diagnose(case).failed]
    assert ids == [("torchvision-variant", None),
                   ("live-torchvision-mismatch", "torchvision-variant")]  # fmt: skip
