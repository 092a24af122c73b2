"""`report`, through the real command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from setup_assistant.report.receipt import from_json
from setup_assistant.site.layout import Layout
from setup_assistant.site.receipts import write_receipt
from tests.report.samples import receipt

Call = Callable[..., CompletedProcess[str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_receipt(Layout(tmp_path / "site"), receipt())
    return tmp_path / "site"


def test_text_is_the_default(assistant: Call, site: Path) -> None:
    done = assistant("report", "--site", str(site))
    assert done.returncode == 0
    assert "Done: all 9 checks passed." in done.stdout
    assert "video-zh" in done.stdout


def test_the_envelope_carries_the_receipt(assistant: Call, site: Path) -> None:
    value = json.loads(assistant("report", "--site", str(site), "--json").stdout)
    assert (value["command"], value["status"]) == ("report", "ok")
    assert from_json(value["data"]) == receipt()


def test_json_form_is_the_receipt_itself(assistant: Call, site: Path) -> None:
    done = assistant("report", "--site", str(site), "--format", "json")
    assert from_json(json.loads(done.stdout)) == receipt()


def test_markdown_to_a_file(assistant: Call, site: Path, tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "r.md"
    done = assistant("report", "--site", str(site), "--format", "markdown", "--output", str(target))
    assert done.returncode == 0
    assert target.read_text().startswith("# Setup Assistant: report\n")
    assert str(target) in done.stdout


def test_without_a_receipt_it_says_what_to_run(assistant: Call, tmp_path: Path) -> None:
    done = assistant("report", "--site", str(tmp_path / "none"), "--json")
    (error,) = json.loads(done.stdout)["errors"]
    assert done.returncode == 2
    assert error["code"] == "no_receipt"
    assert f"setup-assistant up --site {tmp_path / 'none'}" in error["hint"]
