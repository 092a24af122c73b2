"""A source whose certificate nobody knows: a real server with a certificate of its own."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from setup_assistant import messages
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.examine import open_case
from setup_assistant.doctor.finding import Finding

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class _Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><a href='x'>x</a>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate that no authority has signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here")
    path = tmp_path / "own.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         str(tmp_path / "key.pem"), "-out", str(path)], check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def index(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve a package index behind that certificate, and name it as the person's own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Index)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in (*PROXIES, *CERTIFICATES, "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    address = f"https://127.0.0.1:{server.server_address[1]}/simple"
    monkeypatch.setenv("PIP_INDEX_URL", address)
    yield address
    server.shutdown()
    server.server_close()


def found() -> dict[str, Finding]:
    return {f.id: f for f in diagnose(open_case(None, None, live=True)).findings}


@pytest.mark.e2e
def test_an_unknown_certificate_is_named(index: str) -> None:
    finding = found()["tls-intercepted"]
    assert finding.status == "fail"
    assert index in [source for source, _value in finding.evidence]
    messages.use_language("zh_CN")
    finding = found()["tls-intercepted"]
    assert finding.status == "fail"
    assert any("\u4e00" <= c <= "\u9fff" for c in finding.evidence[0][1])


@pytest.mark.e2e
def test_a_certificate_that_is_named_is_known(
    index: str, certificate: Path, assistant: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    # A process of its own: certificates are read once.
    named = dict.fromkeys(CERTIFICATES, str(certificate))
    done = assistant("doctor", "tls-intercepted", "--json", **named)
    finding = json.loads(done.stdout)["data"]["findings"][-1]
    assert finding["id"] == "tls-intercepted"
    assert index not in [e["source"] for e in finding["evidence"]]
