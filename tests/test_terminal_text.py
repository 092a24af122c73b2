"""Text in terminal columns: nothing is lost, nothing is wider than asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setup_assistant.terminal_text import cut, hang, pad, width, wrap

TEXTS = st.text("ab中文，。（） -1", max_size=60)


@given(TEXTS, st.integers(4, 30))
def test_wrapping_keeps_every_character_and_the_width(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= columns for line in lines)


@given(TEXTS, st.integers(4, 30))
def test_cut_fits(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns


def test_chinese_breaks_anywhere_but_before_a_full_stop() -> None:
    assert wrap("图片上限为八百万像素。再大", 20) == ["图片上限为八百万像", "素。再大"]
    assert wrap("用 torch 运行（含模型）", 13) == ["用 torch 运行", "（含模型）"]


def test_words_stay_whole() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_padding_counts_columns() -> None:
    assert pad("中文", 6) == "中文  "
    assert pad("toolong", 3) == "toolong"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("short", "short"),
        ("  - a list item that is long", "  - a list item\n    that is long"),
        ("/a/path/that/is/to/be/copied", "/a/path/that/is/to/be/copied"),
        (
            "Resume with: setup-assistant up --yes",
            "Resume with:\n  setup-assistant up --yes",
        ),
    ],
)
def test_a_line_hangs_under_its_beginning(line: str, wanted: str) -> None:
    assert hang(line, 17) == wanted
    assert hang(line, None) == line
