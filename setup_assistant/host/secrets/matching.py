"""Regular expressions that are compiled when they are first asked; taking out by them, by names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, cast


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what behaves as `re.compile(text, flags)`; a run asks few of the rules here."""
    return cast("re.Pattern[str]", _Lazy(text, flags))


class _Lazy:
    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._source)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a pattern has
        found = self.__dict__[name] = getattr(self._compiled, name)
        return found


def take_out(
    text: str,
    pattern: re.Pattern[str],
    part_of: Callable[[re.Match[str]], tuple[int, int] | None],
) -> str:
    """Return `text` with `***` for the part that belongs to each match: where it begins and ends.

    A match that begins within a part that is taken out is left alone, as is one without a part.
    """
    parts, at = [], 0
    for found in pattern.finditer(text):
        if found.start() >= at and (part := part_of(found)):
            parts += [text[at : max(at, part[0])], "***"]
            at = part[1]
    return "".join(parts) + text[at:]


_TOKEN = regex(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*_*")
_PIECE = regex(r"[A-Za-z0-9]+|[._-]+")
_LONGEST_NAME, _MOST_NAMES = 8, 64


def replaced(text: str, names: Mapping[str, str]) -> str:
    """Replace names: whole words of ASCII by looking each word up, others wherever they are."""
    if not names:
        return text
    odd = (n for n in names if not n.isascii() or not _TOKEN.fullmatch(n))
    longest = sorted(odd, key=len, reverse=True)[:_MOST_NAMES]
    if longest:
        text = re.sub(
            "|".join(map(re.escape, longest)),
            lambda m: names[m[0].lower()],
            text,
            flags=re.IGNORECASE,
        )

    # Tables say the same words over and over.
    done: dict[str, str] = {}

    def word(found: re.Match[str]) -> str:
        said = found[0]
        if (instead := done.get(said)) is None:
            instead = done[said] = names.get(said.lower()) or (
                said if said.isalnum() else _in_pieces(said, names)
            )
        return instead

    return _TOKEN.sub(word, text)


def _in_pieces(said: str, names: Mapping[str, str]) -> str:
    """Replace names inside a word such as `alice_gpu-node-17.lab`, the longest first."""
    pieces = _PIECE.findall(said)
    parts, at = [], 0
    while at < len(pieces):
        for end in range(min(len(pieces), at + 2 * _LONGEST_NAME), at, -1):
            if instead := names.get("".join(pieces[at:end]).lower()):
                parts.append(instead)
                at = end
                break
        else:
            parts.append(pieces[at])
            at += 1
    return "".join(parts)
