"""The door for child processes: deadlines hold, output is whole, children die with us."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from setup_assistant.host import run


def _python(code: str, **options: object) -> run.Outcome:
    return run.run([sys.executable, "-c", code], deadline=20, **options)  # type: ignore[arg-type]


def test_output_and_status_are_kept_apart() -> None:
    outcome = _python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (outcome.code, outcome.out.strip(), outcome.err.strip()) == (3, "out", "err")
    assert not outcome.ok


def test_a_missing_program_is_a_result() -> None:
    outcome = run.run(["no-such-program-here"], deadline=5)
    assert outcome.code == 127
    assert "no-such-program-here" in outcome.err


def test_much_output_does_not_block() -> None:
    outcome = _python("print('x' * 3_000_000); import sys; sys.stderr.write('y' * 3_000_000)")
    assert outcome.ok
    assert (len(outcome.out.strip()), len(outcome.err)) == (3_000_000, 3_000_000)


def test_the_deadline_ends_a_child_that_ignores_being_asked() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    outcome = run.run([sys.executable, "-c", code], deadline=0.5)
    assert outcome.timed_out
    assert outcome.seconds < 30


def test_the_deadline_holds_even_for_a_child_that_cannot_be_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[int] = []
    monkeypatch.setattr(run, "stop", lambda _child: None)
    outcome = run.run(
        [sys.executable, "-c", "import time; time.sleep(3)"], deadline=0.3, on_start=started.append
    )
    assert outcome.timed_out
    os.kill(started[0], 9)
    os.waitpid(started[0], 0)


def test_death_by_signal_is_a_negative_code() -> None:
    assert _python("import os; os.kill(os.getpid(), 9)").code == -9


def test_lines_arrive_as_they_come() -> None:
    lines: list[str] = []
    _python("print('one'); print('两')", on_out=lines.append)
    assert lines == ["one", "两"]


def test_standard_input_is_given_or_empty() -> None:
    code = "import sys; print(repr(sys.stdin.read()))"
    assert _python(code, stdin="hello").out.strip() == "'hello'"
    assert _python(code).out.strip() == "''"


def test_what_shadows_packages_does_not_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONHASHSEED", "PYTHONUTF8", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = run.clean_environment({"EXTRA": "1"})
    assert "/nowhere" not in env.values()
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"
    assert _python("print('started')").out == "started\n"
    assert (env["PYTHONNOUSERSITE"], env["EXTRA"]) == ("1", "1")


@pytest.mark.skipif(sys.platform != "linux", reason="uses the Linux parent-death signal")
def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    child = (
        "import time, pathlib\n"
        f"while True: pathlib.Path({str(beat)!r}).write_text(str(time.time())); time.sleep(0.05)"
    )
    parent = (
        "import sys\nfrom setup_assistant.host import run\n"
        f"run.run([sys.executable, '-c', {child!r}], deadline=60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    for _ in range(6000):
        if beat.exists():
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    time.sleep(0.5)
    last = beat.read_text()
    time.sleep(0.4)
    assert beat.read_text() == last


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="nothing forks here")
def test_ctrl_c_while_a_child_begins_is_heard() -> None:
    code = (
        "import os, signal, sys\nfrom setup_assistant.host import run\n"
        "os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "try: run.run([sys.executable, '-c', ''], deadline=60)\n"
        "except KeyboardInterrupt: print('heard')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "heard\n", done.stderr
