"""What can be told of a failure of the agent that no row of the fleet names."""

from __future__ import annotations

from setup_assistant.fleet.faults import Fault, fault_of
from setup_assistant.messages import Value

_FOLDER = "~/.cache/setup-assistant/fleet"
_LOG = f"{_FOLDER}/jobs"
_BY_HAND = f'python3 -I "$(ls -t {_FOLDER}/agent-*.pyz | head -n 1)" probe'


def unnamed(host: str, text: str, detail: str, *, step: str = "", rc: int | None = None) -> Fault:
    """Return the fault with its last words, and with what the doctor makes of the text.

    Args:
        host: its name.
        text: all that was said.
        detail: the last words of it.
        step: the first word of the task; empty: its job.
        rc: exit status; None: it has none.
    """
    said: dict[str, Value] = {"host": host, "detail": detail, "log": _LOG, "command": _BY_HAND}
    if step and rc is not None:
        said |= {"step": step, "rc": rc}
    return fault_of("agent_failed", said | _read(text))


def _read(text: str) -> dict[str, Value]:
    """Return the cause that a text tells the doctor of, and what mends that."""
    # Late: it reads the whole catalogue.
    from setup_assistant.doctor.explain import explain

    found = next((f for f in explain(text) if f.status == "fail" and f.cause and f.fix), None)
    if found is None or found.cause is None or found.fix is None:
        return {}
    mend = "; ".join((str(found.fix.advice), *found.fix.commands))
    return {"known": str(found.cause), "mend": mend}
