"""How fast each source was last time, so that the next download can say how long it takes."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths

_NAME = "speeds.json"
# What came faster than this many bytes and seconds says nothing.
_ENOUGH_BYTES, _ENOUGH_SECONDS = 20_000_000, 1.0
_MOST = 50


@dataclass(frozen=True, kw_only=True)
class Speeds:
    """Bytes per second by host, the latest last."""

    bytes_per_second: dict[str, float] = field(default_factory=dict)


def remember(source: str, received: int, seconds: float) -> None:
    """Keep the speed of a source; it is only a courtesy, so no failure is told."""
    host = _host(source)
    if not host or received < _ENOUGH_BYTES or seconds < _ENOUGH_SECONDS:
        return
    known = {k: v for k, v in _load().items() if k != host}
    known[host] = received / seconds
    kept = dict(list(known.items())[-_MOST:])
    with contextlib.suppress(SetupError, OSError):
        files.write_json(
            paths.cache_folder() / _NAME, frozen_json.to_builtins(Speeds(bytes_per_second=kept))
        )


def expected_seconds(source: str, missing: int) -> int | None:
    """Return how long so many bytes took at the speed of last time; None where none is known."""
    speed = _load().get(_host(source), 0.0)
    return math.ceil(missing / speed) if speed > 0 and missing > 0 else None


def _load() -> dict[str, float]:
    with contextlib.suppress(SetupError, OSError):
        return frozen_json.load_json(paths.cache_folder() / _NAME, Speeds).bytes_per_second
    return {}


def _host(source: str) -> str:
    """Return host and port of an address; nothing for a folder."""
    with contextlib.suppress(ValueError):
        return urlsplit(source).netloc.rpartition("@")[2]
    return ""
