"""Imports what a script would, where it would, and prints one JSON line about it.

Started as `python -c TEXT REQUEST` in the target environment, with the person's variables and
folder or without; standard library only. REQUEST: `modules` to import, and `first`, the folder
that a script lies in. Without its `site` module (-S), `folders` are those of the packages, and
`hooks` the files that `site` would have run.
"""

# ruff: noqa: PTH100, PTH120 - paths as the interpreter says them

from __future__ import annotations

import json
import os
import site
import sys
import traceback


def main() -> None:
    """Import, and say what came from where."""
    # Taken now: what is imported may close or replace the streams.
    out = os.dup(1)
    request = json.loads(sys.argv[1])
    if request.get("first") and sys.path[:1] == [""]:
        sys.path[0] = request["first"]
    sys.path += request.get("folders", [])
    for hook in request.get("hooks", []):
        run_hook(hook)
    said: dict[str, object] = {"failed": None, "error": "", "frames": []}
    for name in request["modules"]:
        try:
            __import__(name)
        except BaseException as error:  # noqa: BLE001 - whatever it does, it is told
            said.update(failed=name, error=f"{type(error).__name__}: {error}", frames=frames(error))
            break
    said["loaded"] = {
        name: os.path.abspath(str(module.__file__))
        for name, module in list(sys.modules.items())
        if "." not in name and getattr(module, "__file__", None)
    }
    said["path"] = [os.path.abspath(entry) for entry in sys.path]
    said["library"] = os.path.dirname(os.path.abspath(os.__file__))
    os.write(out, ("\n" + json.dumps(said) + "\n").encode("ascii"))
    os._exit(0)


def run_hook(path: str) -> None:
    """Do what Python's start does with a file."""
    folder, name = os.path.split(path)
    if name.endswith(".pth"):
        site.addpackage(folder, name, None)
    else:
        __import__(name.removesuffix(".py"))


def frames(error: BaseException) -> list[str]:
    """Return the files of an exception and of those behind it, the innermost last."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 8:
        chain.append(link)
        link = link.__cause__ or link.__context__
    found = [f.filename for e in chain for f in traceback.extract_tb(e.__traceback__)]
    # What cannot be parsed never runs: it has no frame of its own.
    return found + [e.filename for e in chain if isinstance(e, SyntaxError) and e.filename]


if __name__ == "__main__":
    main()
