"""The report as Markdown, in the language in use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setup_assistant.messages import _
from setup_assistant.report.receipt import Receipt
from setup_assistant.report.sections import Section, sections
from setup_assistant.terminal_text import harmless

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
    return "| " + " | ".join(_escape(c) for c in cells) + " |"


def _escape(text: str) -> str:
    """Return `text` on one line, with nothing in it that Markdown would take for markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(harmless(text).split()))
