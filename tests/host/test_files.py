"""What is no file, or no JSON that can be read, is refused in a sentence that names it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient
from setup_assistant.machine.captures import text_of
from setup_assistant.steps.ledger import Ledger

DEEP = 200_000


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("read", [files.read_text, files.read_json, text_of])
def test_what_may_never_end_is_not_begun(
    read: Callable[[Path], object], kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(SetupError, match="a pipe, socket or device") as raised:
        read(path)
    assert (raised.value.code, str(path) in str(raised.value)) == ("file_invalid", True)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no shell hands over a pipe here")
def test_a_pipe_of_the_shell_is_read() -> None:
    begin, end = os.pipe()
    os.write(end, b"[1]")
    os.close(end)
    try:
        assert files.read_json(Path(f"/dev/fd/{begin}")) == [1]
    finally:
        os.close(begin)


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a":' * DEEP, "9" * 20_000, "[", "\0"])
def test_json_that_cannot_be_read_names_its_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(SetupError, match=r"plan\.json .*no JSON") as raised:
        files.read_json(path)
    assert raised.value.code == "file_invalid"


def test_toml_nested_without_end_names_its_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(f"a = {'[' * 100_000}")
    with pytest.raises(SetupError, match=r"answers\.toml"):
        frozen_json.load_toml(path, dict)


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="there are no open files by name")
def test_a_device_is_written_to_and_never_replaced() -> None:
    reading, writing = os.pipe()
    assert files.write_text(Path(f"/dev/fd/{writing}"), "said")
    os.close(writing)
    with os.fdopen(reading) as stream:
        assert stream.read() == "said"


def _without_an_end(path: Path) -> Path:
    """Make a file that fits on the disk, as it holds nothing, and into no memory."""
    with path.open("wb") as stream:
        stream.truncate(files.LARGEST_BYTES + 1)
    return path


def test_what_fits_into_no_memory_is_named(tmp_path: Path) -> None:
    large = _without_an_end(tmp_path / "plan.json")
    for read in (files.read_text, files.read_json):
        with pytest.raises(SetupError, match=r"plan\.json.*larger than 268\.4 MB"):
            read(large)
    with pytest.raises(SetupError, match=r"plan\.json.*larger than"):
        list(Ledger(large).entries())
    assert (lenient.text(large), lenient.json_object(large)) == ("", {})
    # What is read a piece at a time may have any size, as weights do.
    assert len(files.sha256(large)) == 64
    assert len(files.read_ends(large, "--explain")) < files.LARGEST_BYTES
    with large.open("r+b") as stream:
        stream.truncate(files.LARGEST_BYTES)
    assert files.plain(large) == large


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
@pytest.mark.parametrize("kind", ["link", "hard link", "link to nothing", "pipe", "device"])
def test_a_line_is_appended_to_no_file_of_another_name(kind: str, tmp_path: Path) -> None:
    path, mine = tmp_path / "ledger.jsonl", tmp_path / "thesis.txt"
    mine.write_text("years of work\n")
    if kind == "hard link":
        os.link(mine, path)
        mine.chmod(0o600)
        files.append_line(path, "line")
        assert path.read_text() == "years of work\nline\n"
        assert path.stat().st_mode == mine.stat().st_mode
    else:
        at = {"link": mine, "link to nothing": tmp_path / "new", "device": Path("/dev/zero")}
        os.mkfifo(path) if kind == "pipe" else path.symlink_to(at[kind])
        with pytest.raises(SetupError) as raised:
            files.append_line(path, "line")
        assert (raised.value.code, raised.value.args_["path"]) == ("not_writable", str(path))
    assert mine.read_text() == "years of work\n"
    assert {p.name for p in tmp_path.iterdir()} == {"ledger.jsonl", "thesis.txt"}


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
def test_a_line_goes_where_a_persons_own_link_leads(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "known_hosts").symlink_to(tmp_path / "dotfiles" / "known_hosts")
    files.append_line(tmp_path / "known_hosts", "a key", through_link=True)
    assert (tmp_path / "dotfiles" / "known_hosts").read_text() == "a key\n"


@pytest.mark.skipif(os.name == "nt", reason="follows links")
def test_a_lock_that_is_a_link_is_named(tmp_path: Path) -> None:
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SetupError, match=r"\.lock is a link"), files.exclusive(tmp_path / ".lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
