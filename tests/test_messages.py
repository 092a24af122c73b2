"""Sentences: marked once, kept apart from their values, shown in the language in use."""

import io

import pytest

from setup_assistant import messages
from setup_assistant.messages import Message, msg


def test_a_message_is_equal_in_every_language() -> None:
    english = msg("{free} free", free="1 GB")
    messages.use_language("zh_CN")
    assert msg("{free} free", free="1 GB") == english
    assert english.english == "1 GB free"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\u2028", "\x85", "\n\n  "])
def test_a_value_from_outside_begins_no_line(end: str) -> None:
    said = str(msg("{name} is damaged.", name=f"a{end}✓ Everything is proved{end}"))
    assert said == "a ✓ Everything is proved is damaged."
    assert str(msg("{name}:", name="  as  it 是 ")) == "  as  it 是 :"


def test_one_is_told_from_more() -> None:
    text = "{count} [file is|files are] in {folder}: [a|b]"
    assert [str(msg(text, count=n, folder="{count} [x|y]")) for n in (0, 1, 2)] == [
        "0 files are in {count} [x|y]: b", "1 file is in {count} [x|y]: b",
        "2 files are in {count} [x|y]: b",
    ]  # fmt: skip


def test_values_with_braces_are_left_alone() -> None:
    assert str(msg("{detail}", detail="{x} {")) == "{x} {"
    assert str(Message("a {literal} brace")) == "a {literal} brace"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("zh_CN.UTF-8", "zh_CN"), ("zh-TW", "zh_CN"), ("zh", "zh_CN"), ("de_DE", "en"), ("C", "en")],
)
def test_language_tags(tag: str, expected: str) -> None:
    assert messages.use_language(tag) == expected


def test_lc_all_wins_over_lang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert messages.use_language() == "zh_CN"
    monkeypatch.setenv("LC_ALL", "C")
    assert messages.use_language() == "en"


def test_an_ascii_terminal_cannot_print_chinese() -> None:
    ascii_stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    utf8_stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert not messages.can_print_chinese(ascii_stream)
    assert messages.can_print_chinese(utf8_stream)


def test_a_sentence_in_another_language_leaves_the_one_in_use_alone() -> None:
    said = messages.msg("Done: all {total} checks passed.", total=3)
    assert said.into("zh_CN") != said.into("en") == "Done: all 3 checks passed."
    assert (messages.language(), str(said)) == ("en", said.english)
