"""The report of a room as one HTML page: groups first, then the exceptions, then every host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from setup_assistant.report.html import page
from setup_assistant.report.markup import Html, Part, el, table
from setup_assistant.sizes import duration, memory_text
from setup_assistant.words import Message, msg

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
    line = el("p", f"fleet {data['verb']} · {when} · {duration(data['seconds'])}", class_="muted")
    sections = [
        _section("groups", msg("What the machines can run"), _groups(data)),
        _section("exceptions", msg("Exceptions"), _exceptions(data)),
        _section("hosts", msg("Hosts"), _hosts(data)),
    ]
    return page("Setup Assistant · fleet", (head, line), sections)


def row_of(host: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return what is told of a host, by column."""
    results = host["results"]
    probe = results.get("probe", {}).get("data") or {}
    plan: Mapping[str, Any] = next((results[c]["data"] for c in ("plan", "up")
                 if "torch" in (results.get(c, {}).get("data") or {})), {})  # fmt: skip
    member = next((i for i, g in enumerate(groups, 1) if host["name"] in g["hosts"]), "")
    return {
        "host": host["name"],
        "status": host["status"],
        "code": host["code"],
        "group": member,
        "model": plan["model"]["id"] if plan else "",
        "torch": f"{plan['torch']['version']} {plan['torch']['build']}" if plan else "",
        "driver": (probe.get("driver") or {}).get("version") or "",
        "gpus": "; ".join(
            f"{g['name']} ({memory_text(g.get('memory_total_bytes'))})"
            for g in probe.get("gpus", ())
        ),
        "checks": _checks(results),
        "seconds": host["seconds"] if host["seconds"] is not None else "",
        "reason": host["reason"],
        "remedy": host["remedy"],
    }


def _checks(results: Mapping[str, Any]) -> str:
    for command in ("up", "verify", "report"):
        found = (results.get(command, {}).get("data") or {}).get("checks")
        if found:
            return f"{sum(c['status'] == 'ok' for c in found)}/{len(found)}"
    return ""


def _section(name: str, title: Message, content: Html) -> Html:
    return el("section", el("h2", title), content, id=name)


def _groups(data: Mapping[str, Any]) -> Html:
    cards = []
    for number, found in enumerate(data["groups"], 1):
        plan = found["plan"]
        rows: list[tuple[Part, ...]] = [
            (msg("Hosts"), ", ".join(found["hosts"])),
            (msg("Model"), f"{plan['model']['id']} · {plan['model']['dtype']}"),
            ("torch", " · ".join(plan["torch"][k] for k in ("version", "build", "compatibility"))),
            ("transformers", plan["transformers"]["version"]),
            ("Python", plan["python"]),
        ]  # fmt: skip
        title = msg("Group {number}: {count} hosts", number=number, count=len(found["hosts"]))
        cards.append(el("div", el("h3", title), table(rows)))
    return el("div", *cards) if cards else el("p", msg("No plans were asked for in this run."))


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
    notes = [el("li", el("code", h["name"]), " ", *h["notes"]) for h in data["hosts"] if h["notes"]]
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
            duration(host["seconds"]),
        ))  # fmt: skip
    return table(rows, columns)
