"""How a fleet is shown: the live table, the table at the end, groups, the report's file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setup_assistant.choose.wishes import OF_A_ROOM
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.live_table import LiveTable
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import clock, files
from setup_assistant.host.secrets import redact_json
from setup_assistant.messages import Message, _, msg
from setup_assistant.times_text import duration

if TYPE_CHECKING:
    from setup_assistant.fleet.outcome import Outcome
    from setup_assistant.fleet.play_loop import Tell
    from setup_assistant.fleet.run import Ended

_WORDS = {
    "ok": msg("ok"),
    "failed": msg("failed"),
    "unreachable": msg("unreachable"),
    "refused": msg("refused"),
    "unfinished": msg("unfinished"),
}
# What changes with every look at a step.
_FIGURES = re.compile(r"\s*\d+ %$")
_FORMS = (".html", ".csv", ".json")


@contextmanager
def watching(names: Sequence[str]) -> Iterator[Tell]:
    """Show hosts as they come and go; yields what is to be told of each change."""
    started = clock.monotonic()
    states: dict[str, tuple[str, str, str]] = dict.fromkeys(names, ("·", "", ""))
    table = LiveTable((_("Host"), "", _("Time"), ""))

    def tell(name: str, outcome: Outcome | None, doing: Message | None = None) -> None:
        spent = duration(clock.monotonic() - started)
        if outcome is None:
            now = (_("at work"), spent, str(doing or ""))
            # Where no table is drawn: a line for each new step, not for each per cent.
            changed = _step(name, str(doing or ""), states[name][2])
            states[name] = now
        else:
            said = str(outcome.reason or "")
            states[name] = (str(_WORDS[outcome.status]), spent, said)
            changed = f"{show.mark(outcome.ok)} {name}  {_WORDS[outcome.status]}  {spent}  {said}"
        # Those at work and those that need a hand are what one wants to see of many.
        order = sorted(states.items(), key=lambda s: (s[1][0] == str(_WORDS["ok"]), s[0]))
        table.update([(n, *s) for n, s in order[:30]], changed.rstrip())

    try:
        table.update([(n, *s) for n, s in list(states.items())[:30]], "")
        yield tell
    finally:
        table.end()


def _step(name: str, doing: str, before: str) -> str:
    if not doing or _FIGURES.sub("", doing) == _FIGURES.sub("", before):
        return ""
    return f"{show.ellipsis()} {name}  {_FIGURES.sub('', doing)}"


def must_be_known(path: Path) -> None:
    """Refuse a report whose form cannot be told from its name, before anything is done."""
    if path.suffix.lower() not in _FORMS:
        detail = _("--report FILE ends in .html, .csv or .json; {path} does not.", path=str(path))
        raise SetupError("usage", detail=detail, verb="fleet")


def result(
    verb: str,
    inventory: str,
    ended: Ended,
    report: Path | None,
    rerun: str,
    *,
    wishes: Mapping[str, Any] | None = None,
) -> Result:
    """Return the result of a run, its report written where one was asked for.

    `rerun` is the command for the hosts that are left; `wishes` is what was asked of all of them,
    which `bundle create` takes up.
    """
    from setup_assistant.fleet.groups import group

    groups = group(ended.outcomes)
    data: dict[str, Any] = {
        "verb": verb,
        "inventory": inventory,
        "wishes": {k: (wishes or {})[k] for k in OF_A_ROOM if (wishes or {}).get(k) is not None},
        "when": clock.now(),
        "hosts": [o.to_json() for o in ended.outcomes],
        "groups": [g.to_json() for g in groups],
        "failed": [o.host for o in ended.failed],
        "changed": [o.host for o in ended.outcomes if o.changed],
        "rerun": rerun if ended.failed else "",
        "seconds": ended.seconds,
    }
    if report is not None:
        write_report(report, data)
    code, problems = _exit(ended, rerun)
    return Result(f"fleet {verb}", data, code, problems, text=lambda: _show(data, report))


def nothing_done(verb: str, inventory: str, why: str) -> Result:
    """Return the result of a run that had nothing to do, or was not agreed to: no failure."""
    data = {"verb": verb, "inventory": inventory, "when": clock.now(), "hosts": [], "groups": [],
            "failed": [], "changed": [], "rerun": "", "seconds": 0.0}  # fmt: skip
    return Result(f"fleet {verb}", data, text=lambda: show.line(why))


def _exit(ended: Ended, rerun: str) -> tuple[Exit, tuple[Problem, ...]]:
    left, total = ended.failed, len(ended.outcomes)
    if not left:
        return Exit.DONE, ()
    if len(left) == total:
        error = SetupError("fleet_failed", total=total, command=rerun)
    else:
        hosts = ", ".join(o.host for o in left[:10]) + (" …" if len(left) > 10 else "")
        error = SetupError(
            "fleet_unfinished", failed=len(left), total=total, hosts=hosts, command=rerun
        )
    return error.exit, (Problem.of(error),)


def _show(data: dict[str, Any], report: Path | None) -> None:
    rows = [
        (h["name"], str(_WORDS[h["status"]]), duration(h["seconds"]), _gist(h))
        for h in data["hosts"]
    ]
    show.table(rows, (_("Host"), _("Status"), _("Time"), ""))
    for names, reason, remedy in _alike(data["hosts"]):
        also = _(" (likewise: {hosts})", hosts=", ".join(names[1:])) if names[1:] else ""
        show.line()
        show.verbatim(show.remedied(f"{_named(names[0], reason)}{also}", remedy))
    for number, found in enumerate(data["groups"], 1):
        show.line(_("Group {number}: {hosts}", number=number, hosts=", ".join(found["hosts"])))
        show.line(f"  {found['key']}")
        if found["least_driver"]:
            show.line("  " + _("driver {version} or newer", version=found["least_driver"]))
        if not found["bundled"]:
            kind = found["plan"]["model"]["quantization"]
            show.line("  ! " + _("No bundle can carry this plan: what runs {kind} models is "
                                 "compiled on each machine.", kind=kind))  # fmt: skip
    done = len(data["hosts"]) - len(data["failed"])
    show.line(
        _("{done} of {total} hosts done, {changed} changed, in {time}.", done=done,
          total=len(data["hosts"]), changed=len(data["changed"]),
          time=duration(data["seconds"]))
    )  # fmt: skip
    if report is not None:
        show.line(_("Report: {path}", path=str(report)))


def _named(name: str, reason: str) -> str:
    return reason if name in reason else f"{name}: {reason}"


def _alike(hosts: Iterable[dict[str, Any]]) -> list[tuple[list[str], str, str]]:
    """Return names, reason and remedy of what is wrong: what is the same is said once.

    Said for one of them, whose name and address stand in it.
    """
    found: dict[tuple[str, str, str], tuple[list[str], str, str]] = {}
    for host in hosts:
        if host["reason"]:
            said = [host[k].replace(host["name"], "\0") for k in ("reason", "remedy")]
            entry = found.setdefault((host["code"], *said), ([], host["reason"], host["remedy"]))
            entry[0].append(host["name"])
    return list(found.values())


def _gist(host: dict[str, Any]) -> str:
    """Return the one line that says most about a host."""
    # What is wrong stands below, once for all, over the whole width.
    said = "" if host["reason"] else gist_of(host["results"])
    return "; ".join(s for s in (said, *host["notes"]) if s)


def gist_of(results: dict[str, Any]) -> str:
    """Return what a host answered, in one line: its cards, its model, its checks."""
    from setup_assistant.fleet.groups import machine_in, plan_in
    from setup_assistant.fleet.html_report import cards_of, passed

    parts = []
    if machine := machine_in(results):
        driver, cards = machine
        parts.append(", ".join(cards_of(cards)) or _("no GPU"))
        parts += [_("driver {version}", version=driver)] if driver else []
    if plan := plan_in(results):
        parts.append(f"{plan['model']['id']} · torch {plan['torch']['version']} "
                     f"{plan['torch']['build']}")  # fmt: skip
    count, total = passed(results)
    if total:
        parts.append(_("{passed} of {total} checks passed", passed=count, total=total))
    if "doctor" in results:
        parts.append(_("nothing is wrong"))
    return ", ".join(parts)


def write_report(path: Path, data: dict[str, Any]) -> None:
    """Write the report of the room in the form that the file's name tells."""
    data = redact_json(data)
    form = path.suffix.lower()
    if form == ".json":
        files.write_json(path, data)
    elif form == ".csv":
        files.write_text(path, _csv(data))
    else:
        from setup_assistant.fleet.html_report import render_page

        files.write_text(path, render_page(data))


_COLUMNS = ("host", "status", "code", "group", "model", "torch", "driver", "gpus", "checks",
            "seconds", "reason", "remedy")  # fmt: skip


def _csv(data: dict[str, Any]) -> str:
    from setup_assistant.fleet.html_report import row_of

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for host in data["hosts"]:
        row = row_of(host, data["groups"])
        writer.writerow([_cell(str(row[c])) for c in _COLUMNS])
    return out.getvalue()


def _cell(text: str) -> str:
    """Keep a spreadsheet from taking what a host said for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text[:1] else text
