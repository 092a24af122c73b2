"""Regular expressions that are compiled when they are first asked, and taking out by them."""

from __future__ import annotations

import re
from collections.abc import Callable
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
