"""What a person's folder, variables and home make of an environment: every case of the look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import surroundings_check
from setup_assistant.doctor.case import QWEN, TORCH_ONLY
from setup_assistant.doctor.surroundings import Seen, Surroundings, foreign
from tests.doctor.body import Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_surroundings.txt"))
WELL = Seen(failed=None)


@table
def surroundings_of_a_person(body: Body) -> Rows:
    home, away = str(body.packages), body.folder / "w"
    body.file(body.env / "pyvenv.cfg", "version = 3.11.7\n")
    library, path = "/usr/lib/python3.11", (str(away), home, "/h/lib/python3.11/site-packages")
    own = {"torch": f"{home}/torch/__init__.py", "json": f"{library}/json/__init__.py"}
    base = Seen(failed=None, loaded=own, path=path, library=library)
    died = replace(base, failed="torch", error="ImportError: no")
    rows: dict[str, tuple[Seen, Seen | None]] = {
        "all is well": (base, None),
        "the same alone": (base, base),
        "a file of the folder": (replace(base, loaded={**own, "queue": f"{away}/queue.py"}),
                                 replace(base, loaded={**own, "queue": f"{library}/queue.py"})),
        "a package of the folder": (
            replace(died, loaded={**own, "torch": f"{away}/torch/__init__.py"}), base),
        "elsewhere both times": (replace(base, loaded={"own": f"{away}/own.py"}),
                                 replace(base, loaded={"own": "/src/own.py"})),
        "not there alone": (replace(base, loaded={"own": f"{away}/own.py"}), base),
        "of the home": (replace(base, loaded={"numpy": f"{path[2]}/numpy/__init__.py"}),
                        replace(base, loaded={"numpy": f"{home}/numpy/__init__.py"})),
        "six of the folder": (
            replace(base, loaded={f"m{n}": f"{away}/m{n}.py" for n in range(6)}),
            replace(base, loaded={f"m{n}": f"{home}/m{n}.py" for n in range(6)})),
        "it fails alone too": (died, died),
        "it fails alone only": (base, died),
        "frames of the folder": (replace(died, frames=(f"{home}/a.py", f"{away}/b.py",
                                                       f"{library}/c.py", "/other/d.py")), base),
    }  # fmt: skip
    for label, (person, alone) in rows.items():
        for variables in ({}, {"PYTHONPATH": f"/x::{away}"}):
            around = Surroundings(person=person, alone=alone)
            case = case_of(body, variables, surroundings=around, cwd=away)
            yield f"{label}, {list(variables)}", surroundings_check.look(case)
        yield f"{label}: foreign", foreign(body.env, person)
        yield f"{label}: explains", [surroundings_check.explains(case, said) for said in (
            ("ImportError: no", "x"), ("other",))]  # fmt: skip
    yield "not looked at", surroundings_check.look(case_of(body))
    nobody = case_of(body, install=None, surroundings=Surroundings(person=base))
    yield "no environment", surroundings_check.look(nobody)
    yield "not looked at: explains", surroundings_check.explains(case_of(body), ("",))


# Says that torch cannot be imported while a variable is there, or the home's packages are.
CHILD = """#!/bin/sh
said='"error": "ImportError: no", "frames": [], "loaded": {}, "path": ["%s"], "library": "/l"'
if [ "$LAB_C" = 1 ] || { [ -n "$LAB_HOME" ] && [ -z "$PYTHONNOUSERSITE" ]; }; then
    echo "{\\"failed\\": \\"torch\\", $said}"
else
    echo "{\\"failed\\": null, $said}"
fi
"""


@table
def variables_that_break(body: Body) -> Rows:
    site = body.folder / "home/.local/lib/python3.11/site-packages"
    python = body.env / "bin/python"
    python.unlink()
    body.file(python, CHILD % site).chmod(0o755)
    person = Seen(failed="torch", error="ImportError: no")
    around = Surroundings(person=person, alone=WELL)
    many = {f"LAB_{letter}": "1" for letter in "ABCDEFG"}
    for variables in (many, {"LAB_C": "1"}, {"LAB_B": "1", "LAB_C": "1"}, {"LANG": "C"}):
        case = case_of(body, {**variables, "PATH": "/usr/bin:/bin"}, surroundings=around)
        yield f"{list(variables)}", surroundings_check.look(case)
    at_home = replace(person, path=(str(site),))
    around = replace(around, person=at_home)
    for variables in ({"LAB_HOME": "1"}, {"LAB_C": "1"}):
        case = case_of(body, {**variables, "PATH": "/usr/bin:/bin"}, surroundings=around)
        yield f"of the home: {variables}", surroundings_check.look(case)
    body.file(site / "usercustomize.py", "")
    case = case_of(body, {"LAB_HOME": "1", "PATH": "/usr/bin:/bin"}, surroundings=around)
    yield "of the home: a hook", surroundings_check.look(case)
    body.file(python, CHILD.replace('"$LAB_C" = 1', '"$PATH"') % site)
    yield "whatever is left out", surroundings_check.look(case_of(
        body, {"LAB_C": "1", "PATH": "/usr/bin:/bin"},
        surroundings=replace(around, person=person)))  # fmt: skip


@table
def plugins_of_triton(body: Body) -> Rows:
    for name in ("triton", "zz_xpu", "aa_npu"):
        info = body.install(name, name, "1.0")
        body.file(info / "entry_points.txt", "[triton.backends]\nx = y\n")
    failed = Seen(failed="triton.backends", error="ImportError: no",
                  frames=(f"{body.packages}/zz_xpu/a.py",))  # fmt: skip
    for purpose in (TORCH_ONLY, QWEN):
        yield f"imported for {purpose}", surroundings_check.modules(case_of(body, purpose=purpose))
    for alone in (failed, replace(failed, frames=()), replace(failed, failed="torch")):
        around = Surroundings(person=failed, alone=alone)
        case = case_of(body, surroundings=around)
        yield f"{alone.failed}, {len(alone.frames)}", surroundings_check.look(case)


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_run_is_judged_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
