"""A plain folder on the web, however its server shows it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Brought, Job, bring
from tests.hub.fixtures import MODEL, SHARDS

NGINX = "<html><head><title>Index of /m/</title></head><body><h1>Index of /m/</h1><hr><pre>{}</pre>"


class _Server(SimpleHTTPRequestHandler):
    """Python's own file server, whose pages and methods can be taken away."""

    root: Path
    pages: bool
    heads: bool
    page: str

    def translate_path(self, path: str) -> str:
        name = unquote(urlsplit(path).path)
        return str(self.root / name.removeprefix("/m/").rstrip("/"))

    def list_directory(self, path: Any) -> Any:
        if self.page:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(self.page)))
            self.end_headers()
            self.wfile.write(self.page.encode())
            return None
        if self.pages:
            return super().list_directory(path)
        self.send_error(403, "No listing")
        return None

    def do_HEAD(self) -> None:
        if self.heads:
            super().do_HEAD()
        else:
            self.send_error(405)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def web(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[_Server], str]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("setup_assistant.host.transfer.small._FIRST_PAUSE", 0.01)
    handler = type(
        "Handler", (_Server,), {"root": model_folder, "pages": True, "heads": True, "page": ""}
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_port}/m"
        server.shutdown()
        thread.join()


def fetch(url: str, folder: Path) -> Brought:
    source = named_source.source_of(url, "", model=MODEL, resume="r", flag="--to")
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))


def same(served: Path, target: Path) -> bool:
    names = [p.relative_to(served) for p in served.rglob("*") if p.is_file()]
    return all((served / n).read_bytes() == (target / n).read_bytes() for n in names)


@pytest.mark.parametrize("heads", [True, False])
def test_its_own_page_names_all_files(
    web: tuple[type[_Server], str], model_folder: Path, tmp_path: Path, heads: bool
) -> None:
    handler, url = web
    handler.heads = heads
    brought = fetch(url, tmp_path / "w")
    assert same(model_folder, tmp_path / "w")
    assert {k.checked for k in brought.record.files} == {"size"}


def test_sums_beside_the_files(
    web: tuple[type[_Server], str], model_folder: Path, tmp_path: Path
) -> None:
    handler, url = web
    handler.pages = False
    lines = [
        f"{hashlib.sha256(p.read_bytes()).hexdigest()} {'*' if p.suffix == '.json' else ' '}"
        f"{p.relative_to(model_folder).as_posix()}\n"
        for p in sorted(model_folder.rglob("*")) if p.is_file()
    ]  # fmt: skip
    (model_folder / "SHA256SUMS").write_text("".join(lines))
    brought = fetch(url, tmp_path / "w")
    (model_folder / "SHA256SUMS").unlink()
    assert same(model_folder, tmp_path / "w")
    assert {k.checked for k in brought.record.files} == {"sha256"}


def test_without_either_the_index_and_the_usual_names(
    web: tuple[type[_Server], str], tmp_path: Path
) -> None:
    handler, url = web
    handler.pages = False
    names = {k.path for k in fetch(url, tmp_path / "w").record.files}
    assert names == {*SHARDS, "config.json", "model.safetensors.index.json"}


@pytest.mark.parametrize(
    "link", ["../outside.json", "/etc/passwd", "http://other.example/x.json", "a%2F..%2F..%2Fx"]
)
def test_links_that_lead_elsewhere_are_not_followed(
    web: tuple[type[_Server], str], tmp_path: Path, link: str
) -> None:
    handler, url = web
    links = [link, "config.json", "model.safetensors.index.json", *SHARDS, "?C=N;O=D", "#top", "./"]
    handler.page = NGINX.format("".join(f'<a href="{x}">{x}</a>\n' for x in links))
    names = {k.path for k in fetch(url, tmp_path / "w").record.files}
    assert names == {*SHARDS, "config.json", "model.safetensors.index.json"}
    assert {p.name for p in tmp_path.iterdir()} == {"w", "served"}


def test_sums_that_lead_elsewhere_are_refused(
    web: tuple[type[_Server], str], model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("x")
    (model_folder / "SHA256SUMS").write_text(f"{'0' * 64}  ../secret\n")
    with pytest.raises(SetupError) as caught:
        fetch(web[1], tmp_path / "w")
    assert caught.value.code == "weights_listing"
    assert not (tmp_path / "w").exists()


def test_an_address_with_nothing_has_no_model(
    web: tuple[type[_Server], str], tmp_path: Path
) -> None:
    with pytest.raises(SetupError) as caught:
        fetch(f"{web[1]}/nothing/here", tmp_path / "w")
    assert caught.value.code == "weights_unknown"


def test_a_login_in_the_address_is_sent_and_not_kept(
    web: tuple[type[_Server], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, url = web
    seen: list[str] = []
    real = handler.send_head

    def send_head(self: _Server) -> Any:
        seen.append(self.headers.get("Authorization", ""))
        return real(self)

    monkeypatch.setattr(handler, "send_head", send_head)
    brought = fetch(url.replace("//", "//me:p%40ss@"), tmp_path / "w")
    assert set(seen) == {"Basic bWU6cEBzcw=="}
    assert brought.record.source == url
    assert "p%40ss" not in (tmp_path / "w" / ".setup-assistant.json").read_text()
