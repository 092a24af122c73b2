"""Names in columns: the users and computers that `ps`, `squeue`, `kubectl` and their kind list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from setup_assistant.host.secrets.name_patterns import SURNAME

_USERS = frozenset({"USER", "UID", "USERNAME", "OWNER", "EUSER", "RUSER", "LOGIN", "LOGNAME"})
_HOSTS = frozenset({
    "NODELIST", "NODELIST(REASON)", "NODE", "HOST", "HOSTS", "HOSTNAME", "HOSTNAMES",
    "EXEC_HOST", "FROM_HOST",
})  # fmt: skip
# The words over columns: capitals throughout, or each with a capital.
_HEAD = re.compile(r"[A-Z%+#][A-Za-z0-9%+#()/:_@-]*")
_FRAME = re.compile(r"[│|║]")
_RULE = re.compile(r"[\s=+|│─═├┼┤-]+")
_NAMED = re.compile(r"[A-Za-z_][\w.+-]*(?:\[[\d,-]{1,100}\])?")
# Somebody who speaks more than once: "陈浩：...".
_SPEAKER = re.compile(rf"(?m)^[ \t]{{0,4}}({SURNAME}[\u4e00-\u9fff]{{1,2}})[ \t]?[：:]")
_CELL = re.compile(r"\S+")
_FEWEST, _MOST_ROWS, _LONGEST_HEAD = 3, 5000, 400


def speakers_in(text: str) -> list[str]:
    """Return who speaks in a chat, each on lines of their own."""
    said = Counter(_SPEAKER.findall(text))
    return [name for name, times in said.items() if times > 1]


def names_in(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each name below the head of a column of users (True) or of computers (False)."""
    columns: list[tuple[int, re.Match[str], bool]] = []
    aligned, count, rows = False, 0, 0
    for line in text.split("\n"):
        plain = _FRAME.sub(" ", line)
        if heads := _heads(plain):
            columns, rows = heads, 0
            aligned, count = "  " in plain.strip(), len(plain.split())
        elif columns and not _RULE.fullmatch(plain or "x"):
            rows += 1
            cells = list(_CELL.finditer(plain[:_LONGEST_HEAD]))
            if not cells or rows > _MOST_ROWS:
                columns = []
            by_place = aligned and len(cells) != count
            for index, head, user in columns:
                cell = _cell(cells, index, head, by_place=by_place)
                if cell is not None and _NAMED.fullmatch(cell[0]):
                    # A name that is cut ends in a plus; brackets tell the numbers of nodes.
                    yield cell[0].rstrip("+").partition("[")[0], user


def _heads(line: str) -> list[tuple[int, re.Match[str], bool]]:
    """Return the columns of names that a line is the head of: place, word, whether of users."""
    if len(line) > _LONGEST_HEAD:
        return []
    words = list(_CELL.finditer(line))
    if len(words) < _FEWEST or not all(_HEAD.fullmatch(w[0]) for w in words):
        return []
    said = [w[0].upper() for w in words]
    # `kubectl get nodes`
    hosts = _HOSTS | {"NAME"} if "ROLES" in said else _HOSTS
    return [
        (index, word, name in _USERS)
        for index, (word, name) in enumerate(zip(words, said, strict=True))
        if name in _USERS or name in hosts
    ]


def _cell(
    cells: list[re.Match[str]], index: int, head: re.Match[str], *, by_place: bool
) -> re.Match[str] | None:
    """Return what stands under a head: below its letters, or as the word of the same number."""
    if by_place and index:
        for cell in cells:
            if cell.start() < head.end() and head.start() < cell.end():
                return cell
    return cells[index] if index < len(cells) else None
