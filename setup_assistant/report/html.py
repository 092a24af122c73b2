"""The report as one HTML file: opens offline, prints, light and dark, English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from setup_assistant.messages import Message, msg
from setup_assistant.report import html_parts as parts
from setup_assistant.report.charts import memory_chart, step_chart
from setup_assistant.report.gallery import gallery
from setup_assistant.report.labels import model
from setup_assistant.report.markup import Html, Part, el, join
from setup_assistant.report.receipt import Beside, Receipt
from setup_assistant.report.sections import headline

_TEMPLATES = Path(__file__).parent / "templates"
# Nothing may leave the file: without this line a picture's address in a receipt could.
_POLICY = (
    "default-src 'none'; img-src data:; media-src data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)


def render_html(receipt: Receipt, beside: Beside) -> str:
    """Return the whole report as one HTML document.

    The same receipt gives the same text, whatever language is in use.
    """
    sections = [
        _section("findings", msg("Findings"), parts.findings(receipt, beside)),
        _section("memory", msg("Memory of the model"), memory_chart(receipt),
                 parts.terms_table(beside.plan)),
        _section("steps", msg("Time line of the steps"), step_chart(receipt),
                 parts.speeds(receipt, beside.machine)),
        _section("checks", msg("Checks"), gallery(receipt, beside.pictures)),
        _section("machine", msg("Machine"), parts.machine_table(receipt, beside.machine)),
        _section("plan", msg("Plan"), parts.plan_table(receipt, beside.plan),
                 parts.reasons(beside.plan)),
        _section("versions", msg("Versions and hashes"), parts.packages(receipt),
                 parts.sums_table(beside.sums)),
        _section("reproduce", msg("How to use and to reproduce it"),
                 parts.reproduce(receipt, beside)),
        _section("limits", msg("Known limits of the model (not faults of the installation)"),
                 parts.limits(receipt)),
    ]  # fmt: skip
    body = el("body", parts.top(receipt, headline(receipt)), el("main", *sections), _script())
    head = _head(f"Setup Assistant · {model(receipt).english}")
    return f"<!DOCTYPE html>\n{_html(head, body)}\n"


def page(title: str, top: Iterable[Part], sections: Iterable[Html]) -> str:
    """Return another page with the looks, switches and policy of the report."""
    bar = el("div", el("p", "Setup Assistant", class_="brand"), parts.switches(), class_="bar-top")
    header = el("header", bar, *top, class_="top")
    body = el("body", header, el("main", *sections), _script())
    return f"<!DOCTYPE html>\n{_html(_head(title), body)}\n"


def _html(head: Html, body: Html) -> Html:
    return el("html", head, body, lang="en", data_lang="en", data_theme="auto")


def _head(title: str) -> Html:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", title),
        el("style", Html("\n" + _template("report.css"))),
    )


def _script() -> Html:
    return el("script", Html("\n" + _template("report.js")))


def _section(name: str, title: Message, *content: Part) -> Html:
    inside = join(content)
    return el("section", el("h2", title), inside, id=name) if inside else Html("")


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
