"""Several sources: each delivers what those before it do not, if it is the same file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.local import FolderSource
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.faults import Fault, Kind
from tests.hub.fixtures import MODEL, SHARDS

BIG = SHARDS[0]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("MODELSCOPE_API_TOKEN", "MODELSCOPE_ENDPOINT", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("setup_assistant.host.transfer.small._FIRST_PAUSE", 0.01)


@pytest.fixture
def second(model_folder: Path) -> Iterator[Hub]:
    """Another hub with the same files."""
    with Hub({MODEL: model_folder}) as running:
        yield running


class Fetch:
    """Downloads from several hubs, and keeps what was said."""

    def __init__(self, folder: Path, *hubs: Hub) -> None:
        self.folder, self.hubs = folder, hubs
        self.said: list[str] = []

    def __call__(self, known: Mapping[str, str] = {}, **changes: Any) -> Brought:
        source, *others = (web(h.url) for h in self.hubs)
        return bring(
            Job(
                model=MODEL, source=source, others=tuple(others), folder=self.folder, flag="--to",
                known=lambda: known, note=lambda m: self.said.append(str(m)), **changes,
            )
        )  # fmt: skip

    def origins(self) -> dict[str, str | None]:
        record = folder_record.load(self.folder)
        assert record is not None
        assert record.complete
        assert folder_record.intact(self.folder, MODEL)
        return {k.path: k.source for k in record.files if k.source}


def web(url: str) -> WebSource:
    return WebSource(
        model=MODEL, hub=ModelScopeHub(url), resume="again", flag="--to",
        patience=Patience(attempts=2, longest_pause=0.05),
    )  # fmt: skip


@pytest.fixture
def fetch(hub: Hub, second: Hub, tmp_path: Path) -> Fetch:
    return Fetch(tmp_path / "w", hub, second)


def test_the_first_delivers_what_it_can(fetch: Fetch, hub: Hub, second: Hub) -> None:
    fetch()
    assert fetch.origins() == {}
    assert second.seen == []
    assert hub.asked(BIG)


@pytest.mark.parametrize("kind", ["busy", "flip"])
def test_what_the_first_never_brings_whole_comes_from_the_second(
    fetch: Fetch, hub: Hub, second: Hub, kind: str
) -> None:
    hub.fail(kind, path=BIG, times=None)  # type: ignore[arg-type]
    fetch()
    assert fetch.origins()[BIG] == second.url
    assert (fetch.folder / BIG).read_bytes() == (hub.models[MODEL] / BIG).read_bytes()
    assert any(second.url in s and BIG in s for s in fetch.said)
    # A hub that cannot go on is given up; damage is a matter of one file.
    assert kind == "busy" or fetch.origins() == {BIG: second.url}


def test_a_file_that_the_first_lost(
    fetch: Fetch, hub: Hub, second: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.listing = json.dumps({"Data": {"Files": hub.entries(MODEL)}}).encode()
    served = hub.files
    monkeypatch.setattr(hub, "files", lambda model: {
        k: v for k, v in served(model).items() if k != SHARDS[1]
    })  # fmt: skip
    fetch()
    assert fetch.origins() == {SHARDS[1]: second.url}


def test_what_began_at_the_first_goes_on_at_the_second(
    fetch: Fetch, hub: Hub, second: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.ranges = "206"
    hub.fail("fin", path=BIG, after=300_000, times=1)
    taken = hub.faults.take

    def take(kind: Kind, path: str) -> Fault | None:
        """Break off in the middle first, and never deliver the file again after that."""
        fault = taken(kind, path)
        if fault and kind == "fin":
            hub.fail("busy", path=BIG, times=None)
        return fault

    monkeypatch.setattr(hub.faults, "take", take)
    fetch()
    assert hub.sent(BIG) == 300_000
    assert second.sent(BIG) == 400_000


def test_a_first_that_is_not_there(fetch: Fetch, hub: Hub, second: Hub) -> None:
    hub.fail("busy", times=None)
    fetch()
    record = folder_record.load(fetch.folder)
    assert record is not None
    assert record.source == second.url
    assert any("Another source is asked" in s for s in fetch.said)


def test_where_none_has_it_the_first_ones_reason_stands(
    fetch: Fetch, hub: Hub, second: Hub
) -> None:
    hub.models, second.models = {}, {}
    with pytest.raises(SetupError) as caught:
        fetch()
    assert caught.value.code == "weights_unknown"
    assert hub.url in str(caught.value.message)


def test_another_file_of_the_same_name_is_not_taken(fetch: Fetch, hub: Hub, second: Hub) -> None:
    hub.fail("busy", path=BIG, times=None)
    entries = second.entries(MODEL)
    for entry in entries:
        if entry["Path"] == BIG:
            entry["Sha256"] = "0" * 64
    second.listing = json.dumps({"Data": {"Files": entries}}).encode()
    with pytest.raises(SetupError) as caught:
        fetch()
    assert caught.value.code == "weights_interrupted"
    assert second.sent(BIG) == 0


def test_without_a_sum_only_the_source_itself_will_do(fetch: Fetch, hub: Hub, second: Hub) -> None:
    hub.with_sha = second.with_sha = False
    hub.fail("busy", path=BIG, times=None)
    with pytest.raises(SetupError):
        fetch()
    assert second.sent(BIG) == 0


def test_a_source_that_contradicts_what_is_known_is_refused(
    fetch: Fetch, hub: Hub, second: Hub
) -> None:
    entries = hub.entries(MODEL)
    true = {e["Path"]: e["Sha256"] for e in entries if "Sha256" in e}
    for entry in entries:
        if entry["Path"] == BIG:
            entry["Sha256"] = "0" * 64
    hub.listing = json.dumps({"Data": {"Files": entries}}).encode()
    fetch(known={BIG: true[BIG]})
    record = folder_record.load(fetch.folder)
    assert record is not None
    assert record.source == second.url
    assert not any(s.sent for s in hub.seen)


def test_alone_it_is_an_error_and_nothing_is_written(hub: Hub, tmp_path: Path) -> None:
    fetch = Fetch(tmp_path / "w", hub)
    with pytest.raises(SetupError) as caught:
        fetch(known={BIG: "0" * 64})
    assert caught.value.code == "weights_contradicts"
    assert not fetch.folder.exists()


def test_what_is_known_proves_files_of_hubs_without_sums(hub: Hub, tmp_path: Path) -> None:
    digest = hub.sha256(hub.models[MODEL] / BIG)
    hub.with_sha = False
    record = Fetch(tmp_path / "w", hub)(known={BIG: digest}).record
    assert {k.path for k in record.files if k.checked == "sha256"} == {BIG}
    hub.fail("flip", path=BIG, times=None)
    with pytest.raises(SetupError) as caught:
        Fetch(tmp_path / "x", hub)(known={BIG: digest})
    assert caught.value.code == "weights_damaged"


def test_a_folder_delivers_what_the_hub_does_not(
    hub: Hub, model_folder: Path, tmp_path: Path
) -> None:
    hub.fail("busy", path=BIG, times=None)
    job = Job(
        model=MODEL, source=web(hub.url), folder=tmp_path / "w", flag="--to",
        others=(FolderSource(model_folder, MODEL, "--to"),),
    )  # fmt: skip
    bring(job)
    assert (tmp_path / "w" / BIG).read_bytes() == (model_folder / BIG).read_bytes()


OFFICIAL = {"modelscope": "https://m", "huggingface": "https://h", "hf-mirror": "https://c"}


def test_without_a_wish_all_hubs_are_asked() -> None:
    found = named_source.places_of((), None, OFFICIAL)
    assert [(p.kind, p.address) for p in found] == [
        ("modelscope", "https://m"), ("huggingface", "https://c"), ("huggingface", "https://h")
    ]  # fmt: skip


def test_a_wish_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*kinds: str, given: str | None = None) -> list[tuple[str, str]]:
        return [(p.kind, p.address) for p in named_source.places_of(kinds, given, OFFICIAL)]

    assert found("modelscope") == [("modelscope", "https://m")]
    assert found(given="lab:8000") == [("modelscope", "https://lab:8000")]
    assert found("huggingface", "http://x") == [("huggingface", "https://h"), ("http://x", "")]
    monkeypatch.setenv("HF_ENDPOINT", "https://own")
    assert found()[1:] == [("huggingface", "https://own")]
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://lab")
    assert found() == [("modelscope", "http://lab")]


def test_a_stick_without_sums_is_held_to_those_of_a_hub(
    hub: Hub, model_folder: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    shutil.copytree(model_folder, stick)
    shard = bytearray((stick / BIG).read_bytes())
    shard[1000] ^= 1
    (stick / BIG).write_bytes(shard)
    source = FolderSource(stick, model=MODEL, flag="--to")
    job = Job(
        model=MODEL, source=source, others=(web(hub.url),), folder=tmp_path / "w", flag="--to"
    )
    record = bring(job).record
    assert (tmp_path / "w" / BIG).read_bytes() == (model_folder / BIG).read_bytes()
    assert {k.checked for k in record.files} == {"sha256"}
    assert [k.path for k in record.files if k.source] == [BIG]
    assert sum(hub.sent(p) for p in hub.files(MODEL)) == len(shard)
