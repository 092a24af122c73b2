"""The job on a host: detached, found again, proved, and honest about how it ended."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from setup_assistant.agent.inside import answer, job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hosts are Linux machines")
Ask = Callable[..., dict[str, Any]]
# Stands for this tool on the host: waits as long as it is told, or until it may go, and answers.
TOOL = """
import json, os, pathlib, sys, time
def main():
    doing = pathlib.Path(os.environ["SETUP_ASSISTANT_PROGRESS"])
    doing.write_text(json.dumps({"title": sys.argv[1], "done": 1, "total": 4}))
    with open(pathlib.Path.home() / "starts", "a") as log:
        log.write("x")
    while sys.argv[2] == "hold" and not (pathlib.Path.home() / "go").exists():
        time.sleep(0.02)
    if sys.argv[2] != "hold":
        time.sleep(float(sys.argv[2]))
    print(json.dumps({"exit_code": 0, "data": {"verb": sys.argv[1]}}))
    raise SystemExit(int(sys.argv[3]))
"""


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    (tmp_path / "app.py").write_text(TOOL)

    def put(run: str, *commands: list[str], wait: float = 10, nonce: str = "n") -> dict[str, Any]:
        asked = {"run": run, "commands": commands, "wait": wait}
        code = (
            "import importlib.util, sys\n"
            "def load(name, path):\n"
            "    spec = importlib.util.spec_from_file_location(name, path)\n"
            "    sys.modules[name] = module = importlib.util.module_from_spec(spec)\n"
            "    spec.loader.exec_module(module)\n"
            "    return module\n"
            f"module = load('job', {job.__file__!r})\n"
            f"load('setup_assistant.cli.app', {str(tmp_path / 'app.py')!r})\n"
            "from pathlib import Path\n"
            f"module.main(sys.argv[1], {nonce!r}, Path({str(tmp_path)!r}))\n"
        )
        argument = base64.b64encode(json.dumps(asked).encode()).decode()
        done = subprocess.run(
            [sys.executable, "-I", "-c", code, argument], capture_output=True, text=True,
            env={**os.environ, "HOME": str(tmp_path)}, timeout=600, check=False,
        )  # fmt: skip
        line = next(x for x in done.stdout.splitlines() if x.startswith(answer.MARKER))
        value: dict[str, Any] = json.loads(line.removeprefix(answer.MARKER))
        assert value["proof"] == answer.proof(nonce, value["machine"], value["body"])
        body: dict[str, Any] = json.loads(value["body"])
        return body

    return put


def starts(folder: Path) -> int:
    path = folder / "starts"
    return len(path.read_text()) if path.exists() else 0


def test_commands_run_one_after_the_other_until_one_fails(ask: Ask, tmp_path: Path) -> None:
    body = ask("r1", ["probe", "0", "0"], ["plan", "0", "4"], ["report", "0", "0"])
    assert body["state"] == "done"
    answers = body["result"]["answers"]
    assert [(a["argv"][0], a["code"]) for a in answers] == [("probe", 0), ("plan", 4)]
    assert json.loads(answers[0]["out"])["data"]["verb"] == "probe"
    assert starts(tmp_path) == 2


@pytest.mark.e2e
def test_it_outlives_the_question_and_is_found_again(ask: Ask, tmp_path: Path) -> None:
    up = ["up", "hold", "0"]
    assert ask("r1", up, wait=0)["state"] == "running"
    ends = time.monotonic() + 300
    while (body := ask("r1", up, wait=1)).get("doing") is None and time.monotonic() < ends:
        pass
    assert body["doing"] == {"title": "up", "done": 1, "total": 4}
    # The same run asks again, and another run (a rerun after a kill) joins in.
    assert ask("r1", up, wait=0)["state"] == "running"
    for run in ("r2", "r4"):
        assert ask(run, up, wait=0)["state"] == "running"
    (tmp_path / "go").touch()
    assert ask("r2", up)["state"] == "done"
    assert starts(tmp_path) == 1
    # Asked once more they still get their answer, all of them; a new one starts anew.
    for run in ("r1", "r2", "r4"):
        assert ask(run, up)["state"] == "done"
    assert starts(tmp_path) == 1
    assert ask("r3", up)["state"] == "done"
    assert starts(tmp_path) == 2


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def test_a_job_that_somebody_stopped_says_so(ask: Ask, tmp_path: Path) -> None:
    ask("r1", ["up", "2", "0"], wait=0)
    ends = time.monotonic() + 300
    while starts(tmp_path) == 0 and time.monotonic() < ends:
        time.sleep(0.02)
    session = int(next((tmp_path / "jobs").glob("*/session")).read_text())
    members = [p for p in psutil.process_iter() if _session(p.pid) == session]
    for process in members:
        process.suspend()
    assert ask("r1", ["up", "2", "0"], wait=0)["state"] == "stopped"
    for process in members:
        process.resume()
    assert ask("r1", ["up", "2", "0"])["state"] == "done"


def test_a_job_that_is_killed_says_so_and_starts_anew(ask: Ask, tmp_path: Path) -> None:
    ask("r1", ["up", "30", "0"], wait=0)
    ends = time.monotonic() + 300
    while starts(tmp_path) == 0 and time.monotonic() < ends:
        time.sleep(0.02)
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if str(tmp_path).encode() in line and int(path.parent.name) != os.getpid():
            os.kill(int(path.parent.name), signal.SIGKILL)
    assert ask("r1", ["up", "30", "0"])["state"] == "died"
    assert ask("r2", ["up", "0", "0"])["state"] == "done"


def test_a_folder_that_cannot_be_written_is_told(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("in the way")
    body = ask("r1", ["probe", "0", "0"])
    assert body["state"] == "broken"
    assert body["errno"]


def test_a_restart_is_told_from_a_death(ask: Ask, tmp_path: Path) -> None:
    ask("r1", ["up", "0", "0"])
    (folder,) = (tmp_path / "jobs").iterdir()
    (folder / "result.json").unlink()
    assert ask("r1", ["up", "0", "0"])["state"] == "died"
    noted = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**noted, "boot": "another"}))
    assert ask("r1", ["up", "0", "0"])["state"] == "restarted"


def test_machines_that_share_a_home_have_jobs_of_their_own(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"commands": [["up"]], "env": {}}
    here = job._key(asked)
    monkeypatch.setattr(job, "machine_id", lambda: "another")
    assert job._key(asked) != here
    ask("r1", ["up", "0", "0"])
    named = (tmp_path / "home-id").read_text()
    ask("r2", ["up", "0", "0"])
    assert (tmp_path / "home-id").read_text() == named != ""


def test_the_tool_is_left_under_its_name_and_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    base = tmp_path / "the base"
    base.mkdir()
    (base / "agent-0123456789ab.pyz").write_text("import sys; print('ran', *sys.argv[1:])")
    assert job.install_tool(base)
    name = tmp_path / ".local/bin/setup-assistant"
    done = subprocess.run([name, "probe", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == "ran probe a b\n"
    before = name.stat().st_mtime_ns
    assert job.install_tool(base)
    assert name.stat().st_mtime_ns == before
    name.write_text("theirs")
    assert not job.install_tool(base)
    assert name.read_text() == "theirs"
