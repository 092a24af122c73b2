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
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from setup_assistant.host import lenient
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
_SIGNS: dict[int, int | str] = {
    # Full-width signs of a Chinese keyboard; but commas and ends of sentences are prose.
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "，；！？．"},
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u200b\ufeff\0"), ""),
    **dict.fromkeys(map(ord, "│┃｜║"), "|"),
    **dict.fromkeys(map(ord, "─━—"), "-"),
    **dict.fromkeys(map(ord, "═"), "="),
    **dict.fromkeys(map(ord, "┌┐└┘├┤┬┴┼╞╡╪╔╗╚╝╠╣╦╩╬╟╢"), "+"),
}
# Keys of the reports of `smi_report`, where they stand in the middle of a line.
_KEY = re.compile(
    r"\s*\b((?:PyTorch version|Is debug build|(?:CUDA|ROCM) used to build PyTorch|OS|GCC version|"
    r"Clang version|CMake version|Libc version|Python version|Python platform|Is CUDA available|"
    r"CUDA runtime version|CUDA_MODULE_LOADING set to|GPU models and configuration|GPU \d{1,2}|"
    r"Nvidia driver version|cuDNN version|HIP runtime version|MIOpen runtime version|"
    r"Is XNNPACK available|CPU|Versions of relevant libraries) ?: )"
)
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


class Rule(NamedTuple):
    """One repair, the shortest text that it exists for, and what that becomes."""

    repair: Callable[[str], str]
    example: str
    becomes: str


def clean(text: str) -> str:
    """Return a text as nvidia-smi printed it, as far as that can be told."""
    for rule in RULES:
        text = rule.repair(text)
    return text


def _signs(text: str) -> str:
    """Undo line ends of other systems, and signs of word processors and keyboards."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_SIGNS)


def _escapes(text: str) -> str:
    return _ESCAPES.sub("", text)


def _doubled(text: str) -> str:
    """Undo a carrier that put an empty line behind each line."""
    lines = text.split("\n")
    if len(lines) > 6 and not any(line.strip() for line in lines[1::2]):
        lines = lines[::2]
    return "\n".join(lines)


def _unflattened(text: str) -> str:
    """Put the lines of a report apart that a form joined: only where several stand in one."""
    lines = text.split("\n")
    return "\n".join(
        _KEY.sub(r"\n\1", line).lstrip("\n") if len(_KEY.findall(line)) > 2 else line
        for line in lines
    )


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
        except (ValueError, RecursionError):
            parts = []
        if parts:
            return "\n".join(parts) + "\n"
    if text.count("\\n") > 3 and text.count("\\n") > 2 * text.count("\n"):
        return text.replace("\\r", "").replace("\\n", "\n").replace('\\"', '"')
    return text


def _message(line: str) -> str | None:
    row = lenient.parsed(line)
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


def _rows_apart(text: str) -> str:
    """Put the rows of a table that a web page joined on their own lines again."""
    return "\n".join(_apart(text.split("\n")))


def _apart(lines: list[str]) -> Iterator[str]:
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


def _whole_rows(text: str) -> str:
    """Put rows of a table that were broken together again."""
    lines = text.split("\n")
    widest = max((len(s) for s in lines if s.startswith("|")), default=0)
    kept: list[str] = []
    for line in lines:
        if kept and _is_tail(kept[-1], line):
            # A terminal breaks where its width ends, a mail program at a blank.
            kept[-1] += ("" if len(kept[-1]) >= widest else " ") + line
        else:
            kept.append(line)
    return "\n".join(kept)


def _is_tail(row: str, line: str) -> bool:
    """Whether a line is the end of the row before it: one of both lacks its border."""
    if not row.startswith(("|", "+")) or not line.rstrip().endswith(("|", "+")):
        return False
    broken = not row.endswith(("|", "+")) or not line.startswith(("|", "+"))
    return broken and len(row) > 30 and len(line) < len(row) and len(row) + len(line) < _WIDEST


_ROW = "|   0  Tesla T4            On   | 00000000:00:1E.0 Off |                    0 |"
# In this order: what wrapped the whole text first, its single rows last.
RULES = (
    Rule(_escapes, "\x1b[32mDriver Version\x1b[0m", "Driver Version"),
    Rule(_signs, "GPU\u00a00： Tesla T4\r\n│ 15 %", "GPU 0: Tesla T4\n| 15 %"),
    Rule(_out_of_json, '{"log": "GPU 0: Tesla T4\\n", "time": "10:00"}', "GPU 0: Tesla T4\n"),
    Rule(_unescaped, "<pre>GPU 0: Tesla T4<br>&lt;gpu&gt;</pre>", "GPU 0: Tesla T4\n<gpu>"),
    Rule(line_prefixes.without, "node01: GPU 0\nnode01: GPU 1", "GPU 0\nGPU 1"),
    Rule(_rows_apart, "| 1MiB | | b | | c | | d |", "| 1MiB |\n| b |\n| c |\n| d |"),
    Rule(_doubled, "a\n\nb\n\nc\n\nd\n", "a\nb\nc\nd"),
    Rule(textwrap.dedent, "    GPU 0\n      UUID", "GPU 0\n  UUID"),
    Rule(_whole_rows, f"{_ROW[:60]}\n{_ROW[60:]}", _ROW),
    Rule(
        _unflattened,
        "OS: Ubuntu GPU 0: NVIDIA L4 Nvidia driver version: 552.22",
        "OS: Ubuntu\nGPU 0: NVIDIA L4\nNvidia driver version: 552.22",
    ),
)
