"""Which sources of packages, wheels and weights answer from here, and how fast.

All are visited at once, each in a thread of its own, and nothing waits past the deadline. What
was learned is kept for a short while, so that probe, plan and up do not ask three times.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from setup_assistant import values
from setup_assistant.catalog import mirrors
from setup_assistant.host import clock, files, paths
from setup_assistant.machine.facts import Source
from setup_assistant.words import msg

# Seconds that an answer stays true. A failure is forgotten soon: the person is mending it.
KEEP_REACHED, KEEP_FAILED = 900.0, 30.0
_SETTINGS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def read(deadline: float, *, fresh: bool = False) -> tuple[Source, ...]:
    """Return every source of `recipes/mirrors.toml`, in its order, within `deadline` seconds.

    `fresh` asks again where an answer from a moment ago is still known.
    """
    known = mirrors.load()
    kept = {} if fresh else _load()
    found: dict[int, Source] = {}
    waiting = []
    for number, mirror in enumerate(known):
        old = kept.get(mirror.probe)
        if old is not None:
            found[number] = _source(mirror, old)
            continue
        thread = threading.Thread(
            target=_visit, args=(mirror, deadline, found, number), daemon=True
        )
        thread.start()
        waiting.append(thread)
    ends = clock.monotonic() + deadline
    for thread in waiting:
        thread.join(max(0.0, ends - clock.monotonic()))
    late = {"ok": False, "reason": msg("No answer in time.").english}
    sources = tuple(found.get(n, _source(m, late)) for n, m in enumerate(known))
    if waiting:
        _keep(known, sources, kept)
    return sources


def _visit(mirror: mirrors.Mirror, deadline: float, found: dict[int, Source], number: int) -> None:
    from setup_assistant.host import web

    answer = web.probe_url(mirror.probe, deadline)
    found[number] = _source(
        mirror,
        {
            "ok": answer.ok,
            "seconds": answer.seconds,
            "reason": answer.reason.english if answer.reason else None,
        },
    )


def _source(mirror: mirrors.Mirror, said: dict[str, Any]) -> Source:
    seconds = said.get("seconds")
    return Source(
        leg=mirror.leg,
        name=mirror.name,
        url=mirror.url,
        reachable=bool(said["ok"]),
        seconds=round(seconds, 3) if isinstance(seconds, float) else None,
        reason=said.get("reason"),
    )


def _file() -> Path:
    """Return the cache's file; other proxies or certificates have another."""
    from setup_assistant.host import web

    named = {n: os.environ.get(n) or os.environ.get(n.lower()) for n in _SETTINGS}
    told = repr((sorted(named.items()), web.certificates())).encode()
    return paths.cache_folder() / f"sources-{hashlib.sha256(told).hexdigest()[:12]}.json"


def _load() -> dict[str, dict[str, Any]]:
    try:
        kept = files.read_json(_file())
        now = time.time()
        return {
            url: said
            for url, said in kept.items()
            if 0 <= now - said["at"] < (KEEP_REACHED if said["ok"] else KEEP_FAILED)
        }
    except Exception:  # noqa: BLE001 - a cache that cannot be read is no cache
        return {}


def _keep(
    known: Sequence[mirrors.Mirror], sources: Sequence[Source], kept: dict[str, dict[str, Any]]
) -> None:
    now = time.time()
    said = {
        mirror.probe: kept.get(mirror.probe)
        or {
            "ok": source.reachable,
            "seconds": source.seconds,
            "reason": source.reason,
            "at": now,
        }
        for mirror, source in zip(known, sources, strict=True)
    }
    try:
        files.write_json(_file(), values.to_builtins(said))
    except Exception:  # noqa: BLE001 - the cache folder may be read-only
        return
