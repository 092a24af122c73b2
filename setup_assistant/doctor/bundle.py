"""A report fit for a public thread: no names, no paths, no hosts, no secrets."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setup_assistant.host.secrets import redact

# Folders that every system has; what lies under them names nobody.
_PUBLIC = "usr|lib|lib64|proc|sys|dev|bin|sbin"
_RULES = (
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<mail>"),
    (re.compile(r"\b((?:https?|socks\w*|ftp|ssh)://)[^\s'\"/]+"), r"\1<host>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b(?!\.\d)"), "<address>"),
    (re.compile(r"\b(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b", re.IGNORECASE), "<address>"),
    (re.compile(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", re.IGNORECASE), "<address>"),
    (re.compile(rf"(?<![\w<>./:])/(?!(?:{_PUBLIC})(?:/|\b))[^\s'\",;:()\[\]]+"), "<path>"),
    (re.compile(r"\b[A-Za-z]:\\[^\s'\",;]+"), "<path>"),
)


def report(data: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """Return the findings as JSON text without anything that names a person or a place.

    Args:
        data: the envelope's data.
        places: folder → the word that stands for it, e.g. `<env>`.
    """
    return json.dumps(scrub(dict(data), names(places)), indent=2, ensure_ascii=False) + "\n"


def names(places: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be replaced by word: folders, the home, the user, the host."""
    host = socket.gethostname()
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or Path.home().name
    found = {**places, str(Path.home()): "~", host: "<host>", user: "<user>"}
    # The longest first: an environment may lie in the home.
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def scrub(value: Any, replaced: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with every text in it made public."""
    if isinstance(value, str):
        return _text(value, replaced)
    if isinstance(value, Mapping):
        return {key: scrub(v, replaced) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(v, replaced) for v in value]
    return value


def _text(text: str, replaced: Mapping[str, str]) -> str:
    text = redact(text)
    for word, instead in replaced.items():
        if "/" in word or "\\" in word:
            text = text.replace(word, instead) if len(word) > 1 else text
        elif len(word) > 2:
            text = re.sub(rf"(?<![\w]){re.escape(word)}(?![\w])", instead, text)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
