"""Fifteen further ways to answer wrongly: whatever came, the bytes are those that are served."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import threading
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.transfer import part as parts
from setup_assistant.host.transfer import wait as waits
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.job import Event
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.faults import Kind
from tests.hub.fixtures import MODEL, SHARDS
from tests.hub.lies import LIES
from tests.hub.odd import ANSWERS

BIG = SHARDS[0]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    for module in (parts, sys.modules["setup_assistant.host.transfer.file_progress"]):
        monkeypatch.setattr(module, "SEGMENT", 1 << 16)


def fetch(hub: Hub, folder: Path, patience: Patience | None = None, **more: Any) -> Brought:
    source = WebSource(
        model=MODEL, hub=ModelScopeHub(hub.url), resume="r", flag="--to",
        patience=patience or Patience(attempts=6, longest_pause=0.05),
    )  # fmt: skip
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to", **more))


def same(hub: Hub, folder: Path) -> bool:
    served = {n: p.read_bytes() for n, p in hub.files(MODEL).items()}
    left = [p.name for p in folder.rglob("*") if ".sa-part" in p.name]
    return folder_record.intact(folder, MODEL) and left == [] and all(
        (folder / n).read_bytes() == data for n, data in served.items()
    )  # fmt: skip


SETTINGS: dict[Kind, dict[str, Any]] = {
    "status": {"after": 500},
    "later": {"text": "0"},
    "shifted": {"after": 7},
    "total": {"after": 1},
}
# What nothing but a sum tells from the file.
UNSEEN = ("other",)
# What is fetched anew is asked for twice and then from elsewhere: there is no elsewhere here.
ONCE = ("other",)
GIVES_UP = ("total", "loop")
# A refusal counts as final before anything came.
DENIED = ("denied",)
PAIRS = [
    (kind, with_sha, ranges)
    for kind in ANSWERS
    for with_sha in (True, False)
    for ranges in ("206", "ignored")
    if (with_sha or (kind not in UNSEEN and ranges == "206")) and kind not in DENIED
]


@pytest.mark.parametrize(("kind", "with_sha", "ranges"), PAIRS)
def test_it_is_overcome(hub: Hub, tmp_path: Path, kind: Kind, with_sha: bool, ranges: Any) -> None:
    hub.with_sha, hub.ranges = with_sha, ranges
    hub.fail(kind, path=BIG, times=1 if kind in ONCE else 3, **SETTINGS.get(kind, {}))
    if kind in GIVES_UP:
        # It may give up, with what came so far: a rerun then has the right bytes.
        with contextlib.suppress(SetupError):
            fetch(hub, tmp_path / "w")
        hub.faults.clear()
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


LYING = [(kind, sha) for kind in LIES for sha in (True, False)]


@pytest.mark.parametrize(("kind", "with_sha"), LYING)
def test_a_lie_leaves_the_right_bytes_or_a_refusal(
    hub: Hub, tmp_path: Path, kind: Kind, with_sha: bool
) -> None:
    hub.with_sha, hub.ranges = with_sha, "206"
    hub.fail(kind, path=BIG, times=2)
    refused = ""
    try:
        fetch(hub, tmp_path / "w")
    except SetupError as error:
        refused = error.code
    if refused:
        assert refused.startswith("weights_")
        assert not folder_record.intact(tmp_path / "w", MODEL)
        # The same command goes on.
        hub.faults.clear()
        fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


def test_a_status_that_passes(hub: Hub, tmp_path: Path) -> None:
    statuses = (408, 425, 429, 500, 502, 503, 504, 520, 599)
    for status in statuses:
        hub.fail("status", path=BIG, after=status)
    fetch(hub, tmp_path / "w", Patience(attempts=len(statuses) + 2, longest_pause=0.05))
    assert hub.faults.take("status", BIG) is None
    assert same(hub, tmp_path / "w")


def test_an_address_that_expired_is_asked_for_afresh(hub: Hub, tmp_path: Path) -> None:
    hub.fail("fin", path=BIG, after=70_000)
    hub.fail("fin", path=BIG, after=0)
    told: list[Event] = []

    def event(one: Event) -> None:
        told.append(one)

    hub.bytes_per_second = 2_000_000
    # The first connection brings bytes and breaks; then one refusal, then bytes again.
    real = hub.faults.take

    def take(kind: Kind, path: str) -> Any:
        if kind == "denied" and path == BIG and hub.sent(BIG) > 60_000 and not refused:
            refused.append(path)
            hub.fail("denied", path=BIG)
        return real(kind, path)

    refused: list[str] = []
    hub.faults.take = take  # type: ignore[method-assign]
    fetch(hub, tmp_path / "w", event=event)
    assert refused
    assert same(hub, tmp_path / "w")


def test_a_refusal_that_stays_is_one(hub: Hub, tmp_path: Path) -> None:
    hub.fail("denied", path=BIG, times=None)
    with pytest.raises(SetupError) as caught:
        fetch(hub, tmp_path / "w")
    assert caught.value.code == "weights_denied"
    # At the beginning it is no expired address.
    assert len([s for s in hub.seen if s.path == BIG]) <= 2


def test_all_connections_wait_as_long_as_the_server_asks(hub: Hub, tmp_path: Path) -> None:
    asked: list[float] = []
    real = hub.files

    def files(model: str, revision: str = "") -> dict[str, Path]:
        asked.append(time.monotonic())
        return real(model, revision)

    hub.files = files  # type: ignore[method-assign]
    hub.fail("later", path="config.json", text="2")
    began = time.monotonic()
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")
    told = min(t for t in asked if t > began)
    # Between the refusal and two seconds later nobody asked for anything (the list is before).
    first = sorted(asked)
    gaps = [b - a for a, b in itertools.pairwise(first)]
    assert max(gaps) >= 1.9
    assert told


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_wait_is_said_at_once(
    hub: Hub, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "WORTH_SAYING", 1.0)
    text = "2" if form == "seconds" else formatdate(time.time() + 4, usegmt=True)
    hub.fail("later", path=BIG, text=text)
    told: list[Event] = []
    said: list[str] = []
    fetch(hub, tmp_path / "w", event=told.append, note=lambda m: said.append(str(m)))
    retry = next(e.data for e in told if e.kind == "retry")
    assert retry["source"] == hub.url.removeprefix("http://")
    assert 1 <= retry["seconds"] <= 4
    assert "429" in retry["detail"]
    assert any("asks to wait until" in s and "Ctrl-C" in s and retry["until"] in s for s in said)
    assert json.dumps(retry)


@pytest.mark.parametrize("text", ["86400", "9" * 30])
def test_a_wait_that_nobody_waits_for_ends_at_once(hub: Hub, tmp_path: Path, text: str) -> None:
    hub.fail("later", path=BIG, text=text, times=None)
    with pytest.raises(SetupError) as caught:
        fetch(hub, tmp_path / "w")
    assert caught.value.code == "weights_interrupted"
    assert "asks to wait until 20" in str(caught.value.message)
    assert len([s for s in hub.seen if s.path == BIG]) <= 2


@pytest.mark.parametrize("text", ["-5", "soon", "0", "", "1e9", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_none(hub: Hub, tmp_path: Path, text: str) -> None:
    hub.fail("later", path=BIG, text=text, times=2)
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


def test_ctrl_c_ends_a_long_wait(hub: Hub, tmp_path: Path) -> None:
    hub.fail("later", path=BIG, text="600", times=None)

    def note(text: object) -> None:
        if "asks to wait" in str(text):
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        fetch(hub, tmp_path / "w", note=note)
    assert threading.active_count() <= before + 8
    hub.faults.clear()
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")
