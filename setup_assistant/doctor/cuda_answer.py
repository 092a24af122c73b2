"""What the driver's own CUDA library answers, asked in a child.

The management library may see every card while CUDA cannot use one: only this tells.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.host import lenient
from setup_assistant.messages import msg

_CHILD = Path(__file__).with_name("cuda_child.py")
# Seconds, below the limit of a check. A first cuInit wakes cards up, which takes several.
_DEADLINE = 12.0


@dataclass(frozen=True, kw_only=True)
class Cuda:
    """What the CUDA library answered.

    `code` is the result of cuInit (or of counting devices), None where it never answered;
    `version` the CUDA version it supports, e.g. "12.2"; `died` the signal or "timeout" that
    ended the question.
    """

    path: str = ""
    version: str | None = None
    code: int | None = None
    count: int = 0
    text: str = ""
    died: str = ""


def ask(variables: Mapping[str, str]) -> Cuda | None:
    """Ask the CUDA library in a child; None where there is none."""
    from setup_assistant.host import run

    # Hidden cards have a finding of their own.
    env = {k: v for k, v in variables.items() if k != "CUDA_VISIBLE_DEVICES"}
    done = run.run([sys.executable, "-I", "-S", _CHILD], deadline=_DEADLINE, env=env)
    said: dict[str, Any] = {}
    for line in done.out.splitlines():
        said |= lenient.parsed(line)
    if "path" not in said:
        return None
    number = said.get("version")
    died = str(msg("no answer in time")) if done.timed_out else ""
    if done.code < 0 and not done.timed_out:
        died = str(msg("signal {number}", number=-done.code))
    return Cuda(
        path=str(said["path"]),
        version=f"{number // 1000}.{number % 1000 // 10}" if number else None,
        code=said.get("code"),
        count=said.get("count", 0),
        text=said.get("text", ""),
        died="" if "code" in said else died or str(msg("no answer")),
    )
