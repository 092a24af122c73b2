"""A token has an address: which request carries one, by the headers that servers really got."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.fetch import fetch as bundle_fetch
from setup_assistant.bundle.remote import Remote
from setup_assistant.cli.bundle.create import create
from setup_assistant.cli.download.command import command as download
from setup_assistant.cli.options import token_option
from setup_assistant.cli.up.command import command as up
from setup_assistant.errors import SetupError
from setup_assistant.host.http import Http
from setup_assistant.host.http_errors import WebError
from setup_assistant.host.tokens import (
    HUGGING_FACE,
    MODELSCOPE,
    VARIABLE,
    Keys,
    addresses,
    allow,
    flags,
    logins,
)
from setup_assistant.steps.download import named_source

MS, HF = "ms-0123456789abcdef", "hf_0123456789abcdef"


@pytest.fixture(autouse=True)
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both tokens are set, and a netrc for this computer; nothing else."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("MODELSCOPE_ENDPOINT", "HF_ENDPOINT", VARIABLE, "UV_INDEX", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODELSCOPE_API_TOKEN", MS)
    monkeypatch.setenv("HF_TOKEN", HF)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def seen_by(keys: Keys, url: str) -> str:
    return json.dumps(keys.headers(url))


OWN = {
    MODELSCOPE: ["https://www.modelscope.cn/api/v1", "https://modelscope.cn", "https://modelscope.ai",
                 "https://www.modelscope.ai:443/x", "https://WWW.ModelScope.cn/x"],
    HUGGING_FACE: ["https://huggingface.co/a/b", "https://huggingface.co:443"],
}  # fmt: skip
STRANGE = (
    "http://www.modelscope.cn", "http://huggingface.co", "https://hf-mirror.com", "https://evil.example",
    "https://huggingface.co.evil.example", "https://evilhuggingface.co", "https://modelscope.cn:8443",
    "https://modelscope.cn@evil.example/", "https://cdn-lfs.modelscope.cn", "http://127.0.0.1:9",
    "http://localhost:8000", "https://[::1]/", "https://huggingface.co./",
)  # fmt: skip


@pytest.mark.parametrize("hub", [MODELSCOPE, HUGGING_FACE])
def test_a_token_goes_to_its_own_hub_alone(hub: str) -> None:
    token = {MODELSCOPE: MS, HUGGING_FACE: HF}[hub]
    for other, urls in OWN.items():
        for url in urls:
            assert (token in seen_by(Keys(hub), url)) == (hub == other), url
    for url in STRANGE:
        assert Keys(hub).headers(url) == {}, url
        assert Keys(hub).withheld(url)
    assert Keys().headers(OWN[hub][0]) == {}


@pytest.mark.parametrize(
    ("endpoint", "url", "sent"),
    [
        ("https://hub.lab", "https://hub.lab/api", True),
        ("hub.lab", "https://hub.lab/api", True),
        ("hub.lab/", "http://hub.lab/api", False),
        ("http://hub.lab:8000", "http://hub.lab:8000/api", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api", True),
        ("http://localhost:8000", "http://localhost:8000/api", True),
        ("http://[::1]:8000", "http://[::1]:8000/api", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8001/api", False),
        ("http://127.0.0.1.evil.example", "http://127.0.0.1.evil.example/", False),
        ("https://hub.lab", "https://sub.hub.lab/", False),
        ("http://[bad", "https://hub.lab", False),
    ],
)
def test_the_persons_own_endpoint(
    endpoint: str, url: str, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    assert (HF in seen_by(Keys(HUGGING_FACE), url)) == sent
    # The variable of one hub says nothing of the other's token.
    assert Keys(MODELSCOPE).headers(url) == {}


def test_a_proxy_on_the_way_of_plain_text_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://localhost:8000")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert Keys(HUGGING_FACE).headers("http://localhost:8000/x") == {}
    monkeypatch.setenv("no_proxy", "localhost")
    assert HF in seen_by(Keys(HUGGING_FACE), "http://localhost:8000/x")


def test_what_the_person_allows_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    allow(["lab.example", "http://10.0.0.5:8000"])
    assert flags() == ["--token-to", "lab.example", "--token-to", "http://10.0.0.5:8000"]
    keys = Keys(MODELSCOPE)
    assert MS in seen_by(keys, "https://lab.example/x")
    assert MS in seen_by(keys, "http://10.0.0.5:8000/x")
    for url in ("http://lab.example/x", "https://10.0.0.5:8000/x", "http://10.0.0.5/x"):
        assert keys.headers(url) == {}, url
    monkeypatch.setenv(VARIABLE, "other.example, http://[bad,  third.example:444")
    assert MS in seen_by(Keys(MODELSCOPE), "https://other.example/x")
    assert MS in seen_by(Keys(MODELSCOPE), "https://third.example:444/x")
    for wrong in ("ftp://x", "http://", "http://x:port", "http://[bad"):
        with pytest.raises((WebError, ValueError)):
            addresses([wrong])


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak: x", "ключ"])
def test_what_no_header_can_hold_is_not_sent(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    assert Keys(HUGGING_FACE).headers("https://huggingface.co/x") == {}
    assert not Keys(HUGGING_FACE).withheld("https://evil.example")


def test_a_login_is_for_its_own_address() -> None:
    keys = Keys(logins=logins(["https://me:pw@index.lab/simple", "nonsense", "http://[bad@x"]))
    assert "Basic " in seen_by(keys, "https://index.lab/files/a.whl")
    for url in ("http://index.lab/x", "https://index.lab:8443/x", "https://files.lab/x"):
        assert keys.headers(url) == {}, url


def test_netrc_is_for_its_own_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text(
        "machine index.lab login me password pw\ndefault login any password x\n"
    )
    keys = Keys(netrc=True)
    assert "Basic " in seen_by(keys, "https://index.lab/x")
    for url in ("http://index.lab/x", "https://other.lab/x", "https://default/x"):
        assert keys.headers(url) == {}, url
    assert Keys().headers("https://index.lab/x") == {}
    (tmp_path / "netrc").write_text("machine index.lab login me password pw\nnonsense")
    assert keys.headers("https://index.lab/x") == {}


class Server:
    """A server on one address of this computer that keeps what it was shown."""

    def __init__(self, host: str) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.seen: list[tuple[str, str]] = []
        self._server = http.server.ThreadingHTTPServer((host, 0), self._handler())
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        mine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shown = " ".join(
                    f"{k}: {v}" for k, v in self.headers.items()
                    if k.lower() in ("authorization", "cookie", "proxy-authorization")
                )  # fmt: skip
                mine.seen.append((self.path, shown))
                path = self.path.partition("?")[0]
                status, headers, body = mine.answers.get(path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the name is the library's

            def log_message(self, *_: Any) -> None: ...

        return Handler

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def shown(self) -> set[str]:
        return {what for _path, what in self.seen if what}


@pytest.fixture
def serve() -> Iterator[Callable[[str], Server]]:
    running: list[Server] = []

    def start(host: str = "127.0.0.1") -> Server:
        running.append(Server(host))
        return running[-1]

    yield start
    for server in running:
        server.close()


def ask(kind: str, address: str, **more: Any) -> None:
    source = named_source.source_of(kind, address, model="A/B", resume=["r"], flag="--to", **more)
    with pytest.raises(SetupError):
        source.list()


def test_every_request_of_a_download_that_carries_a_token(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = serve("127.0.0.1")
    # By --source URL, by --endpoint, and as the kind of a mirror in the recipes: never.
    ask(here.url, "")
    ask(MODELSCOPE, here.url)
    ask(HUGGING_FACE, here.url)
    assert here.seen
    assert here.shown() == set()
    for kind, variable, token in (
        (MODELSCOPE, "MODELSCOPE_ENDPOINT", MS), (HUGGING_FACE, "HF_ENDPOINT", HF),
    ):  # fmt: skip
        monkeypatch.setenv(variable, here.url)
        ask(kind, here.url)
        monkeypatch.delenv(variable)
        assert here.shown()
        assert all(token in shown for shown in here.shown())
        here.seen.clear()
        monkeypatch.setenv(VARIABLE, here.url)
        ask(kind, here.url)
        monkeypatch.delenv(VARIABLE)
        assert all(token in shown for shown in here.shown())
        here.seen.clear()


def test_an_address_alone_means_the_hub_for_which_the_person_set_it(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = serve("127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", here.url)
    for kinds, given in (((), here.url), ((here.url,), None)):
        (place,) = named_source.places_of(kinds, given, {})
        # A hub that tells nothing to strangers is asked as the right kind first.
        here.answers["/api/v1/models/A/B/repo/files"] = (401, {}, b"")
        ask(place.kind, place.address)
        assert {f"Authorization: Bearer {HF}"} == {s for p, s in here.seen if "/api/models/" in p}
        assert not any(MS in shown for shown in here.shown())
        here.seen.clear()
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", here.url)
    assert named_source.places_of((), here.url, {})[0].kind == MODELSCOPE


@pytest.mark.parametrize("command", [download, up, create])
def test_every_verb_that_downloads_takes_further_hosts(command: click.Command) -> None:
    (option,) = [p for p in command.params if p.name == "token_to"]
    assert option.opts == ["--token-to"]


def test_further_hosts_are_for_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @token_option
    def one() -> None:
        click.echo(os.environ[VARIABLE])

    monkeypatch.setenv(VARIABLE, "first.example")
    found = CliRunner().invoke(one, ["--token-to", "lab.example", "--token-to", "http://b:1"])
    assert found.stdout == "first.example lab.example http://b:1\n"
    assert os.environ[VARIABLE] == "first.example"
    assert CliRunner().invoke(one, ["--token-to", "http://[bad"]).exit_code == 2
    monkeypatch.delenv(VARIABLE)
    assert CliRunner().invoke(one, ["--token-to", "lab.example"]).exit_code == 0
    assert VARIABLE not in os.environ


def test_another_host_to_which_one_redirects_sees_nothing(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = serve("127.0.0.1"), serve("127.0.0.2")
    monkeypatch.setenv("HF_ENDPOINT", here.url)
    # Even one that the person allowed: it was not the one that was asked.
    monkeypatch.setenv(VARIABLE, there.url)
    here.answers["/x"] = (302, {"Location": f"{there.url}/y"}, b"")
    there.answers["/y"] = (302, {"Location": f"{here.url}/z"}, b"")
    here.answers["/z"] = (200, {}, b"ok")
    assert Http(Keys(HUGGING_FACE), silence=5).read(f"{here.url}/x", 10)[0] == b"ok"
    assert [path for path, shown in here.seen if HF in shown] == ["/x", "/z"]
    assert there.seen == [("/y", "")]
    other_port = serve("127.0.0.1")
    here.answers["/x"] = (302, {"Location": f"{other_port.url}/y"}, b"")
    other_port.answers["/y"] = (200, {}, b"ok")
    Http(Keys(HUGGING_FACE), silence=5).read(f"{here.url}/x", 10)
    assert other_port.seen == [("/y", "")]


def test_packages_and_bundles_see_the_login_of_their_index_alone(
    serve: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, files = serve("127.0.0.1"), serve("127.0.0.2")
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url.replace("//", "//me:pw@") + "/simple")
    for server in (index, files):
        server.answers["/a.whl"] = (200, {}, b"12345")
        offer = Offer(path="wheels/a.whl", url=f"{server.url}/a.whl", sha256="0" * 64, size=5)
        with pytest.raises(SetupError) as caught:
            bundle_fetch([offer], tmp_path / "b")
        assert caught.value.code == "hash_mismatch"
    assert index.shown() == {"Authorization: Basic bWU6cHc="}
    assert files.seen
    assert files.shown() == set()
    index.seen.clear()
    with pytest.raises(SetupError):
        Remote(index.url).open(None)
    assert index.seen
    assert index.shown() == set()


def test_what_was_kept_back_is_said(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = serve("127.0.0.1")
    for path in ("/api/v1/models/A/B/repo/files", "/api/models/A/B/tree/main"):
        here.answers[path] = (401, {}, b"")
    source = named_source.source_of(MODELSCOPE, here.url, model="A/B", resume=["r"], flag="--to")
    with pytest.raises(SetupError) as caught:
        source.list()
    assert caught.value.code == "weights_token"
    assert f"--token-to {here.url}" in str(caught.value.hint)
    # What is not there is no matter of a token.
    refused = dict(here.answers)
    here.answers.update(dict.fromkeys(refused, (404, {}, b"")))
    with pytest.raises(SetupError) as caught:
        source.list()
    assert caught.value.code == "weights_unknown"
    here.answers.update(refused)
    monkeypatch.delenv("MODELSCOPE_API_TOKEN")
    with pytest.raises(SetupError) as caught:
        source.list()
    assert caught.value.code == "weights_denied"
