"""A person's own files keep another name."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.weights.backup import backup, keep_own


def test_a_file_takes_the_first_free_name(tmp_path: Path) -> None:
    for text in ("1", "2", "3"):
        (tmp_path / "config.json").write_text(text)
        assert backup(tmp_path / "config.json")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "config.json.bak": "1", "config.json.bak.1": "2", "config.json.bak.2": "3",
    }  # fmt: skip


def test_a_link_to_nowhere_has_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("1")
    (tmp_path / "config.json.bak").symlink_to(tmp_path / "nowhere")
    assert backup(tmp_path / "config.json") == tmp_path / "config.json.bak.1"
    assert (tmp_path / "config.json.bak").is_symlink()


@pytest.mark.parametrize("data", [b'{"half": ', bytes(900), b"\xff\xfe\x00", b"[" * 100_000])
def test_what_nobody_wrote_is_not_kept(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(data)
    assert backup(path) is None
    assert path.read_bytes() == data


def test_what_this_account_brought_is_not_kept_and_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.json").write_text("[]")
    (tmp_path / "c.json").symlink_to(tmp_path / "b.json")
    wanted = [RemoteFile(path=f"{n}.json", size=1) for n in "abcd"]
    ours = {"a.json": sha256(b"{}").hexdigest()}
    assert list(keep_own(tmp_path, wanted, ours)) == [("b.json", "b.json.bak")]
