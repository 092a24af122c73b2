"""Bringing a model into a folder, with a source that is another folder."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message
from setup_assistant.steps.download import run
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.job import Event
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import doubts
from tests.hub.fixtures import MODEL, SHARDS


class FolderSource:
    """Serves a folder; damages what it is told to, as often as it is told to."""

    name = "folder:"

    def __init__(self, root: Path, *, with_sha: bool = True) -> None:
        self.root = root
        self.with_sha = with_sha
        self.lists = 0
        self.got: list[str] = []
        self.damage: dict[str, int] = {}
        self.break_off_after: int | None = None

    def list(self) -> tuple[RemoteFile, ...]:
        self.lists += 1
        found = sorted(p for p in self.root.rglob("*") if p.is_file())
        return tuple(
            RemoteFile(
                path=p.relative_to(self.root).as_posix(),
                size=p.stat().st_size,
                sha256=sha256(p.read_bytes()).hexdigest() if self.with_sha else None,
            )
            for p in found
        )

    def hear(self, on_wait: object) -> None: ...

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:
        partial = folder / f"{file.path}.incomplete"
        return partial.stat().st_size if partial.exists() else 0

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],  # noqa: ARG002 - sums are left to the caller
    ) -> None:
        done = sum(self.partial_bytes(folder, f) for f in wanted)
        for file in wanted:
            if self.break_off_after is not None and len(self.got) >= self.break_off_after:
                raise SetupError(
                    "weights_interrupted", model="m", url=self.name, detail="x", command="again"
                )
            self.got.append(file.path)
            data = bytearray((self.root / file.path).read_bytes())
            if self.damage.get(file.path, 0) > 0:
                self.damage[file.path] -= 1
                data[len(data) // 2] ^= 1
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            done += file.size - self.partial_bytes(folder, file)
            (folder / f"{file.path}.incomplete").unlink(missing_ok=True)
            on_bytes(done)


class Heard:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float | None]] = []

    def progress(self, done: float, total: float | None, text: Message) -> None:  # noqa: ARG002
        self.told.append((done, total))

    def detail(self, text: str) -> None: ...

    def result(self, text: Message, ok: bool) -> None: ...


@pytest.fixture
def source(model_folder: Path) -> FolderSource:
    return FolderSource(model_folder)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "models" / "Tiny"


def job(source: FolderSource, target: Path, **changes: object) -> Job:
    return Job(model=MODEL, source=source, folder=target, flag="--to", **changes)  # type: ignore[arg-type]


def fetch(source: FolderSource, target: Path, **changes: object) -> Brought:
    return bring(job(source, target, **changes))


def same(served: Path, target: Path) -> bool:
    names = {p.relative_to(served) for p in served.rglob("*") if p.is_file()}
    return all((served / n).read_bytes() == (target / n).read_bytes() for n in names)


def test_everything_arrives_and_is_recorded(source: FolderSource, target: Path) -> None:
    heard = Heard()
    brought = fetch(source, target, tell=heard)
    total = files.folder_bytes(source.root)
    assert same(source.root, target)
    assert brought.total_bytes == brought.received_bytes == total
    assert folder_record.intact(target, MODEL)
    assert list(heard.told[-1]) == [total, total]
    assert source.got[:2] == ["config.json", "model.safetensors.index.json"]


def test_the_end_is_told_however_soon_it_comes(
    source: FolderSource, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_EVENT_SECONDS", 3600.0)
    told: list[int] = []

    def event(one: Event) -> None:
        told.extend([one.data["done_bytes"]] if one.kind == "progress" else [])

    assert told == [fetch(source, target, event=event).total_bytes]


def test_a_rerun_asks_nobody_and_writes_nothing(source: FolderSource, target: Path) -> None:
    fetch(source, target)
    before = {p: p.stat().st_mtime_ns for p in target.rglob("*")}
    brought = fetch(source, target)
    assert source.lists == 1
    assert brought.received_bytes == 0
    assert {p: p.stat().st_mtime_ns for p in target.rglob("*")} == before


def test_the_other_model_is_not_taken_for_this_one(source: FolderSource, target: Path) -> None:
    fetch(source, target)
    assert not folder_record.intact(target, "Qwen/Other")


@pytest.mark.parametrize("change", ["longer", "time", "gone"])
def test_a_changed_file_is_seen_by_stat(source: FolderSource, target: Path, change: str) -> None:
    fetch(source, target)
    shard = target / SHARDS[0]
    if change == "longer":
        shard.write_bytes(shard.read_bytes() + b"x")
    elif change == "time":
        os.utime(shard, ns=(1, 1))
    else:
        shard.unlink()
    assert not folder_record.intact(target, MODEL)
    source.got.clear()
    fetch(source, target)
    assert folder_record.intact(target, MODEL)
    assert same(source.root, target)
    assert source.got == ([] if change == "time" else [SHARDS[0]])


@pytest.fixture
def copy(source: FolderSource, target: Path, tmp_path: Path) -> Path:
    """A folder as a colleague would hand it on, with the times and the record of another one."""
    fetch(source, target)
    source.lists = 0
    source.got.clear()
    return Path(shutil.copytree(target, tmp_path / "copy", copy_function=shutil.copy2))


def unreachable(source: FolderSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[RemoteFile, ...]:
        raise SetupError("weights_unreachable", model="m", url="u", detail="d", command="c")

    monkeypatch.setattr(source, "list", refuse)


def forge(folder: Path, path: str, data: bytes) -> None:
    """Put other bytes in a folder, and make its record agree with them."""
    stat = (folder / path).stat()
    (folder / path).write_bytes(data.ljust(stat.st_size, b"!")[: stat.st_size])
    os.utime(folder / path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    name = folder / folder_record.NAME
    record = json.loads(name.read_text())
    for kept in record["files"]:
        if kept["path"] == path:
            kept["sha256"] = sha256((folder / path).read_bytes()).hexdigest()
    name.write_text(json.dumps(record))


def test_a_copied_folder_is_read_and_compared_with_the_source(
    source: FolderSource, copy: Path
) -> None:
    assert not folder_record.intact(copy, MODEL)
    brought = fetch(source, copy)
    assert (brought.received_bytes, brought.unasked, source.lists) == (0, "", 1)
    assert {k.checked for k in brought.record.files} == {"sha256"}
    fetch(source, copy)
    assert source.lists == 1


def test_a_forged_record_does_not_hide_what_the_source_knows(
    source: FolderSource, copy: Path
) -> None:
    forge(copy, SHARDS[1], b"evil")
    forge(copy, "config.json", b"evil")
    fetch(source, copy)
    assert same(source.root, copy)
    assert sorted(source.got) == ["config.json", SHARDS[1]]


def test_a_forged_record_does_not_hide_what_a_recipe_knows(
    source: FolderSource, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = sha256((copy / SHARDS[1]).read_bytes()).hexdigest()
    forge(copy, SHARDS[1], b"evil")
    unreachable(source, monkeypatch)
    with pytest.raises(SetupError) as caught:
        fetch(source, copy, known=lambda: {SHARDS[1]: right})
    assert caught.value.code == "weights_unreachable"
    assert not folder_record.intact(copy, MODEL)


def test_what_nothing_can_be_compared_with_is_said(
    source: FolderSource, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {SHARDS[0]: sha256((copy / SHARDS[0]).read_bytes()).hexdigest()}
    unreachable(source, monkeypatch)
    brought = fetch(source, copy, known=lambda: known)
    assert brought.unasked
    checked = {k.path: k.checked for k in brought.record.files}
    assert checked.pop(SHARDS[0]) == "sha256"
    assert set(checked.values()) == {"record"}
    said = [str(d) for d in doubts(brought.record, brought.unasked)]
    assert f"{len(checked)} files are what the folder's record says" in said[0]


def test_a_strangers_record_is_asked_about_again_with_verify(
    source: FolderSource, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge(copy, SHARDS[1], b"evil")
    with monkeypatch.context() as patch:
        unreachable(source, patch)
        assert fetch(source, copy).unasked
    assert folder_record.intact(copy, MODEL)
    fetch(source, copy, verify=True)
    assert same(source.root, copy)


def test_verify_without_a_source_compares_with_the_download_and_says_so(
    source: FolderSource, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(source, target)
    unreachable(source, monkeypatch)
    brought = fetch(source, target, verify=True)
    assert {k.checked for k in brought.record.files} == {"sha256"}
    assert "the download alone" in str(doubts(brought.record, brought.unasked)[0])


def test_verify_asks_the_source_whatever_the_record_says(
    source: FolderSource, target: Path
) -> None:
    fetch(source, target)
    (source.root / SHARDS[0]).write_bytes(b"n" * (source.root / SHARDS[0]).stat().st_size)
    fetch(source, target)
    assert not same(source.root, target)
    fetch(source, target, verify=True)
    assert same(source.root, target)


def test_a_folder_that_may_only_be_read_is_read_once(
    source: FolderSource, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable(source, monkeypatch)
    real = files.write_text

    def refuse(path: Path, text: str) -> bool:
        if path.is_relative_to(copy):
            raise SetupError("not_writable", path=str(path), detail="read-only", flag="--to")
        return real(path, text)

    monkeypatch.setattr(files, "write_text", refuse)
    assert fetch(source, copy).received_bytes == 0
    assert folder_record.intact(copy, MODEL)


def test_a_record_that_calls_too_little_complete_is_not_believed(
    source: FolderSource, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = copy / folder_record.NAME
    record = json.loads(name.read_text())
    record["files"] = [f for f in record["files"] if f["path"] != SHARDS[1]]
    name.write_text(json.dumps(record))
    unreachable(source, monkeypatch)
    with pytest.raises(SetupError) as caught:
        fetch(source, copy)
    assert caught.value.code == "weights_incomplete"


def test_ones_own_config_is_kept_under_another_name(source: FolderSource, target: Path) -> None:
    target.mkdir(parents=True)
    mine = json.dumps({"model_type": "qwen2_vl", "mine": True})
    (target / "config.json").write_text(mine)
    said: list[str] = []
    fetch(source, target, note=lambda text: said.append(str(text)))
    assert same(source.root, target)
    assert (target / "config.json.bak").read_text() == mine
    assert any("kept as config.json.bak" in line for line in said)


def test_zeros_that_an_earlier_run_left_are_not_taken_without_a_sum(
    source: FolderSource, target: Path
) -> None:
    source.with_sha = False
    target.mkdir(parents=True)
    size = (source.root / SHARDS[0]).stat().st_size
    data = (source.root / SHARDS[0]).read_bytes()
    (target / SHARDS[0]).write_bytes(data[:8192] + bytes(size - 8192))
    fetch(source, target)
    assert same(source.root, target)


def test_zeros_that_the_source_serves_are_taken(source: FolderSource, target: Path) -> None:
    source.with_sha = False
    (source.root / SHARDS[0]).write_bytes(bytes(50_000))
    fetch(source, target)
    assert same(source.root, target)
    assert source.got.count(SHARDS[0]) <= 2


def test_a_file_damaged_on_the_way_is_fetched_once_more(source: FolderSource, target: Path) -> None:
    source.damage[SHARDS[1]] = 1
    fetch(source, target)
    assert same(source.root, target)
    assert source.got.count(SHARDS[1]) == 2
    assert source.got.count(SHARDS[0]) == 1


def test_a_file_damaged_twice_is_an_error_and_the_others_stay(
    source: FolderSource, target: Path
) -> None:
    source.damage[SHARDS[1]] = 2
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "weights_damaged"
    assert SHARDS[1] in str(caught.value.message)
    assert not (target / SHARDS[1]).exists()
    assert not folder_record.intact(target, MODEL)
    source.got.clear()
    fetch(source, target)
    assert source.got == [SHARDS[1]]


def test_verify_finds_a_flipped_byte_that_stat_does_not_show(
    source: FolderSource, target: Path
) -> None:
    fetch(source, target)
    shard = target / SHARDS[0]
    stat = shard.stat()
    data = bytearray(shard.read_bytes())
    data[1000] ^= 1
    shard.write_bytes(data)
    os.utime(shard, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert folder_record.intact(target, MODEL)
    source.got.clear()
    fetch(source, target, verify=True)
    assert source.got == [SHARDS[0]]
    assert same(source.root, target)


def test_damage_found_without_a_hub_is_not_forgotten(
    source: FolderSource, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(source, target)
    shard = target / SHARDS[0]
    stat = shard.stat()
    shard.write_bytes(bytes(stat.st_size))
    os.utime(shard, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    def unreachable() -> tuple[RemoteFile, ...]:
        raise SetupError("weights_unreachable", model="m", url="u", detail="d", command="c")

    monkeypatch.setattr(source, "list", unreachable)
    with pytest.raises(SetupError):
        fetch(source, target, verify=True)
    assert not folder_record.intact(target, MODEL)


def test_what_arrived_before_a_break_is_kept(source: FolderSource, target: Path) -> None:
    source.break_off_after = 3
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.exit == Exit.PARTLY
    first = list(source.got)
    source.break_off_after = None
    fetch(source, target)
    assert same(source.root, target)
    assert len(source.got) == len(set(source.got)) == len(source.list())
    assert source.got[:3] == first


def test_a_file_that_the_hub_changed_meanwhile_is_fetched_anew(
    source: FolderSource, target: Path
) -> None:
    source.break_off_after = 3
    with pytest.raises(SetupError):
        fetch(source, target)
    (source.root / "config.json").write_text(json.dumps({"model_type": "qwen9_vl"}))
    source.break_off_after = None
    fetch(source, target)
    assert same(source.root, target)
    assert source.got.count("config.json") == 2


def test_files_that_were_there_are_taken_when_they_are_right(
    source: FolderSource, target: Path
) -> None:
    target.mkdir(parents=True)
    shutil.copy(source.root / SHARDS[0], target)
    (target / SHARDS[1]).write_bytes(bytes((source.root / SHARDS[1]).stat().st_size))
    (target / "mine.txt").write_text("keep")
    fetch(source, target)
    assert SHARDS[0] not in source.got
    assert same(source.root, target)
    assert (target / "mine.txt").read_text() == "keep"


def test_no_room_is_told_before_anything_is_written(
    source: FolderSource, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = files.folder_bytes(source.root)
    monkeypatch.setattr(files, "free_bytes", lambda _path: total - 1)
    announced: list[Path] = []
    with pytest.raises(SetupError) as caught:
        fetch(source, target, before=lambda folder, _paths: announced.append(folder))
    assert caught.value.code == "no_space"
    assert caught.value.exit == Exit.CANNOT
    assert caught.value.args_["flag"] == "--to"
    assert not target.exists()
    assert not target.parent.exists()
    assert announced == []
    assert source.got == []


def test_room_counts_what_is_there(
    source: FolderSource, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.mkdir(parents=True)
    shutil.copy(source.root / SHARDS[0], target)
    (target / f"{SHARDS[1]}.incomplete").write_bytes(b"x" * 1000)
    there = (source.root / SHARDS[0]).stat().st_size + 1000
    room = files.folder_bytes(source.root) - there
    monkeypatch.setattr(files, "free_bytes", lambda _path: room - 1)
    with pytest.raises(SetupError):
        fetch(source, target)
    monkeypatch.setattr(files, "free_bytes", lambda _path: room)
    fetch(source, target)
    assert folder_record.intact(target, MODEL)


@pytest.mark.parametrize("lost", ["config.json", SHARDS[1]])
def test_a_hub_without_all_files_of_the_model_is_an_error(
    source: FolderSource, target: Path, lost: str
) -> None:
    (source.root / lost).unlink()
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "weights_incomplete"
    assert lost in str(caught.value.message)
    # Known from the small files: no shard was fetched for it.
    assert not set(source.got) & set(SHARDS)


def test_a_model_without_any_weights_is_an_error(source: FolderSource, target: Path) -> None:
    for name in (*SHARDS, "model.safetensors.index.json"):
        (source.root / name).unlink()
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "weights_incomplete"


@pytest.mark.parametrize("text", ["<html>log in</html>", "[]", '{"weight_map": []}'])
def test_an_index_that_is_none_is_an_error(source: FolderSource, target: Path, text: str) -> None:
    (source.root / "model.safetensors.index.json").write_text(text)
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "file_invalid"


def test_without_sums_only_sizes_are_vouched_for(model_folder: Path, target: Path) -> None:
    brought = fetch(FolderSource(model_folder, with_sha=False), target)
    assert {k.checked for k in brought.record.files} == {"size"}
    shard = next(k for k in brought.record.files if k.path == SHARDS[0])
    assert shard.sha256 == sha256((target / SHARDS[0]).read_bytes()).hexdigest()


def test_a_link_that_leads_out_is_not_written_through(
    source: FolderSource, target: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target.mkdir(parents=True)
    (target / "assets").symlink_to(outside)
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "weights_listing"
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"model": "Qwen/Tiny-VL", "source": "x", "complete": true, "schema": "other/9"}',
        json.dumps(
            {
                "model": MODEL,
                "source": "x",
                "complete": True,
                "files": [{"path": "../x", "size": 1, "sha256": "a", "mtime": 1}],
            }
        ),
    ],
)
def test_a_record_that_cannot_be_trusted_counts_as_none(
    source: FolderSource, target: Path, text: str
) -> None:
    fetch(source, target)
    (target / folder_record.NAME).write_text(text)
    assert folder_record.load(target) is None
    source.got.clear()
    fetch(source, target)
    assert source.got == []
    assert folder_record.intact(target, MODEL)


def test_another_run_in_the_same_folder_is_refused(source: FolderSource, target: Path) -> None:
    target.mkdir(parents=True)
    with files.exclusive(target / ".setup-assistant.lock"), pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "site_busy"


def test_a_file_in_the_way_of_the_folder(source: FolderSource, target: Path) -> None:
    target.parent.mkdir(parents=True)
    target.write_text("")
    with pytest.raises(SetupError) as caught:
        fetch(source, target)
    assert caught.value.code == "not_writable"
    assert caught.value.args_["flag"] == "--to"
