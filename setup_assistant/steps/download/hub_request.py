"""Ask a hub for a small answer, again where that may help."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from setup_assistant.host.http import Http, WebError
from setup_assistant.host.transfer import small
from setup_assistant.messages import msg

# A listing of 100 000 files has about this many bytes.
LISTING_BYTES = 32 << 20


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
    data, answered = small.read(http, url, limit)
    if headers is not None:
        headers.update({k.lower(): v for k, v in answered.items()})
    return data


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object; raises `not_a_hub` for any other value."""
    if not isinstance(value, dict):
        raise no_hub()
    return value


def no_hub() -> WebError:
    """Return the error for an answer that no hub gives."""
    return WebError("not_a_hub", msg("the answer is not JSON of the right form"))
