"""From an exception to a cause. The first matching row wins; the order is from sure to vague."""

from __future__ import annotations

import re

from inside.lines import JSON, Fault

# (cause, pattern over "Type: text"), as the request names them from the recipes.
_ROWS = []


def learn(request: JSON) -> None:
    """Take the patterns of a request."""
    _ROWS[:] = request["raised"]


def text_of(error: BaseException) -> str:
    """Return `Type: text` of an exception."""
    return f"{type(error).__name__}: {error}"


def explain(error: BaseException, otherwise: str = "question-failed", **values: object) -> Fault:
    """Return the `Fault` that an exception stands for."""
    chain, seen = error, []
    while chain is not None and len(seen) < 5:
        seen.append(chain)
        # The first error outranks what was raised while it was handled.
        chain = chain.__cause__ or chain.__context__
    for link in reversed(seen):
        for cause, pattern in _ROWS:
            found = re.search(pattern, text_of(link))
            if found:
                named = {
                    k: v.lower() if k == "package" else v for k, v in found.groupdict().items() if v
                }
                return Fault(cause, text_of(link), **{"detail": text_of(link), **values, **named})
    return Fault(otherwise, text_of(error), **{"detail": text_of(error), **values})
