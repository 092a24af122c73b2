"""The HTML report: the receipt's own numbers, both languages, nothing from elsewhere."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

from setup_assistant import messages
from setup_assistant.report.html import render_html
from setup_assistant.report.markup import el
from setup_assistant.report.receipt import Beside
from tests.report.samples import checks, receipt
from tests.site.samples import machine, plan

BESIDE = Beside(plan=plan(), machine=machine(), pictures={"a.png": b"\x89PNG"}, sums={"x": "00ff"})
EMPTY = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Collects elements with their attributes, and fails on any tag that is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def numbers(self, name: str) -> dict[str, str | None]:
        """Return kind → number of the bars and limits of a chart."""
        kinds: dict[str, str | None] = {}
        kind = ""
        for _tag, attributes in self.found:
            kind = attributes.get("data-kind") or kind
            if name in attributes:
                kinds[kind] = attributes[name]
        return kinds


def test_the_charts_carry_the_receipts_numbers() -> None:
    made = receipt(rehearsed_bytes=16 << 30)
    page = Reader(render_html(made, BESIDE))
    memory = made.memory
    assert page.numbers("data-bytes") == {
        "predicted": str(memory.predicted_bytes),
        "rehearsed": str(memory.rehearsed_bytes),
        "measured": str(memory.measured_bytes),
        "budget": str(memory.budget_bytes),
        "total": str(made.machine.gpus[0].memory_total_bytes),
    }
    seconds = [a["data-seconds"] for _t, a in page.found if "data-seconds" in a]
    assert seconds == [str(s.seconds) for s in made.steps if s.seconds is not None]


def test_every_check_is_there_and_its_picture() -> None:
    made = receipt(canary=checks(files=("/some/where/a.png",)))
    page = Reader(render_html(made, BESIDE))
    (image,) = [a for t, a in page.found if t == "img"]
    assert str(image["src"]).startswith("data:image/png;base64,")
    assert [a["data-check"] for _t, a in page.found if "data-check" in a] == ["video-zh"]
    text = render_html(made, BESIDE)
    assert all(c.name in text for c in made.checks)


def test_a_clip_has_its_strip_and_itself() -> None:
    made = receipt(canary=checks(files=("clips/a.mp4",)))
    beside = dataclasses.replace(BESIDE, pictures={"a.mp4": b"clip", "a.strip.png": b"strip"})
    page = Reader(render_html(made, beside))
    sources = {t: str(a["src"]).split(";")[0] for t, a in page.found if t in ("img", "video")}
    assert sources == {"img": "data:image/png", "video": "data:video/mp4"}


def test_the_page_is_the_same_in_every_language_and_holds_both() -> None:
    english = render_html(receipt(), BESIDE)
    messages.use_language("zh_CN")
    assert render_html(receipt(), BESIDE) == english
    assert "Done: all 9 checks passed." in english
    assert "已完成" in english


def test_nothing_in_it_leads_elsewhere() -> None:
    page = Reader(render_html(receipt(), BESIDE))
    for tag, attributes in page.found:
        for name in ("src", "href", "poster", "action"):
            assert str(attributes.get(name) or "data:").startswith("data:"), tag
    assert any("default-src 'none'" in str(a.get("content")) for _t, a in page.found)


def test_answers_are_text_and_never_markup() -> None:
    nasty = "<script>alert(1)</script>\"'&"
    made = receipt(canary=checks(answer=nasty, files=("x",), question=nasty))
    text = render_html(made, BESIDE)
    Reader(text)
    assert "<script>alert" not in text
    assert el("p", nasty, title=nasty).count("<") == 2


def test_a_failed_check_is_a_finding_with_its_remedy() -> None:
    bad = checks(
        status="fail", answer=None, cause="package-missing", evidence=("no module",),
        values={"package": "decord2", "command": "pip install decord2"},
    )  # fmt: skip
    text = render_html(receipt(canary=bad), BESIDE)
    findings = re.search(r'<section id="findings">.*?</section>', text, re.DOTALL)
    assert findings
    for said in ("decord2 is not installed.", "no module", "Install it: pip install decord2"):
        assert said in findings[0]
    assert "Nothing is wrong." in render_html(receipt(), Beside())


def test_a_receipt_alone_is_enough() -> None:
    page = render_html(receipt(), Beside())
    Reader(page)
    assert "not done in this run" in page
