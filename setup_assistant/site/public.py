"""Addresses without the credentials in them: the only form in which they reach a file."""

from __future__ import annotations

import re
from typing import Any

from setup_assistant.host.secrets import redact

# All up to the last @ before the path: an unescaped @ may stand in the password itself.
_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^\s/?#]*@", re.IGNORECASE)


def public_text(text: str) -> str:
    """Return `text` with user names, passwords and tokens taken out of every address in it."""
    return redact(_USERINFO.sub(r"\g<scheme>", text))


def public_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with `public_text` applied to every string, keys included."""
    if isinstance(value, str):
        return public_text(value)
    if isinstance(value, dict):
        return {public_text(k): public_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [public_json(v) for v in value]
    return value
