"""Rules of the transfer that only rare servers show, each by itself."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.http_errors import WebError, of_cause, refusal
from setup_assistant.host.transfer import part as parts
from setup_assistant.host.transfer.file_progress import Flow, Patience, Run
from setup_assistant.host.transfer.part import SEGMENT, Part, kept_bytes
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.steps.download import named_source, proving
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.job import Event
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS

BIG = SHARDS[0]
BROKEN = of_cause("broken-off")


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Segments of 64 KiB."""
    for module in (parts, sys.modules["setup_assistant.host.transfer.file_progress"]):
        monkeypatch.setattr(module, "SEGMENT", 1 << 16)
    return 1 << 16


def begun(folder: Path, count: int, **file: Any) -> Part:
    """Leave a part of which so many bytes are there."""
    part = Part(folder, RemoteFile(path="f", size=3 * SEGMENT, **file), "hub")
    part.open()
    part.write(0, bytes(count))
    part.close()
    return part


def test_without_a_sum_another_revision_or_source_begins_anew(tmp_path: Path) -> None:
    begun(tmp_path, 1000, revision="one")
    same = RemoteFile(path="f", size=3 * SEGMENT, revision="one")
    assert kept_bytes(tmp_path, same, "hub") == 1000
    assert kept_bytes(tmp_path, RemoteFile(path="f", size=3 * SEGMENT, revision="two"), "hub") == 0
    assert kept_bytes(tmp_path, same, "another hub") == 0


def test_with_a_sum_any_source_and_revision_goes_on(tmp_path: Path) -> None:
    begun(tmp_path, 1000, sha256="a" * 64, revision="one")
    later = RemoteFile(path="f", size=3 * SEGMENT, sha256="a" * 64, revision="two")
    assert kept_bytes(tmp_path, later, "another hub") == 1000
    other = RemoteFile(path="f", size=3 * SEGMENT, sha256="b" * 64, revision="one")
    assert kept_bytes(tmp_path, other, "hub") == 0


def test_only_the_first_segment_of_a_run_may_have_begun(tmp_path: Path) -> None:
    part = Part(tmp_path, RemoteFile(path="f", size=5 * SEGMENT), "hub")
    part.counts = [SEGMENT, 0, 7, 0, 0]
    # A run of 1 to 5 would ask for what segment 2 has already, and put it in the wrong place.
    assert part.missing() == [(1, 2), (2, 5)]
    part.counts = [3, 0, 0, SEGMENT, 0]
    assert part.missing() == [(0, 3), (4, 5)]


def test_a_link_in_place_of_the_part_is_not_written_through(tmp_path: Path) -> None:
    folder, outside = tmp_path / "w", tmp_path / "outside"
    folder.mkdir()
    part = begun(folder, 1000, sha256="a" * 64)
    outside.write_bytes(part.path.read_bytes())
    part.path.unlink()
    part.path.symlink_to(outside)
    before = outside.read_bytes()
    again = Part(folder, part.file, "hub")
    assert again.kept() is None
    again.open()
    again.write(0, b"x" * 100)
    again.close()
    assert outside.read_bytes() == before
    assert not again.path.is_symlink()


def flow(tmp_path: Path) -> Flow:
    return Flow(Part(tmp_path, RemoteFile(path="f", size=20 * SEGMENT), "o"), "u", [], ranged=True)


def test_one_failure_that_several_connections_met_counts_once(tmp_path: Path) -> None:
    one = flow(tmp_path)
    patience = Patience(attempts=3)
    for attempt in range(3):
        runs = [Run(one, i, i + 1, 0, attempt) for i in range(8)]
        told = [one.failed(run, BROKEN, patience, 0) for run in runs]
        # The first of all brought the first thousand bytes' worth of hope; then two without.
        assert told == [attempt == 2, *[False] * 7]


def test_a_hub_that_says_when_to_come_again_is_asked_five_times_as_often(tmp_path: Path) -> None:
    def attempts(error: WebError) -> int:
        one, count = flow(tmp_path), 0
        while not one.failed(Run(one, 0, 1, 0, count), error, Patience(attempts=4), 0):
            count += 1
        return count + 1

    asked = refusal(503, {"Retry-After": "1"}, own=True)
    assert attempts(BROKEN) == 4
    assert attempts(asked) == 20


def test_a_refusal_in_mid_download_counts_once_until_more_comes(tmp_path: Path) -> None:
    denied = refusal(403, {}, own=True)
    one = flow(tmp_path)
    patience = Patience()
    assert not one.may_have_expired(Run(one, 0, 1, 0, 0), denied)
    one.part.counts[0] = 10
    runs = [Run(one, i, i + 1, 0, 0) for i in range(3)]
    for run in runs:
        assert one.may_have_expired(run, denied)
        one.failed(run, denied, patience, 10)
    late = Run(one, 0, 1, 0, 1)
    assert not one.may_have_expired(late, denied)
    one.failed(late, denied, patience, 10)
    one.part.counts[0] = 11
    assert one.may_have_expired(Run(one, 0, 1, 0, 2), denied)
    assert not one.may_have_expired(Run(one, 0, 1, 0, 2), refusal(404, {}, own=True))


# --- revisions -----------------------------------------------------------------------------
def fetch(hub: Hub, folder: Path, revision: str = "", **more: Any) -> Brought:
    source = named_source.source_of(
        "modelscope", hub.url, model=MODEL, resume=["r"], flag="--to", revision=revision
    )
    assert isinstance(source, WebSource)
    source = replace(source, patience=Patience(attempts=3, longest_pause=0.05))
    return bring(
        Job(model=MODEL, source=source, folder=folder, flag="--to", revision=revision, **more)
    )


@pytest.fixture
def states(hub: Hub) -> Hub:
    """The hub, with another state of the same sizes under the revision v2."""
    hub.revisions["v2"] = hub.models[MODEL].with_name("second")
    for path in hub.models[MODEL].rglob("*"):
        if path.is_file():
            new = hub.revisions["v2"] / path.relative_to(hub.models[MODEL])
            new.parent.mkdir(parents=True, exist_ok=True)
            kept = path.suffix in (".json", ".md")
            new.write_bytes(
                path.read_bytes() if kept else bytes(255 - b for b in path.read_bytes())
            )
    return hub


def is_state(hub: Hub, folder: Path, root: Path) -> bool:
    served = {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert served
    return folder_record.intact(folder, MODEL) and all(
        (folder / n).read_bytes() == data for n, data in served.items()
    )


@pytest.mark.parametrize("with_sha", [True, False])
def test_another_revision_is_another_model(states: Hub, tmp_path: Path, with_sha: bool) -> None:
    states.with_sha = with_sha
    folder = tmp_path / "w"
    fetch(states, folder)
    assert is_state(states, folder, states.models[MODEL])
    assert fetch(states, folder, "v2").record.revision == "v2"
    assert is_state(states, folder, states.revisions["v2"])
    states.seen.clear()
    assert fetch(states, folder, "v2").received_bytes == 0
    assert states.seen == []
    fetch(states, folder)
    assert is_state(states, folder, states.models[MODEL])


@pytest.mark.parametrize("with_sha", [True, False])
def test_a_resume_with_another_revision_does_not_mix_bytes(
    states: Hub, tmp_path: Path, with_sha: bool, small: int
) -> None:
    states.with_sha = with_sha
    folder = tmp_path / "w"
    states.fail("fin", path=BIG, after=small + 500, times=2)
    states.fail("fin", path=BIG, after=0, times=None)
    with pytest.raises(SetupError):
        fetch(states, folder)
    assert (folder / f"{BIG}.sa-part").exists()
    states.faults.clear()
    fetch(states, folder, "v2")
    assert is_state(states, folder, states.revisions["v2"])


def test_a_folder_has_one_state(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        named_source.source_of(
            str(tmp_path), "", model=MODEL, resume=["r"], flag="--to", revision="v2"
        )
    assert caught.value.code == "usage"


# --- leftovers -----------------------------------------------------------------------------
def test_unfinished_files_of_others_are_named_and_stay(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    left = (
        "model.safetensors.incomplete", f"._____temp/{BIG}", "old-shard.safetensors.sa-part",
        ".cache/huggingface/download/abc.incomplete", "x.part", "y.aria2",
    )  # fmt: skip
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"123")
    said: list[str] = []
    told: list[Event] = []
    fetch(hub, folder, note=lambda m: said.append(str(m)), event=told.append)
    assert {e.data["path"] for e in told if e.kind == "leftover"} == set(left)
    assert any("unfinished" in s and "._____temp" in s for s in said)
    assert all((folder / name).read_bytes() == b"123" for name in left)
    assert proving.leftovers(folder, left) == []
