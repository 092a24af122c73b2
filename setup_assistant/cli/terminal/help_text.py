"""The pages of `--help`: aligned and folded also where characters take two columns."""

from __future__ import annotations

from collections.abc import Iterable

import click

from setup_assistant import messages
from setup_assistant.terminal_text import pad, width, wrap

# As written in help texts: the paragraph that follows keeps its lines.
_AS_IT_IS = "\b\n"


class Formatter(click.HelpFormatter):
    """click's formatter, counting terminal columns instead of characters."""

    def write_heading(self, heading: str) -> None:
        """Write a heading with the colon of the language."""
        colon = "：" if messages.language() == "zh_CN" else ":"
        self.write(f"{' ' * self.current_indent}{heading}{colon}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs, folded where they do not ask to stay as they are."""
        room = max(self.width - self.current_indent, 20)
        indent = " " * self.current_indent
        for i, paragraph in enumerate(text.split("\n\n")):
            if i:
                self.write("\n")
            if paragraph.startswith(_AS_IT_IS):
                lines = paragraph.removeprefix(_AS_IT_IS).split("\n")
            else:
                lines = wrap(" ".join(paragraph.split()), room)
            for line in lines:
                self.write(f"{indent}{line}".rstrip() + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms and what they mean; a long term has its meaning on the next line."""
        rows = list(rows)
        wide = max((width(t) for t, _meaning in rows if width(t) <= col_max), default=0)
        wide = min(wide + col_spacing, self.width // 2)
        indent = " " * self.current_indent
        room = max(self.width - self.current_indent - wide, 20)
        for term, meaning in rows:
            lines = wrap(meaning, room) if meaning else [""]
            if width(term) + col_spacing > wide:
                self.write(f"{indent}{term}\n")
                begun = " " * wide
            else:
                begun = pad(term, wide)
            for line in lines:
                self.write(f"{indent}{begun}{line}".rstrip() + "\n")
                begun = " " * wide
