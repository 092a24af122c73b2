"""Keep secrets out of everything that is written or shown."""

from __future__ import annotations

import re

_RULES = (
    # user:password@ in any URL; the user name stays, since it helps to find the setting.
    (
        re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^\s/:@]*):[^\s/@]*@", re.IGNORECASE),
        r"\g<scheme>\g<user>:***@",
    ),
    # A URL whose only credential is a token: https://TOKEN@host
    (re.compile(r"(?P<scheme>https?://)[^\s/:@]{16,}@", re.IGNORECASE), r"\g<scheme>***@"),
    (re.compile(r"\b(hf_|ms-|ghp_|glpat-)[A-Za-z0-9_-]{8,}"), r"\1***"),
    (re.compile(r"(?i)\b(authorization:\s*(?:bearer|basic)\s+)\S+"), r"\1***"),
    (
        re.compile(
            r"(?i)([?&](?:access_token|token|api_key|apikey|password|passwd|secret)=)"
            r"[^&\s]+"
        ),
        r"\1***",
    ),
    (
        re.compile(
            r"(?i)\b([A-Z0-9_]*(?:TOKEN|PASSWORD|PASSWD|SECRET|API_KEY)[A-Z0-9_]*=)(?!=)\S+"
        ),
        r"\1***",
    ),
)


def redact(text: str) -> str:
    """Return `text` with passwords and tokens replaced by `***`."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
