"""Text in terminal columns: nothing is lost, nothing is wider than asked for."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setup_assistant.terminal_text import cut, hang, harmless, harmless_json, pad, width, wrap

TEXTS = st.text("ab中文，。（） -1", max_size=60)


@settings(deadline=None)
@given(TEXTS, st.integers(4, 30))
def test_wrapping_keeps_every_character_and_the_width(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= columns for line in lines)


@settings(deadline=None)
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


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("RTX\x1b]0;owned\x07 4090", "RTX 4090"),
        ("\x1b]8;;http://evil/\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x9d0;owned\x9cname", "name"),
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1bP1$r\x1b\\dcs \x1bcreset", "dcs reset"),
        ("\x1b]52;c;ZXZpbA==", ""),
        ("bell\x07 back\x08 del\x7f nul\x00", "bell? back? del? nul?"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\u2066b\u2069c\u200fd\u200b\u2060\ufeffe", "abcde"),
        ("over\rwritten\r\nnext\u2028line\u0085end", "over\nwritten\nnext\nline\nend"),
        ("pass\u200dword", "password"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("\ud800 half", "? half"),
    ],
)
def test_nothing_is_left_that_a_terminal_obeys(given: str, shown: str) -> None:
    assert harmless(given) == shown


SCRIPTS = (
    "显存不足。", "👩\u200d🔬 and 👨\u200d👩\u200d👧", "❤\ufe0f 🇨🇳 👍🏽", "e\u0301 ñ",
    "\u05e9\u05dc\u05d5\u05dd", "नमस्ते",
    "\u0645\u06cc\u200c\u062e", "\ttab\nline",
)  # fmt: skip


@pytest.mark.parametrize("text", SCRIPTS)
def test_every_script_survives(text: str) -> None:
    assert harmless(text) == text


@settings(deadline=None)
@given(st.text(max_size=40))
def test_harmless_text_stays_so_and_json_keeps_its_value(text: str) -> None:
    shown = harmless(text)
    assert harmless(shown) == shown
    kinds = {unicodedata.category(c) for c in shown if c not in "\n\t"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    said = harmless_json(json.dumps({"a": text}, ensure_ascii=False))
    assert json.loads(said) == {"a": text}
    assert not set(said) & {"\x9b", "\x9d", "\u202e", "\u2028"}


UNITS = ("\x1b", "\x1b[", "\x1b]", "\x9b0", "\u202e", "\u200d", "a\u200d", "\r")


@pytest.mark.parametrize("unit", UNITS)
def test_time_grows_with_the_length_only(unit: str) -> None:
    harmless(unit * 300_000)


def test_signs_are_not_broken_and_have_their_width() -> None:
    family = "👨\u200d👩\u200d👧"
    assert width(family) == 2
    assert cut(family * 4, 5) == family + "..."
    assert wrap(family * 3, 4) == [family * 2, family]
    assert width("e\u0301") == 1
