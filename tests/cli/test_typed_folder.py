"""Folders as people type them into the wizard, or drag them into the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.cli.wizard.folder import _wrong
from setup_assistant.errors import SetupError
from setup_assistant.host.paths import typed


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("/data/gpu1", "/data/gpu1"),
        ("~/my models/千问 é", "HOME/my models/千问 é"),
        ("'/data/my models'", "/data/my models"),
        ('"~/my models"', "HOME/my models"),
        (r"/data/my\ models", "/data/my models"),
        ("$HOME/vl", "HOME/vl"),
        ("/data/bob's models", "/data/bob's models"),
        ("models", "HOME/models"),
        ("-rf", "HOME/-rf"),
    ],
)
def test_what_is_typed_is_meant_as_in_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert typed(given) == Path(meant.replace("HOME", str(tmp_path)))
    assert "/data" in given or _wrong(given) is None


def test_what_can_be_no_folder_is_said_and_asked_again(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No home folder"):
        typed("~no-such-account/vl")
    assert "~" in str(_wrong("~no-such-account/vl"))
    assert "address" in str(_wrong("file:///data/vl"))
    (tmp_path / "a file").touch()
    for below in ("a file", "a file/vl"):
        assert str(tmp_path / "a file") in str(_wrong(str(tmp_path / below)))
