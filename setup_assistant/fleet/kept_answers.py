"""A folder of answers that the role of a playbook kept, read back as what became of each host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.fleet import causes
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory_rules import printable
from setup_assistant.fleet.outcome import Answer, Outcome
from setup_assistant.fleet.telling import OTHER_FORM, must_be_tellable
from setup_assistant.host import files
from setup_assistant.host.secrets import each, redact
from setup_assistant.messages import _, msg
from setup_assistant.terminal_text import harmless

_STATUSES = ("ok", "failed", "unfinished")
_SAID = ("out", "err", "msg")


def read_answers(folder: Path, expected: Iterable[str] = ()) -> tuple[Outcome, ...]:
    """Return what became of each host, by the files that the role wrote.

    Nobody proves that a file is that host's own: whoever can write the folder can write answers.

    Args:
        folder: one JSON file for each host.
        expected: hosts that should be there; those without an answer were not reached.

    Raises:
        SetupError: `file_missing`, or `file_invalid` for a file that is no answer.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise SetupError("file_missing", path=str(folder / "*.json"), flag="--answers")
    found = {o.host: o for o in map(_outcome, paths)}
    for name in expected:
        if name not in found:
            reason = msg("No answer of {host} is in the folder.", host=name)
            remedy = msg("Run the playbook again for it: --limit {host}", host=name)
            found[name] = Outcome(host=name, status="unreachable", code="no_answer",
                                  reason=reason, remedy=remedy)  # fmt: skip
    return tuple(found.values())


def _outcome(path: Path) -> Outcome:
    value = each(files.read_json(path, "--answers"), lambda text: redact(harmless(text)))
    try:
        outcome = _read(value)
        must_be_tellable(outcome)
    except OTHER_FORM as error:
        detail = _("this is no answer of a host")
        raise SetupError("file_invalid", path=str(path), detail=detail) from error
    return outcome


def _read(value: Any) -> Outcome:  # noqa: ANN401 - any JSON value
    if not value["name"] or value["status"] not in _STATUSES:
        raise ValueError(value)
    name = printable(str(value["name"]))
    answers = tuple(
        Answer(command=str(c), code=int(e.get("exit_code") or 0), envelope=e)
        for c, e in value["results"].items()
    )  # fmt: skip
    named = _fault(name, value)
    code, reason, remedy = (str(value.get(k) or "") for k in ("code", "reason", "remedy"))
    seconds = value.get("seconds")
    return Outcome(
        host=name,
        status=value["status"],
        code=named.code if named else code,
        reason=named.reason if named else (msg("{detail}", detail=reason) if reason else None),
        remedy=named.remedy if named else (msg("{remedy}", remedy=remedy) if remedy else None),
        seconds=seconds if isinstance(seconds, (int, float)) else None,
        machine=printable(str(value.get("machine") or "")),
        hostname=printable(str(value.get("hostname") or "")),
        groups=tuple(str(g) for g in value.get("groups") or ()),
        answers=answers,
    )


def _fault(name: str, value: Mapping[str, Any]) -> Fault | None:
    """Return the fault by its name where the job never answered."""
    code = str(value.get("code") or "")
    if code in {"job_died", "job_stopped", "job_restarted"}:
        return fault("host_restarted" if code == "job_restarted" else code, host=name)
    said = value.get("said")
    if not isinstance(said, dict):
        return None
    rc = str(said.get("rc"))
    event = Event(event="failed", host=name, task=str(said.get("task")),
                  rc=int(rc) if rc.isdecimal() and len(rc) < 5 else None,
                  **{k: str(said.get(k) or "") for k in _SAID})  # fmt: skip
    return causes.of_look(event) if event.task == "Look" else causes.of_task(event)
