"""Every sentence has its Chinese twin, with the same places for values."""

from tests import catalogs


def test_the_chinese_catalog_is_whole() -> None:
    assert catalogs.faults() == []


def test_sentences_are_found_in_the_package() -> None:
    assert "Run: setup-assistant {verb} --help" in catalogs.sentences()
