"""Which sources of packages, wheels and weights answer from here, and how fast.

All are visited at once, each in a thread of its own, and nothing waits past the deadline. What
was learned is kept for a short while, so that probe, plan and up do not ask three times.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setup_assistant import frozen_json
from setup_assistant.host import clock, files, paths
from setup_assistant.host.secrets import without_login
from setup_assistant.machine import own_sources
from setup_assistant.machine.facts import Source
from setup_assistant.machine.own_sources import Place

if TYPE_CHECKING:
    from setup_assistant.catalog.mirrors import Mirror

# Seconds that an answer stays true. A failure is forgotten soon: the person is mending it.
KEEP_REACHED, KEEP_FAILED = 900.0, 60.0
# Seconds without which measuring a speed is not begun.
_LEAST_SECONDS = 0.2
_SLICE_SECONDS = 0.1
# The hubs' own variables: whoever sets one means that hub.
_HUBS = {"modelscope": "MODELSCOPE_ENDPOINT", "huggingface": "HF_ENDPOINT"}
# What an answer depends on, beside the recipe: proxies, certificates and hubs.
_SETTINGS = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    *_HUBS.values(),
)  # fmt: skip


# What a visit that was given up says: nobody has refused anything.
_SILENT = ("no-answer", "proxy-no-answer")
_THERE_ALL_THE_SAME = ("http-404", "http-410", "http-401")


@dataclass(frozen=True)
class _Kept:
    """One answer, and when it was given (seconds since 1970)."""

    source: Source
    at: float

    @property
    def fresh(self) -> bool:
        age = time.time() - self.at
        return 0 <= age < (KEEP_REACHED if self.source.reachable else KEEP_FAILED)


def read(deadline: float, *, fresh: bool = False) -> tuple[Source, ...]:
    """Return the person's own sources, then those of `recipes/mirrors.toml`, in order.

    No visit takes longer than `deadline` seconds, on a slow computer counted by its own pace.
    `fresh` asks again where an answer from a moment ago is still known.
    """
    mine = own_sources.own()
    file = _file(mine)
    kept = () if fresh else _load(file)
    if kept and all(k.fresh for k in kept):
        # The everyday case: neither the recipe's reader nor the web is loaded (80 ms).
        return tuple(k.source for k in kept)
    known = _places(mine)
    old = {(k.source.leg, k.source.name): k for k in kept if k.fresh}
    answers = _visit_all([m for m in known if (m.leg, m.name) not in old], deadline)
    now = time.time()
    found = [old.get((m.leg, m.name)) or _Kept(answers[m.leg, m.name], now) for m in known]
    _keep(file, found)
    return tuple(k.source for k in found)


def _places(mine: tuple[Place, ...]) -> list[Mirror | Place]:
    from setup_assistant.catalog import mirrors

    return [*mine, *(_of_person(m) for m in mirrors.load())]


def _of_person(mirror: Mirror) -> Mirror:
    """Return a hub at the address that the person has set for it."""
    url = os.environ.get(_HUBS.get(mirror.name, ""), "").strip().rstrip("/")
    if mirror.leg != "weights" or not url:
        return mirror
    if "://" not in url:
        url = f"https://{url}"
    probe, sample = (text.replace(mirror.url, url) for text in (mirror.probe, mirror.sample))
    # What is kept and shown names nobody.
    return replace(mirror, url=without_login(url), probe=probe, sample=sample)


Answers = dict[tuple[str, str], Source]


def wait_for(
    found: Sequence[Source],
    legs: Sequence[str],
    deadline: float,
    tell: Callable[[Source], None],
) -> tuple[Source, ...]:
    """Return the sources after waiting longer where a whole leg was silent.

    Silence is no refusal: a busy line or a sleeping server answers late. The first answer of
    every such leg ends the waiting.

    Args:
        found: what the probe has found.
        legs: which legs are needed.
        deadline: seconds after which nothing more is waited for.
        tell: called with each source that is waited for.
    """
    waiting = [leg for leg in legs if not any(s.reachable for s in found if s.leg == leg)]
    late = {(s.leg, s.name): s for s in found if s.leg in waiting and s.silent}
    if not late:
        return tuple(found)
    mine = own_sources.own()
    for source in late.values():
        tell(source)

    def enough(answered: Answers) -> bool:
        there = {leg for (leg, _name), s in dict(answered).items() if s.reachable}
        return {leg for leg, _name in late} <= there

    answers = _visit_all([m for m in _places(mine) if (m.leg, m.name) in late], deadline, enough)
    heard = tuple(answers.get((s.leg, s.name), s) for s in found)
    _keep(_file(mine), [_Kept(s, time.time()) for s in heard])
    return heard


def _visit_all(
    wanted: list[Mirror | Place],
    deadline: float,
    enough: Callable[[Answers], bool] = lambda _answered: False,
) -> Answers:
    found: dict[tuple[str, str], Source] = {(m.leg, m.name): _unheard(m) for m in wanted}
    answered: dict[tuple[str, str], Source] = {}
    threads = [
        threading.Thread(target=_visit, args=(m, deadline, answered), daemon=True) for m in wanted
    ]
    # Sixteen visits at once take seconds of a slow processor before anything is sent.
    patience = clock.Patience(deadline)
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and not patience.over() and not enough(answered):
            thread.join(min(_SLICE_SECONDS, deadline))
    # A copy: a thread that was given up may still write.
    return {**found, **dict(answered)}


def _unheard(mirror: Mirror | Place) -> Source:
    from setup_assistant.host.http_errors import CAUSES

    return Source(
        leg=mirror.leg,
        name=mirror.name,
        url=mirror.url,
        reachable=False,
        reason=CAUSES["no-answer"].english,
        credentials=isinstance(mirror, Place) and mirror.credentials,
        silent=True,
        setting=mirror.setting if isinstance(mirror, Place) else None,
    )


def _visit(
    mirror: Mirror | Place, deadline: float, answered: dict[tuple[str, str], Source]
) -> None:
    from setup_assistant.host import http_probe

    ends = clock.monotonic() + deadline
    answer = http_probe.probe_url(mirror.probe, deadline)
    # A server of the person's own is there all the same: it may hold no pip, or ask who comes.
    there = isinstance(mirror, Place) and answer.cause in _THERE_ALL_THE_SAME
    found = replace(
        _unheard(mirror),
        reachable=answer.ok or there,
        seconds=None if answer.seconds is None else round(answer.seconds, 3),
        reason=answer.reason.english if answer.reason else None,
        silent=answer.cause in _SILENT,
    )
    # Known before it is measured: who gives up waiting for the speed still has this.
    answered[mirror.leg, mirror.name] = found
    left = ends - clock.monotonic()
    if answer.ok and left > _LEAST_SECONDS and (mirror.sample or not answer.whole):
        speed = http_probe.speed_of(mirror.sample or mirror.probe, left)
        answered[mirror.leg, mirror.name] = replace(
            found, bytes_per_second=None if speed is None else round(speed)
        )


def _file(mine: tuple[Place, ...]) -> Path:
    """Return the memory's file; another recipe, proxy or certificate has another."""
    settings = [os.environ.get(n) or os.environ.get(n.lower()) for n in _SETTINGS]
    digest = hashlib.sha256(repr((settings, mine)).encode())
    try:
        digest.update((paths.recipes_folder() / "mirrors.toml").read_bytes())
    except OSError:
        digest.update(b"none")
    return paths.cache_folder() / f"sources-{digest.hexdigest()[:12]}.json"


def _load(file: Path) -> tuple[_Kept, ...]:
    try:
        names = {f.name for f in fields(Source)}
        rows: list[dict[str, Any]] = files.read_json(file)
        return tuple(
            _Kept(Source(**{k: v for k, v in row.items() if k in names}), float(row["at"]))
            for row in rows
        )
    except Exception:  # noqa: BLE001 - a memory that cannot be read is no memory
        return ()


def _keep(file: Path, found: list[_Kept]) -> None:
    rows = [{**frozen_json.to_builtins(k.source), "at": k.at} for k in found]
    try:
        files.write_json(file, rows)
    except Exception:  # noqa: BLE001 - the cache folder may be read-only
        return
