"""What is done to a captured text before it is read: everything that it met on its way undone.

Mail programs, log collectors, terminals, notebooks and web pages put something in front of
lines, break them, double them or write their characters another way.
"""

from __future__ import annotations

import codecs
import html
import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from setup_assistant.machine import line_prefixes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_MARKUP = re.compile(r"</?(?:pre|code|div|span|td|tr|p|b|font|html|body)\b[^>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# XML of which a web form escaped one kind of angle brackets.
_HALF_ESCAPED = re.compile(r"<\w+&gt;|&lt;\w+>")
# Where a web page put rows of a table behind each other: the border of one, that of the next.
_SEAM = re.compile(r"(?<=[|+]) (?=[|+])")
# Blanks and lines as word processors and chat programs write them.
_SIGNS = {
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u200b\ufeff\0"), ""),
    **dict.fromkeys(map(ord, "│┃｜║"), "|"),
    **dict.fromkeys(map(ord, "─━—"), "-"),
    **dict.fromkeys(map(ord, "═"), "="),
    **dict.fromkeys(map(ord, "┌┐└┘├┤┬┴┼╞╡╪╔╗╚╝╠╣╦╩╬╟╢"), "+"),
}
_LOG_KEYS = ("log", "message", "msg", "MESSAGE", "line", "text")
# No table of nvidia-smi is as wide.
_WIDEST = 112
# A part of a JSON document that is worth reading.
_OURS = re.compile(
    r"nvidia|NVSMI|GPU-|\bGPU \d|GeForce|Quadro|Tesla|TITAN|\bRTX|nvgpu|NVRM", re.IGNORECASE
)


def decoded(data: bytes) -> str:
    """Return a file's text; PowerShell writes UTF-16, Chinese Windows GB 18030."""
    named = next((name for bom, name in _BOMS if data.startswith(bom)), None)
    for encoding in (named, _wide(data), "utf-8", "gb18030"):
        if encoding:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return data.decode("latin-1")


def _wide(data: bytes) -> str | None:
    """Return the UTF-16 that a text of English letters without a mark must be."""
    half = max(1, len(data) // 2)
    if data[1::2].count(0) > 0.8 * half:
        return "utf-16-le"
    return "utf-16-be" if data[0::2].count(0) > 0.8 * half else None


def clean(text: str) -> str:
    """Return a text as nvidia-smi printed it, as far as that can be told."""
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").translate(_SIGNS)
    text = line_prefixes.without(_unescaped(_out_of_json(text)))
    lines = list(_rows_apart(text.split("\n")))
    if len(lines) > 6 and not any(line.strip() for line in lines[1::2]):
        lines = lines[::2]
    return "\n".join(_whole_rows(textwrap.dedent("\n".join(lines)).split("\n")))


def _unescaped(text: str) -> str:
    if "<nvidia_smi_log" in text and not _HALF_ESCAPED.search(text):
        return text
    if not re.search(r"<(?:pre|br|code|div)\b|&(?:lt|nbsp|#)", text):
        return text
    return html.unescape(_MARKUP.sub("", _BREAK.sub("\n", text))).translate(_SIGNS)


def _out_of_json(text: str) -> str:
    """Return what the lines of a JSON log, a notebook or one quoted text say."""
    lines = [s for s in text.splitlines() if s.strip()]
    if lines and all(s.lstrip().startswith("{") and s.rstrip().endswith("}") for s in lines):
        said = [_message(s) for s in lines]
        if all(s is not None for s in said):
            return "\n".join(str(s).rstrip("\n") for s in said) + "\n"
    if text.lstrip()[:1] in ('"', "{", "["):
        try:
            parts = [s for s in _strings(json.loads(text)) if _OURS.search(s)]
        except json.JSONDecodeError:
            parts = []
        if parts:
            return "\n".join(parts) + "\n"
    if text.count("\\n") > 3 and text.count("\\n") > 2 * text.count("\n"):
        return text.replace("\\r", "").replace("\\n", "\n").replace('\\"', '"')
    return text


def _message(line: str) -> str | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    found = next((row[key] for key in _LOG_KEYS if isinstance(row.get(key), str)), None)
    return found if found is None else str(found)


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        # A notebook keeps its lines apart.
        yield "".join(v if v.endswith("\n") else f"{v}\n" for v in value)
    elif isinstance(value, (list, dict)):
        for inner in value if isinstance(value, list) else value.values():
            yield from _strings(inner)


def _rows_apart(lines: list[str]) -> Iterator[str]:
    """Yield the lines, with the rows of a table that a web page joined on their own again."""
    for line in lines:
        if ("MiB" not in line and "+--" not in line[1:]) or len(_SEAM.findall(line)) < 3:
            yield line
            continue
        empty = ""
        for row in _SEAM.split(line.replace(" +-", "\n+-").replace("-+ ", "-+\n")):
            # A row may begin with empty columns: they belong to what comes after them.
            if row == "|":
                empty += "| "
                continue
            yield from f"{empty}{row}".split("\n")
            empty = ""


def _whole_rows(lines: list[str]) -> list[str]:
    """Return the lines, with rows of a table that were broken put together again."""
    widest = max((len(s) for s in lines if s.startswith("|")), default=0)
    kept: list[str] = []
    for line in lines:
        if kept and _is_tail(kept[-1], line):
            # A terminal breaks where its width ends, a mail program at a blank.
            kept[-1] += ("" if len(kept[-1]) >= widest else " ") + line
        else:
            kept.append(line)
    return kept


def _is_tail(row: str, line: str) -> bool:
    """Whether a line is the end of the row before it: one of both lacks its border."""
    if not row.startswith(("|", "+")) or not line.rstrip().endswith(("|", "+")):
        return False
    broken = not row.endswith(("|", "+")) or not line.startswith(("|", "+"))
    return broken and len(row) > 30 and len(line) < len(row) and len(row) + len(line) < _WIDEST
