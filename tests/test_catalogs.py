"""Every sentence has its Chinese twin, with the same places for values."""

import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo

from tests import catalogs


def test_the_chinese_catalog_is_whole() -> None:
    assert catalogs.faults() == []


@pytest.fixture
def compiled_by_another_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the catalog whose compiled half has another tool's header."""
    copy = tmp_path / catalogs.PO.name
    copy.write_bytes(catalogs.PO.read_bytes())
    catalog = catalogs._catalog(catalogs.translations())
    catalog.project, catalog.version = "another tool", "99"
    stream = io.BytesIO()
    write_mo(stream, catalog)
    copy.with_suffix(".mo").write_bytes(stream.getvalue())
    monkeypatch.setattr(catalogs, "PO", copy)
    return copy.with_suffix(".mo")


def test_the_header_of_the_compiled_catalog_does_not_matter(compiled_by_another_tool: Path) -> None:
    assert compiled_by_another_tool.read_bytes() != catalogs.compiled()
    assert catalogs.faults() == []


def test_one_other_translation_in_the_compiled_catalog_is_found(
    compiled_by_another_tool: Path,
) -> None:
    whole = compiled_by_another_tool.read_bytes()
    chinese = next(s for s in catalogs.translations().values() if s).encode()
    compiled_by_another_tool.write_bytes(whole.replace(chinese, b"x" * len(chinese)))
    assert catalogs.faults() == ["setup_assistant.mo is older than setup_assistant.po"]
    compiled_by_another_tool.unlink()
    assert catalogs.faults() == ["setup_assistant.mo is older than setup_assistant.po"]


def test_sentences_are_found_in_the_package() -> None:
    found = catalogs.sentences()
    assert "Run: setup-assistant {verb} --help" in found
    assert "cut off: --new-tokens allows more" in found, "stands in an f-string"
