"""The environment, continued: what Python runs by itself whenever it starts there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from setup_assistant.doctor import surroundings
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Install
from setup_assistant.host import lenient, run
from setup_assistant.host.prefix import python_in

layer = Layered("environment")
_LIMIT = 20.0
_CUSTOM = ("sitecustomize.py", "usercustomize.py")
# Every environment has these.
_HARMLESS = ("distutils-precedence.pth", "_virtualenv.pth")
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
    first = guilty(case.install, ())
    if first is None:
        return None
    detail = (whole.err.strip().splitlines() or [str(whole.code)])[-1]
    said = lenient.text(first).partition("\n")[0][:200]
    return trouble((first, said), (python, detail), file=str(first), detail=detail,
                   commands=(aside(first),))  # fmt: skip


def aside(hook: Path) -> str:
    """Return the command that takes a file out of Python's start, and keeps it."""
    return shlex.join(["mv", "--", str(hook), f"{hook}.off"])


def guilty(install: Install, modules: Sequence[str]) -> Path | None:
    """Return the file that spoils imports by running at Python's start; None where none does.

    Each is run alone, in place of all that Python's own `site` would run. One that no package has
    brought is tried first.
    """
    hooks = list(_hooks(install))
    if not hooks or not _well(install, modules, ()):
        return None
    return next((hook for hook in hooks if not _well(install, modules, (hook,))), None)


def _well(install: Install, modules: Sequence[str], ran: Sequence[Path]) -> bool:
    hooks = {"folders": [str(f) for f in install.folders], "hooks": [str(hook) for hook in ran]}
    seen = surroundings.see(install.prefix, modules, None, None, hooks)
    away = surroundings.foreign(install.prefix, seen)
    return seen.failed is None and not any(map(install.holds, away))


def _hooks(install: Install) -> list[Path]:
    """Return the files with code that `site` runs, or cannot read.

    Those that no package has brought come first.
    """
    recorded = "\n".join(d.text("RECORD") or "" for d in install.dists)
    every = [folder / name for folder, names in install.entries.items() for name in names]
    own = (p for p in every if p.suffix == ".pth" and p.name not in _HARMLESS)
    found = [p for p in every if p.name in _CUSTOM]
    found += [p for p in own if _CODE.search(lenient.text(p)) or not lenient.is_text(p)]
    return sorted(found, key=lambda p: f"\n{p.name}," in f"\n{recorded}")


CHECKS = tuple(layer.checks)
