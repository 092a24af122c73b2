"""Regular expressions that are compiled when they are first asked."""

from __future__ import annotations

import re
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
