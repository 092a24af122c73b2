"""One table: whatever asks, the same failure has the same name, against real servers."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.fetch import fetch as bundle_fetch
from setup_assistant.errors import SetupError
from setup_assistant.host import connections, pip_settings
from setup_assistant.host.http import Http
from setup_assistant.host.http_errors import CAUSES, WebError, of_cause, refusal
from setup_assistant.host.http_probe import probe_url, why_unreachable
from setup_assistant.host.transfer import fetch as fetch_module
from setup_assistant.host.transfer.file_progress import Patience
from tests.certificates import Authority

# Where nobody listens: the port is held, and never listened at.
Start = Callable[["Line"], str]


class Line:
    """What a fault needs: servers that end with the test, and the person's variables."""

    def __init__(self, stack: contextlib.ExitStack, patch: pytest.MonkeyPatch, at: Path) -> None:
        self.stack, self.patch, self.at = stack, patch, at

    def closed(self) -> str:
        held = self.stack.enter_context(socket.socket())
        held.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{held.getsockname()[1]}"

    def full(self) -> str:
        """Return an address whose queue is full: connecting takes for ever."""
        listening = self.stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _number in range(4):
            waiting = self.stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        return f"127.0.0.1:{listening.getsockname()[1]}"

    def accepts(self, then: Callable[[socket.socket], None]) -> str:
        """Serve connections with a function; return host and port."""
        listening = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection = listening.accept()[0]
                    threading.Thread(target=then, args=(connection,), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        return f"127.0.0.1:{listening.getsockname()[1]}"

    def tls(self, host: str, days: int, *, trusted: bool = True) -> str:
        authority = Authority(self.at)
        if trusted:
            self.patch.setenv("SSL_CERT_FILE", str(authority.certificate))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
        server.socket = authority.server(host, days).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        server.handle_error = lambda *_: None  # type: ignore[method-assign,assignment]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        return f"https://localhost:{server.server_port}/x"


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, *_args: object) -> None: ...


def answers(text: str) -> Callable[[socket.socket], None]:
    """Return a server that gives one answer to everything."""

    def then(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(text.encode())

    return then


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(20)
        while connection.recv(65536):
            pass


def closes(connection: socket.socket) -> None:
    with connection:
        connection.recv(65536)


def says(status: str) -> Callable[[socket.socket], None]:
    return answers(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def through(line: Line, proxy: str, scheme: str = "https") -> str:
    line.patch.setenv(f"{scheme}_proxy", proxy)
    return f"{scheme}://files.example/x"


FAULTS: dict[str, tuple[str, Callable[[Line], str]]] = {
    "refused": ("refused", lambda x: f"http://{x.closed()}/x"),
    "reset": ("reset", lambda x: f"http://{x.accepts(resets)}/x"),
    "silence": ("no-answer", lambda x: f"http://{x.accepts(silent)}/x"),
    "silence in the handshake": ("no-answer", lambda x: f"https://{x.accepts(silent)}/x"),
    "closed at once": ("broken-off", lambda x: f"http://{x.accepts(closes)}/x"),
    "no such name": ("name-unknown", lambda _: "http://no-such-host.invalid/x"),
    "no port": ("no-address", lambda _: "http://127.0.0.1:777777/x"),
    "expired": ("certificate-expired", lambda x: x.tls("localhost", -1)),
    "another's name": ("certificate-name", lambda x: x.tls("other.example", 2)),
    "unknown authority": ("certificate-authority", lambda x: x.tls("localhost", 2, trusted=False)),
    "not TLS": ("tls-absent", lambda x: f"https://{x.accepts(says('400 Bad Request'))}/x"),
    "TLS broken off": ("tls-broken", lambda x: f"https://{x.accepts(closes)}/x"),
    "401": ("http-401", lambda x: f"http://{x.accepts(says('401 No'))}/x"),
    "403": ("http-403", lambda x: f"http://{x.accepts(says('403 No'))}/x"),
    "404": ("http-404", lambda x: f"http://{x.accepts(says('404 No'))}/x"),
    "429": ("http-429", lambda x: f"http://{x.accepts(says('429 Slow'))}/x"),
    "proxy refuses": ("proxy-refused", lambda x: through(x, f"http://{x.closed()}")),
    "plain proxy refuses": ("proxy-refused", lambda x: through(x, f"http://{x.closed()}", "http")),
    "proxy has no name": ("proxy-name-unknown", lambda x: through(x, "http://no-proxy.invalid:1")),
    "proxy takes no calls": ("proxy-no-answer", lambda x: through(x, f"http://{x.full()}")),
    "proxy is silent": ("no-answer", lambda x: through(x, f"http://{x.accepts(silent)}")),
    "proxy asks": ("proxy-login", lambda x: through(x, f"http://{x.accepts(says('407 Who'))}")),
    "plain proxy asks": (
        "proxy-login", lambda x: through(x, f"http://{x.accepts(says('407 Who'))}", "http")
    ),
    "proxy denies": ("proxy-denied", lambda x: through(x, f"http://{x.accepts(says('403 No'))}")),
}  # fmt: skip


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Line]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in connections.CERTIFICATE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pip_settings, "ETC", tmp_path / "etc")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SETUP_ASSISTANT_STALL_SECONDS", "0.4")
    with contextlib.ExitStack() as stack:
        yield Line(stack, monkeypatch, tmp_path)


@pytest.mark.parametrize("name", FAULTS)
def test_every_asker_names_a_failure_alike(
    name: str, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "Patience", lambda: Patience(attempts=1, longest_pause=0.01))
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "connect", 0.4)
    cause, start = FAULTS[name]
    url = start(line)
    answer = probe_url(url, 0.4)
    assert (answer.ok, answer.cause) == (False, cause)
    with pytest.raises(WebError) as caught:
        Http(silence=0.4, connect=0.4).get(url)
    assert caught.value.cause == cause
    offer = Offer(path="wheels/x", url=url, sha256="0" * 64, size=5)
    with pytest.raises(SetupError) as refused:
        bundle_fetch([offer], tmp_path / "b")
    assert CAUSES[cause].english in refused.value.message.english


def test_every_row_is_reached_or_known_to_need_another_machine() -> None:
    elsewhere = {
        "no-network", "no-route",  # a machine without a route
        "certificate-early",  # openssl 3.0 makes none
        "certificate-refused",  # keys too weak for this machine's settings
        "proxy-failed", "login-page",  # tests of the probe
    }  # fmt: skip
    assert {cause for cause, _start in FAULTS.values()} | elsewhere == set(CAUSES)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_row_is_kept_as_text_and_shown_later(cause: str) -> None:
    assert CAUSES[cause].args == {}
    assert of_cause(cause).cause == cause


def test_what_the_person_must_mend_is_not_tried_again() -> None:
    final = {c for c in CAUSES if not of_cause(c).again}
    assert final == {
        "no-address", "tls-absent", "proxy-login", "proxy-denied", "certificate-expired",
        "certificate-early", "certificate-authority", "certificate-name", "certificate-refused",
    }  # fmt: skip


def test_a_proxy_is_looked_at_alone(line: Line) -> None:
    assert why_unreachable(f"http://{line.accepts(silent)}") is None
    assert why_unreachable(line.closed()) == CAUSES["proxy-refused"]
    assert why_unreachable("http://no-proxy.invalid:3128") == CAUSES["proxy-name-unknown"]
    assert why_unreachable("http://[bad") == CAUSES["proxy-refused"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("1.5", 1.5), ("0", None), ("-5", None), ("soon", None), ("", None),
     ("9" * 40, 366 * 86400.0), ("inf", None), ("nan", None), ("1e9", None), ("٧", None),
     ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86400.0), ("Thu, 01 Jan 1970 00:00:00 GMT", None),
     ("Fri, 99 Dec 2026 99:99:99 GMT", None), ("120, 120", None)],
)  # fmt: skip
def test_when_to_come_again(value: str, seconds: float | None) -> None:
    assert refusal(503, {"Retry-After": value}, own=True).retry_after == seconds


@pytest.mark.parametrize("own", [True, False])
def test_what_is_not_there_is_said_at_once_also_behind_a_redirect(own: bool) -> None:
    found = refusal(404, {}, own=own)
    assert (found.reason, found.again) == ("not_found", False)
    assert refusal(403, {}, own=False).again
