"""The person's own program under a watch, and which half is at fault."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from setup_assistant.doctor.assign import Verdict, assign
from setup_assistant.doctor.finding import Diagnosis, Finding
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.watched import Watched, prefix_of, watch
from setup_assistant.errors import SetupError

WELL = Diagnosis(findings=(Finding(id="live-imports", layer="runtime", status="ok"),))


@pytest.fixture
def env(tmp_path: Path) -> Path:
    prefix = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "uv", "-q", "venv", "--python", sys.executable,
                    str(prefix)], check=True)  # fmt: skip
    package(prefix, "transformers", "def load(x):\n    return 1 / x\n")
    package(
        prefix,
        "plugin",
        "def tune(x):\n    raise ValueError('no resonance')\n"
        "def ask(x):\n    import transformers\n    transformers.load(x)\n",
    )
    return prefix


def package(prefix: Path, name: str, text: str) -> Path:
    home = next(prefix.glob("lib/python3*/site-packages"))
    info = home / f"{name}-1.0.dist-info"
    (home / name).mkdir()
    info.mkdir()
    (home / name / "__init__.py").write_text(text)
    total = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    (info / "RECORD").write_text(f"{name}/__init__.py,sha256={total},{len(text)}\n")
    return home / name / "__init__.py"


def ran(env: Path, text: str, *arguments: str) -> Watched:
    script = env.parent / "work" / "s.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(text)
    told: list[str] = []
    return watch([str(env / "bin/python"), "-B", "s.py", *arguments], dict(os.environ),
                 script.parent, told.append)  # fmt: skip


def verdict(
    env: Path,
    text: str,
    found: Diagnosis = WELL,
    fresh: bool | None = None,
    harmful: tuple[str, ...] = (),
) -> Verdict:
    def beside(modules: Sequence[str]) -> bool:
        return not set(harmful) & set(modules)

    return assign(ran(env, text), found, Install(env), lambda: fresh, beside)


def test_the_program_is_as_without_a_watch(env: Path) -> None:
    names = "sys.argv, __name__, __file__, __main__.__file__, sys.path[0], 'watch' in dir(__main__)"
    text = f"import sys, __main__\nopen('out','w').write(repr(({names})))\nsys.exit(7)\n"
    done = ran(env, text, "a", "--b")
    work = env.parent / "work"
    seen = (["s.py", "a", "--b"], "__main__", "s.py", "s.py", str(work), False)
    assert (done.code, (work / "out").read_text()) == (7, repr(seen))
    assert prefix_of([str(env / "bin/python"), "x"], "") == env


@pytest.mark.parametrize(
    ("arguments", "watched"),
    [
        (("-X", "utf8", "-W", "error", "s.py", "-c"), True),
        (("-c", "raise SystemExit(3)", "s.py"), False),
        (("-B", "-m", "s", "s.py"), False),
        (("-V",), False),
    ],
)
def test_the_script_is_found_behind_options(
    env: Path, arguments: tuple[str, ...], watched: bool
) -> None:
    """A value of an option is not taken for the script; code and modules run as they are."""
    (env.parent / "s.py").write_text("import sys\nraise ValueError(repr(sys.argv[1:]))\n")
    command = [str(env / "bin/python"), *arguments]
    done = watch(command, dict(os.environ), env.parent, lambda _line: None)
    alone = subprocess.run(command, cwd=env.parent, capture_output=True, text=True, check=False)
    assert done.code == alone.returncode
    told = [(link.kind.rpartition(".")[2], link.text) for link in done.chain]
    assert told == ([("ValueError", "['-c']")] if watched else [])


def test_its_traceback_has_no_frame_of_the_watch(env: Path) -> None:
    done = ran(env, "def f():\n    raise KeyError('k')\ntry:\n    f()\nexcept KeyError as e:\n"
               "    raise ValueError('v') from e\n")  # fmt: skip
    assert done.code == 1
    assert "watch_child" not in done.err
    assert [link.kind for link in done.chain] == ["ValueError", "KeyError"]
    assert [f[2] for f in done.chain[1].frames] == ["<module>", "f"]


def test_a_folder_of_a_model_is_remembered(env: Path, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text("{}")
    done = ran(env, f"open({str(tmp_path / 'm' / 'config.json')!r}).read()\n")
    assert done.folders == (str(tmp_path / "m"),)


@pytest.mark.parametrize(
    ("text", "half", "blamed"),
    [
        ("x = 1\n", "none", ""),
        ("raise RuntimeError('mine')\n", "script", "s.py"),
        ("def broken(:\n", "script", "s.py"),
        ("import plugin\nplugin.tune(1)\n", "packages", "plugin"),
        ("import transformers\ntransformers.load(0)\n", "script", "s.py"),
        ("import plugin\nplugin.ask(0)\n", "packages", "plugin"),
        ("import json\njson.loads('{')\n", "script", "s.py"),
    ],
)
def test_the_half_by_the_frames(env: Path, text: str, half: str, blamed: str) -> None:
    found = verdict(env, text)
    assert (found.half, Path(found.blamed).name) == (half, blamed), found


def test_a_plugin_that_changes_the_others(env: Path) -> None:
    package(env, "innocent", "")
    text = "import innocent, plugin\nraise AssertionError('wrong answer')\n"
    found = verdict(env, text, harmful=("plugin",))
    assert (found.half, found.blamed) == ("packages", "plugin")
    found = verdict(env, text)
    assert (found.half, Path(found.blamed).name) == ("script", "s.py")


def test_a_package_changed_by_hand_is_at_fault_wherever_it_surfaces(env: Path) -> None:
    path = next(env.glob("lib/python3*/site-packages/transformers/__init__.py"))
    path.write_text("def load(x):\n    raise RuntimeError('flux capacitor')\n")
    found = verdict(env, "import transformers\ntransformers.load(1)\n")
    assert (found.half, found.blamed) == ("packages", "transformers")


@pytest.mark.parametrize(
    ("fresh", "half"), [(True, "packages"), (False, "machine"), (None, "packages")]
)
def test_a_new_environment_tells_packages_from_machine(
    env: Path, fresh: bool | None, half: str
) -> None:
    failed = Diagnosis(findings=(Finding(id="live-crashed", layer="runtime", status="fail"),))
    found = verdict(env, "raise RuntimeError('x')\n", failed, fresh)
    assert (found.half, found.blamed) == (half, "live-crashed")


def test_the_package_that_raises_where_a_new_environment_is_well(env: Path) -> None:
    failed = Diagnosis(findings=(Finding(id="live-crashed", layer="runtime", status="fail"),))
    text = "import transformers\ntransformers.load(0)\n"
    assert verdict(env, text, failed, True).blamed == "transformers"
    assert verdict(env, text, failed, False).blamed == "live-crashed"


def test_damaged_weights_are_at_fault(env: Path) -> None:
    row = Finding(id="weights-truncated", layer="weights", status="fail")
    found = verdict(env, "raise RuntimeError('x')\n", Diagnosis(findings=(row,)))
    assert (found.half, found.blamed) == ("weights", "weights-truncated")


@pytest.mark.parametrize(
    ("name", "half"), [("live-weights-foreign", "weights"), ("live-question-failed", "weights"),
                       ("live-shadowed", "script"), ("live-pythonpath", "packages")]
)  # fmt: skip
def test_a_model_that_fails_beside_a_canary_that_answers(env: Path, name: str, half: str) -> None:
    rows = (Finding(id=name, layer="runtime", status="fail"),
            Finding(id="live-answers", layer="runtime", status="ok"))  # fmt: skip
    found = verdict(env, "raise RuntimeError('x')\n", Diagnosis(findings=rows))
    assert (found.half, found.blamed) == (half, name)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        watch(["no-such-program"], dict(os.environ), tmp_path, print)
    assert "no-such-program" in str(caught.value.message)
