"""Small answers, asked for again where that may help: lists, manifests, sums."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from setup_assistant.host import clock
from setup_assistant.host.http import Http
from setup_assistant.host.http_errors import WebError
from setup_assistant.host.transfer.wait import too_long, wait_of

_ATTEMPTS = 4.0
# How much a failure counts where the server answers, and where it says when to come again: it is
# alive, and a burst of refusals ends.
_ANSWERED_WEIGHT, _ASKED_WEIGHT = 0.5, 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
# All pauses together; a person waits for this answer.
_LONGEST_WAIT = 300.0


def read(http: Http, url: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
    """Return the body of `url` and its headers.

    Raises:
        WebError: as `Http.read`, once trying again is of no use, or would take too long.
    """
    fruitless = waited = 0.0
    for attempt in count():
        try:
            return http.read(url, limit)
        except WebError as error:
            fruitless += _weight(error)
            pause = min(_FIRST_PAUSE * 2.0 ** min(attempt, 20), _LONGEST_PAUSE)
            if error.retry_after is not None:
                pause = error.retry_after
            waited += pause
            if not error.again or fruitless >= _ATTEMPTS:
                raise
            if waited > _LONGEST_WAIT:
                raise (too_long(error) if error.retry_after else error) from error
            if wait := wait_of(url, error):
                http.on_wait(wait)
            clock.sleep(pause)
    raise AssertionError


def size_of(http: Http, url: str) -> int | None:
    """Return the size of what lies at `url`, None where the server does not tell.

    Raises:
        WebError: `not_found` and the like.
    """
    try:
        body = http.get(url, method="HEAD")
    except WebError as error:
        if error.reason == "not_found":
            raise
        # Some servers know no HEAD: the first byte tells as much.
        return _size_by_part(http, url)
    body.close()
    if body.is_page and not url.endswith((".html", ".htm")):
        return None
    return body.total if body.total is not None else _size_by_part(http, url)


def _size_by_part(http: Http, url: str) -> int | None:
    try:
        body = http.get(url, (0, 0))
    except WebError as error:
        if error.reason == "range":
            # An empty file has no first byte.
            return int(str(error.detail.args["size"] or 0))
        raise
    body.close()
    return None if body.is_page else body.total


def _weight(error: WebError) -> float:
    if error.retry_after is not None:
        return _ASKED_WEIGHT
    return _ANSWERED_WEIGHT if error.answered else 1.0
