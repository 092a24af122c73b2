"""Which words of `ask` are files, and which is the question."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.cli.ask.command import _words
from setup_assistant.cli.ask.files import checked, split
from setup_assistant.errors import SetupError


@pytest.mark.parametrize(
    ("words", "files", "question"),
    [
        ((), [], ""),
        (("What is new?",), [], "What is new?"),
        (("cat.jpg", "What is this?"), ["cat.jpg"], "What is this?"),
        (("cat.jpg",), ["cat.jpg"], ""),
        (("a.PNG", "b.mp4"), ["a.PNG", "b.mp4"], ""),
        (("https://a.example/cat", "Why?"), ["https://a.example/cat"], "Why?"),
        (("https://a.example/cat",), ["https://a.example/cat"], ""),
        (("cat.jpg", "Is it a .png?"), ["cat.jpg"], "Is it a .png?"),
        (("cat.jpg", "这是什么？" * 200), ["cat.jpg"], "这是什么？" * 200),
    ],
)
def test_split(words: tuple[str, ...], files: list[str], question: str) -> None:
    assert split(words) == (files, question)


def test_a_file_without_a_known_ending_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scan").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert split(("scan",)) == (["scan"], "")
    assert checked(["scan"]) == [str(tmp_path / "scan")]
    assert _words("scan what is this") == ["scan", "what is this"]
    assert _words("what is scan") == ["what is scan"]
    assert _words("don't") == ["don't"]
    assert _words("~no-such-account what?") == ["~no-such-account what?"]


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        checked([str(tmp_path)])
    assert caught.value.code == "input_unsuited"
    with pytest.raises(SetupError, match="does not exist"):
        checked([str(tmp_path / "none.png")])
