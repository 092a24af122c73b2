"""`serve --write-unit`: a unit that systemd reads, whatever the folder is called."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from setup_assistant.cli.serve_unit import write
from setup_assistant.host.program import words
from setup_assistant.site.layout import Layout


@pytest.mark.parametrize("name", ["site", "my 100% $site", '模型 "a" \\b'])
def test_systemd_reads_the_folder_as_it_is_called(tmp_path: Path, name: str) -> None:
    layout = Layout(tmp_path / name)
    result = write(layout, "127.0.0.1", 8123, None)
    unit = Path(str(result.data["unit"]))
    assert unit.parent == layout.root
    assert layout.serve_token.stat().st_mode & 0o777 == 0o600
    line = next(li for li in unit.read_text().splitlines() if li.startswith("ExecStart="))
    assert _as_systemd(line.partition("=")[2]) == [
        *words(), "serve", "--yes", "--site", str(layout.root), "--host", "127.0.0.1",
        "--port", "8123", "--token-file", str(layout.serve_token),
    ]  # fmt: skip
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", "--user", unit], text=True,
                              capture_output=True, timeout=600, check=False,
                              env={"XDG_RUNTIME_DIR": str(tmp_path)})  # fmt: skip
        assert unit.name not in done.stderr, done.stderr


def test_a_token_that_is_there_stays(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write(layout, "127.0.0.1", 8123, None)
    first = layout.serve_token.read_text()
    assert len(first.strip()) >= 24
    write(layout, "127.0.0.1", 8124, None)
    assert layout.serve_token.read_text() == first


def _as_systemd(text: str) -> list[str]:
    """Split a command line as systemd does: quotes, C escapes, %% and $$."""
    found, word, quoted, i = [], "", False, 0
    while i < len(text):
        if text[i] == "\\":
            word, i = word + text[i + 1], i + 1
        elif text[i] == '"':
            quoted = not quoted
        elif text[i : i + 2] in ("%%", "$$"):
            word, i = word + text[i], i + 1
        elif text[i] == " " and not quoted:
            found.append(word)
            word = ""
        else:
            word += text[i]
        i += 1
    return [*found, word]
