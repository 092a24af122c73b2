"""What already lies on this machine is linked, not fetched; what is something else is not taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import sites
from setup_assistant.steps.download import local, named_source
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS
from tests.weights.disk import disk_or_skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("MODELSCOPE_CACHE", "HF_HOME", "HF_HUB_CACHE", "MODELSCOPE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def fetch(hub: Hub, folder: Path) -> Brought:
    source = named_source.source_of("modelscope", hub.url, model=MODEL, resume="r", flag="--to")
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))


def lay(hub: Hub, folder: Path, *, flip: bool = False) -> Path:
    """Put a shard where another tool would have left it."""
    data = bytearray((hub.models[MODEL] / SHARDS[0]).read_bytes())
    data[5] ^= flip
    folder.mkdir(parents=True)
    (folder / SHARDS[0]).write_bytes(data)
    return folder / SHARDS[0]


@pytest.mark.parametrize(
    "place",
    [
        "hub/models/Qwen/Tiny-VL",
        "models/Qwen/Tiny-VL",
        "models/Qwen--Tiny-VL/snapshots/master",
        "hub/models/Qwen--Tiny-VL/snapshots/v1",
    ],
)
def test_modelscopes_cache(hub: Hub, home: Path, tmp_path: Path, place: str) -> None:
    there = lay(hub, home / ".cache" / "modelscope" / place)
    brought = fetch(hub, tmp_path / "w")
    assert hub.asked(SHARDS[0]) == 0
    assert (tmp_path / "w" / SHARDS[0]).read_bytes() == there.read_bytes()
    assert brought.received_bytes < brought.total_bytes


def test_hugging_faces_cache(hub: Hub, home: Path, tmp_path: Path) -> None:
    cache = home / ".cache" / "huggingface" / "hub" / "models--Qwen--Tiny-VL"
    there = lay(hub, cache / "blobs")
    blob = there.with_name(hub.sha256(there))
    there.rename(blob)
    (cache / "snapshots" / "1").mkdir(parents=True)
    (cache / "snapshots" / "1" / SHARDS[0]).symlink_to(blob)
    fetch(hub, tmp_path / "w")
    assert hub.asked(SHARDS[0]) == 0
    assert not (tmp_path / "w" / SHARDS[0]).is_symlink()
    assert folder_record.intact(tmp_path / "w", MODEL)


def test_another_site(hub: Hub, tmp_path: Path) -> None:
    fetch(hub, tmp_path / "site" / "models" / "Tiny-VL")
    sites.register(tmp_path / "site")
    hub.seen.clear()
    assert fetch(hub, tmp_path / "w").received_bytes == 0
    assert not any(s.sent for s in hub.seen)


def test_a_cache_keeps_its_bytes_whatever_is_written_here_later(
    hub: Hub, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_LARGE_BYTES", 100_000)
    there = lay(hub, home / ".cache" / "modelscope" / "models" / MODEL)
    data, mode = there.read_bytes(), there.stat().st_mode
    said: list[str] = []
    source = named_source.source_of("modelscope", hub.url, model=MODEL, resume="r", flag="--to")
    job = Job(model=MODEL, source=source, folder=tmp_path / "w", flag="--to",
              note=lambda text: said.append(str(text)))  # fmt: skip
    bring(job)
    assert (tmp_path / "w" / SHARDS[0]).samefile(there)
    assert any(SHARDS[0] in line and "hard link" in line for line in said)
    # The hub changes the file: what is written now breaks the link first.
    served = hub.models[MODEL] / SHARDS[0]
    served.write_bytes(served.read_bytes()[::-1])
    bring(Job(model=MODEL, source=source, folder=tmp_path / "w", flag="--to", verify=True))
    assert (tmp_path / "w" / SHARDS[0]).read_bytes() == data[::-1]
    assert (there.read_bytes(), there.stat().st_mode) == (data, mode)


@pytest.mark.e2e
def test_where_the_disk_can_a_large_file_is_cloned(tmp_path: Path) -> None:
    disk = disk_or_skip(tmp_path, kind="xfs")
    with disk.mounted() as root:
        data = os.urandom(20_000_000)
        (root / "a").write_bytes(data)
        os.sync()
        free = os.statvfs(root).f_bfree
        assert local.bring_file(root / "a", root / "w" / "a", "--to") is None
        assert (root / "w" / "a").read_bytes() == data
        assert not (root / "w" / "a").samefile(root / "a")
        os.sync()
        assert free - os.statvfs(root).f_bfree < 1000
        with (root / "w" / "a").open("r+b") as stream:
            stream.write(b"mine")
        assert (root / "a").read_bytes() == data


def test_a_damaged_copy_is_not_taken(hub: Hub, home: Path, tmp_path: Path) -> None:
    there = lay(hub, home / ".cache" / "modelscope" / "models" / MODEL, flip=True)
    fetch(hub, tmp_path / "w")
    assert hub.sent(SHARDS[0]) == there.stat().st_size
    assert (tmp_path / "w" / SHARDS[0]).read_bytes() != there.read_bytes()


def test_without_a_sum_nothing_is_taken(hub: Hub, home: Path, tmp_path: Path) -> None:
    lay(hub, home / ".cache" / "modelscope" / "models" / MODEL)
    hub.with_sha = False
    fetch(hub, tmp_path / "w")
    assert hub.asked(SHARDS[0]) > 0


def test_a_stick_that_lost_the_times_is_held_to_its_record(hub: Hub, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    fetch(hub, stick)
    for file in stick.glob("*"):
        os.utime(file, (1, 1))
    source = named_source.source_of(str(stick), "", model=MODEL, resume="r", flag="--to")
    job = Job(model=MODEL, source=source, folder=tmp_path / "a", flag="--to")
    assert {k.checked for k in bring(job).record.files} == {"sha256"}
    shard = stick / SHARDS[0]
    shard.unlink()
    lay(hub, tmp_path / "other", flip=True).rename(shard)
    with pytest.raises(SetupError) as caught:
        bring(Job(model=MODEL, source=source, folder=tmp_path / "b", flag="--to"))
    assert caught.value.code == "weights_damaged"
    assert SHARDS[0] in str(caught.value.message)


@pytest.mark.parametrize("layout", ["models/Qwen--Tiny-VL/snapshots/master", "Qwen/Tiny-VL", ""])
def test_a_cache_on_a_stick_is_a_source(hub: Hub, tmp_path: Path, layout: str) -> None:
    shutil.copytree(hub.models[MODEL], tmp_path / "stick" / layout, dirs_exist_ok=True)
    source = named_source.source_of(
        str(tmp_path / "stick"), "", model=MODEL, resume="r", flag="--to"
    )
    bring(Job(model=MODEL, source=source, folder=tmp_path / "w", flag="--to"))
    assert folder_record.intact(tmp_path / "w", MODEL)
