"""An Ansible callback: one JSON line per answer of a host. Runs inside ansible-playbook."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: setup_assistant
    type: stdout
    short_description: one JSON line per answer of a host
    description: For Setup Assistant, which draws the table itself.
"""
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
# As the role looks for it.
_RUNNING = '"state": "running"'


def _die_with_parent() -> None:
    """Ansible's workers leave its process group; killed with it they must be all the same."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


os.register_at_fork(after_in_child=_die_with_parent)


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Prints events; everything else of Ansible's output is left out."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "setup_assistant"

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ANN401 - Ansible's own types
        """A task ended well; the job that it started may still run."""
        _tell("running" if _RUNNING in str(_said(result).get("stdout")) else "ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ANN401, ARG002
        """A task failed."""
        _tell("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:  # noqa: ANN401
        """The connection failed."""
        _tell("unreachable", result)

    def v2_runner_retry(self, result: Any) -> None:  # noqa: ANN401
        """The job still runs."""
        _tell("running", result)


def _said(result: Any) -> Any:  # noqa: ANN401
    return getattr(result, "_result", None) or getattr(result, "result", None) or {}


def _tell(event: str, result: Any) -> None:  # noqa: ANN401
    said = _said(result)
    host = getattr(result, "_host", None) or result.host
    task = getattr(result, "_task", None) or result.task
    line = {
        "event": event,
        "host": host.get_name(),
        "task": str(task.name or "").partition(" ")[0],
        "out": said.get("stdout") or "",
        "err": said.get("stderr") or said.get("module_stderr") or "",
        "msg": str(said.get("msg") or ""),
        "rc": said.get("rc"),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
