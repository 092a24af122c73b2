"""The report as text and as Markdown, read back by a real Markdown reader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from setup_assistant import messages
from setup_assistant.report.text import render_markdown, render_text
from setup_assistant.terminal_text import harmless, pad, width
from tests.report.samples import checks, receipt


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    messages.use_language("en")
    yield
    messages.use_language("en")


def _cells(markdown: str) -> list[list[str]]:
    """Return the table rows of a Markdown text, cell by cell, unescaped by a real parser."""
    reader = pytest.importorskip("markdown_it").MarkdownIt().enable("table")
    rows: list[list[str]] = []
    inside = False
    for token in reader.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        inside = token.type in ("td_open", "th_open") or (inside and token.type == "inline")
        if token.type == "inline" and inside:
            assert all(c.type in ("text", "text_special") for c in token.children or [])
            rows[-1].append("".join(c.content for c in token.children or []))
            inside = False
    return rows


def test_the_text_says_what_was_done() -> None:
    text = "\n".join(render_text(receipt()))
    for words_ in (
        "Done: all 9 checks passed.",
        "video-zh",
        "NVIDIA GeForce RTX 4090, 24.0 GiB, compute capability 8.9",
        "570.124.06 (CUDA 12.8)",
        "2.11.0 cu128",
        "18.0 GiB",
        "17.0 GiB",
        "1 min 02 s",
        "Its knowledge ends in June 2023.",
        "It does not hear",
    ):
        assert words_ in text


def test_a_partial_run_names_the_command_that_resumes() -> None:
    text = "\n".join(render_text(receipt(resume="setup-assistant up --site S", smoke=())))
    assert "Partly done: 8 of 8 checks passed." in text
    assert "setup-assistant up --site S" in text


def test_a_failed_check_shows_both_answers_the_cause_and_the_remedy() -> None:
    bad = checks(
        status="fail", answer="a blue circle", cause="package-missing",
        values={"package": "decord2"}, remedy="Install it: pip install decord2",
    )  # fmt: skip
    made = receipt(canary=bad)
    text = "\n".join(render_text(made))
    for words_ in (
        "Done, with trouble: 8 of 9 checks passed.",
        "expected: 红色圆形",
        "answer: a blue circle",
        "cause: decord2 is not installed.",
        "remedy: Install it: pip install decord2",
    ):
        assert words_ in text
    silent = checks(status="blocked", answer=None, cause="image-en")
    rows = _cells(render_markdown(receipt(canary=silent)))
    assert ["video-zh", "zh", "blocked", "红色圆形", "image-en"] in [r[:5] for r in rows]


def test_markdown_has_every_check_with_its_figures() -> None:
    rows = _cells(render_markdown(receipt()))
    assert [
        "image-url-zh", "zh", "ok", "红色圆形", "红色圆形", "0.25 s", "cpu float32", "400 MiB",
        "1.5e-06",
    ] in rows  # fmt: skip


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40))
@example("\U000e0000")  # not seen at all
def test_no_answer_breaks_the_table_or_is_drawn(answer: str) -> None:
    rows = _cells(render_markdown(receipt(canary=checks(answer=answer), smoke=())))
    (row,) = [r for r in rows if r[0] == "video-zh"]
    assert len(row) == 9
    assert row[4] == (" ".join(harmless(answer).split()) or "-")


def test_chinese_takes_two_columns() -> None:
    assert width("红 a") == 4
    assert width("e\u0301") == 1
    assert pad("红", 4) == "红  "
    assert pad("longer", 3) == "longer"
