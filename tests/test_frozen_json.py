"""What is decoded once is the text, never the file."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError


class Row(msgspec.Struct, frozen=True):
    """What the files of these tests hold."""

    name: str


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    for name in ("one", "two", "one"):
        file.write_text(f'name = "{name}"')
        assert frozen_json.load_toml(file, Row).name == name


def test_each_file_is_named_for_the_same_fault(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text("name = 3")
        with pytest.raises(SetupError, match=name):
            frozen_json.load_toml(tmp_path / name, Row)


def test_a_plain_dict_belongs_to_its_reader(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('name = "one"')
    found: dict[str, Any] = frozen_json.load_toml(file, dict)
    found["name"] = "changed"
    assert frozen_json.load_toml(file, dict) == {"name": "one"}
