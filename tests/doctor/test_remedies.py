"""A remedy that mends: real faults in a copy of a real environment, the real command, then clean.

Here the quick half of the table; `tests.bench.doctor_remedies` goes through all of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.bench.doctor_remedies import CANARY, doctor, failing, prepared
from tests.conftest import ROOT
from tests.doctor.body import Body
from tests.doctor.real_faults import FAULTS, MODEL, RealFault, copy
from tests.hub import Hub

STATIC = ("--static", "--for", "qwen2-vl")
# Those whose remedy downloads little, or nothing.
QUICK = ("leftover_folder", "metadata_removed", "uninstalled_regex",
         "uninstalled_decord2", "library_of_zeros", "interpreter_removed", "certificates_gone",
         "model_cut_short", "model_no_preprocessor")  # fmt: skip


def test_the_table_is_long_enough() -> None:
    assert len(FAULTS) >= 60
    assert len({i for f in FAULTS for i in f.ids}) >= 25
    assert {f.name for f in FAULTS} >= set(QUICK)


@pytest.mark.e2e
@pytest.mark.parametrize("fault", [f for f in FAULTS if f.name in QUICK], ids=lambda f: f.name)
def test_the_remedy_makes_the_next_run_clean(
    fault: RealFault, built_environment: Path, tmp_path: Path
) -> None:
    with Hub({MODEL: CANARY}) as hub:
        patient = copy(built_environment, prepared(built_environment, hub, tmp_path), tmp_path)
        fault.break_(patient)
        code, data, _said = doctor(patient, hub, *STATIC)
        assert code == 1
        assert failing(data)[0] in fault.ids
        if fault.mended_by == "unset":
            patient.variables.clear()
        else:
            code, data, said = doctor(patient, hub, *STATIC, "--fix", "--yes")
            assert (code, failing(data)) == (0, []), said
        code, data, said = doctor(patient, hub, *STATIC)
        assert (code, failing(data)) == (0, []), said


def _terminal(body: Body, *arguments: str) -> Any:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "LANG": "en_US.UTF-8"}
    words = ["-m", "setup_assistant.cli.app", "doctor", "--static", "--env", str(body.env)]
    return pexpect.spawn(sys.executable, [*words, *arguments], cwd=str(body.folder), env=env,
                         encoding="utf-8", dimensions=(50, 220), timeout=600)  # fmt: skip


def test_each_remedy_is_asked_for_at_a_terminal(body: Body) -> None:
    (body.packages / "~orch").mkdir()
    for answer, said in (("n", "leftovers: left as it is"), ("y", "leftovers: mended")):
        child = _terminal(body, "--fix")
        child.expect("has left ~orch behind")
        child.expect("Do this now")
        child.send(answer)
        child.expect(said)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == (answer == "n")
        assert (body.packages / "~orch").exists() == (answer == "n")
