"""One session that sends the agent, keeps it and starts it, as a host's own Python runs it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from setup_assistant.agent.inside.answer import MARKER
from setup_assistant.fleet import causes, engine

FLEET = Path(causes.__file__).parent
AGENT = b"import sys\nprint('started', *sys.argv[1:])\n"


@pytest.fixture(scope="module")
def ask() -> ModuleType:
    """The action, as Ansible loads it."""
    if not engine._beside():
        pytest.skip("Ansible is not installed: .[fleet]")
    path = FLEET / "collection/plugins/action/ask.py"
    spec = importlib.util.spec_from_file_location("ask_action", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _push(
    ask: ModuleType, folder: Path, sent: bytes, *arguments: str, agent: bytes = AGENT
) -> subprocess.CompletedProcess[str]:
    given = {"python": sys.executable, "folder": folder, "agent": "agent.pyz",
             "arguments": arguments}  # fmt: skip
    done = subprocess.run(
        ["sh", "-c", ask._receiving(given, agent)], input=sent, capture_output=True, check=False
    )
    text = (done.stdout.decode(), done.stderr.decode())
    return subprocess.CompletedProcess("", done.returncode, *text)


def test_an_agent_arrives_closed_to_others_and_is_started(ask: ModuleType, tmp_path: Path) -> None:
    done = _push(ask, tmp_path, ask._LINES + AGENT, "--fleet", "it's {{ 1 }}", "n")
    assert (done.returncode, done.stdout) == (0, "started --fleet it's {{ 1 }} n\n"), done.stderr
    (kept,) = tmp_path.iterdir()
    assert (kept.name, kept.read_bytes()) == ("agent.pyz", AGENT)
    assert kept.stat().st_mode & 0o777 == 0o600


def test_an_agent_that_is_pushed_alone_is_not_started(ask: ModuleType, tmp_path: Path) -> None:
    done = _push(ask, tmp_path, ask._LINES + AGENT)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "agent.pyz").read_bytes() == AGENT


def test_a_login_that_reads_some_lines_takes_none_of_the_agent(
    ask: ModuleType, tmp_path: Path
) -> None:
    assert len(ask._LINES) > 8
    assert _push(ask, tmp_path, ask._LINES[3:] + AGENT, "x").stdout == "started x\n"


@pytest.mark.parametrize("sent", [b"", AGENT[:-1], AGENT + b"\n"])
def test_an_agent_that_does_not_arrive_whole_replaces_none(
    ask: ModuleType, tmp_path: Path, sent: bytes
) -> None:
    (tmp_path / "agent.pyz").write_bytes(b"the one before")
    done = _push(ask, tmp_path, sent, "x")
    assert done.returncode == 1
    assert causes.of_agent("pc", done.stderr, "").code == "push_cut"
    assert f"{len(sent)} of {len(AGENT)} bytes" in done.stderr
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"the one before"]


def test_a_folder_that_cannot_be_written_to_is_told_and_nothing_stays(
    ask: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "agent.pyz").mkdir()
    done = _push(ask, tmp_path, AGENT, "x")
    assert done.returncode == 1
    assert "IsADirectoryError" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["agent.pyz"]


def test_a_connection_that_fails_is_told_in_its_own_words(ask: ModuleType) -> None:
    from ansible.errors import AnsibleConnectionFailure

    before = 'Data could not be sent to remote host "10.0.0.1". Make sure this host '
    for sent in (True, False):
        with pytest.raises(AnsibleConnectionFailure, match=r"via ssh: ssh: connect to host x"):
            ask._cut(f"{before}can be reached over ssh: ssh: connect to host x\r\n", sent=sent)
    closed = f"{before}can be reached over SSH."
    assert causes.of_agent("pc", ask._cut(closed, sent=True)["stderr"], "").code == "push_cut"
    for words, sent in ((closed, False), ("Timed out", True)):
        with pytest.raises(AnsibleConnectionFailure, match=words[:9]):
            ask._cut(words, sent=sent)


@pytest.mark.parametrize(
    ("out", "event"),
    [(f'{MARKER} {{"state": "running"}}', "running"), (f'{MARKER} {{"state": "done"}}', "ok"),
     ("", "ok")],
)  # fmt: skip
def test_a_push_whose_job_is_at_work_is_no_answer(ask: ModuleType, out: str, event: str) -> None:
    # In a process of its own: the callback has every later child of its process die with it.
    code = (
        "import sys; from types import SimpleNamespace as S\n"
        "from setup_assistant.fleet.callback.events import CallbackModule\n"
        "host, task = S(get_name=lambda: 'pc'), S(name='Push it')\n"
        "said = S(_result={'stdout': sys.argv[1]}, _host=host, _task=task)\n"
        "CallbackModule().v2_runner_on_ok(said)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, out], capture_output=True, text=True,
                          check=True)  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["event"], told["task"], told["out"]) == (event, "Push", out)
