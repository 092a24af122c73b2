"""Sources are visited at once, within the deadline, and remembered for a moment."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.host import paths, web
from setup_assistant.machine import own_sources, sources

ROW = """
[[mirror]]
leg = "{leg}"
name = "{name}"
url = "{url}"
form = "index"
region = "official"
probe = "{url}"
source = "a test"
date = "2026-11-22"
"""


class _Counting(http.server.BaseHTTPRequestHandler):
    visits = 0
    status = 200

    def do_GET(self) -> None:
        type(self).visits += 1
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Counting.visits = 0
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Counting)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}/"
    running.shutdown()
    running.server_close()


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in (*own_sources._INDEX, *own_sources._EXTRA, "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
    monkeypatch.setenv("SETUP_ASSISTANT_RECIPES", str(tmp_path / "recipes"))
    (tmp_path / "recipes").mkdir()
    web._opener.cache_clear()
    return tmp_path / "recipes" / "mirrors.toml"


def test_each_source_answers_for_itself(server: str, recipe: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        recipe.write_text(
            ROW.format(leg="packages", name="good", url=server)
            + ROW.format(leg="torch", name="silent", url=slow)
        )
        good, late = sources.read(0.8)
    assert (good.leg, good.name, good.reachable, good.reason) == ("packages", "good", True, None)
    assert good.seconds is not None
    assert (late.name, late.reachable, late.reason) == ("silent", False, "No answer in time.")


def test_an_answer_is_remembered_and_a_failure_forgotten(
    server: str, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text(
        ROW.format(leg="packages", name="good", url=server)
        + ROW.format(leg="torch", name="gone", url="http://127.0.0.1:1/")
    )
    now = 1000.0
    monkeypatch.setattr(sources.time, "time", lambda: now)
    first = sources.read(5)
    assert sources.read(5) == first
    assert _Counting.visits == 1
    now += sources.KEEP_FAILED + 1
    seen: list[str] = []
    real = web.probe_url
    monkeypatch.setattr(web, "probe_url", lambda url, t: (seen.append(url), real(url, t))[1])
    sources.read(5)
    assert seen == ["http://127.0.0.1:1/"]
    sources.read(5, fresh=True)
    assert _Counting.visits == 2


def test_other_proxies_are_another_memory(
    server: str, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text(ROW.format(leg="packages", name="good", url=server))
    assert sources.read(5)[0].reachable
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    web._opener.cache_clear()
    assert not sources.read(5)[0].reachable


def test_a_spoilt_memory_is_no_memory(server: str, recipe: Path) -> None:
    recipe.write_text(ROW.format(leg="packages", name="good", url=server))
    sources.read(5)
    for file in paths.cache_folder().glob("sources-*.json"):
        file.write_text("[]")
    assert sources.read(5)[0].reachable
    assert _Counting.visits == 2


def test_the_persons_own_index_is_visited_without_its_password(
    server: str, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text(ROW.format(leg="packages", name="good", url=server))
    host = server.removeprefix("http://").rstrip("/")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secret@{host}/simple/")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://{host}/more http://127.0.0.1:1/gone")
    own, more, gone, good = sources.read(5)
    assert (own.leg, own.name, own.url) == ("packages", "own", f"http://{host}/simple")
    assert own.reachable
    assert own.credentials
    assert (more.leg, more.url, more.reachable) == ("extra", f"http://{host}/more", True)
    assert not gone.reachable
    assert good.reachable
    for file in paths.cache_folder().glob("sources-*.json"):
        assert "secret" not in file.read_text()


def test_ones_own_server_may_ask_who_comes(
    server: str, recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text(ROW.format(leg="packages", name="good", url=server))
    monkeypatch.setattr(_Counting, "status", 401)
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server}private")
    own, good = sources.read(5)
    assert own.reachable
    assert not good.reachable


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("channels:\n  - https://m.example/a/conda-forge/\n", "https://m.example/a/conda-forge"),
        ("custom_channels:\n  conda-forge: https://m.example\n", "https://m.example/conda-forge"),
        ("channel_alias: https://m.example\n", "https://m.example/conda-forge"),
        ("channels:\n  - conda-forge\n  - defaults\n", None),
        ("channel_alias: https://me:secret@m.example\n", None),
    ],
)
def test_condas_settings_name_a_mirror(text: str, channel: str | None) -> None:
    assert own_sources.conda_forge(text) == channel
