"""Tables: users, computers, serial numbers and passwords below the heads of their columns.

`ps`, `squeue` and `kubectl` align their columns; lists with commas, tabs or bars divide theirs.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator

from setup_assistant.host.secrets import names, programs
from setup_assistant.host.secrets.matching import regex

# Family names, the frequent ones; no day of the week, no "温度 14:02".
SURNAME = (
    "(?:欧阳|上官|司马|诸葛|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|独孤|南宫|宇文|长孙|[王李张刘陈杨赵黄吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "姜范石姚谭廖邹熊陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易武乔贺赖龚庞樊殷施陶翟颜倪严牛温季俞章鲁葛伍"
    "申尤毕聂]|高(?![级性清速效温压端频于达])|方(?![法便向式面])|金(?!属)|马(?!上)|常(?![见用规量])|任(?![务何意])|程(?!序)|周(?![一二三四五六日末期]))(?![度额法案式请工天间务序昏色重见])"
)
USER, HOST, NUMBER = "<user>", "<host>", "<id>"
_HEADS = {
    **dict.fromkeys(("user", "uid", "username", "owner", "euser", "ruser", "login", "logname", "account",
                     "namespace", "用户", "用户名", "账号", "姓名"), USER),
    **dict.fromkeys(("nodelist", "nodelist(reason)", "node", "host", "hosts", "hostname", "hostnames",
                     "exec_host", "from_host", "pod", "主机", "主机名", "节点"), HOST),
    **dict.fromkeys(("serial", "serial number", "serialnumber", "sn", "wwn", "序列号", "学号", "工号"), NUMBER),
}  # fmt: skip
# The words over aligned columns: capitals throughout, or each with a capital.
_HEAD = regex(r"[A-Z%+#][A-Za-z0-9%+#()/:_@-]*")
_FRAME = regex(r"[│|║]")
_RULE = regex(r"[\s:=+|│─═├┼┤-]+")
_NAMED = regex(r"[A-Za-z_][\w.+-]*(?:\[[\d,-]{1,100}\])?|[\u4e00-\u9fff]{2,4}")
_NUMBERED = regex(r"(?=\D{0,40}\d)[\w-]{5,40}")
# Who speaks where somebody speaks more than once: "陈浩：...".
_SPEAKER = regex(
    rf"(?m)^[ \t]{{0,4}}(?:\[[\d/:. -]{{4,30}}\][ ]?|\d{{1,2}}:\d\d(?::\d\d)?[ ])?({SURNAME}[\u4e00-\u9fff]{{1,2}})[ \t]?[：:]"
)
# "[10:21] Tom: ...", "Tom (10:21): ...", "12/5/24, 10:21 - Tom: ...", as chats are copied.
_CHAT = regex(
    r"(?m)^[ \t]{0,4}(?:\[(?:[\d/. -]{6,12},? )?\d{1,2}:\d\d(?: ?[AP]M)?\] ?|[\d/.]{6,10},? \d{1,2}:\d\d(?: ?[AP]M)? - )"
    r"([A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}){0,2}): |"
    r"^([A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}(?: [A-ZÀ-ÖØ-Þ][^\W\d_]{1,20}){0,2}) [(\[](?:[\d/. -]{6,12},? )?\d{1,2}:\d\d(?: ?[AP]M)?[)\]]:? "
)
# Who speaks so in logs is no person.
_PROGRAMS = frozenset({
    "error", "warning", "warn", "info", "debug", "note", "notice", "critical", "fatal", "trace", "server", "client",
    "trainer", "worker", "master", "system", "bot", "step", "epoch", "loss", "output", "input", "result", "status",
})  # fmt: skip
_WORD = regex(r"\S+")
_DIVIDED = {mark: regex(rf"[^{mark}]+") for mark in (",", "\t", "|")}
_MOST_ROWS, _LONGEST = 5000, 400


def speakers_in(text: str) -> list[str]:
    """Return who speaks in a chat, each on lines of their own."""
    said = Counter(_SPEAKER.findall(text))
    chat = {part for names in _CHAT.findall(text) for name in names for part in name.split()}
    return [
        *(name for name in said if len(said) > 1 or max(said.values()) > 1),
        *sorted(n.lower() for n in chat if len(n) > 2 and n.lower() not in _PROGRAMS),
    ]


def hide(text: str) -> str:
    """Return `text` without what stands below the head of a column of passwords."""
    parts, at = [], 0
    for head, word, begin in _cells(text):
        # A column of tokens may be the vocabulary of a model.
        sure = head in ("密码", "口令") or names.is_sure(head)
        shaped = len(word) >= 12 and re.search(r"\d", word) and names.is_secret(head, word)
        if head not in _HEADS and (shaped or (sure and not names.is_nothing(word))):
            parts += [text[at:begin], "***"]
            at = begin + len(word)
    return "".join(parts) + text[at:]


def names_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each name or number that a table tells, and the word that stands for it."""
    for head, word, _begin in _cells(text):
        kind = _HEADS.get(head, "")
        if kind == NUMBER and _NUMBERED.fullmatch(word):
            yield word, kind
        elif head in ("namespace", "pod") and programs.everybodys(word):
            continue
        elif kind and kind != NUMBER and _NAMED.fullmatch(word):
            # A name that is cut ends in a plus; brackets tell the numbers of nodes.
            yield word.rstrip("+").partition("[")[0], kind


def _cells(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield what stands below heads that are of interest: the head, the cell, where it begins."""
    columns: list[tuple[int, re.Match[str], str]] = []
    cell, count, rows, begin, aligned = _WORD, 0, 0, 0, False
    for line in text.split("\n"):
        if found := _table(line):
            cell, count, columns = found
            rows, aligned = 0, cell is _WORD and "  " in _unframed(line).strip()
        elif columns and not _RULE.fullmatch(line or "x"):
            rows += 1
            cells = list(cell.finditer((_unframed(line) if cell is _WORD else line)[:_LONGEST]))
            if not cells or rows > _MOST_ROWS or (cell is not _WORD and len(cells) != count):
                columns = []
            for index, head, name in columns:
                by_place = aligned and len(cells) != count
                if (found_cell := _cell(cells, index, head, by_place=by_place)) is not None:
                    word = found_cell[0].strip().strip("\"'`")
                    yield name, word, begin + found_cell.start() + found_cell[0].find(word)
        begin += len(line) + 1


def _unframed(line: str) -> str:
    return line if line.isascii() and "|" not in line else _FRAME.sub(" ", line)


# Heads are repeated, in a log of a loop.
@functools.lru_cache(maxsize=512)
def _table(
    line: str,
) -> tuple[re.Pattern[str], int, list[tuple[int, re.Match[str], str]]] | None:
    """Return how a table is divided whose head a line is, its columns, and those of interest."""
    if len(line) > _LONGEST:
        return None
    for cell in (_WORD, *(_DIVIDED[m] for m in _DIVIDED if m in line)):
        plain = _unframed(line) if cell is _WORD else line
        words = list(cell.finditer(plain))
        said = [w[0].strip().strip("\"'`*").lower() for w in words]
        # "Host Name: LAB-1" is no head of a table.
        if len(words) < 2 or (cell is _WORD and ":" in {w[0][-1] for w in words}):
            continue
        if cell is _WORD and not all(_HEAD.fullmatch(w[0]) for w in words):
            continue
        # `kubectl get nodes`, `kubectl get pods`
        listed = "node" if "roles" in said else "pod" if "restarts" in said else "name"
        said = [listed if s == "name" else s for s in said]
        known = [(i, w, s) for i, (w, s) in enumerate(zip(words, said, strict=True)) if _known(s)]
        if known and (len(words) > 2 or cell is not _WORD or NUMBER in map(_HEADS.get, said)):
            return cell, len(words), known
    return None


def _known(head: str) -> bool:
    secret = len(head) < 24 and names.may_hold(head, query=False)
    return head in _HEADS or head in ("密码", "口令") or secret


def _cell(
    cells: list[re.Match[str]], index: int, head: re.Match[str], *, by_place: bool
) -> re.Match[str] | None:
    """Return what stands under a head: below its letters, or as the word of the same number."""
    if by_place and index:
        for cell in cells:
            if cell.start() < head.end() and head.start() < cell.end():
                return cell
    return cells[index] if index < len(cells) else None
