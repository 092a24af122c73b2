"""Our own connections against the loopback hub, through every fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from setup_assistant.errors import Exit
from setup_assistant.host import files
from setup_assistant.host.transfer import part as parts
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.steps.download.folder import LOCK, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, write_model
from tests.steps.bringing import Bringer

ROOT = Path(__file__).parents[2]
BIG = SHARDS[0]


def bringer(hub: Hub, folder: Path) -> Bringer:
    """Downloads over our own connections, with little patience."""

    def source() -> WebSource:
        patience = Patience(attempts=4, longest_pause=0.5)
        return WebSource(
            model=MODEL, hub=ModelScopeHub(hub.url), resume="again", flag="--to", patience=patience
        )

    return Bringer(hub, folder, source)


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between us and the hub, no token, and small segments."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    for module in (parts, sys.modules["setup_assistant.host.transfer.file_progress"]):
        monkeypatch.setattr(module, "SEGMENT", 1 << 16)


@pytest.fixture
def fetch(hub: Hub, tmp_path: Path) -> Bringer:
    return bringer(hub, tmp_path / "target")


def test_a_whole_model_arrives_over_several_connections(fetch: Bringer) -> None:
    brought = fetch()
    assert fetch.complete()
    assert brought.received_bytes == brought.total_bytes
    assert all(k.revision and k.checked == "sha256" for k in brought.record.files)
    assert fetch.hub.asked(BIG) > 1
    assert fetch.hub.sent(BIG) == (fetch.folder / BIG).stat().st_size
    assert f"{BIG} is here, 0.7 MB" in fetch.said or any(BIG in s for s in fetch.said)
    fetch.hub.seen.clear()
    fetch()
    assert fetch.hub.seen == []


@pytest.mark.parametrize("ranges", ["200", "206", "ignored"])
@pytest.mark.parametrize("kind", ["reset", "fin"])
def test_broken_connections_go_on(fetch: Bringer, kind: str, ranges: str) -> None:
    fetch.hub.ranges = ranges  # type: ignore[assignment]
    times = 3 if ranges == "ignored" else None
    fetch.hub.fail(kind, path=BIG, after=40_000, times=times)  # type: ignore[arg-type]
    fetch()
    assert fetch.complete()
    if kind == "fin" and ranges != "ignored":
        assert fetch.hub.sent(BIG) <= (fetch.folder / BIG).stat().st_size


@pytest.mark.parametrize("kind", ["busy", "short", "flip", "stall"])
def test_other_faults_are_overcome(
    fetch: Bringer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_STALL_SECONDS", "0.5")
    times = 3 if kind == "busy" else 1
    fetch.hub.fail(kind, path=BIG, after=1000, times=times, seconds=0 if kind == "busy" else 60)  # type: ignore[arg-type]
    fetch()
    assert fetch.complete()


def test_a_flipped_byte_is_fetched_once_more_and_the_others_kept(fetch: Bringer) -> None:
    fetch.hub.ranges = "ignored"
    fetch.hub.fail("flip", path=BIG)
    fetch()
    assert fetch.complete()
    assert fetch.hub.asked(BIG) == 2
    assert fetch.hub.asked(SHARDS[1]) == 1
    assert any("sha256 differs" in s for s in fetch.said)


def test_a_byte_that_is_always_flipped_is_an_error(fetch: Bringer) -> None:
    fetch.hub.fail("flip", path=BIG, times=None)
    assert fetch.fails().code == "weights_damaged"
    assert not (fetch.folder / BIG).exists()
    assert (fetch.folder / SHARDS[1]).exists()


def test_no_sums_in_the_listing_are_told(fetch: Bringer) -> None:
    fetch.hub.with_sha = False
    assert {k.checked for k in fetch().record.files} == {"size"}
    assert fetch.complete()


@pytest.mark.parametrize("size", [3, 50])
def test_a_size_that_lies_is_an_error(fetch: Bringer, size: int) -> None:
    fetch.hub.fail("short", path="none")
    (fetch.hub.models[MODEL] / "extra.bin").write_bytes(b"12345")
    import json

    entries = fetch.hub.entries(MODEL)
    for entry in entries:
        if entry["Path"] == "extra.bin":
            entry["Size"] = size
    fetch.hub.listing = json.dumps({"Data": {"Files": entries}}).encode()
    assert fetch.fails().code == "weights_size"
    assert not folder_record.intact(fetch.folder, MODEL)


@pytest.mark.parametrize("path", ["../escaped", "/tmp/escaped-by-hub", "a/../../e", "NUL", "C:\\x"])
def test_a_hostile_listing_writes_nothing(fetch: Bringer, path: str, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    fetch.hub.more_files = [{"Path": path, "Size": 3, "Type": "blob", "Sha256": "a" * 64}]
    assert fetch.fails().code == "weights_listing"
    assert set(tmp_path.rglob("*")) == before
    assert not any(s.sent for s in fetch.hub.seen)


@pytest.mark.parametrize(
    "body",
    [b"<html>log in</html>", b'{"Data": {"Files": [', b"[]", b"", b"[" * 100_000, b"\xff\xfe",
     b" " * (33 << 20)],
    ids=["page", "cut", "list", "empty", "deep", "bytes", "endless"],
)  # fmt: skip
def test_what_is_no_listing_is_an_error(fetch: Bringer, body: bytes) -> None:
    fetch.hub.listing = body
    assert fetch.fails().code == "weights_listing"
    assert not fetch.folder.exists()


def test_a_hub_that_goes_away_keeps_what_came(fetch: Bringer) -> None:
    fetch.hub.fail("busy", path=SHARDS[1], times=None)
    error = fetch.fails()
    assert (error.code, error.exit) == ("weights_interrupted", Exit.PARTLY)
    assert "HTTP 503" in str(error.message)
    fetch.hub.faults.clear()
    fetch.hub.seen.clear()
    kept = arrived(fetch, 700_000)
    assert kept > 0
    fetch()
    assert fetch.complete()
    assert sum(fetch.hub.sent(shard) for shard in SHARDS) == 1_400_000 - kept


def test_a_full_disk_stops_cleanly_and_goes_on(
    fetch: Bringer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    real, left = os.pwrite, [500_000]

    def pwrite(handle: int, data: Any, at: int) -> int:
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
    assert fetch.fails().code == "disk_filled"
    monkeypatch.setattr(os, "pwrite", real)
    sent = sum(s.sent for s in fetch.hub.seen)
    fetch.hub.seen.clear()
    brought = fetch()
    assert fetch.complete()
    assert sent > 0
    assert brought.received_bytes < brought.total_bytes


def test_a_second_run_waits_and_finds_everything(fetch: Bringer, tmp_path: Path) -> None:
    fetch()
    (fetch.folder / folder_record.NAME).unlink()
    fetch.folder.mkdir(exist_ok=True)
    with files.exclusive(fetch.folder / LOCK):
        waiting = threading.Thread(target=lambda: fetch(wait=True))
        waiting.start()
        while not any("waiting" in s for s in fetch.said):
            time.sleep(0.01)
    waiting.join()
    assert fetch.complete()


class _Redirect(BaseHTTPRequestHandler):
    target = ""
    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        self.send_response(302)
        self.send_header("Location", self.target + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


def test_the_token_does_not_travel_to_another_host(
    fetch: Bringer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "ms-0123456789abcdef")
    seen: list[dict[str, str]] = []
    handler = type("Handler", (_Redirect,), {"target": fetch.hub.url, "seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        url = f"http://localhost:{server.server_port}"
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", url)
        source = WebSource(model=MODEL, hub=ModelScopeHub(url), resume="again", flag="--to")
        bring(Job(model=MODEL, source=source, folder=fetch.folder, flag="--to"))
        server.shutdown()
        thread.join()
    assert fetch.complete()
    assert all("ms-0123456789abcdef" in h["Authorization"] for h in seen)
    assert {s.authorization for s in fetch.hub.seen} == {""}
    assert urlsplit(fetch.hub.url).hostname == "127.0.0.1"


_CHILD = """
import sys
from pathlib import Path
from setup_assistant.host.transfer import part
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.web import WebSource
model, url, folder = sys.argv[1:]
source = WebSource(model=model, hub=ModelScopeHub(url), resume="again", flag="--to")
bring(Job(model=model, source=source, folder=Path(folder), flag="--to"))
"""


@pytest.mark.e2e
def test_killed_at_any_moment_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    size = 30_000_000
    served = write_model(tmp_path / "large", shard_bytes=size)
    with Hub({MODEL: served}) as hub:
        fetch = bringer(hub, tmp_path / "target")
        hub.bytes_per_second = 3_000_000
        for part in (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
            child = subprocess.Popen(
                [sys.executable, "-c", _CHILD, MODEL, hub.url, str(fetch.folder)],
                cwd=ROOT, env=os.environ,
            )  # fmt: skip
            while child.poll() is None and arrived(fetch, size) < part * 2 * size:
                time.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
        hub.bytes_per_second = None
        hub.seen.clear()
        missing = 2 * size - arrived(fetch, size)
        fetch()
        assert fetch.complete()
        assert sum(hub.sent(s) for s in SHARDS) <= missing * 1.05


def arrived(fetch: Bringer, size: int) -> int:
    """Return the bytes of the shards that are in the folder, as the states beside them say."""
    total = 0
    for shard in SHARDS:
        if (fetch.folder / shard).exists():
            total += size
            continue
        try:
            data = (fetch.folder / f"{shard}.sa-part.state").read_bytes()[128:]
        except OSError:
            continue
        total += sum(int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8))
    return total


def test_a_shard_that_no_library_will_load_is_told(fetch: Bringer) -> None:
    import json

    head = json.dumps({"w": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}).encode()
    good = len(head).to_bytes(8, "little") + head + b"1234"
    (fetch.hub.models[MODEL] / BIG).write_bytes(good)
    fetch()
    assert fetch.complete()
    assert not any("safetensors file" in s and BIG in s for s in fetch.said)
    assert any("safetensors file" in s and SHARDS[1] in s for s in fetch.said)


class _Proxy(BaseHTTPRequestHandler):
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        import http.client

        self.seen.append((self.path, self.headers.get("Proxy-Authorization", "")))
        url = urlsplit(self.path)
        line = http.client.HTTPConnection(url.netloc)
        line.request("GET", f"{url.path}?{url.query}", headers=dict(self.headers))
        answer = line.getresponse()
        body = answer.read()
        line.close()
        self.send_response(answer.status)
        for name in ("Content-Range", "Content-Type"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


def test_the_persons_proxy_is_used(fetch: Bringer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    handler = type("Handler", (_Proxy,), {"seen": seen})
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{server.server_port}")
        fetch()
        server.shutdown()
        thread.join()
    assert fetch.complete()
    assert len(seen) == len(fetch.hub.seen)
    assert all(login.startswith("Basic ") for _path, login in seen)


def test_a_dead_proxy_is_unreachable(fetch: Bringer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("setup_assistant.host.transfer.small._FIRST_PAUSE", 0.01)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    error = fetch.fails()
    assert error.code == "weights_unreachable"
    assert "the proxy refuses connections" in str(error.message)
    assert fetch.hub.seen == []
