"""How patient the download is: with a hub that is busy, and with one that sends drop by drop."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.http_errors import WebError, refusal
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.steps.download import proving, run
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS

BIG = SHARDS[0]


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)


def fetch(hub: Hub, folder: Path, patience: Patience | None = None) -> Brought:
    source = WebSource(
        model=MODEL, hub=ModelScopeHub(hub.url), resume="r", flag="--to",
        patience=patience or Patience(attempts=3, longest_pause=0.1),
    )  # fmt: skip
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))


def busy(status: int = 503, **headers: str) -> WebError:
    return refusal(status, {k.replace("_", "-"): v for k, v in headers.items()}, own=True)


def test_the_hubs_own_clock_counts() -> None:
    # Its clock is an hour slow.
    then = time.time() - 3600
    date, until = formatdate(then, usegmt=True), formatdate(then + 7, usegmt=True)
    assert busy(Retry_After=until, Date=date).retry_after == 7
    assert busy(Retry_After=until).retry_after is None
    assert busy(Retry_After="0").retry_after is None
    assert busy(Retry_After="soon").retry_after is None


def test_drop_by_drop_is_as_good_as_nothing(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_STALL_SECONDS", "0.3")
    hub.fail("drops", path=BIG, after=1000, seconds=0.05, times=2)
    fetch(hub, tmp_path / "w")
    assert folder_record.intact(tmp_path / "w", MODEL)
    assert hub.asked(BIG) == 3
    hub.fail("drops", path=BIG, after=0, seconds=0.05, times=None)
    with pytest.raises(SetupError) as caught:
        fetch(hub, tmp_path / "never")
    assert caught.value.code == "weights_interrupted"
    assert "no answer in time" in str(caught.value.message)


def test_thousands_of_small_files_do_not_each_rewrite_the_record(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(150):
        (hub.models[MODEL] / f"{i}.txt").write_text(str(i))
    written: list[bool] = []

    def record(*args: object, complete: bool, **more: object) -> folder_record.Manifest:
        written.append(complete)
        return proving.record(*args, complete=complete, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "record", record)
    monkeypatch.setattr(run, "_RECORD_SECONDS", 3600.0)
    fetch(hub, tmp_path / "w")
    assert folder_record.intact(tmp_path / "w", MODEL)
    assert len(written) < 10
    assert written[-1]


def test_what_arrived_before_a_failure_is_in_the_record(hub: Hub, tmp_path: Path) -> None:
    hub.fail("fin", path=SHARDS[1], after=0, times=None)
    with pytest.raises(SetupError):
        fetch(hub, tmp_path / "w")
    found = folder_record.load(tmp_path / "w")
    assert found is not None
    assert not found.complete
    assert BIG in {k.path for k in found.files}


def test_a_folder_that_is_taken_away_is_not_the_hubs_fault(hub: Hub, tmp_path: Path) -> None:
    import shutil
    import threading

    hub.fail("stall", path=BIG, after=100_000, seconds=0.5)
    folder = tmp_path / "w"

    def take_away() -> None:
        while not (folder / f"{BIG}.sa-part").exists():
            time.sleep(0.01)
        shutil.rmtree(folder, ignore_errors=True)

    thread = threading.Thread(target=take_away)
    thread.start()
    with pytest.raises(SetupError) as caught:
        fetch(hub, folder)
    thread.join()
    assert caught.value.code == "not_writable"
    fetch(hub, folder)
    assert folder_record.intact(folder, MODEL)
