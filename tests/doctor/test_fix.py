"""A remedy is foreseen, done as it was shown, and taken back where it does not mend."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Literal

import pytest

from setup_assistant.cli.doctor.mending import mend_all
from setup_assistant.doctor import diagnose as diagnosing
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import Check, Trouble
from setup_assistant.doctor.finding import Diagnosis, Finding, Fix, only_shows
from setup_assistant.doctor.fix import Attempt, mend
from setup_assistant.doctor.install_words import held, installing
from setup_assistant.doctor.remedy_plan import remedy_plan
from setup_assistant.host import kept_environment
from setup_assistant.host.prefix import Change, packages
from setup_assistant.messages import msg
from tests.doctor.body import Body
from tests.doctor.test_cuda import NOBODY


def wheel(folder: Path, name: str, version: str, *requires: str) -> None:
    info = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    needs = "".join(f"Requires-Dist: {r}\n" for r in requires)
    files = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{info}/METADATA": head + needs,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{n},,\n" for n in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        wheel(folder, "base", version)
    wheel(folder, "app", "1.0", "base<2")
    wheel(folder, "app", "2.0", "base>=2")
    wheel(folder, "other", "1.0", "base<2")
    return folder


@pytest.fixture
def env(tmp_path: Path, wheels: Path) -> Path:
    prefix = tmp_path / "env"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(prefix)], check=True)
    subprocess.run([*uv, "pip", "install", "--python", str(prefix), "--no-index", "--find-links",
                    str(wheels), "app==1.0"], check=True)  # fmt: skip
    return prefix


def content(prefix: Path) -> dict[str, bytes]:
    return {str(p.relative_to(prefix)): p.read_bytes() for p in sorted(prefix.rglob("*"))
            if p.is_file() and "__pycache__" not in p.parts}  # fmt: skip


def tried(
    env: Path, *commands: str, why: str = "", shown: list[Change] | None = None
) -> tuple[Attempt, list[str]]:
    fix = Fix(advice=msg("x"), commands=commands, automatic=True)
    finding = Finding(id="x", layer="packages", status="fail", fix=fix)
    told: list[str] = []

    def agree(_finding: Finding, changes: tuple[Change, ...]) -> bool:
        (shown if shown is not None else []).extend(changes)
        return True

    done = mend(finding, agree=agree, judge=lambda _f: why, tell=told.append, prefix=env,
                roots=(env,))  # fmt: skip
    return done, told


def install(env: Path, wheels: Path, *words: str) -> str:
    python = env / "bin" / "python"
    return f"{python} -m pip install {' '.join(words)} --no-index --find-links {wheels}"


def test_every_package_that_changes_is_shown_and_no_other_does(env: Path, wheels: Path) -> None:
    before, shown = packages(env), list[Change]()
    done, told = tried(env, install(env, wheels, "app==2.0"), shown=shown)
    assert done.state == "mended", (done, told)
    now = packages(env)
    differ = {n for n in {*before, *now} if before.get(n) != now.get(n)}
    assert {c.name for c in shown} == differ == {"app", "base"}
    assert {(c.old, c.new) for c in shown} == {("1.0", "2.0")}
    assert not kept_environment.is_kept(env)


def test_what_is_there_already_is_well(env: Path, wheels: Path) -> None:
    before = content(env)
    done, told = tried(env, install(env, wheels, "app==1.0"))
    assert done.state == "mended", (done, told)
    assert content(env) == before


@pytest.mark.parametrize(
    "words", [("app==2.0",), ("--force-reinstall", "--no-deps", "base==1.0"), ("other==1.0",)]
)
def test_what_does_not_mend_is_taken_back_file_by_file(
    env: Path, wheels: Path, words: tuple[str, ...]
) -> None:
    before = content(env)
    done, told = tried(env, install(env, wheels, *words), why="the cause is still there")
    assert done.state == "taken-back", (done, told)
    assert content(env) == before


def test_a_failed_command_is_taken_back_with_those_before_it(env: Path, wheels: Path) -> None:
    before = content(env)
    info = next(env.glob("lib/python3*/site-packages/app-*.dist-info"))
    done, _told = tried(env, f"rm -r -- {info}", f"{env}/bin/python -c 'raise SystemExit(3)'")
    assert done.state == "taken-back"
    assert content(env) == before


def test_what_cannot_be_resolved_changes_nothing(env: Path, wheels: Path) -> None:
    before = content(env)
    done, _told = tried(env, install(env, wheels, "app==9.0"))
    assert done.state == "refused"
    assert "9.0" in done.detail
    assert content(env) == before


def test_an_interrupted_change_is_put_back_by_the_next_call(env: Path) -> None:
    before = content(env)
    kept_environment.take(env)
    assert not kept_environment.is_kept(env)  # by a run that still works on it
    (env / "bin" / "python").unlink()
    (env / "share").mkdir()
    # As after a kill in the midst of putting back.
    lib = env / ".setup-assistant-before" / "lib"
    (env / "lib").rename(env / "half")
    lib.rename(env / "lib")
    kept_environment.put_back(env)
    (env / "half").rename(env.parent / "half")
    assert content(env) == before
    assert not (env / "share").exists()


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("/e/bin/python -m pip install -U 'transformers>=5.24'", "transformers==5.23.0"),
        ("uv pip install --python /e 'Transformers[vision]' numpy", "transformers==5.23.0 numpy"),
        ("/e/bin/python -m pip uninstall -y transformers", "uninstall -y transformers"),
        ("rm -r -- /e/transformers", "/e/transformers"),
    ],
)
def test_nothing_leaves_the_pins_of_a_site(command: str, wanted: str) -> None:
    assert held(command, {"transformers": "5.23.0"}).endswith(wanted)
    twice = "pip install 'fsspec>=1' fsspec --extra-index-url a --extra-index-url b"
    once = "pip install fsspec==2 --extra-index-url a --extra-index-url b"
    assert held(twice, {"fsspec": "2"}) == once


def test_an_installing_command_is_read_whole() -> None:
    asked = installing("uv pip install --python /e/bin/python --reinstall --no-deps a==1 'b<2' "
                       "--index-url https://x.org/simple")  # fmt: skip
    assert asked is not None
    assert (asked.names, asked.alone, asked.again) == (("a", "b"), True, True)
    assert asked.source == ("--index-url", "https://x.org/simple")
    assert installing("rm -- install") is None


def test_what_two_causes_share_comes_after_all_that_either_wants_before_it() -> None:
    def cause(*commands: str) -> Finding:
        fix = Fix(advice=msg("x"), commands=commands)
        return Finding(id="x", layer="weights", status="fail", fix=fix)

    found = [cause("get M", "verify M"), cause("rm M/a", "get M"), cause("rm M/b", "look")]
    assert remedy_plan(found) == ("rm M/a", "get M", "verify M", "rm M/b", "look")


def test_a_warning_is_mended_where_packages_of_an_answer_ask_for_it() -> None:
    case = Case(machine=NOBODY, prefix=None, folder=None, variables={}, root=Path("/"),
                cwd=Path("/"))  # fmt: skip
    fix = Fix(advice=msg("x"), commands=("true",), automatic=True)
    names: tuple[tuple[str, Literal["proven", "inferred"]], ...] = (
        ("packages-by-hand", "inferred"), ("dependency-version", "proven"),
        ("nvidia-missing", "inferred"),
    )  # fmt: skip
    found = Diagnosis(findings=tuple(
        Finding(id=n, layer="packages", status="warn", confidence=sure, fix=fix)
        for n, sure in names))  # fmt: skip
    _now, attempts = mend_all(found, lambda _only: found, None, [case], yes=True, dry_run=True)
    assert [(a.id, a.state) for a in attempts] == [("nvidia-missing", "shown")]
    _now, attempts = mend_all(found, lambda _only: found, None, [case], yes=True)
    assert [(a.id, a.state) for a in attempts] == [("nvidia-missing", "failed")]


def test_what_only_shows_is_no_repair(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(map(only_shows, (
        "python -X faulthandler -c 'import torch'", "conda env list", "wsl.exe --list --verbose",
        "docker ps --format '{{.Names}} {{.Ports}}'; ss -ltnp",
        "curl -s http://localhost:8000/v1/models",
    )))  # fmt: skip
    assert not any(map(only_shows, (
        "pgrep -a git; rm -f .git/index.lock", "ls -a . && rm x", "curl -fLO https://host/x.sh",
        "curl -fsSL https://host/key | sudo tee /etc/x", "python -c 'import torch'",
        "snap list x || snap remove x",
    )))  # fmt: skip
    lines = ("uname -m", "/usr/bin/free -h", "E/bin/python -m pip check", "pip install torch")
    assert [only_shows(line) for line in lines] == [True, True, True, False]
    for commands, wanted in ((lines[:1], False), (lines[:1] + lines[3:], True)):
        trouble = Trouble(evidence=(), commands=commands)
        check = Check(id="leftovers", layer="packages", look=lambda _c, said=trouble: said)
        monkeypatch.setattr(diagnosing, "CHECKS", (check,))
        (found,) = body.diagnose().findings
        assert found.fix is not None
        assert (found.fix.commands, found.fix.automatic) == (commands, wanted)
