"""The receipt on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.errors import SetupError
from setup_assistant.site.layout import Layout
from setup_assistant.site.receipts import read_receipt, write_receipt
from tests.report.samples import checks, receipt
from tests.site.samples import plan, torch


def test_written_once_and_left_alone(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert write_receipt(layout, receipt()) == [layout.receipt, layout.report, layout.report_html]
    assert read_receipt(layout) == receipt()
    before = layout.receipt.read_bytes()
    assert write_receipt(layout, receipt(when="2027-01-01T00:00:00Z")) == []
    assert layout.receipt.read_bytes() == before
    assert write_receipt(layout, receipt(resume="go on")) == [
        layout.receipt,
        layout.report,
        layout.report_html,
    ]


def test_a_damaged_receipt_is_named_and_replaced(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.receipt.write_text('{"when": 3}')
    with pytest.raises(SetupError) as caught:
        read_receipt(layout)
    assert caught.value.code == "file_invalid"
    assert "$.when" in caught.value.message.english
    write_receipt(layout, receipt())
    assert read_receipt(layout) == receipt()


def test_no_receipt(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        read_receipt(Layout(tmp_path))
    assert caught.value.code == "no_receipt"


def test_no_password_reaches_the_receipt_or_the_report(tmp_path: Path) -> None:
    url = "https://me:verysecret@own.example.org/whl"
    failed = checks(status="fail", answer=None, evidence=(f"GET {url}",), values={"url": url})
    made = receipt(plan=plan(torch=torch(index_url=url)), canary=failed)
    for path in write_receipt(Layout(tmp_path), made):
        text = path.read_text(encoding="utf-8")
        assert "own.example.org" in text
        assert "verysecret" not in text


def test_the_receipt_is_the_same_in_every_language(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_receipt(layout, receipt())
    english = layout.receipt.read_bytes()
    messages.use_language("zh_CN")
    write_receipt(layout, receipt())
    assert layout.receipt.read_bytes() == english
    assert json.loads(english)["limits"][1] == "Its knowledge ends in June 2023."
