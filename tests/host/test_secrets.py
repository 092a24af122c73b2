"""Passwords and tokens never reach a log, a screen or a file."""

from pathlib import Path

import pytest

from setup_assistant.host import log
from setup_assistant.host.secrets import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("--index-url https://me:hunter2@pypi.example/simple", "hunter2"),
        ("proxy http://user:p%40ss@10.0.0.1:3128 refused", "p%40ss"),
        ("https://ghp_abcdefghijklmnop1234@github.com/x", "abcdefghijklmnop1234"),
        ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
        ("GET /x?token=s3cr3tvalue&a=1", "s3cr3tvalue"),
        ("MODELSCOPE_API_TOKEN=ms-12345678-aaaa", "12345678"),
        ("hf_AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnOp"),
    ],
)
def test_secrets_are_taken_out(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert "***" in redact(text)


def test_ordinary_text_is_left_alone() -> None:
    text = "torch==2.11.0+cu128 from https://download.example/whl/cu128 to /home/a@b/x:y"
    assert redact(text) == text
    assert redact("tokenizers==0.23.3") == "tokenizers==0.23.3"


def test_the_log_is_clean_and_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "KEPT", 3)
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path))
    folder = tmp_path / "logs"
    folder.mkdir()
    for day in range(1, 8):
        (folder / f"2020010{day}T000000Z-up-1.log").write_text("old")
    path = log.start("up")
    log.debug("proxy %s", "http://me:hunter2@proxy:1")
    log.stop()
    assert path is not None
    assert "hunter2" not in path.read_text()
    assert "http://me:***@proxy:1" in path.read_text()
    assert len(list(folder.glob("*.log"))) <= 4
