"""An environment takes the place of another: at any moment one of them is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from setup_assistant.steps import swap


def gone(path: Path) -> None:
    """Remove what may not be there, as a site's owner does."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def put(path: Path, text: str) -> None:
    path.mkdir()
    (path / "which").write_text(text)


def beside(folder: Path) -> dict[str, str]:
    """Return what each environment in a folder is; "" for one that nobody marked."""
    found = sorted(folder.iterdir())
    return {p.name: (p / "which").read_text() if (p / "which").exists() else "" for p in found}


def put_all(folder: Path, names: dict[str, str]) -> Path:
    for name, text in names.items():
        put(folder / name, text)
    return folder / "env"


@pytest.mark.parametrize(
    ("there", "whole", "left"),
    [
        ({"env": "new", "env.old": "old"}, True, {"env": "new"}),
        ({"env": "half", "env.old": "old"}, False, {"env": "old"}),
        ({"env.old": "old"}, False, {"env": "old"}),
        ({"env": "half"}, False, {"env": "half"}),
    ],
)
def test_after_a_kill(
    tmp_path: Path, there: dict[str, str], whole: bool, left: dict[str, str]
) -> None:
    swap.recover(put_all(tmp_path, there), gone, whole=whole)
    assert beside(tmp_path) == left


@pytest.mark.parametrize("movable", [True, False])
@pytest.mark.parametrize(
    "there",
    [{}, {"env": "old"}, {"env": "old", "env.part": "left", "env.old": "older"}, {"env.old": "x"}],
)
def test_the_new_one_takes_the_place(tmp_path: Path, there: dict[str, str], movable: bool) -> None:
    prefix = put_all(tmp_path, there)
    with swap.building(prefix, gone, movable=movable) as target:
        assert target == (tmp_path / "env.part" if movable else prefix)
        assert not target.exists()
        if "env" in there:  # the old one is whole meanwhile: in its place, or aside
            assert (tmp_path / ("env" if movable else "env.old") / "which").read_text() == "old"
        put(target, "new")
    assert beside(tmp_path) == {"env": "new"}


@pytest.mark.parametrize(
    ("there", "movable", "left"),
    [
        ({"env": "old"}, True, {"env": "old"}),
        ({"env": "old"}, False, {"env": "old"}),
        ({}, True, {}),
        # What cannot be moved goes on from there.
        ({}, False, {"env": "half"}),
    ],
)
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_where_building_fails(
    tmp_path: Path,
    there: dict[str, str],
    movable: bool,
    left: dict[str, str],
    error: type[BaseException],
) -> None:
    prefix = put_all(tmp_path, there)

    def build() -> None:
        with swap.building(prefix, gone, movable=movable) as target:
            put(target, "half")
            raise error

    with pytest.raises(error):
        build()
    assert beside(tmp_path) == left


def test_where_it_cannot_take_the_place_the_old_one_comes_back(tmp_path: Path) -> None:
    prefix = put_all(tmp_path, {"env": "old"})
    with pytest.raises(OSError, match=r"env\.part"), swap.building(prefix, gone, movable=True):
        pass  # nothing was made that could be renamed
    assert beside(tmp_path) == {"env": "old"}


def test_a_link_to_nowhere_is_in_the_way_too(tmp_path: Path) -> None:
    for name in ("env", "env.old"):
        (tmp_path / name).symlink_to(tmp_path / "nowhere")
    with swap.building(tmp_path / "env", gone, movable=True) as target:
        put(target, "new")
    assert beside(tmp_path) == {"env": "new"}
