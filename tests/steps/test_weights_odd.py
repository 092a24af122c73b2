"""Hubs that do it another way: packed, paged, cut, changed, crowded, long."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.http import Http, WebError
from setup_assistant.host.transfer import part as parts
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS

BIG = SHARDS[0]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between us and the hub, no token, and small segments."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    for module in (parts, sys.modules["setup_assistant.host.transfer.file_progress"]):
        monkeypatch.setattr(module, "SEGMENT", 1 << 16)


def fetch(hub: Hub, folder: Path, **changes: Any) -> Brought:
    source = WebSource(
        model=MODEL,
        hub=ModelScopeHub(hub.url),
        resume="again",
        flag="--to",
        patience=Patience(attempts=6, longest_pause=0.3),
    )
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to", **changes))


def same(hub: Hub, folder: Path) -> bool:
    served = {n: p.read_bytes() for n, p in hub.files(MODEL).items()}
    return folder_record.intact(folder, MODEL) and all(
        (folder / n).read_bytes() == data for n, data in served.items()
    )


def test_a_list_that_is_packed_unasked(hub: Hub, tmp_path: Path) -> None:
    hub.packed = True
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_list_in_pages(hub: Hub, tmp_path: Path, size: int) -> None:
    hub.page_size = size
    assert len(fetch(hub, tmp_path / "w").record.files) == 6


def test_a_list_that_is_cut_is_asked_for_folder_by_folder(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup_assistant.steps.download.hub_listing._CUT_AT", 12)
    for name in ("a", "b", "b/deep"):
        folder = hub.models[MODEL] / "more" / name
        folder.mkdir(parents=True)
        for i in range(7):
            (folder / f"{i}.txt").write_text(name)
    hub.cut_at = 12
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")
    assert len(hub.files(MODEL)) == 27


def test_a_folder_with_more_files_than_a_list_holds(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup_assistant.steps.download.hub_listing._CUT_AT", 5)
    hub.cut_at = 5
    with pytest.raises(SetupError) as caught:
        fetch(hub, tmp_path / "w")
    assert caught.value.code == "weights_listing"
    assert not (tmp_path / "w").exists()


def test_more_bytes_are_announced_than_come(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = "ignored"
    hub.fail("long", path="config.json", after=100)
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


@pytest.mark.parametrize("most", [1, 2, 4])
def test_a_hub_that_allows_few_connections(hub: Hub, tmp_path: Path, most: int) -> None:
    hub.most_connections = most
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


def test_a_file_that_changes_meanwhile_is_not_mixed(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody knows a sum: only what the server calls the file tells the two apart.
    hub.with_sha = False
    hub.versions[BIG] = "one"
    hub.fail("fin", path=BIG, after=10_000, times=5)
    hub.fail("fin", path=BIG, after=0, times=None)
    with pytest.raises(SetupError):
        fetch(hub, tmp_path / "w")
    assert (tmp_path / "w" / f"{BIG}.sa-part").exists()
    hub.faults.clear()
    shard = hub.models[MODEL] / BIG
    shard.write_bytes(bytes(b ^ 255 for b in shard.read_bytes()))
    hub.versions[BIG] = "two"
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


def test_a_file_that_changed_and_was_listed_anew(hub: Hub, tmp_path: Path) -> None:
    shard = hub.models[MODEL] / BIG
    listed = hub.entries

    def stale(model: str) -> list[dict[str, Any]]:
        found = listed(model)
        if hub.asked(BIG) == 0:
            next(e for e in found if e["Path"] == BIG)["Sha256"] = "0" * 64
        return found

    hub.entries = stale  # type: ignore[method-assign]
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")
    assert (tmp_path / "w" / BIG).stat().st_size == shard.stat().st_size


def test_a_file_that_the_hub_lists_and_does_not_have(hub: Hub, tmp_path: Path) -> None:
    hub.more_files = [{"Path": "gone.bin", "Size": 3, "Type": "blob", "Sha256": "a" * 64}]
    with pytest.raises(SetupError) as caught:
        fetch(hub, tmp_path / "w")
    assert caught.value.code == "weights_incomplete"
    assert "gone.bin" in str(caught.value.message)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999999/x", "http://[::1/x", "http:///x"])
def test_an_address_that_is_none(url: str) -> None:
    http = Http(silence=1)
    with pytest.raises(WebError) as caught:
        http.get(url)
    assert caught.value.reason == "broken"
    assert not caught.value.again


def test_what_happens_is_told(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("setup_assistant.steps.download.run._EVENT_SECONDS", 0.0)
    hub.bytes_per_second = 1_000_000
    hub.fail("flip", path="config.json")
    told: list[Any] = []
    fetch(hub, tmp_path / "w", event=told.append)
    kinds = [e.kind for e in told]
    assert kinds[:2] == ["listed", "start"]
    assert kinds.count("file") == 6
    assert "damaged" in kinds
    start = told[1].data
    assert start["missing_bytes"] == sum(p.stat().st_size for p in hub.files(MODEL).values())
    assert start["free_bytes"] > 0
    under_way = [f["path"] for e in told if e.kind == "progress" for f in e.data["files"]]
    assert set(under_way) & set(SHARDS)
    last = [e for e in told if e.kind == "progress"][-1].data
    assert last["done_bytes"] == last["total_bytes"]


@pytest.mark.parametrize("with_sha", [True, False])
def test_a_part_that_does_not_say_where_it_belongs(
    hub: Hub, tmp_path: Path, with_sha: bool
) -> None:
    # As some proxies do that pack what they pass on.
    hub.with_sha = with_sha
    hub.ranges = "unplaced"
    hub.fail("fin", path=BIG, after=100_000)
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")


def test_a_server_that_lists_more_than_the_hub_would(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It does not know folders either: the whole list comes whatever is asked for.
    monkeypatch.setattr("setup_assistant.steps.download.hub_listing._CUT_AT", 5)
    fetch(hub, tmp_path / "w")
    assert same(hub, tmp_path / "w")
