"""The report as lines for a terminal, in the language in use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setup_assistant.messages import _
from setup_assistant.report.receipt import CheckLine, Receipt
from setup_assistant.report.sections import Section, because_message, sections, status_message
from setup_assistant.terminal_text import harmless, pad, width
from setup_assistant.times_text import duration


def render_text(receipt: Receipt) -> list[str]:
    """Return the report's lines. Checks take one line each, and a second one where they failed."""
    lines: list[str] = []
    for section in sections(receipt):
        if lines:
            lines.append("")
        lines.append(section.title)
        lines += check_lines(receipt.checks) if section.columns else _plain(section)
    return lines


def check_lines(checks: tuple[CheckLine, ...]) -> list[str]:
    """Return the lines of checks: name, status, seconds; what went wrong below."""
    wide = max((width(c.name) for c in checks), default=0)
    lines = []
    for check in checks:
        lines.append(
            f"  {pad(check.name, wide)}  {pad(str(status_message(check.status)), 8)}"
            f"  {duration(check.seconds)}"
        )
        if check.status == "fail":
            lines += _trouble(check)
    return lines


def _trouble(check: CheckLine) -> list[str]:
    lines = []
    if check.answer is not None and check.expected is not None:
        lines.append("    " + _("expected: {text}", text=check.expected))
        lines.append("    " + _("answer: {text}", text=check.answer))
    if check.cause:
        lines.append("    " + _("cause: {cause}", cause=str(because_message(check))))
    if check.remedy:
        lines.append("    " + _("remedy: {remedy}", remedy=check.remedy))
    return lines


def _plain(section: Section) -> list[str]:
    wide = max((width(row[0]) for row in section.rows), default=0)
    lines = [f"  {pad(row[0], wide)}  {'  '.join(row[1:])}".rstrip() for row in section.rows]
    return lines + [f"  - {note}" for note in section.notes]


# Everything that would be drawn instead of read, inside a table cell or a list.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def render_markdown(receipt: Receipt) -> str:
    """Return the whole report as one Markdown document."""
    title = _("Setup Assistant: report")
    parts = [f"# {_escape(title)}\n"]
    parts += [_section(s) for s in sections(receipt)]
    return "\n".join(parts)


def _section(section: Section) -> str:
    lines = [f"## {_escape(section.title)}", ""]
    if section.rows:
        columns = section.columns or ("",) * len(section.rows[0])
        lines += [_row(columns), "|" + " --- |" * len(columns)]
        lines += [_row(row) for row in section.rows]
    lines += [f"- {_escape(note)}" for note in section.notes]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_escape(c) or "-" for c in cells) + " |"


def _escape(text: str) -> str:
    """Return `text` on one line, with nothing in it that Markdown would take for markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(harmless(text).split()))
