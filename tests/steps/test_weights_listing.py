"""A listing is refused before anything is written, or every path in it stays inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setup_assistant.errors import SetupError
from setup_assistant.weights import listing
from setup_assistant.weights.listing import checked, path_fault

SUM = "a" * 64


def entry(path: object = "config.json", **changes: Any) -> dict[str, Any]:
    return {"Path": path, "Size": 5, "Sha256": SUM, "Type": "blob", "Revision": "r", **changes}


def test_a_good_listing_is_taken_without_its_folders() -> None:
    files = checked([entry("b/c.txt", Sha256=SUM.upper()), entry("b", Type="tree"), entry()], "m")
    assert [f.path for f in files] == ["b/c.txt", "config.json"]
    assert files[0].sha256 == SUM
    assert files[0].revision == "r"


@pytest.mark.parametrize("missing", [None, ""])
def test_a_sum_may_be_missing(missing: str | None) -> None:
    assert checked([entry(Sha256=missing)], "m")[0].sha256 is None


@pytest.mark.parametrize(
    "path",
    [
        "../x", "a/../../x", "..", ".", "a/./b", "/etc/passwd", "//host/x", "a//b", "a/", "",
        "..\\x", "a\\b", "C:\\x", "C:/x", "c:x", "x:stream", "nul", "a/CON.txt", "com1", "x ", "x.",
        "a\x00b", "a\nb", "a\x1b[2J", "\ud800", "a?b", "a*b", 'a"b', "a|b", "a" * 256,
        "b/" * 600 + "c",
        ".setup-assistant.json", ".Setup-Assistant.lock", ".git/config", "a/.GIT/hooks/x",
        "model.safetensors.incomplete", "a.sa-part", "a.sa-part.state", "com¹", "LPT³.txt",
        "CONOUT$", "aux .txt", "a/nul/b", "a\u202eb", "a\u2028b",
    ],
)  # fmt: skip
def test_a_hostile_path_is_refused(path: str) -> None:
    with pytest.raises(SetupError) as caught:
        checked([entry(), entry(path)], "m")
    assert caught.value.code == "weights_listing"
    # Control characters of the hub must not reach the terminal.
    assert str(caught.value.message).isprintable()


@pytest.mark.parametrize(
    "bad",
    [
        "text", None, {}, entry(None), entry(7), entry(Size=-1), entry(Size=None), entry(Size="5"),
        entry(Size=1.5), entry(Size=True), entry(Size=1 << 60), entry(Sha256="xyz"),
        entry(Sha256=7),
    ],
)  # fmt: skip
def test_an_entry_that_makes_no_sense_is_refused(bad: object) -> None:
    with pytest.raises(SetupError) as caught:
        checked([bad], "m")
    assert caught.value.code == "weights_listing"


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "A"),
        ("a", "a"),
        ("a", "a/b"),
        ("A/b", "a"),
        ("\u00e9", "e\u0301"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_names_that_collide_are_refused(paths: tuple[str, str]) -> None:
    with pytest.raises(SetupError):
        checked([entry(p) for p in paths], "m")


def test_no_files_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 3)
    assert len(checked([entry(f"f{i}") for i in range(3)], "m")) == 3
    for count in (0, 4):
        with pytest.raises(SetupError):
            checked([entry(f"f{i}") for i in range(count)], "m")


@given(st.text(alphabet=st.sampled_from("ab./\\:.. ~$\x00é中"), max_size=20))
def test_what_passes_stays_inside(path: str) -> None:
    if path_fault(path) is None:
        target = (Path("/srv/folder") / path).resolve()
        assert target.is_relative_to("/srv/folder")
        assert target != Path("/srv/folder")
        assert target.parts[3:] == tuple(path.split("/"))
