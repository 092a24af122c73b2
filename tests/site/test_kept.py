"""Edited scripts are kept; untouched ones follow the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.site.write import RECORD, keep_edits


def _write(folder: Path, rendered: dict[str, str]) -> dict[str, str]:
    for path, text in keep_edits(folder, rendered).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {p.name: p.read_text() for p in folder.iterdir() if p.name != RECORD}


def test_untouched_scripts_follow_the_plan(tmp_path: Path) -> None:
    assert _write(tmp_path, {"image.py": "one"}) == {"image.py": "one"}
    assert _write(tmp_path, {"image.py": "two"}) == {"image.py": "two"}


def test_an_edit_is_kept_and_a_rerun_adds_nothing(tmp_path: Path) -> None:
    _write(tmp_path, {"image.py": "one"})
    (tmp_path / "image.py").write_text("mine")
    assert _write(tmp_path, {"image.py": "one"}) == {"image.py": "mine"}
    assert _write(tmp_path, {"image.py": "two"}) == {"image.py": "mine", "image.new.py": "two"}
    assert _write(tmp_path, {"image.py": "two"}) == {"image.py": "mine", "image.new.py": "two"}


def test_a_script_of_the_persons_own_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "image.py").write_text("mine")
    assert _write(tmp_path, {"image.py": "one"}) == {"image.py": "mine", "image.new.py": "one"}


@pytest.mark.parametrize("damage", ["", "[]", "{", "\0"])
def test_with_a_damaged_record_nothing_is_lost(tmp_path: Path, damage: str) -> None:
    _write(tmp_path, {"image.py": "one"})
    (tmp_path / RECORD).write_text(damage)
    assert _write(tmp_path, {"image.py": "two"}) == {"image.py": "one", "image.new.py": "two"}


def test_a_deleted_script_comes_back(tmp_path: Path) -> None:
    _write(tmp_path, {"image.py": "one"})
    (tmp_path / "image.py").unlink()
    assert _write(tmp_path, {"image.py": "one"}) == {"image.py": "one"}
