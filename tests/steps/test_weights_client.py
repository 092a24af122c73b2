"""The real ModelScope client against the loopback hub, through every fault."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from setup_assistant.errors import Exit
from setup_assistant.steps.download.modelscope import ModelScope
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, write_model
from tests.steps.bringing import Bringer

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def bringer(hub: Hub, python: Path, tmp_path: Path) -> Bringer:
    """Downloads through the client of an environment."""
    source = ModelScope(
        model=MODEL, name=hub.url, python=python, work=tmp_path / "work", resume="again",
        flag="--to",
    )  # fmt: skip
    return Bringer(hub, tmp_path / "target", lambda: source)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, and no proxy between us and the hub."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    return folder


@pytest.fixture
def fetch(hub: Hub, client_python: Path, tmp_path: Path, home: Path) -> Bringer:
    return bringer(hub, client_python, tmp_path)


def test_a_whole_model_arrives(fetch: Bringer, home: Path) -> None:
    brought = fetch()
    assert fetch.complete()
    assert brought.received_bytes == brought.total_bytes
    assert all(k.revision and k.checked == "sha256" for k in brought.record.files)
    # The client's own locks and session id are gone, and never were in the home folder.
    assert list(home.iterdir()) == []
    assert not fetch.folder.with_name("work").exists()


def test_a_rerun_asks_for_nothing(fetch: Bringer) -> None:
    fetch()
    fetch.hub.seen.clear()
    fetch()
    assert fetch.hub.seen == []


@pytest.mark.parametrize("ranges", ["200", "206"])
@pytest.mark.parametrize("kind", ["reset", "fin"])
def test_broken_connections_go_on_where_they_broke(fetch: Bringer, kind: str, ranges: str) -> None:
    fetch.hub.ranges = ranges  # type: ignore[assignment]
    fetch.hub.fail(kind, path=SHARDS[0], after=200_000, times=None)  # type: ignore[arg-type]
    fetch()
    assert fetch.complete()
    size = (fetch.folder / SHARDS[0]).stat().st_size
    # A reset may take bytes with it that the client had not read yet.
    assert fetch.hub.sent(SHARDS[0]) <= size * (1.0 if kind == "fin" else 2.0)
    assert fetch.hub.asked(SHARDS[0]) >= 4


def test_patience_is_renewed_by_progress(fetch: Bringer) -> None:
    # More breaks than attempts are made without progress.
    fetch.hub.fail("fin", path=SHARDS[0], after=70_000, times=None)
    fetch()
    assert fetch.complete()
    assert fetch.hub.asked(SHARDS[0]) == 10


def test_ranges_ignored_start_again(fetch: Bringer) -> None:
    fetch.hub.ranges = "ignored"
    fetch.hub.fail("fin", path=SHARDS[0], after=200_000)
    fetch()
    assert fetch.complete()


def test_a_busy_hub_is_asked_again(fetch: Bringer) -> None:
    fetch.hub.fail("busy", path="", times=3, seconds=1)
    fetch.hub.fail("busy", path=SHARDS[0], times=2, seconds=1)
    fetch()
    assert fetch.complete()


def test_a_body_that_is_too_short_is_asked_for_again(fetch: Bringer) -> None:
    fetch.hub.fail("short", path=SHARDS[0], after=1000)
    fetch()
    assert fetch.complete()


def test_a_stall_is_noticed(fetch: Bringer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELSCOPE_DOWNLOAD_TIMEOUT", "1")
    fetch.hub.fail("stall", path=SHARDS[0], after=200_000, seconds=60)
    fetch()
    assert fetch.complete()
    assert any(s.range == "bytes=200000-" for s in fetch.hub.seen)


def test_a_flipped_byte_is_fetched_once_more(fetch: Bringer) -> None:
    fetch.hub.fail("flip", path=SHARDS[1])
    fetch()
    assert fetch.complete()
    assert fetch.hub.asked(SHARDS[1]) == 2
    assert fetch.hub.asked(SHARDS[0]) == 1


def test_a_byte_that_is_always_flipped_is_an_error(fetch: Bringer) -> None:
    fetch.hub.fail("flip", path=SHARDS[1], times=None)
    error = fetch.fails()
    assert error.code == "weights_damaged"
    assert fetch.hub.asked(SHARDS[1]) == 2
    assert not (fetch.folder / SHARDS[1]).exists()


def test_no_sums_in_the_listing_are_told(fetch: Bringer) -> None:
    fetch.hub.with_sha = False
    brought = fetch()
    assert {k.checked for k in brought.record.files} == {"size"}
    assert fetch.complete()


def test_a_size_that_lies_is_an_error(fetch: Bringer) -> None:
    (fetch.hub.models[MODEL] / "extra.bin").write_bytes(b"12345")
    entries = fetch.hub.entries(MODEL)
    for entry in entries:
        if entry["Path"] == "extra.bin":
            entry["Size"] = 50
    fetch.hub.listing = json.dumps({"Data": {"Files": entries}}).encode()
    assert fetch.fails().code == "weights_size"
    assert not folder_record.intact(fetch.folder, MODEL)


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped-by-hub", "a/../../escaped", "C:\\x"])
def test_a_hostile_listing_writes_nothing(fetch: Bringer, path: str, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    fetch.hub.more_files = [{"Path": path, "Size": 3, "Type": "blob", "Sha256": "a" * 64}]
    assert fetch.fails().code == "weights_listing"
    assert set(tmp_path.rglob("*")) == before
    assert not Path("/tmp/escaped-by-hub").exists()
    assert not any(s.sent for s in fetch.hub.seen)


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"Data": {"Files": [', b"[]", b""])
def test_what_is_no_listing_is_an_error(fetch: Bringer, body: bytes) -> None:
    fetch.hub.listing = body
    assert fetch.fails().code == "weights_listing"
    assert not fetch.folder.exists()


def test_a_hub_without_the_model(fetch: Bringer) -> None:
    fetch.hub.models = {"Other/Model": fetch.hub.models[MODEL]}
    error = fetch.fails()
    assert error.code == "weights_unknown"
    assert MODEL in str(error.message)


def test_the_persons_token_is_used_and_never_logged(
    fetch: Bringer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from setup_assistant.host import log

    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    fetch.hub.token = "ms-0123456789abcdef"
    assert fetch.fails().code == "weights_denied"
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", fetch.hub.token)
    written = log.start("download")
    try:
        fetch()
    finally:
        log.stop()
    assert fetch.complete()
    assert written is not None
    assert fetch.hub.token not in written.read_text()
    kept = (fetch.folder / folder_record.NAME).read_text()
    assert fetch.hub.token not in kept


def test_a_hub_that_goes_away_keeps_what_came(fetch: Bringer) -> None:
    fetch.hub.fail("busy", path=SHARDS[1], times=None)
    error = fetch.fails()
    assert error.code == "weights_interrupted"
    assert error.exit == Exit.PARTLY
    assert "HTTP 503" in str(error.message)
    assert "again" in str(error.hint)
    fetch.hub.faults.clear()
    sent = fetch.hub.sent(SHARDS[0])
    fetch()
    assert fetch.complete()
    assert fetch.hub.sent(SHARDS[0]) == sent


_CHILD = """
import sys
from pathlib import Path
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.steps.download.modelscope import ModelScope
model, url, python, work, folder = sys.argv[1:]
source = ModelScope(
    model=model, name=url, python=Path(python), work=Path(work), resume="again", flag="--to"
)
bring(Job(model=model, source=source, folder=Path(folder), flag="--to"))
"""


def test_killed_at_any_moment_it_goes_on(client_python: Path, tmp_path: Path, home: Path) -> None:
    served = write_model(tmp_path / "large", shard_bytes=6_000_000)
    with Hub({MODEL: served}) as hub:
        hub.bytes_per_second = 3_000_000
        fetch = bringer(hub, client_python, tmp_path)
        arguments = [MODEL, hub.url, client_python, tmp_path / "work", fetch.folder]
        for part in (0.05, 0.3, 0.6, 0.9):
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, *map(str, arguments)], cwd=ROOT, env=os.environ
            )
            enough = part * 12_000_000
            while child.poll() is None and arrived(fetch.folder) < enough:
                time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
            # The client dies with its parent: nothing writes after this.
            time.sleep(0.3)
            left = arrived(fetch.folder)
            time.sleep(0.3)
            assert arrived(fetch.folder) == left
        hub.bytes_per_second = None
        hub.seen.clear()
        missing = 12_000_000 - arrived(fetch.folder)
        fetch()
        assert fetch.complete()
        assert sum(hub.sent(s) for s in SHARDS) <= missing * 1.05
    assert list(home.iterdir()) == []


def arrived(folder: Path) -> int:
    """Return the bytes of the shards that are in the folder, whole or not."""
    total = 0
    for shard in SHARDS:
        for name in (shard, f"{shard}.incomplete"):
            try:
                total += (folder / name).stat().st_size
            except OSError:
                continue
    return total
