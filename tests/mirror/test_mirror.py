"""The mirror serves our client and the stock one, and nothing that is not on its shelf."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.mirror.server import MirrorServer
from setup_assistant.mirror.shelf import Shelf
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.weights import folder_record
from tests.hub.fixtures import MODEL, SHARDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)


def fetch(url: str, folder: Path) -> None:
    source = named_source.source_of(url, "", model=MODEL, resume="again", flag="--to")
    bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))


def ask(server: MirrorServer, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def of_file(path: str) -> str:
    return f"/api/v1/models/{MODEL}/repo?Revision=master&FilePath={quote(path)}"


def test_our_client_fetches_from_it(url: str, shelf_folder: Path, tmp_path: Path) -> None:
    fetch(url, tmp_path / "w")
    assert folder_record.intact(tmp_path / "w", MODEL)
    for shard in SHARDS:
        assert (tmp_path / "w" / shard).read_bytes() == (shelf_folder / MODEL / shard).read_bytes()
    assert not (tmp_path / "w" / "link").exists()
    # What was fetched can be served again, under the same id whatever its folder is called.
    assert list(Shelf(tmp_path / "w").models) == [MODEL]


@pytest.mark.e2e
def test_the_stock_client_fetches_from_it(
    url: str, shelf_folder: Path, tmp_path: Path, client_python: Path
) -> None:
    modelscope = client_python.with_name("modelscope")
    env = {**os.environ, "MODELSCOPE_ENDPOINT": url, "MODELSCOPE_DOMAIN": url.split("//")[1],
           "HOME": str(tmp_path), "MODELSCOPE_CACHE": str(tmp_path / "cache")}  # fmt: skip
    done = subprocess.run(
        [modelscope, "download", MODEL, "--local_dir", tmp_path / "w"],
        env=env, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for shard in (*SHARDS, "config.json", "说明 readme.md"):
        assert (tmp_path / "w" / shard).read_bytes() == (shelf_folder / MODEL / shard).read_bytes()


@pytest.mark.parametrize(
    "path", ["../secret", "../../secret", "/etc/passwd", "link", ".hidden", "assets", "", "a\x00b",
             "assets/../../../secret", ".setup-assistant.json"],
)  # fmt: skip
def test_nothing_else_can_be_reached(mirror: MirrorServer, path: str) -> None:
    status, body = ask(mirror, of_file(path))
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_it_is_read_only(mirror: MirrorServer, method: str) -> None:
    assert ask(mirror, of_file("config.json"), method)[0] == 501


def test_ranges(mirror: MirrorServer, shelf_folder: Path) -> None:
    whole = (shelf_folder / MODEL / SHARDS[0]).read_bytes()
    assert ask(mirror, of_file(SHARDS[0]), Range="bytes=1000-1999") == (206, whole[1000:2000])
    assert ask(mirror, of_file(SHARDS[0]), Range="bytes=699999-") == (206, whole[-1:])
    assert ask(mirror, of_file(SHARDS[0]), Range="bytes=700000-")[0] == 416
    assert ask(mirror, of_file(SHARDS[0]), "HEAD") == (200, b"")
    assert ask(mirror, of_file("assets/empty.txt")) == (200, b"")


@pytest.mark.parametrize("asked", ["bytes=-5", "bytes=1-2,4-5", "bytes=" + "9" * 5000 + "-",
                                   "items=0-1", "bytes=5-4"])  # fmt: skip
def test_ranges_that_it_does_not_know(mirror: MirrorServer, shelf_folder: Path, asked: str) -> None:
    whole = (shelf_folder / MODEL / SHARDS[0]).read_bytes()
    status, body = ask(mirror, of_file(SHARDS[0]), Range=asked)
    # The whole file is a right answer to any range; an empty one is not.
    assert (status, body) in {(200, whole), (416, b"")}
    assert ask(mirror, of_file("config.json"))[0] == 200


def test_a_bounded_rate(shelf_folder: Path, tmp_path: Path) -> None:
    with MirrorServer(("127.0.0.1", 0), Shelf(shelf_folder), rate=4_000_000) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            fetch(f"http://127.0.0.1:{server.server_port}", tmp_path / "w")
        finally:
            server.shutdown()
            thread.join()
    assert folder_record.intact(tmp_path / "w", MODEL)


def test_an_address_of_the_newer_kind(shelf_folder: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("this Python has no IPv6")
    try:
        server = MirrorServer(("::1", 0), Shelf(shelf_folder))
    except OSError:
        pytest.skip("no IPv6 here")
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        connection = http.client.HTTPConnection("::1", server.server_port, timeout=600)
        connection.request("GET", of_file("config.json"))
        assert connection.getresponse().status == 200
        connection.close()
        server.shutdown()
        thread.join()


def test_a_token_is_asked_for(
    mirror: MirrorServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.token = "lab-token"
    assert ask(mirror, of_file("config.json"))[0] == 403
    assert ask(mirror, of_file("config.json"), Authorization="Bearer wrong")[0] == 403
    assert ask(mirror, of_file("config.json"), Cookie="a=b; m_session_id=lab-token")[0] == 200
    with pytest.raises(SetupError) as caught:
        fetch(url, tmp_path / "w")
    assert caught.value.code == "weights_denied"
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", "lab-token")
    with pytest.raises(SetupError) as caught:
        fetch(url, tmp_path / "w")
    assert caught.value.code == "weights_token"
    assert f"--token-to {url}" in str(caught.value.hint)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", url)
    fetch(url, tmp_path / "w")
    assert folder_record.intact(tmp_path / "w", MODEL)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        Shelf(tmp_path)
    assert caught.value.code == "mirror_empty"


def test_the_verb_serves_until_it_is_interrupted(shelf_folder: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "setup_assistant.cli.app", "mirror", "serve", str(shelf_folder),
         "--port", "0"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
        # A test run in the background hands on an ignored SIGINT, which Python then respects.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    assert child.stderr is not None
    try:
        line = ""
        while "http://" not in line:
            line = child.stderr.readline()
            assert line, child.wait()
        url = next(w for w in line.replace(";", " ").split() if w.startswith("http://"))
        fetch(url, tmp_path / "w")
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=600)
    assert folder_record.intact(tmp_path / "w", MODEL)
    assert child.returncode == 130


def test_an_address_that_is_taken_is_an_error(mirror: MirrorServer, shelf_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "setup_assistant.cli.app", "mirror", "serve", str(shelf_folder),
         "--port", str(mirror.server_port), "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert json.loads(done.stdout)["errors"][0]["code"] == "mirror_address"
