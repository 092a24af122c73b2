"""When a remedy is taken back: the cause stays, the pins are left, or something else is worse."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.doctor.compare import State, state, why_back
from setup_assistant.doctor.finding import Diagnosis, Finding, Fix, Layer, Status
from setup_assistant.messages import msg


def found(
    id_: str, status: Status = "fail", layer: Layer = "packages", *, saw: str = "x", does: str = ""
) -> Finding:
    fix = Fix(advice=msg("Mend it."), commands=(does,)) if does else None
    return Finding(id=id_, layer=layer, status=status, evidence=(("file", saw),), fix=fix)


def seen(*findings: Finding, **more: frozenset[tuple[str, str]]) -> State:
    return State(found=Diagnosis(findings=findings), **more)


ILL = found("torch-missing", does="pip install torch")
RUNS, DIES = found("live-imports", "ok", "runtime"), found("live-imports", "fail", "runtime")
LACK = frozenset({("accelerate", "psutil>=5")})


@pytest.mark.parametrize(
    ("after", "stays"),
    [
        (found("torch-missing", does="pip install torch"), True),
        (found("torch-missing", saw="other", does="pip install torch"), True),
        (found("torch-missing", does="pip install other"), True),
        (found("torch-missing", "warn"), True),
        # Another case of the same kind, with a remedy of its own.
        (found("torch-missing", saw="other", does="pip install other"), False),
        (found("torch-missing", saw="other"), False),
        (found("torch-missing", "ok"), False),
        (found("other-missing", does="pip install torch"), False),
    ],
)
def test_a_cause_that_is_still_there(after: Finding, stays: bool) -> None:
    why = why_back(ILL, seen(ILL), seen(after), {})
    assert (why == "the cause is still there") is stays


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (seen(ILL), seen(), ""),
        (seen(ILL, packages=frozenset({("numpy", "1")})),
         seen(packages=frozenset({("numpy", "2")})), "numpy left the versions of the site"),
        (seen(ILL), seen(packages=frozenset({("torch", "2"), ("free", "9")})), ""),
        # What was off its pin before was not moved by this remedy.
        (seen(ILL, packages=frozenset({("numpy", "2")})),
         seen(packages=frozenset({("numpy", "2")})), ""),
        (seen(ILL), seen(unmet=LACK), "accelerate now lacks psutil>=5"),
        (seen(ILL, unmet=LACK), seen(unmet=LACK), ""),
        # Where everything runs now and did not before, a need on paper is none.
        (seen(ILL), seen(RUNS, unmet=LACK), ""),
        (seen(ILL, RUNS), seen(RUNS, unmet=LACK), "accelerate now lacks psutil>=5"),
        (seen(ILL, found("a", "ok")), seen(found("a")), "a fails now, and did not before"),
        (seen(ILL, found("a", "warn")), seen(found("a")), "a fails now, and did not before"),
        (seen(ILL, found("a", "unknown")), seen(found("a")), ""),
        (seen(ILL, found("a", "ok", "driver")), seen(found("a", layer="driver")), ""),
        (seen(ILL, RUNS), seen(found("b", layer="runtime"), found("live-imports", "ok")),
         "b fails now, and did not before"),
        (seen(ILL, RUNS), seen(RUNS, found("d", layer="driver")), ""),
        (seen(ILL, DIES), seen(found("b", layer="runtime")), ""),
        (seen(ILL, RUNS, found("c", layer="runtime")), seen(found("b", layer="runtime")), ""),
    ],
)  # fmt: skip
def test_what_is_worse_than_before(before: State, now: State, said: str) -> None:
    assert why_back(ILL, before, now, {"numpy": "1", "torch": "2"}) == said


def test_the_state_of_an_environment_is_its_packages_and_what_they_lack(tmp_path: Path) -> None:
    home = tmp_path / "lib" / "python3.12" / "site-packages" / "one-1.0.dist-info"
    home.mkdir(parents=True)
    (tmp_path / "pyvenv.cfg").write_text("version = 3.12.1\n")
    (home / "METADATA").write_text("Name: one\nVersion: 1.0\nRequires-Dist: two>=2\n")
    told = state(tmp_path, Diagnosis(findings=(ILL,)))
    assert told.packages == {("one", "1.0")}
    assert [asking for asking, _need in told.unmet] == ["one"]
    assert state(None, Diagnosis(findings=())) == seen()
    assert state(tmp_path / "gone", Diagnosis(findings=())) == seen()
