"""The report of a room as one HTML page: groups first, then the exceptions, then every host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from setup_assistant.fleet.groups import machine_in, plan_in
from setup_assistant.messages import Message, msg
from setup_assistant.report.html import page
from setup_assistant.report.markup import Html, Part, el, table
from setup_assistant.times_text import took
from setup_assistant.units_text import memory_text

_STATUS = {
    "ok": (msg("ok"), "good"),
    "failed": (msg("failed"), "bad"),
    "unreachable": (msg("unreachable"), "bad"),
    "refused": (msg("refused"), "bad"),
    "unfinished": (msg("unfinished"), "idle"),
}


def render_page(data: Mapping[str, Any]) -> str:
    """Return the page; `data` is the envelope's data of a fleet's verb."""
    total, left = len(data["hosts"]), len(data["failed"])
    title = msg("{done} of {total} hosts are done", done=total - left, total=total)
    head = el(
        "h1",
        el("span", "!" if left else "✓", class_=f"seal {'bad' if left else 'good'}"), " ", title,
    )  # fmt: skip
    when = str(data["when"]).replace("T", " ").replace("Z", " UTC")
    line = el("p", f"fleet {data['verb']} · {when} · ", took(data["seconds"]), class_="muted")
    sections = [
        _section("groups", msg("What the machines can run"), _groups(data)),
        _section("exceptions", msg("Exceptions"), _exceptions(data)),
        _section("hosts", msg("Hosts"), _hosts(data)),
    ]
    return page("Setup Assistant · fleet", (head, line), sections)


def row_of(host: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return what is told of a host, by column."""
    results = host["results"]
    plan = plan_in(results)
    good, asked = passed(results)
    driver, cards = machine_in(results) or ("", [])
    member = next((i for i, g in enumerate(groups, 1) if host["name"] in g["hosts"]), "")
    return {
        "host": host["name"],
        "status": host["status"],
        "code": host["code"],
        "group": member,
        "model": plan["model"]["id"] if plan else "",
        "torch": f"{plan['torch']['version']} {plan['torch']['build']}" if plan else "",
        "driver": driver,
        "gpus": "; ".join(cards_of(cards)),
        "checks": f"{good}/{asked}" if asked else "",
        "seconds": host["seconds"] if host["seconds"] is not None else "",
        "reason": host["reason"],
        "remedy": host["remedy"],
    }


def cards_of(cards: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the cards, those that are alike once: `2 x NAME (SIZE)`."""
    names = [f"{g['name']} ({memory_text(g.get('memory_total_bytes'))})" for g in cards]
    return [f"{n} x {name}" if n > 1 else name for name, n in Counter(names).items()]


def passed(results: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many checks passed on a host, of how many that were not skipped."""
    for command in ("up", "verify", "report"):
        if found := (results.get(command, {}).get("data") or {}).get("checks"):
            asked = [c for c in found if c["status"] != "skipped"]
            return sum(c["status"] == "ok" for c in asked), len(asked)
    return 0, 0


def _section(name: str, title: Message, content: Html) -> Html:
    return el("section", el("h2", title), content, id=name)


def _groups(data: Mapping[str, Any]) -> Html:
    if not data["groups"]:
        return el("p", msg("No plans were asked for in this run."))
    columns = (msg("Group"), msg("Hosts"), msg("Model"), "torch", "transformers", "Python",
               msg("Driver"))  # fmt: skip
    rows: list[tuple[Part, ...]] = []
    for number, found in enumerate(data["groups"], 1):
        plan = found["plan"]
        torch, model = plan["torch"], plan["model"]
        known = {torch["build"], "cpu"}
        how = "" if torch["compatibility"] in known else f" ({torch['compatibility']})"
        rows.append((
            str(number), ", ".join(found["hosts"]), f"{model['id']} · {model['dtype']}",
            f"{torch['version']} {torch['build']}{how}", plan["transformers"]["version"],
            plan["python"], f"≥ {least}" if (least := found["least_driver"]) else "",
        ))  # fmt: skip
    return table(rows, columns)


def _exceptions(data: Mapping[str, Any]) -> Html:
    cards = [
        el("article", el("p", el("b", h["name"], ": "), h["reason"]),
           el("p", el("b", msg("What to do")), ": ", h["remedy"]) if h["remedy"] else None,
           class_="finding bad")
        for h in data["hosts"] if h["status"] != "ok"
    ]  # fmt: skip
    alone = [g["hosts"][0] for g in data["groups"] if len(g["hosts"]) == 1]
    if alone and len(data["groups"]) > 1:
        cards.append(
            el("article", el("p", msg("Alone in their group: {hosts}", hosts=", ".join(alone))),
               class_="finding idle")
        )  # fmt: skip
    notes = [
        el("li", el("code", h["name"]), " ", " ".join(h["notes"]))
        for h in data["hosts"]
        if h["notes"]
    ]
    return el("div", *cards, el("ul", *notes)) if cards or notes else el("p", msg("None."))


def _hosts(data: Mapping[str, Any]) -> Html:
    columns = (msg("Host"), msg("Status"), msg("Group"), msg("GPU"), msg("Driver"), msg("Model"),
               msg("Checks"), msg("Time"))  # fmt: skip
    rows = []
    for host in data["hosts"]:
        row = row_of(host, data["groups"])
        word, look = _STATUS[host["status"]]
        rows.append((
            host["name"], el("span", word, class_=look), str(row["group"]), str(row["gpus"]),
            str(row["driver"]), f"{row['model']} {row['torch']}".strip(), str(row["checks"]),
            took(host["seconds"]),
        ))  # fmt: skip
    return table(rows, columns)
