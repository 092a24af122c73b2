"""From the lines that an agent printed to an answer that is proved to be this host's."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from setup_assistant.agent.inside.answer import MARKER, proof
from setup_assistant.agent.inside.verdict import named, verdict
from setup_assistant.fleet.causes import of_agent, of_resources, of_task
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory_rules import printable
from setup_assistant.fleet.outcome import Answer, Outcome
from setup_assistant.fleet.telling import OTHER_FORM, must_be_tellable
from setup_assistant.host import clock, lenient
from setup_assistant.host.secrets import each, redact
from setup_assistant.messages import Message, _, msg
from setup_assistant.terminal_text import harmless
from setup_assistant.times_text import duration

# From here on a certificate may be taken for one of the past or of the future.
_CLOCK_SECONDS = 3600.0
# From here on a login makes each of a dozen commands slow.
_LOGIN_SECONDS = 3
# More bytes than anything has.
_MOST = 1 << 60


def outcome_of(event: Event, nonce: str) -> Outcome | Fault:
    """Return what a host's job came to, or what is wrong with its answer."""
    said = _marked(event.out)
    if said is None:
        return of_task(event)
    value = _proved(said, nonce)
    if value is None:
        return fault("answer_foreign", host=event.host)
    try:
        return _read(event.host, said, value)
    except OTHER_FORM as error:
        detail = f"an answer of another form: {type(error).__name__}: {error}"
        return of_agent(event.host, "", printable(detail))


def _read(host: str, said: Mapping[str, Any], value: Mapping[str, Any]) -> Outcome | Fault:
    found = _of_state(host, value)
    if isinstance(found, Fault):
        return found
    answers, seconds = found
    machine, hostname = (printable(str(said.get(k, ""))) for k in ("machine", "host"))
    outcome = _judge(host, answers, seconds, machine, hostname)
    home = printable(str(said.get("home") or ""))
    outcome = replace(outcome, home=home, notes=_clock_note(said.get("clock")))
    must_be_tellable(outcome)
    return outcome


def doing_of(event: Event, nonce: str) -> Message | None:
    """Return what a host's job says that it is doing, if it says so and it is this host's."""
    doing = noted(event, nonce)
    if not doing.get("title"):
        return None
    title = printable(str(doing["title"]))
    done, total = doing.get("done"), doing.get("total")
    if isinstance(done, (int, float)) and isinstance(total, (int, float)) and 0 < total < _MOST:
        percent = round(100 * max(0, min(done, total)) / total)
        return msg("{title} {percent} %", title=title, percent=percent)
    return msg("{title}", title=title)


def slow_login(event: Event) -> tuple[Message, ...]:
    """Say where a host's login takes its time before each command, as its first look tells."""
    said = re.search(r"^login=(\d{1,4})\r?$", event.out, re.MULTILINE)
    if said is None or int(said[1]) < _LOGIN_SECONDS:
        return ()
    return (
        msg("Its login takes {seconds} s before each command, which makes all slow here: look at "
            "~/.bashrc, ~/.profile, ~/.ssh/rc and a home folder on the network.",
            seconds=int(said[1])),
    )  # fmt: skip


def noted(event: Event, nonce: str) -> dict[str, Any]:
    """Return what a host's job wrote down of itself; nothing where it is not this host's."""
    said = _marked(event.out)
    value = _proved(said, nonce) if said else None
    doing = value.get("doing") if value else None
    return doing if isinstance(doing, dict) else {}


def _proved(said: Mapping[str, Any], nonce: str) -> dict[str, Any] | None:
    """Return an answer's body where it belongs to the question and to the machine."""
    body, machine = said.get("body"), printable(str(said.get("machine", "")))
    right = isinstance(body, str) and said.get("proof") == proof(nonce, machine, body)
    if not right or said.get("nonce") != nonce:
        return None
    return lenient.parsed(str(body)) or None


def _clock_note(there: object) -> tuple[Message, ...]:
    """Say where a host's clock is off: certificates would not count there."""
    if not isinstance(there, (int, float)):
        return ()
    off = abs(there - clock.unix())
    if off < _CLOCK_SECONDS:
        return ()
    days = round(off / 86400)
    time = _("{count} days", count=days) if days > 1 else duration(off)
    return (
        msg("Its clock is {time} off: certificates may not count there. Set it first.", time=time),
    )


def _marked(out: str) -> dict[str, Any] | None:
    """Return the marked line's value; what a login prints around it does not matter."""
    for line in reversed(out.splitlines()):
        start = line.find(MARKER)
        if start >= 0:
            return lenient.parsed(line[start + len(MARKER) :]) or None
    return None


def _of_state(host: str, value: Mapping[str, Any]) -> tuple[tuple[Answer, ...], float] | Fault:
    state, detail = value.get("state"), str(value.get("detail", ""))
    if state == "stopped":
        return fault("job_stopped", host=host)
    if state == "restarted":
        return fault("host_restarted", host=host)
    if state == "running":
        return fault("timed_out", host=host, seconds=round(float(value.get("seconds", 0))))
    if spent := of_resources(host, f"Errno {value.get('errno')}: {detail}"):
        return spent
    # Without its folder, somebody deleted that under it.
    if state == "broken" and value.get("errno") != errno.ENOENT:
        return fault("home_not_writable", host=host, detail=detail)
    result = value.get("result")
    return fault("job_died", host=host) if result is None else _answers(host, result)


def _answers(host: str, result: Mapping[str, Any]) -> tuple[tuple[Answer, ...], float] | Fault:
    answers = []
    for entry in result.get("answers", ()):
        envelope = _envelope(entry.get("out", ""))
        if envelope is None and int(entry.get("code") or 0) < 0:
            return fault("job_died", host=host)
        if envelope is None:
            said = str(entry.get("err") or "")
            return of_agent(host, said, said or f"exit status {entry.get('code')}, no envelope")
        name = named(entry.get("argv") or [])
        answers.append(Answer(command=name, code=int(entry["code"]), envelope=envelope))
    return tuple(answers), float(result.get("seconds", 0.0))


def _envelope(out: str) -> dict[str, Any] | None:
    try:
        value = each(json.loads(out), lambda text: redact(harmless(text)))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "exit_code" in value else None


def _judge(
    host: str, answers: tuple[Answer, ...], seconds: float, machine: str, hostname: str
) -> Outcome:
    found = verdict((a.command, a.code, a.envelope) for a in answers)
    fine = found["status"] == "ok"
    if found["code"] == "not_installed":
        named_so = fault("not_installed", host=host)
        found |= {"reason": str(named_so.reason), "remedy": str(named_so.remedy)}
    return Outcome(
        host=host,
        status=found["status"],
        code=found["code"],
        reason=None if fine else msg("{detail}", detail=found["reason"]),
        remedy=None if fine else msg("{remedy}", remedy=found["remedy"]),
        seconds=seconds,
        machine=machine,
        hostname=hostname,
        answers=answers,
    )
