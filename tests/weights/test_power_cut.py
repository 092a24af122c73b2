"""A power cut at any moment: what was recorded is there, and the same command heals the rest.

The disk is ext4 in a file; what is in the file at some moment is what a cut would leave.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from setup_assistant.host import durable
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.hubs import ModelScopeHub
from setup_assistant.steps.download.job import Event
from setup_assistant.steps.download.web import WebSource
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, write_model
from tests.weights.disk import Disk, disk_or_skip

pytestmark = pytest.mark.e2e


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return disk_or_skip(tmp_path)


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A model of 24 MB whose bytes are all different."""
    folder = write_model(tmp_path / "model", 1000)
    for number, shard in enumerate(SHARDS):
        data = random.Random(number).randbytes(12_000_000)
        (folder / shard).write_bytes(data.replace(b"\0", b"\1"))
    return folder


@pytest.fixture(params=["with-sums", "without-sums"])
def hub(served: Path, request: pytest.FixtureRequest) -> Iterator[Hub]:
    with Hub({MODEL: served}) as running:
        running.with_sha = request.param == "with-sums"
        yield running


def source(hub: Hub) -> WebSource:
    return WebSource(model=MODEL, hub=ModelScopeHub(hub.url), resume="again", flag="--to")


def fetch(hub: Hub, folder: Path) -> Brought:
    return bring(Job(model=MODEL, source=source(hub), folder=folder, flag="--to"))


def different(served: Path, folder: Path) -> list[str]:
    paths = (p.relative_to(served) for p in served.rglob("*") if p.is_file())
    return [
        str(p)
        for p in paths
        if not (folder / p).is_file() or (folder / p).read_bytes() != (served / p).read_bytes()
    ]


def zeros(folder: Path) -> list[str]:
    """Return the recorded files that are not what the record says, though it counts as whole."""
    record = folder_record.load(folder)
    if record is None or not record.complete:
        return []
    return [
        k.path
        for k in record.files
        if not (folder / k.path).is_file()
        or sha256((folder / k.path).read_bytes()).hexdigest() != k.sha256
    ]


@pytest.mark.parametrize("seconds", [0, 1, 6])
def test_after_the_end_nothing_is_lost(hub: Hub, served: Path, disk: Disk, seconds: int) -> None:
    with disk.mounted() as root:
        fetch(hub, root / "models" / "w")
        time.sleep(seconds)
        cut = disk.cut()
    disk.replace(cut)
    with disk.mounted() as root:
        folder = root / "models" / "w"
        assert zeros(folder) == []
        assert different(served, folder) == []
        assert folder_record.intact(folder, MODEL)
        assert fetch(hub, folder).received_bytes == 0


@pytest.mark.parametrize("written_out", [False, True])
def test_in_the_middle_the_same_command_heals(
    hub: Hub, served: Path, disk: Disk, written_out: bool
) -> None:
    cuts: list[Path] = []

    def cut(event: Event) -> None:
        if not cuts and event.kind == "progress" and int(str(event.data["done_bytes"])) > 9_000_000:
            if written_out:
                durable.sync_disk(disk.root)
            cuts.append(disk.cut())

    with disk.mounted() as root:
        job = Job(model=MODEL, source=source(hub), folder=root / "w", flag="--to", event=cut)
        hub.bytes_per_second = 4_000_000
        bring(job)
        hub.bytes_per_second = None
    assert cuts
    disk.replace(cuts[0])
    with disk.mounted() as root:
        assert zeros(root / "w") == []
        assert not folder_record.intact(root / "w", MODEL)
        fetch(hub, root / "w")
        assert different(served, root / "w") == []
        assert folder_record.intact(root / "w", MODEL)


def test_without_waiting_for_the_disk_the_same_cut_loses_files(
    hub: Hub, served: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of these tests would show it: else the tests above prove nothing."""
    monkeypatch.setattr(durable, "_sync", lambda *_: None)
    # Nor may the disk have begun by itself: how far it comes meanwhile is up to the clock.
    monkeypatch.setattr(durable, "_start_writing", None)
    monkeypatch.setattr(os, "fsync", lambda _handle: None)
    with disk.mounted() as root:
        fetch(hub, root / "w")
        cut = disk.cut()
    disk.replace(cut)
    with disk.mounted() as root:
        assert different(served, root / "w")
