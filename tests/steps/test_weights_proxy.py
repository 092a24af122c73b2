"""The person's proxy and certificates: with a login, through CONNECT, with an own authority."""

from __future__ import annotations

import base64
import http.client
import select
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import pip_settings
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL

LOGIN = "Basic " + base64.b64encode(b"me:p@ss word").decode()
# The same name and password as they stand in an address.
USER = "me:p%40ss%20word"
_VARIABLES = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "PIP_CERT", "PIP_CONFIG_FILE", "MODELSCOPE_API_TOKEN",
)  # fmt: skip


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the person's settings; a home folder of its own; no long waits."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pip_settings, "ETC", tmp_path / "etc")
    monkeypatch.setattr("setup_assistant.host.transfer.small._FIRST_PAUSE", 0.01)


class _Proxy(BaseHTTPRequestHandler):
    """Passes requests on, to those who bring the login."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def _refused(self) -> bool:
        self.seen.append(f"{self.command} {self.path}")
        if self.headers.get("Proxy-Authorization") == LOGIN:
            return False
        self.send_response(407)
        self.send_header("Proxy-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def do_GET(self) -> None:
        if self._refused():
            return
        url = urlsplit(self.path)
        line = http.client.HTTPConnection(url.netloc)
        line.request("GET", f"{url.path}?{url.query}", headers=dict(self.headers))
        answer = line.getresponse()
        body = answer.read()
        line.close()
        self.send_response(answer.status)
        if span := answer.headers["Content-Range"]:
            self.send_header("Content-Range", span)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        if self._refused():
            return
        host, _colon, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: far, far: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    try:
                        data = end.recv(1 << 16)
                    except OSError:
                        data = b""
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)

    def log_message(self, *_: Any) -> None: ...


class _Silent(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is part of the game."""


@pytest.fixture
def proxy() -> Iterator[tuple[list[str], str]]:
    seen: list[str] = []
    with _Silent(("127.0.0.1", 0), type("Handler", (_Proxy,), {"seen": seen})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield seen, f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A certificate authority of an organisation, and a key and certificate for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificates with openssl")
    at = tmp_path_factory.mktemp("authority")
    new = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "2"]  # fmt: skip
    subprocess.run(
        [*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Lab authority",
         "-addext", "keyUsage=critical,keyCertSign"],
        cwd=at, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [*new, "-keyout", "hub.key", "-out", "hub.pem", "-subj", "/CN=localhost", "-CA", "ca.pem",
         "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost",
         "-addext", "basicConstraints=critical,CA:FALSE"],
        cwd=at, check=True, capture_output=True,
    )  # fmt: skip
    return at / "ca.pem", at / "hub.pem", at / "hub.key"


@pytest.fixture
def safe_hub(hub: Hub, authority: tuple[Path, Path, Path]) -> str:
    """The address of the hub, behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority[1], authority[2])
    hub.encrypt(context)
    return f"https://localhost:{urlsplit(hub.url).port}"


def fetch(url: str, folder: Path) -> None:
    source = named_source.source_of("modelscope", url, model=MODEL, resume="r", flag="--to")
    bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))
    assert folder_record.intact(folder, MODEL)


def refusal(url: str, folder: Path) -> str:
    with pytest.raises(SetupError) as caught:
        fetch(url, folder)
    assert not folder.exists()
    return str(caught.value.message)


def test_a_proxy_with_a_login(
    hub: Hub, proxy: tuple[list[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, address = proxy
    monkeypatch.setenv("http_proxy", f"http://{USER}@{address}")
    fetch(hub.url, tmp_path / "w")
    assert len(seen) == len(hub.seen)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetch(hub.url, tmp_path / "x")
    assert len(seen) < len(hub.seen)


def test_a_proxy_that_wants_a_login(
    hub: Hub, proxy: tuple[list[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{proxy[1]}")
    assert "the proxy asks for a login" in refusal(hub.url, tmp_path / "w")


def test_encrypted_through_a_proxy(
    safe_hub: str,
    authority: tuple[Path, Path, Path],
    proxy: tuple[list[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, address = proxy
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
    monkeypatch.setenv("https_proxy", f"http://{USER}@{address}")
    fetch(safe_hub, tmp_path / "w")
    assert seen
    assert all(line.startswith("CONNECT localhost:") for line in seen)


def test_a_proxy_that_wants_a_login_for_connect(
    safe_hub: str, proxy: tuple[list[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://{proxy[1]}")
    assert "the proxy asks for a login" in refusal(safe_hub, tmp_path / "w")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "pip"])
def test_an_own_authority(
    safe_hub: str,
    authority: tuple[Path, Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    if name == "pip":
        (tmp_path / "pip.conf").write_text(f"[global]\ncert = {authority[0]}\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    else:
        monkeypatch.setenv(name, str(authority[0]))
    fetch(safe_hub, tmp_path / "w")


def test_an_authority_that_nobody_named(safe_hub: str, tmp_path: Path) -> None:
    text = refusal(safe_hub, tmp_path / "w")
    assert "not from a known authority" in text
    assert "SSL_CERT_FILE" in text


def test_a_socks_proxy_says_what_it_needs(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socks", None)
    monkeypatch.setenv("http_proxy", "socks5h://127.0.0.1:9")
    assert "PySocks" in refusal(hub.url, tmp_path / "w")
