"""The hub answers as the real one does."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, write_model

FILE = SHARDS[0]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with Hub({MODEL: write_model(tmp_path / "served")}) as running:
        yield running


def ask(
    hub: Hub, rest: str, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=600)
    try:
        connection.request("GET", f"/api/v1/models/{rest}", headers=headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def ask_file(hub: Hub, path: str, span: str = "") -> tuple[http.client.HTTPResponse, bytes]:
    rest = f"{MODEL}/repo?Revision=master&FilePath={quote(path)}"
    return ask(hub, rest, {"Range": span} if span else {})


def test_listing_names_size_and_sum(hub: Hub) -> None:
    _, body = ask(hub, f"{MODEL}/repo/files?Revision=master&Recursive=True")
    entries = {e["Path"]: e for e in json.loads(body)["Data"]["Files"]}
    shard = hub.models[MODEL] / FILE
    assert entries[FILE]["Size"] == shard.stat().st_size
    assert entries[FILE]["Sha256"] == hub.sha256(shard)
    assert entries["assets"]["Type"] == "tree"


@pytest.mark.parametrize(("ranges", "status"), [("200", 200), ("206", 206)])
def test_range_is_answered_with_content_range(hub: Hub, ranges: str, status: int) -> None:
    hub.ranges = ranges  # type: ignore[assignment]
    whole = (hub.models[MODEL] / FILE).read_bytes()
    response, body = ask_file(hub, FILE, "bytes=1000-1999")
    assert response.status == status
    assert response.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert body == whole[1000:2000]


def test_range_ignored_sends_everything(hub: Hub) -> None:
    hub.ranges = "ignored"
    response, body = ask_file(hub, FILE, "bytes=1000-")
    assert "Content-Range" not in response.headers
    assert body == (hub.models[MODEL] / FILE).read_bytes()


def test_range_behind_the_end_is_416(hub: Hub) -> None:
    assert ask_file(hub, FILE, "bytes=99999999-")[0].status == 416


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "assets/../../secret", "assets"])
def test_nothing_outside_the_folder_is_served(hub: Hub, path: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    assert ask_file(hub, path)[0].status == 404


def test_flip_changes_one_byte_once(hub: Hub) -> None:
    hub.fail("flip", path=FILE)
    whole = (hub.models[MODEL] / FILE).read_bytes()
    _, first = ask_file(hub, FILE)
    _, second = ask_file(hub, FILE)
    assert sum(a != b for a, b in zip(first, whole, strict=True)) == 1
    assert second == whole


def test_fin_ends_the_body_early(hub: Hub) -> None:
    hub.fail("fin", path=FILE, after=1234)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask_file(hub, FILE)
    assert len(caught.value.partial) == 1234
    assert hub.sent(FILE) == 1234


def test_reset_is_a_reset(hub: Hub) -> None:
    hub.fail("reset", path=FILE, after=1234)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        ask_file(hub, FILE)


def test_busy_says_when_to_come_again(hub: Hub) -> None:
    hub.fail("busy", path=FILE, seconds=7)
    response, _ = ask_file(hub, FILE)
    assert (response.status, response.headers["Retry-After"]) == (503, "7")


def test_token_is_wanted(hub: Hub) -> None:
    hub.token = "secret-token"
    rest = f"{MODEL}/repo/files?Revision=master&Recursive=True"
    assert ask(hub, rest)[0].status == 403
    assert ask(hub, rest, {"Authorization": "Bearer secret-token"})[0].status == 200
