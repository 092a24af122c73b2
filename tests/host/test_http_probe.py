"""Visits of the probe against real servers on this computer: what failed is told apart."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setup_assistant.host import connections, pip_settings
from setup_assistant.host.http_errors import CAUSES
from setup_assistant.host.http_probe import Answer, probe_url


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.strip("/") or 200)
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_CONNECT(self) -> None:
        self.send_error(403)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy and no certificates of this machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in connections.CERTIFICATE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pip_settings, "ETC", tmp_path / "etc")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Return a function that starts a server and returns its address."""
    running = []

    def start(context: ssl.SSLContext | None = None) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"{'https' if context else 'http'}://localhost:{server.server_address[1]}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def _closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _why(url: str, timeout: float = 5) -> str:
    answer: Answer = probe_url(url, timeout)
    assert not answer.ok
    assert answer.reason
    if answer.cause in CAUSES:
        assert answer.reason.english == CAUSES[answer.cause].english
    return answer.cause or answer.reason.english


def test_a_page_that_is_there(serve: Callable[..., str]) -> None:
    answer = probe_url(serve(), 5)
    assert answer.ok
    assert answer.reason is None
    assert answer.seconds is not None


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, "http-404"),
        (401, "http-401"),
        (403, "http-403"),
        (407, "proxy-login"),
        (500, "HTTP 500"),
    ],
)
def test_statuses(serve: Callable[..., str], status: int, told: str) -> None:
    assert told == _why(f"{serve()}{status}")


def test_a_refused_connection() -> None:
    assert _why(f"http://127.0.0.1:{_closed_port()}/") == "refused"


def test_a_name_that_does_not_exist() -> None:
    assert _why("http://no-such-host.invalid/") == "name-unknown"


def test_a_server_that_never_answers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert _why(f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.3) == "no-answer"


def test_a_dead_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{_closed_port()}")
    assert _why("http://example.invalid/") == "proxy-refused"


def test_a_proxy_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://no-such-proxy.invalid:3128")
    assert _why("https://example.invalid/") == "proxy-name-unknown"


def test_a_proxy_that_refuses_the_address(
    serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", serve())
    assert _why("https://example.invalid/") == "proxy-denied"


def test_no_proxy_is_honoured(serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.setenv("no_proxy", "localhost")
    assert probe_url(serve(), 5).ok


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate and key that no known authority signed."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("making a certificate needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"),
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


class _Opener(http.server.BaseHTTPRequestHandler):
    """A proxy that opens encrypted connections: it answers for every host with its own key."""

    context: ssl.SSLContext

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        with (
            contextlib.suppress(OSError),
            self.context.wrap_socket(self.connection, server_side=True) as inside,
        ):
            inside.recv(4096)
            inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


def _signed(program: str, folder: Path, host: str) -> ssl.SSLContext:
    """Return a server's context for `host`, signed by an authority `folder/ca.pem` of our own."""

    def openssl(*arguments: str) -> None:
        subprocess.run([program, *arguments], check=True, capture_output=True, cwd=folder)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/O=Example Office/CN=Office Web Filter",
            "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    openssl("req", *key, "-keyout", "host.key", "-out", "host.csr", "-subj", f"/CN={host}")
    (folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "host.pem")  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    return context


def test_a_proxy_that_opens_encrypted_connections_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("making a certificate needs openssl")
    handler = type("_Filter", (_Opener,), {"context": _signed(program, tmp_path, "files.example")})
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
    try:
        assert _why("https://files.example/simple/") == "certificate-authority"
        # With the office's authority named, the same connection is trusted.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert probe_url("https://files.example/simple/", 5).ok
        assert _why("https://other.example/") == "certificate-name"
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_interception_is_named_and_the_own_certificate_mends_it(
    serve: Callable[..., str], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    url = serve(context)
    assert _why(url) == "certificate-authority"
    assert "SSL_CERT_FILE" in CAUSES["certificate-authority"].english
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    assert probe_url(url, 5).ok
