"""Wrong use: one sentence, the command that mends it, the exit status; in both languages."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.cli import app
from setup_assistant.host import log
from tests.built import ROOT

LONG = "x" * 256  # longer than a name may be
WRONG = {
    "nosuch": 2,
    "up --nosuch": 2,
    "--lang fr plan": 2,
    "up": 2,
    "": 2,
    "up --yes --model nosuch --site new": 2,
    "up --yes --model canary --site full": 2,
    "up --yes --site file.txt": 2,
    "up --yes --answers missing.toml": 2,
    "up --yes --answers wrong.toml": 2,
    "up --yes --answers typo.toml": 2,
    "up --yes --answers bytes.bin": 1,
    "up --yes --answers full": 1,
    "up --dry-run --python abc": 2,
    "up --dry-run --backend foo": 2,
    "up --dry-run --purpose x": 2,
    "probe --from missing.txt": 2,
    "probe --from bytes.bin": 1,
    "probe --from full": 1,
    "probe --deadline 0": 2,
    "probe extra": 2,
    "plan --machine missing.json": 2,
    "plan --machine file.txt": 1,
    "plan --machine full": 1,
    "plan --driver abc": 2,
    "plan --gpu x": 2,
    "plan --ram -3": 2,
    "plan --gpu L4 --machine file.txt": 2,
    "plan --system Foo": 2,
    "estimate": 2,
    "estimate nosuch/model": 2,
    "estimate Qwen/Qwen2-VL-2B-Instruct --image 0x0": 2,
    "estimate Qwen/Qwen2-VL-2B-Instruct --video 1x1": 2,
    "download": 2,
    "download foo": 2,
    "download a/b --source ftp://x": 2,
    "verify": 2,
    "verify --env missing": 2,
    "verify --env full --image missing.jpg": 2,
    "rehearse": 2,
    "rehearse Qwen2-VL-2B-Instruct --env missing": 2,
    "doctor NOPE": 2,
    "doctor --env missing": 2,
    "doctor --env ~no-such-account/env": 2,
    "up --dry-run --site ~no-such-account/site": 2,
    "doctor --explain missing": 2,
    "doctor --explain full": 1,
    "report": 2,
    "report --site full": 2,
    "report --format pdf": 2,
    "env": 2,
    "env remove": 2,
    "env remove nosuch": 2,
    "uninstall --site missing": 2,
    "uninstall --site piped": 1,
    "completion": 2,
    "completion tcsh": 2,
    "recipes": 2,
    "mirror serve missing": 2,
    "mirror serve full": 2,
    f"up --yes --model canary --dry-run --site {LONG}": 4,
    f"report --site {LONG}": 4,
    f"uninstall --yes --site {LONG}": 4,
    f"doctor --static --model {LONG}": 4,
    f"verify --env {LONG}": 4,
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    # `main` listens to signals; the process that runs the tests keeps its own ways.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "ledger.jsonl")
    (tmp_path / "file.txt").write_text("no json\n")
    (tmp_path / "bytes.bin").write_bytes(b"ab\x80\x81")
    (tmp_path / "wrong.toml").write_text("model = 5\n")
    (tmp_path / "typo.toml").write_text('modle = "canary"\n')
    return tmp_path


# The same again in Chinese takes seconds; the catalog's own test is quick.
@pytest.mark.parametrize("language", ["en", pytest.param("zh_CN", marks=pytest.mark.e2e)])
@pytest.mark.parametrize("line", WRONG, ids=lambda line: line[:60])
def test_one_sentence_and_what_mends_it(
    folder: Path, line: str, language: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LANG", f"{language}.UTF-8")
    monkeypatch.setattr(sys, "argv", ["setup-assistant", *line.split()])
    with pytest.raises(SystemExit) as ended:
        app.main(line.split())
    log.stop()
    messages.use_language("en")
    said = [s for s in capsys.readouterr().err.splitlines() if not s.startswith("…")]
    assert ended.value.code == WRONG[line], said
    assert len(said) == 2, said
    assert said[0].startswith("✗ ")
    assert said[1].startswith("  → ")
    assert all(bool(CHINESE.search(s)) == (language == "zh_CN") for s in said), said


def _assistant(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "setup_assistant.cli.app", *arguments], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, **options,
    )  # type: ignore[call-overload, no-any-return]  # fmt: skip


@pytest.mark.e2e
def test_a_reader_that_stops_is_no_failure() -> None:
    child = _assistant("doctor", "--list", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout
    assert child.stderr
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait() == 0
    child.stderr.close()


@pytest.mark.e2e
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_closed_streams_lose_what_is_printed_and_nothing_else(closed: str) -> None:
    way = {"stdout": ">&-", "stderr": "2>&-"}[closed]
    script = f"exec {sys.executable} -m setup_assistant.cli.app recipes check {way}"
    done = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.returncode == 0, done
    assert b"Traceback" not in done.stdout + done.stderr


@pytest.mark.e2e
@pytest.mark.skipif(os.name == "nt", reason="no such signals there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_in_a_sentence(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    read, write = os.pipe()
    # It waits for its input until it is told to end.
    child = _assistant("doctor", "--explain", "-", stdin=read, stderr=subprocess.PIPE)
    os.close(read)
    log = Path(os.environ["SETUP_ASSISTANT_CACHE"])
    while not list(log.rglob("*.log")):
        assert child.poll() is None
    child.send_signal(getattr(signal, name))
    _out, said = child.communicate(timeout=600)
    os.close(write)
    assert child.returncode == 130
    assert b"Interrupted" in said
    assert b"doctor --explain -" in said


def test_a_mistyped_verb_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for given, meant in (("dowload", "download"), ("verfy", "verify"), ("instal", "uninstall")):
        with pytest.raises(SystemExit) as ended:
            app.main([given])
        assert ended.value.code == 2
        assert f"Did you mean {meant}?" in capsys.readouterr().err
