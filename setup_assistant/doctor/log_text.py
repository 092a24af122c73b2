"""A pasted log as the program printed it: what mails, notebooks and terminals did to it undone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from setup_assistant.host import lenient

# Colours, cursor movements and titles of terminals (ECMA-48: CSI, OSC).
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?)")
_ENTITY = re.compile(r"&(?:#\d{2,4}|#x[0-9a-fA-F]{2,4}|lt|gt|quot|amp|apos|nbsp);")
_TAG = re.compile(r"</?(?:pre|code|br|div|span|p)\b[^<>]{0,200}>", re.IGNORECASE)
# A mail's quotation mark; three of them are Python's prompt.
_QUOTED = re.compile(r"^(?:[>|](?!>>) ?)+(?! ?[-=+|])")
# Pictures in a notebook or a log: nothing of them is read.
_BLOB = re.compile(r"[A-Za-z0-9+/\\]{400,}={0,2}")
# What programs put before each line that they pass on: vLLM's processes, docker, compose, journald,
# torchrun, and builders; a warning's mark is left, as it says more.
_PREFIXES = tuple(re.compile(p) for p in (
    r"(?:\(\w{1,40}(?: \w{1,20})? (?:pid|rank)=\d+[^)\n]{0,40}\) ?){1,3}",
    r"\d{4}-\d\d-\d\d[T ][\d:]{8}[,.\d]{0,10}Z? (?:\| \w{1,10} \| \w{1,20} \| |- (?=[!T ]))?",
    r"(?:ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[?[\w.]{1,60}:\d+\] ?",
    r"#\d+ \d+\.\d+ ", r"\d{1,4}\.\d{1,3} ", r"[\w.-]{1,40} +\| ", r"\[rank\d+\]: ?",
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,60} [^\s\[]{1,60}(?:\[\d+\])?: ",
    r"(?:building|stderr|stdout|out|err) ?[>:] ",
))  # fmt: skip
# uv writes for which Python and system a requirement is meant.
_MARKER = re.compile(r"(?<=\w)\{[^{}\n]{1,200}\}(?=[<>=!~])")
# What a program says of an error that would come, had the person asked for more.
_FORETOLD = re.compile(r"\byou (?:will|would|may) (?:get|see) `[^`\n]{1,300}`")
# Frames as IPython and rich show them: the line that failed has an arrow, those around it have not.
_ARROW = re.compile(r"^[\s│|]{0,4}(?:-+> ?|❱ ?)\d{1,5}\b")
_CONTEXT = re.compile(r"^[\s│|]{0,6}\d{1,5}(?=$|\s)")
# Markdown's bold type.
_BOLD = re.compile(r"(?<![\w(,*])\*\*(?=[^\s*])([^*\n]{2,400}[^\s*])\*\*(?![\w*])")
# What ComfyUI writes in place of the exception's type.
_UNTYPED = re.compile(
    r"!!! Exception during processing ?!!! (?=\S)|"
    r"Error occurred when executing [\w ]{1,60}:\s{1,3}(?=[^\W\d])"
)
_LOG_KEYS = ("log", "message", "msg", "MESSAGE", "line", "text")
# Narrower than this nobody's terminal is, wider than that no mail program breaks.
_NARROWEST, _WIDEST = 40, 132
# A screen or a mail is no longer than this; a log is not broken.
_LONGEST = 60_000
# What begins a line of its own, wherever the line before it ended.
_STARTS = re.compile(
    r"\s|Traceback|File \"|During handling|The above exception|ERROR|WARNING|error:|\[|\w+Error\b"
    r"|\w+Exception\b|[$#>]|\d+[.)] |Collecting|Downloading|Installing|Successfully|NVRM"
    r"|[A-Z]\w+Warning"
)


def clean(text: str) -> str:
    """Return a text without what it met on its way; a notebook is reduced to its outputs."""
    text = _out_of_json(text)
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if _ENTITY.search(text):
        text = html.unescape(_TAG.sub("\n", text))
    text = _BLOB.sub("…", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\0", "")
    text = _BOLD.sub(r"\1", _FORETOLD.sub("", _MARKER.sub("", text)))
    text = _UNTYPED.sub("Exception: ", text)
    return _without_context(_without_prefix(_unquoted(text)))


def _without_context(text: str) -> str:
    """Empty the lines of code around the one that failed: what stands in them nobody has said."""
    lines = text.split("\n")
    arrows = [n for n, line in enumerate(lines) if _ARROW.match(line)]
    for at in {n for arrow in arrows for n in range(max(0, arrow - 6), min(arrow + 7, len(lines)))}:
        if _CONTEXT.match(lines[at]):
            lines[at] = ""
    return "\n".join(lines)


def _without_prefix(text: str) -> str:
    """Take away what stands before at least three lines, and a quarter of all."""
    lines = text.split("\n")
    for prefix in _PREFIXES:
        marked = sum(1 for line in lines if prefix.match(line))
        if marked >= max(3, len(lines) // 4):
            lines = [prefix.sub("", line, count=1) if prefix.match(line) else line
                     for line in lines]  # fmt: skip
    return "\n".join(lines)


def unwrapped(text: str) -> Iterator[str]:
    """Yield the text with broken lines put together: at a blank, and as a terminal breaks them.

    Nothing where no width shows at which lines were broken.
    """
    if len(text) > _LONGEST:
        return
    lines = text.split("\n")
    width = max((len(line.rstrip()) for line in lines), default=0)
    if not _NARROWEST <= width <= _WIDEST or len(lines) < 2:
        return
    for glue, least in ((" ", width - 25), ("", width)):
        joined: list[str] = []
        for before, line in zip(["", *lines], lines, strict=False):
            broken = joined and len(before.rstrip()) >= least and line and not _STARTS.match(line)
            if broken:
                joined[-1] = joined[-1].rstrip() + glue + line.lstrip()
            else:
                joined.append(line)
        if len(joined) < len(lines):
            yield "\n".join(joined)


def _unquoted(text: str) -> str:
    lines = text.split("\n")
    marked = sum(1 for line in lines if line.startswith((">", "|")) and _QUOTED.match(line))
    if not marked or marked * 3 < len([line for line in lines if line.strip()]):
        return text
    return "\n".join(_QUOTED.sub("", line) for line in lines)


def _out_of_json(text: str) -> str:
    """Return what a notebook, a JSON log or one quoted text says."""
    begin = text.lstrip()[:1]
    if begin == "{" and '"cells"' in text:
        try:
            return "\n".join(_outputs(json.loads(text)))
        except (ValueError, RecursionError):
            return text
    if begin == "{":
        return "\n".join(_message(line) for line in text.splitlines())
    if text.count("\\n") > 3 and text.count("\\n") > 2 * text.count("\n"):
        return text.replace("\\r", "").replace("\\n", "\n").replace('\\"', '"')
    return text


def _outputs(notebook: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    cells = notebook.get("cells", []) if isinstance(notebook, dict) else []
    for cell in cells if isinstance(cells, list) else []:
        for output in cell.get("outputs", []) if isinstance(cell, dict) else []:
            if not isinstance(output, dict):
                continue
            for key in ("text", "traceback"):
                said = output.get(key) or []
                parts = [said] if isinstance(said, str) else said
                yield ("" if key == "text" else "\n").join(str(p) for p in parts)


def _message(line: str) -> str:
    row = lenient.parsed(line)
    found = next((row[key] for key in _LOG_KEYS if isinstance(row.get(key), str)), line)
    return str(found).rstrip("\n")
