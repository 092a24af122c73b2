"""How this tool is called, so that the command works in any folder and in a new shell."""

from __future__ import annotations

import functools
import html
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from setup_assistant import _bootstrap_state as state

NAME = "setup-assistant"
_CALLED = (NAME, "qwen-vl-setup")
_NAME = re.compile(r"(?<![\w/.-])setup-assistant (?=[a-z-])")


@functools.cache
def program() -> str:
    """Return the command that runs this very installation.

    Its name where PATH leads to it; else the path of its console script, or of the one file that
    it came in. `python -m` works only where the package can be imported, and is the last resort.
    """
    script = _script()
    return NAME if script and _leads_to(script) else " ".join(_quoted(word) for word in words())


def words() -> list[str]:
    """Return the same as an absolute command line, for programs that have no PATH to look in."""
    if sys.argv[0].endswith(".pyz"):
        return [sys.executable, str(Path(sys.argv[0]).absolute())]
    script = _script()
    return [str(script)] if script else [sys.executable, "-m", "setup_assistant"]


def spell(text: str) -> str:
    """Return `text` with the commands in it as they can be pasted here."""
    return _NAME.sub(lambda _found: f"{program()} ", text)


def spell_html(text: str) -> str:
    """Return a page with the commands in it as they can be pasted here."""
    return _NAME.sub(lambda _found: f"{html.escape(program())} ", text)


def _script() -> Path | None:
    """Return the console script of this installation."""
    called = Path(sys.argv[0]).absolute()
    if called.stem in _CALLED and called.is_file():
        return called
    name = f"{NAME}.exe" if os.name == "nt" else NAME
    folders = [Path(sys.executable).parent]
    if state.in_checkout():
        folders.append(state.python().parent)
    found = (path for folder in folders for path in (folder / name, folder / f"{NAME}.cmd"))
    return next((path for path in found if path.is_file()), None)


def _leads_to(script: Path) -> bool:
    """Whether the name alone starts this script, also where no environment is activated."""
    active = [os.environ[v] for v in ("VIRTUAL_ENV", "CONDA_PREFIX") if os.environ.get(v)]
    folders = [
        folder
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if Path(folder).is_absolute() and not any(Path(folder).is_relative_to(a) for a in active)
    ]
    found = shutil.which(NAME, path=os.pathsep.join(folders))
    return found is not None and os.path.samefile(found, script)  # noqa: PTH121


def _quoted(path: str) -> str:
    """Return a path as one word of the usual shell."""
    if os.name == "nt":
        return f'"{path}"' if " " in path else path
    return shlex.quote(path)
