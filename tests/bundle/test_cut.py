"""Where files go that are cut, at the limits; and that they come back byte by byte."""

import hashlib
import os
from collections import Counter
from pathlib import Path

import pytest

from setup_assistant.bundle import cut
from setup_assistant.bundle.manifest import Item
from setup_assistant.errors import SetupError
from setup_assistant.weights.listing import OWN_PREFIX


def item(path: str, size: int) -> Item:
    return Item(path=path, size=size, sha256="0" * 64)


def packed(folder: Path, data: dict[str, bytes]) -> tuple[Item, ...]:
    items = []
    for name, text in data.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text)
        items.append(Item(path=name, size=len(text), sha256=hashlib.sha256(text).hexdigest()))
    return cut.pack(folder, items, 4)


@pytest.mark.parametrize("part", [1, 2, 3, 4, 5, 7, 8, 100])
def test_every_part_is_full_but_the_last(part: int) -> None:
    sizes = {"a": 4, "b/empty": 0, "b/c": 3}
    placed = cut.layout([item(p, s) for p, s in sizes.items()], part)
    assert {i.path: sum(p.size for p in i.pieces) for i in placed} == sizes
    filled: Counter[str] = Counter()
    for piece in (p for i in placed for p in i.pieces):
        filled[piece.path.partition("/")[0]] += piece.size
    *full, last = [size for size in filled.values() if size]
    assert set(full) <= {part}
    assert 0 < last <= part
    assert len(full) + 1 == -(-7 // part)
    assert [n for n in filled if filled[n]] == [f"part-{n + 1:02}" for n in range(len(full) + 1)]


def test_a_file_is_named_by_its_pieces_only_where_it_is_cut() -> None:
    names = [[p.path for p in i.pieces] for i in cut.layout([item("a", 3), item("b", 4)], 5)]
    assert names == [["part-01/a"], ["part-01/b.001", "part-02/b.002"]]


def test_more_parts_than_anybody_carries_are_wrong_use() -> None:
    (most,) = cut.layout([item("a", 999)], 1)
    assert most.pieces[-1].path == "part-999/a.999"
    with pytest.raises(SetupError) as caught:
        cut.layout([item("a", 1000)], 1)
    assert caught.value.code == "usage"


def test_what_was_cut_is_whole_again_and_nothing_else_is_left(tmp_path: Path) -> None:
    data = {"wheels/a.whl": os.urandom(10), "wheels/b.whl": b"", "models/c": os.urandom(5)}
    (tmp_path / "models" / "sub").mkdir(parents=True)
    for left in (f"{OWN_PREFIX}.json", f"sub/{OWN_PREFIX}.part"):  # records of a download
        (tmp_path / "models" / left).touch()
    done = packed(tmp_path, data)
    there = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert there == {p.path for i in done for p in i.pieces} | {cut.JOURNAL}
    for piece in (p for i in done for p in i.pieces):
        text = (tmp_path / piece.path).read_bytes()
        assert (len(text), hashlib.sha256(text).hexdigest()) == (piece.size, piece.sha256)
    cut.unpack(tmp_path)
    found = {p.relative_to(tmp_path).as_posix(): p for p in tmp_path.rglob("*")}
    assert {n: p.read_bytes() for n, p in found.items() if p.is_file()} == data
    assert {n for n, p in found.items() if p.is_dir()} == {"wheels", "models"}


@pytest.mark.parametrize("change", ["byte", "longer", "gone"])
def test_what_has_changed_is_not_put_together(tmp_path: Path, change: str) -> None:
    (done,) = packed(tmp_path, {"models/c": b"abcdefg"})
    piece = tmp_path / done.pieces[1].path
    if change == "gone":
        piece.unlink()
    else:
        piece.write_bytes(b"efX" if change == "byte" else b"efgh")
    cut.unpack(tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_file_of_one_piece_that_has_grown_is_not_taken(tmp_path: Path) -> None:
    (done,) = packed(tmp_path, {"models/c": b"abc"})
    (tmp_path / done.pieces[0].path).write_bytes(b"abcd")
    cut.unpack(tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_two_folders_are_put_together_and_a_missing_part_is_named(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    data = {"a.whl": b"0123456789", "b.whl": b"x"}
    done = packed(first, data)
    for name in ("part-02", "part-03"):
        (second / name).parent.mkdir(exist_ok=True)
        (first / name).rename(second / name)
    whole = cut.whole([first, second], done, tmp_path / "scratch")
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == data
    assert (whole / "b.whl").is_symlink()
    lost = done[0].pieces[-1]
    (second / lost.path).unlink()
    with pytest.raises(SetupError) as caught:
        cut.whole([first, second], done, tmp_path / "scratch")
    assert (caught.value.code, caught.value.args_) == (
        "bundle_missing", {"path": lost.path, "folder": str(first)},
    )  # fmt: skip
