"""`ask` on the canary: streamed, loaded once, and clear about files that cannot be read."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.built import ROOT, Built

pytestmark = pytest.mark.e2e
CANARY = ROOT / "recipes" / "canary"
CIRCLE, BLUE = CANARY / "pictures" / "red-circle.png", CANARY / "pictures" / "blue-circle.jpeg"
CLIP = CANARY / "clips" / "red-circle-right.mp4"


def test_answers_are_streamed_and_the_model_is_loaded_once(built: Built) -> None:
    site = str(built.site)
    done = built.place.run("ask", str(CLIP), "--question", "Describe this video.",
                           "--question", "描述这段视频。", "--site", site, "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    first, second = data["answers"]
    assert first["text"] == "A red circle moves to the right."
    assert second["text"] == "一个红色的圆形向右移动。"
    assert first["tokens"] > 1
    assert first["tokens_per_second"] > 0
    events = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    pieces = [e["text"] for e in events if e["event"] == "piece"]
    assert len(pieces) > 4
    assert "".join(pieces) == first["text"] + second["text"]


def test_the_pictures_asked_are_the_pictures_given(built: Built) -> None:
    question = "Identify the similarities between these images."
    found = built.place.json("ask", str(CIRCLE), str(BLUE), question, "--site", str(built.site))
    data = found["data"]
    assert data["answers"][0]["files"] == [str(CIRCLE), str(BLUE)]
    assert data["answers"][0]["text"] == "Both are circles."


def test_an_answer_that_is_cut_says_so(built: Built) -> None:
    done = built.place.run("ask", str(CIRCLE), "Describe this image.", "--new-tokens", "2",
                           "--site", str(built.site))  # fmt: skip
    assert "--new-tokens" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("noise.mp4", b"no video at all", "no video in"),
        ("noise.png", b"no picture at all", "no picture in"),
        ("empty.mp4", b"", "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    built: Built, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = built.place.run("ask", str(path), "What is this?", "--site", str(built.site))
    assert done.returncode == 1
    assert name in done.stderr
    assert said in done.stderr
    assert "Loading" not in done.stderr
    assert "torchvision.io" not in done.stderr


def test_files_are_looked_at_before_the_model_is_loaded(built: Built, tmp_path: Path) -> None:
    for word, code in ((tmp_path / "none.png", 2), (tmp_path, 2)):
        done = built.place.run("ask", str(word), "What?", "--site", str(built.site))
        assert done.returncode == code
        assert "Loading" not in done.stderr
        assert str(word) in done.stderr
    done = built.place.run("ask", str(CIRCLE), "--site", str(built.site))
    assert done.returncode == 2
    assert "--question" in done.stderr


def test_a_loop_goes_on_after_a_failed_question_and_ends_with_an_empty_line(
    built: Built, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    child = pexpect.spawn(
        built.place.command("ask", str(CIRCLE), "--site", str(built.site))[0],
        built.place.command("ask", str(CIRCLE), "--site", str(built.site))[1:],
        cwd=str(ROOT), env=built.place.environment(TERM="xterm"), encoding="utf-8", timeout=900,
    )  # fmt: skip
    child.expect("question > ")
    child.sendline("Describe this image.")
    child.expect("A red circle")
    child.expect("question > ")
    child.sendline(f"{bad} What is this?")
    child.expect("Name a PNG")
    child.expect("question > ")
    child.sendline(f"{BLUE} Describe this image.")
    child.expect("A blue circle")
    child.expect("question > ")
    child.sendline("")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_ctrl_c_ends_it_cleanly_and_leaves_no_process(built: Built) -> None:
    command = built.place.command("ask", str(CIRCLE), "Describe this image.",
                                  "--site", str(built.site))  # fmt: skip
    child = subprocess.Popen(command, cwd=ROOT, env=built.place.environment(),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert child.stderr is not None
    while "Loading" not in child.stderr.readline():
        pass
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=600)
    assert child.returncode == 130, err
    assert "Traceback" not in err
