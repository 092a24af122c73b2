"""One value for "a relative name inside this folder", whoever it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.relative_name import LONGEST_NAME, clash, fault_of

GOOD = (
    "a", "a/b.c", ".hidden", "a b", "模型/权重.bin", "...a", "a..b",
    "model-00001-of-00002.safetensors",
    "con1", "xcon", "com", "a" * LONGEST_NAME, "-rf", "$(x)", "é",
)  # fmt: skip
BAD = (
    "", "/", "/a", "//a", "a//b", "a/", "./a", "a/./b", "..", "../a", "a/../b", "a/..",
    "C:a", "C:/a",
    "C:\\a", "\\\\server\\share", "a\\b", "..\\a", "a\x00", "a\nb", "\x1b[31m", "a\x7f", "a\u202eb",
    "a\u200bb", "\ud800", "con", "CON.txt", "Aux", "lpt1.json", "COM¹", "nul .x", "a.",
    "a ", "a./b",
    "a*", "a?", 'a"', "a<b", "a|b", "a" * (LONGEST_NAME + 1), "/".join("a" * 600), "模" * 86,
)  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_names_inside(name: str, tmp_path: Path) -> None:
    assert fault_of(name) is None
    assert (tmp_path / name).resolve().is_relative_to(tmp_path)


@pytest.mark.parametrize("name", BAD)
def test_names_that_are_none(name: str) -> None:
    assert fault_of(name)


@pytest.mark.parametrize("value", [None, 5, 1.5, True, [], ["a"], {"a": 1}, b"a", Path("a")])
def test_what_is_no_text(value: object) -> None:
    assert fault_of(value)


def test_room_for_what_comes_behind_a_name() -> None:
    assert fault_of("a" * (LONGEST_NAME - 8), spare=8) is None
    assert fault_of("a" * (LONGEST_NAME - 7), spare=8)


@pytest.mark.parametrize(
    "names", [("a", "A"), ("é", "e\u0301"), ("a", "a/b"), ("x/Y/z", "X/y"), ("straße", "STRASSE")]
)
def test_names_that_are_one_on_some_systems(names: tuple[str, str]) -> None:
    assert clash(names)
    assert clash(reversed(names))
    assert clash(names[:1]) is None
