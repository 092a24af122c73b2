"""The environment, continued: the interpreter itself, whether it starts and is whole."""

from __future__ import annotations

from setup_assistant.doctor import surroundings
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.environment import given_again
from setup_assistant.doctor.startup_hooks import guilty
from setup_assistant.host import lenient, run
from setup_assistant.host.prefix import python_in
from setup_assistant.messages import msg

layer = Layered("environment")
_LIMIT = 20.0
# Of Python's own, what torch, torchvision and the hub's clients import.
_PARTS = ("_ctypes", "_lzma", "_bz2", "_ssl", "zlib")


@layer.check("python-broken", needs=("python-missing", "python-moved"))
def python_broken(case: Case) -> Trouble | NotHere | None:
    """Start the interpreter alone: it may be cut short, not be run, or not read its settings."""
    if case.prefix is None or not case.live:
        return NOT_HERE
    python = python_in(case.prefix)
    alone = surroundings.alone_variables()
    ran = run.run([str(python), "-I", "-c", "pass"], deadline=_LIMIT, env=alone)
    if ran.ok or ran.timed_out or (case.install and guilty(case.install, ())):
        return None
    detail = (ran.err.strip().splitlines() or [str(ran.code)])[-1]
    settings = case.prefix / "pyvenv.cfg"
    unread = ((settings, msg("is no text in UTF-8")),) if not lenient.is_text(settings) else ()
    return trouble((python, detail), *unread, python=str(python), detail=detail,
                   commands=given_again(case))  # fmt: skip


@layer.check("python-without-part", needs=("python-missing", "python-moved", "python-broken"),
             refutable=True)  # fmt: skip
def python_without_part(case: Case) -> Trouble | NotHere | None:
    """Import what Python brings itself, unless what it is made of was not there as it was built."""
    if case.prefix is None or not case.live or case.machine.system.os == "Windows":
        return NOT_HERE
    python = str(python_in(case.prefix))
    for part in _PARTS:
        ran = run.run([python, "-I", "-S", "-c", f"import {part}"], deadline=_LIMIT)
        detail = (ran.err.strip().splitlines() or [""])[-1]
        if "Error" in detail and part in detail:
            return trouble((python, detail), python=python, part=part.removeprefix("_"),
                           commands=given_again(case))  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
