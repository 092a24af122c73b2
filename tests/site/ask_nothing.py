"""Run inside an environment: a site's scripts on many inputs, without the model's own work.

    PYTHON ask_nothing.py < requests.json

A request is [script, arguments]. Reader, decoder and processor are the real ones; in the place of
the model stands one that notes what it would have been given. One JSON line answers each request.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import transformers


class Stopped(Exception):  # noqa: N818 - no error: the script came as far as it should
    """The prompt is made; `shape` says what it is."""

    def __init__(self, shape: dict[str, Any]) -> None:
        super().__init__()
        self.shape = shape


class Listener:
    """Takes the place of a model."""

    device = "cpu"

    @classmethod
    def from_pretrained(cls, *_args: object, **_kwargs: object) -> Listener:
        return cls()

    def generate(self, **inputs: Any) -> None:
        names = ("image_grid_thw", "video_grid_thw")
        grids = [g for n in names if n in inputs for g in inputs[n].tolist()]
        raise Stopped({"tokens": inputs["input_ids"].shape[1], "grids": grids})


def outcome(script: str, arguments: list[str]) -> dict[str, Any]:
    sys.argv = [script, *arguments]
    # As Python itself does for a script: what it imports lies beside it, other than the last's.
    sys.path[0] = str(Path(script).parent)
    sys.modules.pop("files", None)
    source = Path(script).read_text(encoding="utf-8")
    try:
        exec(compile(source, script, "exec"), {"__name__": "__main__"})
    except Stopped as stopped:
        return stopped.shape
    except SystemExit as refused:
        return {"refused": str(refused.code)}
    except (ValueError, AssertionError) as error:
        return {"refused": str(error)}
    raise AssertionError("the script asked nothing")


def main() -> None:
    # The model's own class, wherever it is imported from.
    transformers.PreTrainedModel.from_pretrained = Listener.from_pretrained
    transformers.logging.set_verbosity_error()
    for script, arguments in json.loads(sys.stdin.read()):
        sys.stdout.write(json.dumps(outcome(script, arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
