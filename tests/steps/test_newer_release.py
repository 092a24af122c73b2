"""After a run, one line where the index has a newer transformers; never a wait or an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from setup_assistant.catalog.recipes import load_all
from setup_assistant.cli.doctor.older_copy import OlderCopy
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.steps.newer_release import of_machine, remark
from tests.site.samples import plan

PLAN = plan()


@contextmanager
def index(status: int, page: str) -> Iterator[str]:
    """Serve one page of an index for transformers, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there = self.path == "/simple/transformers/"
            body = page.encode() if there else b""
            self.send_response(status if there else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()


def said(status: int, *versions: str, more: str = "") -> str:
    page = "".join(f'<a href="x"{more}>transformers-{v}-py3-none-any.whl</a>' for v in versions)
    with index(status, page) as url:
        found = remark(replace(PLAN, sources=replace(PLAN.sources, packages=url)))
    return str(found or "")


def test_a_newer_release_is_told_with_both_versions() -> None:
    text = said(200, "4.1.0", "99.2.0", PLAN.transformers.version)
    assert "99.2.0" in text
    assert PLAN.transformers.version in text


def test_a_copy_older_than_the_index_is_told_of_a_machine_too() -> None:
    with index(200, '<a href="x">transformers-99.2.0-py3-none-any.whl</a>') as url:
        own = Source(leg="packages", name="own", url=url, reachable=True)
        assert "99.2.0" in str(of_machine(Machine(sources=(own,)), load_all()))
        copy = OlderCopy()
        assert copy.said() == []
        copy.ask(Machine(sources=(own,)))
        copy._thread.join()  # type: ignore[union-attr]
        assert "99.2.0" in str(copy.said())
        # Nothing is asked of an index that did not answer the probe.
        silent = replace(own, reachable=False, silent=True)
        assert of_machine(Machine(sources=(silent,)), load_all()) is None
    assert of_machine(Machine(), load_all()) is None


@pytest.mark.parametrize(
    ("status", "version", "more"),
    [(200, PLAN.transformers.version, ""), (200, "99.0.0rc1", ""), (404, "99.0.0", ""),
     (200, "99.0.0", ' data-yanked=""'), (200, "not a version", "")],
)  # fmt: skip
def test_what_is_no_newer_release_says_nothing(status: int, version: str, more: str) -> None:
    assert not said(status, version, more=more)
    # Nobody listens there.
    assert (
        remark(replace(PLAN, sources=replace(PLAN.sources, packages="http://127.0.0.1:9"))) is None
    )
