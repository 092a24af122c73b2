"""Words of an error that a text only speaks of: quoted in a sentence, supposed, or explained."""

from __future__ import annotations

import re

from setup_assistant.doctor.text_patterns import Hit

# What a sentence about an error goes on with, and no program that prints one.
_TOLD_OF = re.compile(r" (?:is|are|was|means|occurs|happens|appears|refers|has been) [a-z]")
_RAISED_BY = re.compile(
    r"[`'\"]? (?:(?:is|are) (?:raised|thrown|printed|caught)|means|occurs|happens) "
)
# What a sentence of advice begins with: what follows might happen, and did not.
_SUPPOSED = re.compile(
    r"(?:^|[.!?:;] )\s*(?:[-*#>] ?|\d+[.)] )?(?:If|When|Whenever|Should) (?:you|it|torch|training)"
    r" (?:see|get|encounter|hit|receive|run into|face|fails?|cannot)\b(?:(?!Error)[^.:]){0,60}$"
    r"|(?:如果|若|假如)(?:你|您)?(?:出现|遇到|看到|提示|报错)[^。:：]{0,30}$"
    r"|当[^。\n]{2,40}时[,，]?\s*(?:就|便)?(?:会|可能)(?:出现|报|提示|触发|遇到)[^。:：]{0,80}$"
)
# What the title of a change begins with: what follows was mended, and nobody met it here.
_CHANGE = re.compile(
    r"^\s*(?:[-*#>]+ ?)?(?:\[\w+\] ?|\w+(?:\(\w+\))?: ?)?(?:Fix(?:e[sd])?|Avoid|Prevent|Handle"
    r"|Resolve|(?:Move|Import|Change|Use|Add)\b[^.:\n]{1,40}\bto (?:avoid|prevent))\b"
    r"[^.:\n]{0,60}(?:(?:Error|Exception): [`'\"]{0,2})?$",
    re.IGNORECASE,
)
_CHANGE_ZH = re.compile(r"^\s*[-*#>]+ ?(?:修复|解决|避免|优化|支持|新增)[^\n]{0,60}$")
# A line of a program: it catches, compares or lists what this text does not tell of.
_CODE = re.compile(
    r"\s*(?:except\b[^\n]*:|with \S*raises\(|case \w+ ?:|#define "
    r"|(?:\} ?)?(?:else )?if ?\([^\n]*[!=]=|\w+ *= *\d+,?\s*(?:/[/*][^\n]*)?$)",
    re.MULTILINE,
)
# The line below the head of a table that is written in Markdown.
_TABLE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+[\s:-]*$", re.MULTILINE)
_TABLE_LENGTH = 8_000
# The title of a commit as most projects form them tells of a change as well.
_COMMIT = re.compile(
    r"\s*(?:[-*#>] ?)?(?:fix|feat|chore|docs|ci|build|refactor|perf|test)"
    r"(?:\([\w./-]{1,40}\))?!?: "
)
# How a sentence begins, behind the marks of a list or of a change; and how a long one goes on.
_PROSE = re.compile(r"[\s+>*#-]*(?:I|[A-Z\u4e00-\u9fff][a-z\u4e00-\u9fff]+)(?: [a-z]+){2,}")
_PROSE_ON = re.compile(r"[^\n]*?(?:[ ,][a-z]+){3}")
# Quotation marks that programs do not use, and words of a line by which one fails.
_LOOSE = '`"“'
_FAILED = re.compile(r"error|exception|fatal|failed|traceback|:\\n", re.IGNORECASE)
# A list of errors, each with its number: they are explained, one after the other.
_NUMBERED = re.compile(r"\s*\d+[.)] ")
_NUMBERED_ERRORS = re.compile(
    r"(?:^[ \t]*\d+[.)] [^\n]*(?:error|warning)[^\n]*(?:\n|\Z)){3,}", re.IGNORECASE | re.MULTILINE
)
_NEAR, _REST = 200, 60
# How a person says that an error was met, and is not only spoken of.
_REPORTED = re.compile(
    r"\b(?:I|we|it|this)(?:'m| am| are|'re| just| always| still| then| now| keep)*"
    r" (?:get|got|getting|gives?|gave|see|saw|seeing|receiv\w+|fails?|failed|says?|said|shows?|hit)"
    r"\b(?! rid)"
    r"|(?:,| and| but)(?: then)? (?:reported|printed|threw|raised|(?:crash|di|end)ed with)\b"
    r"|报错|提示",
    re.IGNORECASE,
)
# A line of a test that wants an error.
_WANTED = re.compile(r"\s*(?:\d+ +)?with (?:pytest\.raises|self\.assertRaises\w*)\(")
_QUOTES = {"'": "'", '"': '"', "`": "`", "“": "”", "‘": "’", "「": "」", "«": "»"}


def mentioned(text: str, hit: Hit) -> bool:
    """Whether words are quoted within prose, supposed or told of: they were not printed here.

    Args:
        text: a cleaned text.
        hit: where the words stand.
    """
    begin = text.rfind("\n", 0, hit.start) + 1
    if _listed(text, begin) or _told_of(text, begin, hit):
        return True
    if re.search(r"(?:Error|Exception)$", text[hit.start : hit.end][-9:]):
        return bool(_TOLD_OF.match(text, hit.end))
    line = text[begin : hit.start]
    if supposed(text, hit.start) or _WANTED.match(line):
        return True
    if _NUMBERED.match(line):
        return any(s.start() <= begin < s.end() for s in _NUMBERED_ERRORS.finditer(text))
    opening = _opening(text, begin, hit)
    before = text[begin:opening]
    if opening < 0 or _REPORTED.search(before[-_NEAR:]):
        return False
    loose = text[opening] in _LOOSE and not _FAILED.search(before)
    return bool(_PROSE.match(before) or (loose and _PROSE_ON.match(before[-_NEAR:])))


def _told_of(text: str, begin: int, hit: Hit) -> bool:
    """Whether a sentence speaks of an error in general: it is raised, it means, it occurs."""
    line = text[begin : hit.start]
    said = _RAISED_BY.match(text, hit.end)
    return bool(said and _PROSE.match(line) and not _REPORTED.search(line))


def _listed(text: str, begin: int) -> bool:
    """Whether a line is one of a program, or of a table in a page."""
    end = text.find("\n", begin)
    if text[begin : end if end >= 0 else None].rstrip().endswith("|"):
        head = text[max(0, begin - _TABLE_LENGTH) : begin]
        return bool(_TABLE.search(head))
    return bool(_CODE.match(text, begin, begin + _NEAR))


def supposed(text: str, start: int) -> bool:
    """Whether what stands at a place is led in as what may happen, or what a change has mended."""
    begin = text.rfind("\n", 0, start) + 1
    said = text[max(begin, start - 120) : start]
    return bool(
        _SUPPOSED.search(said)
        or _COMMIT.match(said)
        or (start - begin < 120 and (_CHANGE.search(said) or _CHANGE_ZH.search(said)))
    )


def _opening(text: str, begin: int, hit: Hit) -> int:
    """Return where the quotation begins that holds what was found and little more, or -1."""
    rest = _REST if " " in text[hit.start : hit.end] else 1
    for at in range(hit.start - 1, max(begin, hit.start - rest) - 1, -1):
        loose = text[at] in _LOOSE
        closing = _QUOTES.get(text[at]) if loose or at == hit.start - 1 else None
        if closing:
            end = text.find(closing, hit.end, hit.end + (rest if loose else 1))
            opens = closing != text[at] or text.count(closing, begin, at) % 2 == 0
            return at if opens and end >= 0 and "\n" not in text[hit.end : end] else -1
    return -1
