"""What is read of a model folder, to the byte: windows, samples, kinds of files, names, sums."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import durable
from setup_assistant.weights import (
    backup,
    bad_numbers,
    flusher,
    folder_record,
    json_file,
    zero_blocks,
)
from setup_assistant.weights.bad_numbers import look
from setup_assistant.weights.flusher import Flusher
from setup_assistant.weights.folder_record import Kept, Manifest, size_of, untouched
from setup_assistant.weights.hashing import fits, hashed, sum_of
from setup_assistant.weights.json_file import kind_fault, parsed, read_bytes, read_object
from setup_assistant.weights.listing import checked, path_fault
from setup_assistant.weights.model_folder import INDEX, ModelFolder, unreadable
from setup_assistant.weights.tensors import Header, Tensor, read_header

SUM = "a" * 64


# --- bytes of tensors ------------------------------------------------------------------------
@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 16 bytes, holes of 4 in files below 64 bytes and of 8 in others."""
    for name, value in (("_WINDOW", 16), ("_SMALL_HOLE", 4), ("_HOLE", 8), ("_SMALL_FILE", 64)):
        monkeypatch.setattr(bad_numbers, name, value)


def of(folder: Path, data: bytes, *tensors: tuple[str, str, int, int], start: int = 0) -> Any:
    (folder / "f").write_bytes(data)
    found = {n: Tensor(name=n, dtype=d, shape=(), begin=b, end=e) for n, d, b, e in tensors}
    return {"f": Header(size=len(data), tensors=found)}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("size", "at", "length", "found"),
    [
        (63, 20, 4, 20), (63, 20, 3, None), (63, 14, 3, None), (63, 12, 4, 12), (63, 0, 4, 0),
        (64, 20, 8, 20), (64, 20, 7, None), (64, 56, 8, 56), (63, 59, 4, 59),
    ],
)  # fmt: skip
def test_a_hole_is_so_long(
    tmp_path: Path, size: int, at: int, length: int, found: int | None
) -> None:
    data = bytearray(b"\1" * size)
    data[at : at + length] = bytes(length)
    seen = look(tmp_path, of(tmp_path, bytes(data), ("t", "U8", 0, size)))
    assert [f.offset for f in seen.flaws] == ([] if found is None else [found])
    assert (seen.read_bytes, seen.total_bytes, seen.whole) == (size, size, True)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("budget", "read", "whole"),
    [(96, 96, True), (95, 64, False), (48, 64, False), (47, 48, False), (0, 32, False)],
)
def test_of_a_large_model_windows_are_read_that_come_to_the_budget(
    tmp_path: Path, budget: int, read: int, whole: bool
) -> None:
    data = bytearray(b"\1" * 96)
    data[-8:] = bytes(8)
    seen = look(tmp_path, of(tmp_path, bytes(data), ("t", "U8", 0, 96)), budget=budget)
    assert (seen.read_bytes, seen.whole) == (read, whole)
    assert [(f.kind, f.tensor, f.offset) for f in seen.flaws] == [("zeros", "t", 88)]


@pytest.mark.usefixtures("small")
def test_each_flaw_is_told_of_its_tensor_once(tmp_path: Path) -> None:
    nan = b"\x00\x7c"
    data = b"head" + bytes(8) + b"\1" * 6 + nan + b"\1\1" + nan + bytes(4) + b"\1" * 14
    headers = of(
        tmp_path, data, ("x.lm_head.weight", "U8", 4, 12), ("half", "F16", 12, 24),
        ("t", "F8_E4M3", 24, len(data)),
    )  # fmt: skip
    seen = look(tmp_path, headers)
    assert [(f.kind, f.file, f.tensor, f.offset) for f in seen.flaws] == [
        ("not-finite", "f", "half", 18), ("zeros", "f", "t", 24),
    ]  # fmt: skip
    # Both kinds were found in the second window: nothing is read beyond.
    assert seen.read_bytes == 4 + 2 * 16
    headers["f"].tensors["half"] = replace(headers["f"].tensors["half"], begin=20)
    assert [f.offset for f in look(tmp_path, headers).flaws if f.kind == "not-finite"] == [22]
    broken = {"f": replace(headers["f"], fault=json_file.parsed(b"").fault), "g": Header(size=9)}
    assert look(tmp_path, broken).total_bytes == 0


@pytest.mark.parametrize(
    ("size", "looked"), [(3, [0, 1, 2, 2]), (9, [0, 2, 4, 6, 8, 8]), (1, [0, 0])]
)
def test_so_many_blocks_are_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, looked: set[int]
) -> None:
    monkeypatch.setattr(zero_blocks, "_SAMPLES", 4)
    block, path = zero_blocks.BLOCK, tmp_path / "f"
    for zero in range(size):
        data = b"".join(bytes(block) if n == zero else b"\1" * block for n in range(size))
        # The last one is short.
        path.write_bytes(data[: -block + 7])
        assert zero_blocks.zero_sample(path) == (zero * block if zero in looked else None)
    assert zero_blocks.zero_sample(tmp_path / "gone") is None


def test_the_search_for_zeros_goes_from_read_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = zero_blocks.BLOCK
    monkeypatch.setattr(zero_blocks, "_READ", 2 * block)
    for at in range(5):
        data = b"".join(bytes(block) if n in (at, 4) else b"\1" * block for n in range(5))
        (tmp_path / "f").write_bytes(data)
        assert zero_blocks.zero_block(tmp_path / "f") == at * block


# --- JSON files ------------------------------------------------------------------------------
def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    assert kind_fault(tmp_path / "gone") is None
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"12345")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)  # the address of a socket has to be short
        try:
            listening.bind("socket")
        finally:
            os.chdir(here)
        for name, said in (
            (".", "it is a folder"), ("pipe", "it is a pipe, socket or device, not a file"),
            ("socket", "it is a pipe, socket or device, not a file"), ("file", "None"),
        ):  # fmt: skip
            assert str(kind_fault(tmp_path / name)) == said
    assert str(kind_fault(Path("/dev/null"))) == "it is a pipe, socket or device, not a file"
    assert read_bytes(tmp_path / "file", 5) == b"12345"
    assert str(read_bytes(tmp_path / "file", 4)) == "it is too large"
    assert str(read_bytes(tmp_path / "gone", 4)) == os.strerror(2)
    assert str(read_bytes(tmp_path / "pipe", 4)) == "it is a pipe, socket or device, not a file"


@pytest.mark.parametrize(
    ("data", "value", "doubts"),
    [
        (b'{"a": 1, "b": {"a": 2}}', {"a": 1, "b": {"a": 2}}, []),
        (b'{"a": 1, "b": 3, "b": 2, "a": 3}', {"a": 3, "b": 2}, ["the key 'a' is there twice"]),
        (b'{"a": {"c": 1, "c": 2}, "a": 3}', {"a": 3}, ["the key 'c' is there twice"]),
        (b'{"a":\r\n1}', {"a": 1}, ["its lines end as on Windows (CRLF): it was converted"]),
        (b'{"a":\n1}\r', {"a": 1}, []),
    ],
)
def test_an_object_is_read_with_its_doubts(
    data: bytes, value: dict[str, Any], doubts: list[str]
) -> None:
    found = parsed(data)
    assert (found.value, found.fault, [str(d) for d in found.doubts]) == (value, None, doubts)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0", "it is all zeros"), (b"\0{", "it is UTF-16, not UTF-8"),
        (b"{\0", "it is UTF-16, not UTF-8"), (b"\xfe\xff{}", "it is UTF-16, not UTF-8"),
        (b"\xff\xfe", "it is UTF-16, not UTF-8"),
        (b"[]\0", "it is no JSON (line 1, column 3)"),
        (b'{"a": 1,\n"b"}', "it is no JSON (line 2, column 4)"),
        (b'{"a": "\xff"}', "it is no text in UTF-8 (byte 7)"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark, as Windows editors write it"),
        (b'{"a": ' + b"1" * 9000 + b"}", "Exceeds the limit (4300 digits)"),
        (b"", "it is no JSON (line 1, column 1)"),
        (b"[" * 100_000, "it is nested without end"), (b"7", "it is no JSON object"),
    ],
)  # fmt: skip
def test_what_keeps_a_library_from_reading_it(data: bytes, said: str) -> None:
    assert str(parsed(data).fault).startswith(said)


# --- names and sums --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "fine"),
    [
        ("a" * 241, True), ("a" * 242, False), ("b/" * 499 + "cc", True),
        ("b/" * 499 + "ccc", False),
        ("a/.setup-assistant.json", True), (".setup-assistantX", False), (".gitignore", True),
        ("a/.git", False), ("x.incomplete/y", True), ("a.SA-PART", False), ("a.sa-part.b", True),
    ],
)  # fmt: skip
def test_reserved_and_long_names(path: str, fine: bool) -> None:
    assert (path_fault(path) is None) is fine
    if len(path) < 99:
        assert path_fault(path) == (None if fine else "a reserved name")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (7, "an entry that is no file"), ({"Path": 7, "Size": 1}, "a file without a path"),
        ({"Path": "../x", "Size": 1}, "'../x': it leads elsewhere"),
        ({"Path": "x", "Size": (1 << 52) + 1}, f"'x': Size {(1 << 52) + 1}"),
        ({"Path": "x", "Size": 1, "Sha256": "Z" * 99}, f"'x': Sha256 '{'Z' * 80}'"),
        ({"Path": "x", "Type": "tree"}, "no files at all"),
    ],
)  # fmt: skip
def test_a_refused_listing_says_what_of_it(entry: object, said: str) -> None:
    with pytest.raises(SetupError) as caught:
        checked([entry], "m")
    assert caught.value.args_ == {"model": "m", "detail": said}


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        ({"Size": 1 << 52}, "size", 1 << 52), ({"Size": 0}, "size", 0),
        ({"GitBlob": "a" * 40}, "git_blob", "a" * 40), ({"GitBlob": "a" * 64}, "git_blob", None),
        ({"GitBlob": 7}, "git_blob", None), ({"Revision": 7}, "revision", None),
        ({"Sha256": SUM.upper()}, "sha256", SUM), ({}, "sha256", None),
    ],
)  # fmt: skip
def test_an_entry_is_read(more: dict[str, Any], field: str, value: object) -> None:
    (found,) = checked([{"Path": "a/b", "Size": 5, **more}], "m")
    assert (found.path, getattr(found, field)) == ("a/b", value)


def test_a_file_is_as_it_was_by_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"123")
    (kept,) = hashed(tmp_path, [checked([{"Path": "a", "Size": 3}], "m")[0]])
    assert kept is not None
    assert kept.mtime == path.stat().st_mtime_ns
    assert kept.sha256 == sum_of(path)
    assert untouched(tmp_path, kept)
    assert not untouched(tmp_path, replace(kept, size=4))
    assert not untouched(tmp_path, replace(kept, mtime=kept.mtime + 1))
    assert not untouched(tmp_path, replace(kept, path="b"))
    assert fits(kept, kept)
    assert not fits(replace(kept, size=4), kept)
    assert not fits(replace(kept, sha256=SUM), kept)
    assert (size_of(path), size_of(tmp_path), size_of(tmp_path / "b")) == (3, -1, -1)
    assert sum_of(tmp_path / "b") is None
    assert Manifest(model="m", source="s", files=(kept, kept)).total_bytes == 6


@pytest.mark.parametrize(("size", "kept"), [(99, True), (100, False), (0, False)])
def test_what_a_person_wrote_is_not_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, kept: bool
) -> None:
    assert backup._LARGEST == 16_000_000
    monkeypatch.setattr(backup, "_LARGEST", 99)
    (tmp_path / "a.txt").write_bytes(b"a" * size)
    wanted = checked([{"Path": "a.txt", "Size": 1}], "m")
    assert [p for p, _name in backup.keep_own(tmp_path, wanted, {})] == (["a.txt"] if kept else [])


# --- the folder ------------------------------------------------------------------------------
RECORD = Manifest(
    model="m",
    source="s",
    complete=True,
    files=(
        Kept(path="a", size=1, sha256=SUM, mtime=1),
        Kept(path="b", size=1, sha256=SUM, mtime=1),
    ),
)


@pytest.mark.parametrize("change", [
    lambda v: {**v, "schema": "setup-assistant/weights/2"},
    lambda v: {**v, "files": [v["files"][0], {**v["files"][1], "path": "../b"}]},
    lambda v: [v],
])  # fmt: skip
def test_a_record_of_something_else_is_none(
    tmp_path: Path, change: Callable[[Any], object]
) -> None:
    folder_record.save(tmp_path, RECORD)
    found = folder_record.load(tmp_path)
    assert found is not None
    assert found.files == RECORD.files
    path = tmp_path / folder_record.NAME
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    assert folder_record.load(tmp_path) is None


def test_a_folder_is_whole_for_its_own_model_and_files_alone(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        files.append(Kept(path=name, size=1, sha256=SUM,
                          mtime=(tmp_path / name).stat().st_mtime_ns))  # fmt: skip
    record = replace(RECORD, files=tuple(files))
    folder_record.save(tmp_path, record)
    assert folder_record.intact(tmp_path, "m")
    assert not folder_record.intact(tmp_path, "another")
    folder_record.save(tmp_path, replace(record, complete=False))
    assert not folder_record.intact(tmp_path, "m")
    folder_record.save(tmp_path, record)
    (tmp_path / "b").write_bytes(b"bb")
    assert not folder_record.intact(tmp_path, "m")


def header(names: str) -> bytes:
    rows = {n: {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]}
            for i, n in enumerate(names)}  # fmt: skip
    text = json.dumps(rows).encode()
    return len(text).to_bytes(8, "little") + text + b"\1" * len(names)


def test_the_first_key_that_is_there_twice_is_named() -> None:
    for text, key in (
        (b'{"a": 1, "b": 2, "b": 3}', "b"),
        (b'{"x": {"c": 1, "c": 1}, "d": 0, "d": 1}', "c"),
    ):
        (doubt,) = parsed(text).doubts
        assert str(doubt) == f"the key '{key}' is there twice"


def test_a_model_folder_is_read_by_its_index_or_else_by_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "one.safetensors").write_bytes(header("ab"))
    (tmp_path / "two.safetensors").write_bytes(header("c")[:-1])
    folder = ModelFolder(tmp_path)
    assert folder.shards == ("one.safetensors", "two.safetensors")
    assert {n: bool(h.fault) for n, h in folder.headers.items()} == {
        "one.safetensors": False, "two.safetensors": True,
    }  # fmt: skip
    assert (folder.index, folder.astray, folder.config, folder.pickled()) == ({}, None, {}, None)
    assert (folder.content.total_bytes, folder.content.flaws) == (len(header("ab")), ())
    assert unreadable(tmp_path, ["one.safetensors", "two.safetensors", "x.bin"]) == [
        "two.safetensors"
    ]
    weights = {"a": "one.safetensors", "b": "gone.safetensors", "c": "../x", "d": 7}
    (tmp_path / INDEX).write_text(json.dumps({"weight_map": weights}))
    (tmp_path / "config.json").write_text('{"a": 1}')
    (tmp_path / "z.bin").mkdir()
    (tmp_path / "b.pt").write_bytes(b"x" * 600)
    folder = ModelFolder(tmp_path)
    assert folder.index == {"a": "one.safetensors", "b": "gone.safetensors"}
    assert folder.astray is not None
    assert folder.astray[0] == "'../x'"
    assert folder.shards == ("gone.safetensors", "one.safetensors")
    assert list(folder.headers) == ["one.safetensors"]
    assert folder.config == {"a": 1}
    assert folder.pickled() == "b.pt"
    assert (folder.has("x", "b.pt"), folder.has("x"), folder.has("z.bin")) == (True, False, False)
    assert (folder.start("b.pt"), folder.start("z.bin"), folder.start("x")) == (
        b"x" * 512,
        b"",
        b"",
    )
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert folder.start("endless") == b""
    assert folder.read("config.json") is folder.read("config.json")
    assert read_object(tmp_path / "x").fault is not None
    assert read_header(tmp_path / "z.bin").fault is not None


# --- to the disk -----------------------------------------------------------------------------
def test_files_are_out_before_the_folders_that_name_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flusher, "_LARGE_BYTES", 3)
    monkeypatch.setattr(flusher, "_FEW", 2)
    monkeypatch.setattr(flusher, "_TICK_SECONDS", 0.001)
    done: list[str] = []
    ticked = threading.Event()

    def note(path: Path) -> None:
        if path.name == "large":
            ticked.wait(30)
        done.append(path.relative_to(tmp_path.parent).as_posix().replace(tmp_path.name, "W"))

    for name in ("sync_file", "sync_folder", "sync_disk"):
        monkeypatch.setattr(durable, name, note)
    (tmp_path / "w/a/b").mkdir(parents=True)
    for name, size in (("large", 3), ("a/b/s1", 2), ("a/s2", 2)):
        (tmp_path / "w" / name).write_bytes(b"1" * size)
    one = Flusher(tmp_path / "w")
    for name in ("large", "a/b/s1", "a/s2"):
        one.add(name)
        assert not one.is_out(name)
    assert one.is_out("never given")
    one.finish(ticked.set)
    assert ticked.is_set()
    assert done[0] == "W/w/large"
    assert set(done[1:3]) == {"W/w/a/b/s1", "W/w/a/s2"}
    assert done[3:] == ["W/w/a/b", "W/w/a", "W/w", "W"]
    assert all(one.is_out(n) for n in ("large", "a/b/s1", "a/s2"))
    done.clear()
    for name in ("a/b/s1", "a/s2", "s3"):
        (tmp_path / "w" / name).write_bytes(b"1")
        one.add(name)
    one.finish()
    assert done[0] == "W/w"
    assert "W/w/s3" not in done
    one.abandon()


def test_a_disk_that_could_not_take_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(flusher, "_LARGE_BYTES", 0)
    monkeypatch.setattr(durable, "sync_file", full)
    (tmp_path / "a").write_bytes(b"1")
    one = Flusher(tmp_path)
    one.add("a")
    with pytest.raises(OSError, match="full"):
        one.finish()
    assert not one.is_out("a")
