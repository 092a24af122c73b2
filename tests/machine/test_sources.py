"""Sources are visited at once, within the deadline, and remembered for a moment."""

from __future__ import annotations

import contextlib
import http.server
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setup_assistant.host import http_probe, paths
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


PAGE = bytes(1 << 20)


class _Line(http.server.BaseHTTPRequestHandler):
    """A server with one large page, sent at once or in drops, that obeys ranges."""

    pause = 0.0

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(b"here")
            return
        # Without a range nothing is measured.
        first, _, last = (
            (self.headers["Range"] or "bytes=1-0").removeprefix("bytes=").partition("-")
        )
        with contextlib.suppress(OSError):  # whoever measures hangs up in the middle
            self._send(PAGE[int(first) : int(last) + 1])

    def _send(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for start in range(0, len(data), 1 << 15):
            self.wfile.write(data[start : start + (1 << 15)])
            threading.Event().wait(self.pause)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def lines() -> Iterator[Callable[[float], str]]:
    """Return a function that starts a server whose every 32 KiB wait so many seconds."""
    running = []

    def start(pause: float) -> str:
        handler = type("_Own", (_Line,), {"pause": pause})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


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
    assert (late.name, late.reachable, late.reason) == ("silent", False, "no answer in time")


def test_the_speed_is_measured_with_a_small_range_and_remembered(
    lines: Callable[[float], str], recipe: Path
) -> None:
    slow, fast = lines(0.1), lines(0.0)
    recipe.write_text(
        "".join(
            ROW.format(leg=leg, name=name, url=url) + f'sample = "{url}large"\n'
            for leg, name, url in (("packages", "slow", slow), ("torch", "fast", fast))
        )
    )
    first, second = sources.read(5)
    assert first.bytes_per_second is not None
    assert second.bytes_per_second is not None
    # 32 KiB every 0.1 s cannot come faster.
    assert 0 < first.bytes_per_second < 700_000
    assert second.bytes_per_second > first.bytes_per_second
    assert sources.read(5) == (first, second)


def test_who_is_slow_to_be_measured_still_answers(
    lines: Callable[[float], str], recipe: Path
) -> None:
    """The deadline comes while the speed is being measured: the answer itself is kept."""
    url = lines(0.4)
    recipe.write_text(ROW.format(leg="packages", name="slow", url=url) + f'sample = "{url}large"')
    (slow,) = sources.read(0.9)
    assert slow.reachable
    assert slow.seconds is not None


def test_a_page_too_small_tells_no_speed(lines: Callable[[float], str], recipe: Path) -> None:
    recipe.write_text(ROW.format(leg="packages", name="small", url=lines(0.0)))
    (small,) = sources.read(5)
    assert small.reachable
    assert small.bytes_per_second is None


def test_a_hub_of_the_persons_own_is_asked_in_place_of_the_official_one(
    lines: Callable[[float], str], recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = lines(0.0)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", mine.removeprefix("http://"))
    monkeypatch.setenv("HF_ENDPOINT", mine.replace("://", "://me:hunter2@"))
    row = ROW.format(leg="weights", name="huggingface", url="https://hub.invalid")
    recipe.write_text(row.replace('form = "index"', 'form = "hub"'))
    (hub,) = sources.read(5)
    assert (hub.name, hub.url, hub.reachable) == ("huggingface", mine.rstrip("/"), True)


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
    real = http_probe.probe_url
    monkeypatch.setattr(http_probe, "probe_url", lambda url, t: (seen.append(url), real(url, t))[1])
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


@pytest.mark.parametrize(
    ("text", "default", "more"),
    [
        ('index-url = "https://a.example/simple"\n', "https://a.example/simple", ()),
        ('[pip]\nindex-url = "https://a.example"\nextra-index-url = ["https://b.example"]\n',
         "https://a.example", ("https://b.example",)),
        (('[[index]]\nname = "x"\nurl = "https://b.example"\n[[index]]\n'
         'url = "https://a.example"\ndefault = true\n'),
         "https://a.example", ("https://b.example",)),
        ('[[index]]\nurl = "https://t.example/cu128"\nexplicit = true\n', None, ()),
        ("index-url = [\n", None, ()),
        ('[[index]]\nname = "no address"\n', None, ()),
        ("", None, ()),
    ],
)  # fmt: skip
def test_uvs_settings_name_indexes(text: str, default: str | None, more: tuple[str, ...]) -> None:
    assert own_sources.uv_indexes(text) == (default, more)


def test_uvs_own_settings_win_over_pips(
    server: str, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text(ROW.format(leg="packages", name="good", url=server))
    (tmp_path / "config/uv").mkdir(parents=True)
    (tmp_path / "config/uv/uv.toml").write_text(f'index-url = "{server}of-uv"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("UV_CONFIG_FILE", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server}of-pip")
    assert sources.read(5)[0].url == f"{server}of-uv"
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server}of-variable")
    assert sources.read(5)[0].url == f"{server}of-variable"
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    assert sources.read(5)[0].url == f"{server}of-pip"


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


class _Late(http.server.BaseHTTPRequestHandler):
    """A server that takes its time before the first byte."""

    seconds = 1.0

    def do_GET(self) -> None:
        threading.Event().wait(self.seconds)
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def late() -> Iterator[Callable[[float], str]]:
    """Return a function that starts a server which answers after so many seconds."""
    running = []

    def start(seconds: float) -> str:
        handler = type("_Own", (_Late,), {"seconds": seconds})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def test_a_silent_leg_is_waited_for(late: Callable[[float], str], recipe: Path) -> None:
    never = late(1000)
    recipe.write_text(
        ROW.format(leg="packages", name="never", url=never)
        + ROW.format(leg="packages", name="late", url=late(1.5))
        + ROW.format(leg="torch", name="refusing", url="http://127.0.0.1:9/")
    )
    found = sources.read(0.5)
    assert [(s.reachable, s.silent) for s in found] == [
        (False, True),
        (False, True),
        (False, False),
    ]
    told: list[str] = []
    heard = sources.wait_for(found, ["packages", "torch"], 3600, lambda s: told.append(s.name))
    # The first answer ends the waiting; who refused is not asked again.
    assert told == ["never", "late"]
    assert [s.reachable for s in heard] == [False, True, False]
    assert [s.reachable for s in sources.read(0.5)] == [False, True, False]


def test_nothing_is_waited_for_where_a_leg_has_an_answer(
    server: str, late: Callable[[float], str], recipe: Path
) -> None:
    recipe.write_text(
        ROW.format(leg="packages", name="good", url=server)
        + ROW.format(leg="packages", name="never", url=late(1000))
    )
    found = sources.read(0.5)
    assert sources.wait_for(found, ["packages"], 60, pytest.fail) == found


def test_a_setting_tells_where_it_stands(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe.write_text("")
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nextra-index-url = http://127.0.0.1:9/extra\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    (extra,) = own_sources.own()
    assert (extra.leg, extra.setting) == ("extra", str(config))
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "http://127.0.0.1:9/of-uv")
    (extra,) = own_sources.own()
    assert (extra.url, extra.setting) == ("http://127.0.0.1:9/of-uv", "UV_EXTRA_INDEX_URL")
