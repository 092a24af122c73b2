"""Runs a person's script under a watch and writes what became of it, as JSON.

Started as `python [FLAGS] watch_child.py OUT SCRIPT [ARGUMENTS]`; standard library only. The script
sees itself as the main program: its name, arguments, folder and module are as without a watch.
"""

# ruff: noqa: PTH100, PTH120, PTH123 - paths as the interpreter says them

from __future__ import annotations

import json
import os
import sys
import traceback
from types import ModuleType, TracebackType

# Python takes `__file__` away from the main module before it shows the last traceback.
_OWN = __file__
_MARKS = ("config.json", "tokenizer.json", "model.safetensors.index.json")
_folders: dict[str, None] = {}
# The module of this file, which nobody else holds.
_held: list[ModuleType] = []
_said: dict[str, object] = {"chain": []}


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Remember the folders of models that are opened."""
    if event == "open" and arguments and isinstance(arguments[0], str):
        folder, name = os.path.split(arguments[0])
        if name in _MARKS or name.endswith(".safetensors"):
            _folders.setdefault(os.path.abspath(folder))


def chain_of(error: BaseException) -> list[dict[str, object]]:
    """Return an exception and those behind it, the one that ended the program first."""
    found: list[dict[str, object]] = []
    link: BaseException | None = error
    while link is not None and len(found) < 8:
        frames = traceback.extract_tb(link.__traceback__)
        found.append({
            "type": type(link).__name__,
            "text": str(link)[:2000],
            "frames": [[os.path.abspath(f.filename), f.lineno, f.name] for f in frames
                       if os.path.abspath(f.filename) != os.path.abspath(_OWN)],
        })  # fmt: skip
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return found


def told(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
    """Show the traceback without the frames of the watch."""
    while place is not None and place.tb_frame.f_code.co_filename == _OWN:
        place = place.tb_next
    sys.__excepthook__(kind, error.with_traceback(place), place)


def main() -> None:
    """Run the script."""
    out, script = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.abspath(script))
    sys.addaudithook(watch)
    sys.excepthook = told
    # A module of its own: what a script defines, or what it starts anew, finds no watch.
    module = ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=__builtins__)
    _held.append(sys.modules["__main__"])
    sys.modules["__main__"] = module
    try:
        with open(script, "rb") as stream:
            code = compile(stream.read(), script, "exec")
        exec(code, module.__dict__)  # noqa: S102 - the person's own program
    except SystemExit:
        raise
    except BaseException as error:
        _said["chain"] = chain_of(error)
        raise
    finally:
        write(out)


def write(out: str) -> None:
    """Write what is known."""
    modules = {
        name: os.path.abspath(str(module.__file__))
        for name, module in list(sys.modules.items())
        if "." not in name and getattr(module, "__file__", None) and name != "__main__"
    }
    with open(out, "w", encoding="utf-8") as stream:
        json.dump({**_said, "modules": modules, "folders": list(_folders)}, stream)


if __name__ == "__main__":
    main()
