"""The environment, continued: what Python runs by itself whenever it starts there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Install
from setup_assistant.host import lenient, run
from setup_assistant.host.prefix import python_in

layer = Layered("environment")
_LIMIT = 20.0
_CUSTOM = ("sitecustomize.py", "usercustomize.py")
_CODE = re.compile(r"^import[ \t]", re.MULTILINE)


@layer.check("startup-hook", needs=("python-missing", "python-moved", "pythonhome"))
def startup_hook(case: Case) -> Trouble | NotHere | None:
    """Start the interpreter with and without its `site` module: only that runs such files."""
    if case.install is None or not case.live:
        return NOT_HERE
    python = str(python_in(case.install.prefix))
    whole = run.run([python, "-I", "-c", "pass"], deadline=_LIMIT)
    if whole.ok or not run.run([python, "-I", "-S", "-c", "pass"], deadline=_LIMIT).ok:
        return None
    hooks = list(_hooks(case.install))
    if not hooks:
        return None
    said = whole.err.strip()
    first = next((h for h in hooks if str(h) in said), hooks[0])
    detail = (said.splitlines() or [str(whole.code)])[-1]
    aside = shlex.join(["mv", "--", str(first), f"{first}.off"])
    return trouble((first, _first_line(first)), (python, detail), file=str(first), detail=detail,
                   commands=(aside,))  # fmt: skip


def _hooks(install: Install) -> Iterator[Path]:
    """Yield the files with code that `site` runs; those that no package has brought come first."""
    recorded = "\n".join(d.text("RECORD") or "" for d in install.dists)
    every = (folder / name for folder, names in install.entries.items() for name in names)
    found = [p for p in every if p.name in _CUSTOM or _has_code(p)]
    yield from sorted(found, key=lambda p: f"\n{p.name}," in f"\n{recorded}")


def _has_code(path: Path) -> bool:
    return path.suffix == ".pth" and bool(_CODE.search(lenient.text(path)))


def _first_line(path: Path) -> str:
    return next(iter(lenient.text(path).splitlines()), "")[:200]


CHECKS = tuple(layer.checks)
