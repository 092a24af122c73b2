"""Ask a hub for a small answer, again where that may help."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from setup_assistant.host import clock
from setup_assistant.host.http import Http, WebError
from setup_assistant.messages import msg

# A listing of 100 000 files has about this many bytes.
LISTING_BYTES = 32 << 20
_ATTEMPTS = 4.0
# How much a failure counts where the server answers, and where it says when to come again: it is
# alive, and a burst of refusals ends.
_ANSWERED_WEIGHT, _ASKED_WEIGHT = 0.5, 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
_LONGEST_RETRY_AFTER = 60.0
# All pauses together; a person waits for this answer.
_LONGEST_WAIT = 300.0


def ask(
    http: Http, url: str, headers: dict[str, str] | None = None, limit: int = LISTING_BYTES
) -> Any:  # noqa: ANN401 - JSON value
    """Return the JSON at `url`; fills `headers`.

    Raises:
        WebError: `not_a_hub` for anything that is not JSON, and as `Http.get`.
    """
    data = ask_bytes(http, url, headers, limit)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise no_hub() from error


def ask_bytes(
    http: Http, url: str, headers: dict[str, str] | None = None, limit: int = LISTING_BYTES
) -> bytes:
    """Return the bytes at `url`; fills `headers`, their names in lower case."""
    data, answered = _patiently(http, url, limit)
    if headers is not None:
        headers.update({k.lower(): v for k, v in answered.items()})
    return data


def _patiently(http: Http, url: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
    fruitless = waited = 0.0
    for attempt in count():
        try:
            return http.read(url, limit)
        except WebError as error:
            fruitless += _weight(error)
            pause = min(_FIRST_PAUSE * 2.0 ** min(attempt, 20), _LONGEST_PAUSE)
            if error.retry_after is not None:
                pause = min(error.retry_after, _LONGEST_RETRY_AFTER)
            waited += pause
            if not error.again or fruitless >= _ATTEMPTS or waited > _LONGEST_WAIT:
                raise
            clock.sleep(pause)
    raise AssertionError


def _weight(error: WebError) -> float:
    if error.retry_after is not None:
        return _ASKED_WEIGHT
    return _ANSWERED_WEIGHT if error.answered else 1.0


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object; raises `not_a_hub` for any other value."""
    if not isinstance(value, dict):
        raise no_hub()
    return value


def no_hub() -> WebError:
    """Return the error for an answer that no hub gives."""
    return WebError("not_a_hub", msg("the answer is not JSON of the right form"))
