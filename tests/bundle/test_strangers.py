"""A bundle's folder that comes from a stranger: nothing outside of it is written or removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import cut, disk_check
from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle.manifest import Item
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.fetch import PART_SUFFIX, copy
from tests.bundle.small import small


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def item(path: object, *pieces: object, size: object = 3) -> dict[str, Any]:
    return {"path": path, "size": size, "sha256": "0" * 64,
            "pieces": [{"path": p, "size": 3, "sha256": ""} for p in pieces]}  # fmt: skip


def journal(stick: Path, value: object) -> None:
    (stick / cut.JOURNAL).write_text(json.dumps(value))


ELSEWHERE = ("../mine/thesis.txt", "/etc/hostname", "a/../../mine/thesis.txt", "..", "",
             "mine\\thesis.txt", "C:/x", ".setup-assistant.json", "a\x00b")  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
@pytest.mark.parametrize("what", ["piece", "target"])
def test_a_journal_that_names_other_places(stick: Path, path: str, what: str) -> None:
    (stick / "part-01").mkdir()
    (stick / "part-01" / "x").write_text("new")
    odd = item("wheels/x", path) if what == "piece" else item(path, "part-01/x")
    journal(stick, {"files": [odd]})
    with pytest.raises(SetupError) as caught:
        cut.unpack(stick)
    assert caught.value.code == "bundle_invalid"
    assert (stick.parent / "mine" / "thesis.txt").read_text() == "years of work"
    assert (stick / "part-01" / "x").exists()


@pytest.mark.parametrize(
    "value",
    [None, 5, "x", [], {}, {"files": None}, {"files": 5}, {"files": [5]}, {"files": [{}]},
     {"files": [item(5, "a")]}, {"files": [item("a", ["b"])]}, {"files": {"a": "b"}},
     {"files": [item("a", "b", size="3")]}],
)  # fmt: skip
def test_a_journal_of_other_types_says_nothing(stick: Path, value: object) -> None:
    journal(stick, value)
    cut.unpack(stick)
    assert list(stick.iterdir()) == []


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[" * 100_000, b'{"files": ['])
def test_a_journal_that_is_no_json(stick: Path, text: bytes) -> None:
    (stick / cut.JOURNAL).write_bytes(text)
    cut.unpack(stick)
    assert list(stick.iterdir()) == []


def test_a_pipe_for_a_journal_holds_nothing_up(stick: Path) -> None:
    import os

    os.mkfifo(stick / cut.JOURNAL)
    cut.unpack(stick)
    assert list(stick.iterdir()) == []


@pytest.mark.parametrize("link", ["wheels", "part-01"])
def test_links_of_a_stick_are_not_written_through(stick: Path, link: str) -> None:
    mine = stick.parent / "mine"
    (mine / "x").write_text("new")
    (stick / "part-01").mkdir()
    (stick / "part-01" / "x").write_text("new")
    if link == "part-01":
        (stick / "part-01" / "x").unlink()
        (stick / "part-01").rmdir()
    (stick / link).symlink_to(mine)
    journal(stick, {"files": [item("wheels/x", "part-01/x")]})
    before = sorted(p.name for p in mine.iterdir())
    with pytest.raises(SetupError) as caught:
        cut.unpack(stick)
    assert caught.value.code == "bundle_invalid"
    assert sorted(p.name for p in mine.iterdir()) == before


def test_a_folder_of_the_persons_that_is_called_like_a_part(stick: Path) -> None:
    (stick / "part-2 photos").mkdir()
    (stick / "part-2 photos" / "me.jpg").write_text("x")
    small(stick.parent / "b", part_bytes=700)
    for path in (stick.parent / "b").iterdir():
        path.rename(stick / path.name)
    cut.unpack(stick)
    assert (stick / "part-2 photos" / "me.jpg").exists()
    assert sorted(p.name for p in stick.glob("part-*")) == ["part-2 photos"]


@pytest.mark.parametrize("text", ['{"manifest_version": 3}', "[]", "x", '{"schema": "other/1"}'])
def test_a_manifest_of_something_else_makes_no_bundle(stick: Path, text: str) -> None:
    (stick / "manifest.json").write_text(text)
    (stick / "tools").mkdir()
    (stick / "tools" / "own.py").write_text("x")
    with pytest.raises(SetupError) as caught:
        disk_check.begin(stick)
    assert caught.value.code == "bundle_foreign"


def test_links_in_a_bundle_stop_it_before_anything_is_written(stick: Path) -> None:
    small(stick)
    (stick / "wheels" / "new.whl.part").symlink_to(stick.parent / "mine" / "thesis.txt")
    with pytest.raises(SetupError) as caught:
        disk_check.begin(stick)
    assert caught.value.code == "bundle_invalid"
    assert "new.whl.part" in str(caught.value)


def test_what_a_stick_calls_by_a_second_name_is_not_written(stick: Path) -> None:
    """A hard link is no link to the eye: every file on its way is made anew."""
    thesis = stick.parent / "mine" / "thesis.txt"
    small(stick.parent / "b", part_bytes=700)
    made = manifests.load([stick.parent / "b"])
    cut_one = next(i for i in made.files if len(i.pieces) > 1)
    for path in (stick.parent / "b").iterdir():
        path.rename(stick / path.name)
    # Put together, copied, and cut again.
    aside = stick / f"{cut_one.path}.part"
    aside.parent.mkdir(parents=True)
    aside.hardlink_to(thesis)
    cut.unpack(stick)
    assert files.sha256(stick / cut_one.path) == cut_one.sha256
    aside.with_name(Path(cut_one.path).name + PART_SUFFIX).hardlink_to(thesis)
    copy(stick / cut_one.path, stick / cut_one.path)
    piece = stick / cut_one.pieces[0].path
    piece.parent.mkdir(parents=True)
    piece.hardlink_to(thesis)
    cut.pack(stick, [Item(path=cut_one.path, size=cut_one.size, sha256=cut_one.sha256)], 700)
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize("name", ["../../..", "..", "/home", "fetched", "", "a/b", "ABCDEF12"])
def test_a_target_is_called_by_its_sum(stick: Path, name: str) -> None:
    """A folder of the cache is called so, and is removed in the end."""
    small(stick)
    value = json.loads((stick / manifests.NAME).read_text())
    value["targets"][0]["id"] = name
    (stick / manifests.NAME).write_text(json.dumps(value))
    sums = files.sha256(stick / manifests.NAME)
    with pytest.raises(SetupError) as caught:
        manifests.load([stick])
    assert caught.value.code == "bundle_invalid"
    assert sums


@pytest.mark.parametrize("path", ["wheels/../../mine/x.whl", "/etc/x", "conda/noarch/../../../x"])
def test_an_index_that_names_a_file_elsewhere(stick: Path, path: str) -> None:
    from setup_assistant.bundle.fetch import Offer, fetch

    (stick / "source").write_text("x")
    offer = Offer(path=path, url=str(stick / "source"), sha256=files.sha256(stick / "source"),
                  size=1)  # fmt: skip
    with pytest.raises(SetupError) as caught:
        fetch([offer], stick)
    assert caught.value.code == "bundle_fetch"
    assert not (stick.parent / "mine" / "x.whl").exists()
