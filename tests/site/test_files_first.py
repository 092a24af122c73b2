"""The scripts of a site look at their files first, and say in one sentence what is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.host import paths
from setup_assistant.host.prefix import python_in
from setup_assistant.site.layout import Layout
from setup_assistant.site.scripts import SCRIPTS, render_scripts
from setup_assistant.verify.inside import inputs
from tests import clips
from tests.site import samples

CANARY = paths.recipes_folder() / "canary"
CLIP = (CANARY / "clips" / "red-circle-right.mp4").read_bytes()
JPEG = (CANARY / "pictures" / "blue-circle.jpeg").read_bytes()
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def track(kind: bytes) -> bytes:
    return box(b"trak", box(b"hdlr", bytes(8) + kind + bytes(12)))


SOUND = box(b"ftyp", b"isom" + bytes(8)) + box(b"moov", track(b"soun")) + box(b"mdat", bytes(99))


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("none.mp4", None, "missing"),
        ("empty.mp4", b"", "empty"),
        ("page.mp4", b"<!DOCTYPE html>" * 9, "no_video"),
        ("cut.mp4", CLIP[: len(CLIP) // 2], "cut"),
        ("song.mp4", SOUND, "no_video"),
        ("head.mp4", CLIP[:20], "cut"),
    ],
)
def test_what_needs_no_decoder(tmp_path: Path, name: str, content: bytes | None, word: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found, _detail = inputs.fault_of(str(tmp_path / name), True, "decord")
    assert found == word


def test_folders_addresses_and_names_beneath_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert inputs.fault_of(str(tmp_path), False, "")[0] == "folder"
    assert inputs.fault_of(str(tmp_path / "file" / "x.png"), False, "")[0] == "missing"
    assert inputs.fault_of("https://a.example/x.mp4", True, "")[0] == "address"


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script of a site up to where torch would be imported."""
    made = render_scripts(samples.plan(), Layout(tmp_path), paths.recipes_folder())
    (tmp_path / "scripts").mkdir()
    for name, text in made.items():
        (tmp_path / "scripts" / name).write_text(text, encoding="utf-8")

    def run(*arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
        name, *rest = arguments
        return subprocess.run(
            [python, tmp_path / "scripts" / name, *rest], capture_output=True, text=True,
            timeout=900, check=False, cwd=tmp_path,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_ends_in_both_languages_before_torch_is_imported(
    script: Callable[..., subprocess.CompletedProcess[str]], name: str
) -> None:
    done = script(name, "none at all.mp4")
    assert done.returncode == 1
    english, chinese = done.stderr.splitlines()
    assert english.startswith("none at all.mp4: no such file.")
    assert chinese.startswith("none at all.mp4：没有这个文件。")
    assert script(name, "--help").stdout.count(f"python {name}") == 1


def test_one_picture_is_asked_about_one(
    script: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = script("image.py", "a.png", "b.png", "What has changed?")
    assert done.returncode == 1
    assert "a.png, b.png" in done.stderr


@pytest.mark.e2e
def test_what_the_decoders_find(
    script: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path,
    built_environment: Path,
) -> None:  # fmt: skip
    python = str(python_in(built_environment))
    broken = bytearray(CLIP)
    index = broken.index(b"moov") + 8
    broken[index : index + 400] = bytes(400)
    clips.write(tmp_path / "one.avi", JPEG, width=64, height=64, frames=1, fps=1)
    files = {"moov.mp4": bytes(broken), "rand.mkv": bytes(range(256)) * 20, "i.heic": HEIC,
             "text.png": b"no picture", "cut.jpg": JPEG[: len(JPEG) // 2]}  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    shutil.copy(CANARY / "clips" / "red-circle-right.mp4", tmp_path / "film.png")
    for name, said in {
        "moov.mp4": "is damaged", "rand.mkv": "is damaged", "one.avi": "only one frame",
        "i.heic": "pillow-heif", "text.png": "no picture in", "cut.jpg": "is damaged",
        "film.png": "no picture in",
    }.items():  # fmt: skip
        kind = "image.py" if Path(name).suffix in (".png", ".jpg", ".heic") else "video.py"
        done = script(kind, name, python=python)
        assert done.returncode == 1, name
        assert said in done.stderr, (name, done.stderr)
        assert "Traceback" not in done.stderr
