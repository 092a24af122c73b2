"""What uv is asked, in which order, and what is made of its answers.

A program of a test stands in for uv: it keeps its arguments and fails where it is told to. What
the real one does with them is tried by the tests marked `e2e`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.catalog.stacks import Server
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths, run
from setup_assistant.steps import relock, serve_packages
from setup_assistant.steps.backends import lock, pip, uv, uv_failure
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent
from tests.steps.test_environment_step import put

LOCKED = "numpy==2.0 --hash=sha256:aa\npip==25.0 \\\n    --hash=sha256:bb\n"
PROGRAM = """#!{python} -IS
import pathlib, sys
here = pathlib.Path({here!r})
words = sys.argv[1:]
with (here / "asked").open("a") as file:
    file.write("\\t".join(words) + "\\n")
if "compile" in words and "--output-file" in words and (here / "lock").exists():
    target = pathlib.Path(words[words.index("--output-file") + 1])
    (here / "before").write_text(target.read_text() if target.exists() else "-")
    target.write_text((here / "lock").read_text())
for line in (here / "fails").read_text().splitlines() if (here / "fails").exists() else ():
    word, _, said = line.partition(": ")
    if word in words:
        sys.stderr.write(said + "\\n")
        sys.exit(2)
said = here / "says"
sys.stderr.write(said.read_text() if said.exists() else "")
"""


class Uv:
    """The stand-in, and the job that it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "uv"
        self.program.write_text(PROGRAM.format(python=sys.executable, here=str(folder)))
        self.program.chmod(0o755)
        (folder / "env" / "bin").mkdir(parents=True)
        (folder / "scratch").mkdir()
        requirements = folder / "requirements.txt"
        requirements.write_text("--index-url https://a.example/simple\nnumpy==2.0\n")
        self.job = Job(
            prefix=folder / "env", python="3.12", conda_channel="", environment_yml=folder / "e",
            requirements=requirements, lock=folder / "requirements.lock",
            scratch=folder / "scratch", expected_bytes=1, tell=Silent(),
        )  # fmt: skip

    def says(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.folder / name).write_text(text)

    def asked(self) -> list[str]:
        """Return each call as one line, with short names for the folders of the test."""
        lines = (self.folder / "asked").read_text().replace(f"{self.folder}/", "").splitlines()
        (self.folder / "asked").unlink()
        return [line.replace("\t", " ") for line in lines]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    made = Uv(tmp_path)
    monkeypatch.setattr(uv, "uv_program", lambda: str(made.program))
    return made


COMPILE = (
    "pip compile --quiet --no-header --no-annotate --generate-hashes --python env/bin/python "
    "--output-file scratch/requirements.lock requirements.txt scratch/pip.in"
)
INSTALL = "pip install --no-progress --python env/bin/python"


def test_what_is_locked_is_installed_from_the_cache_first(stand: Uv) -> None:
    stand.says(lock=LOCKED)
    uv.install(stand.job)
    hashed = f"{INSTALL} --require-hashes -r requirements.lock"
    assert stand.asked() == [COMPILE, f"{hashed} --offline"]
    text = stand.job.lock.read_text()
    assert text.endswith(
        "--index-url https://a.example/simple\nnumpy==2.0 --hash=sha256:aa\n"
        "#: pip==25.0 \\\n#:     --hash=sha256:bb\n"
    )
    # A rerun takes the same lock, and asks an index only for what is not cached.
    stand.says(fails="--offline: no\n")
    uv.install(stand.job, with_pip=True)
    together = f"{hashed} --requirement=scratch/pip.txt"
    assert stand.asked() == [f"{together} --offline", together]
    assert (stand.folder / "scratch/pip.txt").read_text() == (
        "--index-url https://a.example/simple\npip==25.0 \\\n    --hash=sha256:bb\n"
    )
    # Other requirements need another lock.
    stand.job.requirements.write_text("numpy==2.1\n")
    uv.install(stand.job)
    assert stand.asked()[0] == COMPILE


def test_without_a_lock_the_requirements_are_installed(stand: Uv) -> None:
    stand.says(fails="compile: no\n")
    uv.install(stand.job, with_pip=True)
    together = "-r requirements.txt --requirement=scratch/pip.txt"
    assert stand.asked() == [COMPILE, f"{INSTALL} {together}"]
    assert (stand.folder / "scratch/pip.txt").read_text().endswith("simple\npip\n")
    assert not stand.job.lock.exists()
    # Credentials belong in no lock.
    (stand.folder / "fails").unlink()
    stand.says(lock="--index-url https://me:secretword@h.example/simple\nnumpy==2.0\n")
    uv.install(stand.job)
    assert stand.asked() == [COMPILE, f"{INSTALL} -r requirements.txt"]
    assert not stand.job.lock.exists()


def test_no_index_is_asked_of_a_wheelhouse_and_pip_may_lack(stand: Uv) -> None:
    house = stand.folder / "wheels"
    house.mkdir()
    stand.says(lock=LOCKED, fails="--requirement=" + str(stand.folder / "scratch/pip.txt: no\n"))
    job = replace(stand.job, wheelhouse=house, only_wheels=True)
    uv.install(job, with_pip=True)
    places = "--no-index --find-links wheels --only-binary :all:"
    hashed = f"{INSTALL} --require-hashes -r requirements.lock"
    assert stand.asked() == [
        f"{COMPILE} {places}", f"{hashed} --requirement=scratch/pip.txt {places}",
        f"{hashed} {places}",
    ]  # fmt: skip


def test_a_given_lock_is_replayed_and_our_copy_stands_for_it(stand: Uv) -> None:
    given = stand.folder / "given.lock"
    head = lock._HEAD.format(sum=files.sha256(stand.job.requirements))
    given.write_text(f"{head}numpy==1.9 --hash=sha256:cc\n")
    job = replace(stand.job, given_lock=given)
    assert lock.lock_for(job, uv._run).read_text() == given.read_text()
    assert lock.pip_for(job)[1] is False
    given.unlink()
    assert lock.lock_for(job, uv._run) == job.lock
    job.lock.unlink()
    with pytest.raises(SetupError) as caught:
        lock.lock_for(job, uv._run)
    assert caught.value.code == "file_missing"
    assert not (stand.folder / "asked").exists()


def test_what_is_there_is_preferred(stand: Uv) -> None:
    put(stand.job.prefix, {"numpy": "1.5", "attrs": "3"})
    stand.says(lock=LOCKED)
    lock.lock_for(replace(stand.job, prefer_present=True), uv._run)
    assert (stand.folder / "before").read_text() == "attrs==3\nnumpy==1.5\n"
    stand.job.lock.unlink()
    (stand.folder / "scratch/requirements.lock").unlink()
    lock.lock_for(stand.job, uv._run)
    assert (stand.folder / "before").read_text() == "-"


def test_what_would_change_is_read_from_its_lines(stand: Uv) -> None:
    lines = "Would\n - numpy==1.5\n + numpy==2.0\n + New_One==1\n - gone==3\n ~ x==1\n"
    stand.says(lock=LOCKED, says=lines)
    (stand.job.prefix / ".lock").touch()
    found = {"gone": ("3", None), "new-one": (None, "1"), "numpy": ("1.5", "2.0")}
    assert uv.would_change(stand.job) == found
    assert (stand.job.prefix / ".lock").exists()
    assert stand.asked()[1] == (
        "pip install --dry-run --python env/bin/python --require-hashes -r requirements.lock"
    )
    stand.says(fails="--dry-run: no\n")
    assert uv.would_change(stand.job) == {}


def test_what_was_added_goes_beside_what_is_there(stand: Uv) -> None:
    put(stand.job.prefix, {"numpy": "2.0", "einops": "0.7"})
    assert uv.install_beside(stand.job, []) == ([], [])
    assert uv.install_beside(stand.job, ["einops==0.8", "b @ file:///b"]) == (
        ["einops==0.8", "b @ file:///b"], [],
    )  # fmt: skip
    there = "--constraint scratch/there.txt"
    assert stand.asked() == [
        f"pip install --python env/bin/python einops==0.8 b @ file:///b {there}"
    ]
    assert (stand.folder / "scratch/there.txt").read_text() == "numpy==2.0\n"
    stand.says(fails="bad==1: no\n")
    assert uv.install_beside(stand.job, ["bad==1", "good==1"]) == (["good==1"], ["bad==1"])
    assert len(stand.asked()) == 3


def test_what_a_power_cut_emptied_is_forgotten(stand: Uv) -> None:
    put(stand.job.prefix, {"numpy": "2.0", "qwen-vl-utils": "1"})
    place = stand.job.prefix / "lib/python3.12/site-packages"
    torn = sorted(place.iterdir())
    for path in torn:
        (path / "INSTALLER").write_text("uv")
    assert uv.forget(stand.job, torn) == ["numpy", "qwen_vl_utils"]
    assert stand.asked() == ["--quiet cache clean numpy qwen_vl_utils"]
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("No space left on device", "disk_filled"), ("failed (OS error 28)", "disk_filled"),
        ("Hash mismatch for numpy", "hash_mismatch"),
        ("because network was disabled", "wheel_missing"),
        ("x was not found in the provided package locations", "wheel_missing"),
        ("error sending request for url", "packages_unreachable"),
        ("server error (503)", "packages_unreachable"),
        ("client error (404)", "install_failed"),
    ],
)  # fmt: skip
def test_a_failure_is_named_by_its_words(
    stand: Uv, monkeypatch: pytest.MonkeyPatch, words: str, code: str
) -> None:
    outcome = run.Outcome(2, "", f"first\n{words}\n", 0.0)
    assert uv_failure.explained(outcome, stand.job.prefix).code == code
    room = {stand.job.prefix: 5, paths.package_cache(): 4}
    monkeypatch.setattr(files, "free_bytes", room.__getitem__)
    assert uv_failure._fullest(stand.job.prefix) == paths.package_cache()


@pytest.mark.parametrize(
    ("words", "made", "installed"),
    [("connection reset", "packages_unreachable", "packages_unreachable"),
     ("odd", "environment_failed", "install_failed")],
)  # fmt: skip
def test_making_and_installing_fail_by_name(
    stand: Uv, words: str, made: str, installed: str
) -> None:
    stand.says(fails=f"install: {words}\nvenv: {words}\n")
    for call, code in ((uv.Uv().create, made), (uv.Uv().install, installed)):
        with pytest.raises(SetupError) as caught:
            call(stand.job)
        assert caught.value.code == code
    create, *_rest = stand.asked()
    assert create.startswith("--quiet venv --relocatable --no-project --python ")


@pytest.mark.parametrize(
    ("said", "offline", "code"),
    [
        ("OSError: [Errno 28] No space", False, "disk_filled"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", False, "hash_mismatch"),
        ("Max retries exceeded", False, "packages_unreachable"),
        ("No matching distribution found", True, "wheel_missing"),
        ("No matching distribution found", False, ""), ("else", True, ""),
    ],
)  # fmt: skip
def test_a_failure_of_pip_is_named_by_its_words(
    stand: Uv, said: str, offline: bool, code: str
) -> None:
    outcome = run.Outcome(1, "", f"{said}\n", 0.0)
    found = pip._cause(outcome, replace(stand.job, offline=offline))
    assert (found.code if found else "") == code
    outcome = run.Outcome(1, f"{said}\n", "", 0.0)
    found = pip._cause(outcome, replace(stand.job, wheelhouse=Path() if offline else None))
    assert (found.code if found else "") == code


@pytest.mark.parametrize(
    ("left_out", "kept"),
    [((), "abcd"), (("https://c.example/y",), "abd"),
     (("https://d.example", "https://b.example/x"), "ac")],
)  # fmt: skip
def test_an_index_that_does_not_answer_is_left_out(
    stand: Uv, monkeypatch: pytest.MonkeyPatch, left_out: tuple[str, ...], kept: str
) -> None:
    for name in [n for n in os.environ if n.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_INDEX", "https://b.example/x  mine=https://u:p@c.example/y/")
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://d.example")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://person.example")
    env = uv.job_environment(replace(stand.job, left_out=left_out))
    places = {"a": "https://a.example/simple", "b": "https://b.example/x",
              "c": "https://u:p@c.example/y/", "d": "https://d.example"}  # fmt: skip
    found = f"{env.get('UV_INDEX', '')} {env.get('UV_EXTRA_INDEX_URL', '')}".split()
    assert found == [places[name] for name in kept]
    # The plan's index decides, unless none is written or another site's lock is replayed.
    assert "UV_DEFAULT_INDEX" not in env
    replayed = uv.job_environment(replace(stand.job, given_lock=Path("x")))
    assert replayed["UV_DEFAULT_INDEX"] == "https://person.example"
    stand.job.requirements.write_text("# --index-url https://a\nnumpy\n")
    assert "UV_DEFAULT_INDEX" in uv.job_environment(stand.job)


def test_hashes_and_what_fits_are_asked_of_the_index(stand: Uv) -> None:
    pins = ["numpy==2.0", "bad==1"]
    assert relock.fitting("x==1\n", [], "3.12") == ([], [])
    assert not (stand.folder / "asked").exists()
    assert relock.fitting("x==1\n", pins, "3.12") == (pins, [])
    (call,) = stand.asked()
    assert call.startswith("pip compile --quiet --no-python-downloads --python-version 3.12 ")
    stand.says(fails="compile: no\n")
    assert relock.fitting("x==1\n", pins, "3.12") == ([], pins)
    assert len(stand.asked()) == 3
    assert relock.hashes_for(stand.job.prefix, pins, ("--index-url https://a",)) == ""
    (call,) = stand.asked()
    assert call.startswith(
        "pip compile --quiet --no-header --no-annotate --no-deps --generate-hashes "
        "--python env/bin/python "
    )
    # The stand-in prints what it reads.
    stand.program.write_text('#!/bin/sh\nfor last; do :; done\ncat "$last"\n')
    assert relock.hashes_for(stand.job.prefix, pins, ("--index-url https://a",)) == (
        "--index-url https://a\nnumpy==2.0\nbad==1\n"
    )


def test_the_packages_of_the_server_lie_apart_and_are_whole_or_missing(stand: Uv) -> None:
    env, scratch = stand.job.prefix, stand.job.scratch
    server = Server(stack="s", packages=("a==1", "b==2"), source="a test", date="2026-01-01")
    assert serve_packages.missing(env, server)
    stand.says(fails="install: no\n")
    with pytest.raises(SetupError) as caught:
        serve_packages.install(env, server, scratch)
    assert caught.value.code == "install_failed"
    assert serve_packages.missing(env, server)
    stand.says(fails="")
    stand.asked()
    serve_packages.install(env, server, scratch)
    assert stand.asked() == [
        (
            "pip install --quiet --no-deps --python env/bin/python --target env/serve-packages "
            "a==1 b==2"
        )
    ]
    assert not serve_packages.missing(env, server)
    assert serve_packages.missing(env, replace(server, packages=("a==1",)))
    assert serve_packages.missing(env, replace(server, packages=("b==2", "a==1")))
