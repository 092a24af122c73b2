"""Whose record lies in a folder, and what it may vouch for."""

from __future__ import annotations

import json
import os
import shutil
import struct
from hashlib import sha256
from pathlib import Path

import pytest

from setup_assistant.host import boot, files, paths
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest, own, save, whole

MODEL = "Owner/Model"


def note(folder: Path) -> Path:
    (found,) = (paths.cache_folder() / "weights").glob("*.json")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file, recorded."""
    found = tmp_path / "model"
    found.mkdir()
    (found / "a.bin").write_bytes(os.urandom(20_000))
    record(found)
    return found


def record(folder: Path, *, synced: bool = True) -> None:
    path = folder / "a.bin"
    stat = path.stat()
    kept = Kept(path="a.bin", size=stat.st_size, mtime=stat.st_mtime_ns,
                sha256=sha256(path.read_bytes()).hexdigest())  # fmt: skip
    save(folder, Manifest(model=MODEL, source="s", complete=True, files=(kept,), synced=synced))


def reboot(monkeypatch: pytest.MonkeyPatch, *, crashed: bool | None) -> None:
    monkeypatch.setattr(boot, "boot_id", lambda: "another")
    monkeypatch.setattr(boot, "crashed_since", lambda _moment: crashed)


def test_a_record_that_this_account_wrote_here_vouches(folder: Path) -> None:
    assert own(folder) is not None
    assert whole(folder, MODEL) is not None
    written = json.loads((folder / folder_record.NAME).read_text())
    assert written["boot"] == boot.boot_id()
    assert written["synced"] is True


def test_a_record_in_a_copied_folder_does_not(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copy2)
    assert folder_record.load(copy) is not None
    assert whole(copy, MODEL) is None


def test_a_copy_that_takes_the_place_of_the_folder_does_not(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copy2)
    folder.rename(tmp_path / "away")
    (tmp_path / "copy").rename(folder)
    assert own(folder) is None


def test_a_changed_record_does_not(folder: Path) -> None:
    path = folder / folder_record.NAME
    text = path.read_text()
    path.write_text(text.replace('"source": "s"', '"source": "t"'))
    assert folder_record.load(folder) is not None
    assert own(folder) is None
    path.write_text(text)
    assert own(folder) is not None


@pytest.mark.parametrize("how", ["gone", "garbage", "list", "writable"])
def test_without_a_note_of_ones_own_it_does_not(folder: Path, how: str) -> None:
    path = note(folder)
    if how == "gone":
        path.unlink()
    elif how == "writable":
        path.chmod(0o666)
    else:
        path.write_text({"garbage": "}{", "list": "[1]"}[how])
    assert own(folder) is None


@pytest.mark.parametrize(
    ("mode", "counts"),
    [(0o600, True), (0o644, True), (0o755, True), (0o620, False), (0o602, False), (0o711, True)],
)
def test_a_note_that_others_may_write_counts_for_nothing(
    folder: Path, mode: int, counts: bool
) -> None:
    note(folder).chmod(mode)
    assert (own(folder) is not None) is counts


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to another account")
def test_the_note_of_another_account_counts_for_nothing(folder: Path) -> None:
    os.chown(note(folder), 12345, -1)
    assert own(folder) is None


@pytest.mark.parametrize("crashed", [False, None])
def test_a_synced_record_outlives_a_boot(
    folder: Path, monkeypatch: pytest.MonkeyPatch, crashed: bool | None
) -> None:
    reboot(monkeypatch, crashed=crashed)
    assert whole(folder, MODEL) is not None


def test_a_record_that_was_not_synced_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(folder, synced=False)
    assert own(folder) is not None
    reboot(monkeypatch, crashed=None)
    assert own(folder) is None


def test_no_record_outlives_a_crash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reboot(monkeypatch, crashed=True)
    assert own(folder) is None


def test_zeros_after_a_boot_are_seen_whatever_the_time_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.bin"
    stat = path.stat()
    data = path.read_bytes()
    path.write_bytes(data[:8192] + bytes(len(data) - 8192))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert whole(folder, MODEL) is not None
    reboot(monkeypatch, crashed=None)
    assert whole(folder, MODEL) is None


def test_after_a_boot_the_files_are_looked_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reboot(monkeypatch, crashed=None)
    looked: list[Path] = []
    monkeypatch.setattr(folder_record, "zero_sample", looked.append)
    assert own(folder) is not None
    assert own(folder) is not None
    assert len(looked) == 1


def entry(kind: int, user: bytes, seconds: int) -> bytes:
    """Return one entry of wtmp as utmp(5) lays it out on 64-bit Linux."""
    head = struct.pack("<hxxi32s4s32s256s", kind, 0, b"~", b"~~", user, b"6.8.0")
    return head + struct.pack("<hhiii16s20x", 0, 0, 0, seconds, 0, b"")


@pytest.mark.parametrize(
    ("entries", "crashed"),
    [
        ([(2, b"reboot", 100)], None),
        ([(2, b"reboot", 100), (7, b"ann", 500)], None),
        ([(2, b"reboot", 100), (1, b"shutdown", 600), (2, b"reboot", 700)], False),
        ([(2, b"reboot", 100), (1, b"runlevel", 600), (2, b"reboot", 700)], True),
        ([(1, b"shutdown", 90), (2, b"reboot", 700)], True),
        ([], None),
    ],
)
def test_the_systems_own_list_tells_a_crash_from_a_shutdown(
    tmp_path: Path, entries: list[tuple[int, bytes, int]], crashed: bool | None
) -> None:
    path = tmp_path / "var/log/wtmp"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(entry(*e) for e in entries) + b"half an entry")
    assert boot.crashed_since(400, tmp_path) is crashed
    assert boot.crashed_since(400, tmp_path / "none") is None


def test_a_boot_has_one_name(tmp_path: Path) -> None:
    assert boot.boot_id(tmp_path) == ""
    files.write_text(tmp_path / "proc/sys/kernel/random/boot_id", "abc\n")
    assert boot.boot_id(tmp_path) == "abc"
