"""HTML from values: everything is escaped but what is markup already; both languages at once."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape as _entities

from setup_assistant.messages import Message
from setup_assistant.terminal_text import harmless

_EMPTY = frozenset({"img", "meta", "br"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Part = Html | Message | str | None


def el(tag: str, *parts: Part, **attributes: object) -> Html:
    """Return one element. `class_` is `class`, `data_x` is `data-x`; None leaves one out."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _EMPTY:
        return Html(f"<{tag}{said}>")
    return Html(f"<{tag}{said}>{join(parts)}</{tag}>")


def join(parts: Iterable[Part]) -> Html:
    """Return parts one after the other."""
    return Html("".join(_part(p) for p in parts))


def both(message: Message) -> Html:
    """Return a sentence in English and in Chinese; the page shows one of them."""
    english, chinese = escape(message.into("en")), escape(message.into("zh_CN"))
    if english == chinese:
        return Html(english)
    return Html(
        f'<span class="en" lang="en">{english}</span><span class="zh" lang="zh-CN">{chinese}</span>'
    )


def table(rows: Iterable[Iterable[Part]], columns: Iterable[Part] = ()) -> Html:
    """Return a table; without `columns` the first cell of each row is its label."""
    heads = [el("th", c, scope="col") for c in columns]
    label = {"scope": "row"}
    lines = []
    for row in rows:
        first, *rest = row
        cell = el("td", first) if heads else el("th", first, **label)
        lines.append(el("tr", cell, *(el("td", c) for c in rest)))
    head = el("thead", el("tr", *heads)) if heads else None
    drawn = el("table", head, el("tbody", *lines), class_=None if heads else "facts")
    # A wide table scrolls by itself; the page never does.
    return el("div", drawn, class_="scroll")


def data_uri(name: str, content: bytes) -> str:
    """Return a file as an address that needs no request; its type follows from its name."""
    kind = name.rsplit(".", maxsplit=1)[-1].lower().replace("jpg", "jpeg")
    family = "video" if kind == "mp4" else "image"
    return f"data:{family}/{kind};base64,{base64.b64encode(content).decode()}"


def escape(text: str) -> str:
    """Return text that a browser shows as it is: no markup, no control and no reordering."""
    return _entities(harmless(text))


def _part(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return part
    return both(part) if isinstance(part, Message) else escape(part)
