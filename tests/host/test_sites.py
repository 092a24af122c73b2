"""The register of sites."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.host import paths, sites


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _site(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def test_sites_are_remembered_once(tmp_path: Path) -> None:
    one, two = _site(tmp_path, "one"), _site(tmp_path, "课程 二")
    for site in (two, one, two):
        sites.register(site)
    assert sites.all() == [one, two]
    one.rmdir()
    assert sites.all() == [two]


def test_a_relative_folder_is_the_same_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _site(tmp_path, "one")
    monkeypatch.chdir(tmp_path)
    sites.register(Path("one"))
    sites.register(site)
    assert sites.all() == [site]


def test_sites_that_are_gone_and_damaged_records_are_passed_over(
    tmp_path: Path, cache: Path
) -> None:
    kept, gone = _site(tmp_path, "kept"), _site(tmp_path, "gone")
    sites.register(kept)
    sites.register(gone)
    gone.rmdir()
    for number, text in enumerate(["", "[]", '{"site": 3}', '{"other": "x"}', "\udcff"]):
        (cache / "sites" / f"{number}.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sites.all() == [kept]


def test_nothing_is_written_by_looking(cache: Path) -> None:
    assert sites.all() == []
    assert not cache.exists()
    assert paths.cache_folder() == cache
