"""What an engine is given to install, and what its variables say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.plan import Fallback, Plan, Platform
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Tool
from setup_assistant.steps import environment, install_job
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.conda import Conda
from setup_assistant.steps.install_job import choose_backend, job_of, old_libc
from setup_assistant.steps.step import Context, Silent
from tests.site.samples import machine, plan, sources, torch, wishes
from tests.steps.made import Made


def context(site: Made, **wanted: Any) -> Context:
    return replace(site.context, wishes=wishes(**wanted))


def of_libc(glibc: str, quantization: str = "none") -> Plan:
    base = plan(platform=Platform(os="Linux", arch="x86_64", glibc=glibc))
    return replace(base, model=replace(base.model, quantization=quantization))


@pytest.mark.parametrize(
    ("found", "old"),
    [
        (of_libc("2.17"), True),
        (of_libc("2.27"), True),
        (of_libc("2.28"), False),
        (of_libc("2.100"), False),
        (of_libc(""), False),
        (of_libc("2.27", "nf4"), False),
    ],
)
def test_only_wheels_where_newer_releases_have_none_for_the_c_library(
    tmp_path: Path, found: Plan, old: bool
) -> None:
    site = Made(tmp_path / "site")
    assert old_libc(found) is old
    job = job_of(replace(site.context, plan=found), site.layout.env, tmp_path)
    assert job.only_wheels is old


def test_a_job_is_what_the_plan_and_the_wishes_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Made(tmp_path / "lab")
    house = tmp_path / "wheels"
    house.mkdir()
    monkeypatch.chdir(tmp_path)
    job = job_of(context(site, offline=True, wheelhouse="wheels"), site.layout.env, tmp_path)
    assert (job.offline, job.wheelhouse, job.called) == (True, house, "lab")
    assert (job.python, job.conda_channel) == (plan().python, plan().sources.conda)
    assert (job.lock, job.requirements) == (site.layout.packages_lock, site.layout.requirements)
    plain = job_of(context(site), site.layout.env, tmp_path)
    assert (plain.offline, plain.wheelhouse, plain.given_lock) == (False, None, None)
    house.rmdir()
    with pytest.raises(SetupError) as caught:
        job_of(context(site, wheelhouse="wheels"), site.layout.env, tmp_path)
    assert (caught.value.code, caught.value.args_["path"]) == ("file_missing", str(house))


def test_an_engine_that_is_not_here_is_named(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    wanted = replace(site.context, plan=plan(backend="mamba"))
    with pytest.raises(SetupError) as caught:
        choose_backend(wanted)
    assert (caught.value.code, caught.value.args_["backend"]) == ("backend_missing", "mamba")
    there = replace(machine(), tools=(Tool(name="mamba", path="/opt/mamba"),))
    assert isinstance(choose_backend(replace(wanted, machine=there)), Conda)


def test_what_cannot_be_brought_along_is_recorded_and_said(tmp_path: Path) -> None:
    """Where nothing goes with the plan as well as where something does."""
    site = Made(tmp_path / "site")
    job = job_of(context(site, offline=True), site.layout.env, tmp_path)
    environment._bring_along(site.context, job, ["no-such-package==1"])
    told = [e.data for e in site.ledger.entries() if "lost" in e.data]
    assert told == [{"installed_again": [], "lost": ["no-such-package==1"]}]
    environment._bring_along(site.context, job, [])
    assert [e.data for e in site.ledger.entries() if "lost" in e.data] == told


def test_uv_reads_no_project_around_and_builds_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_OFFLINE", "UV_PROJECT", "UV_HTTP_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    found = uv.environment(tmp_path / "scratch", offline=True)
    assert (found["UV_OFFLINE"], found["UV_PROJECT"]) == ("1", tmp_path.anchor)
    assert (found["TMPDIR"], found["NO_COLOR"]) == (str(tmp_path / "scratch"), "1")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    found = uv.environment(tmp_path / "scratch")
    assert "UV_OFFLINE" not in found
    assert found["UV_HTTP_TIMEOUT"] == "7"


A, B, C = (f"https://{name}.example/simple" for name in "abc")
W, X = "https://w.example/whl/cu128", "https://x.example/whl/cu128"


class Fails:
    """Installs once every failure was raised; `seen` are the sources of each attempt."""

    def __init__(self, *failures: SetupError) -> None:
        self.left, self.seen = list(failures), list[str]()

    def __call__(self, job: Job) -> None:
        self.seen.append(job.requirements.read_text())
        if self.left:
            raise self.left.pop(0)


def unreachable(*words: str) -> SetupError:
    return SetupError("packages_unreachable", detail=" ".join(words))


@pytest.mark.parametrize(
    ("failures", "tried"),
    [
        ([], [(A, W)]),
        ([unreachable(f"failed to fetch `{A}/numpy/`")], [(A, W), (B, W)]),
        ([unreachable(f"failed to fetch `{W}/torch/`")], [(A, W), (A, X)]),
        # Wheels lie elsewhere: the package tells the leg.
        ([unreachable("https://cdn.example/torch-2.whl")], [(A, W), (A, X)]),
        ([unreachable("https://cdn.example/nvidia_cudnn.whl")], [(A, W), (A, X)]),
        ([unreachable("https://cdn.example/pytorchlike.whl")], [(A, W), (B, W)]),
        ([unreachable(A), unreachable(B), unreachable(C)], [(A, W), (B, W), (C, W), (C, X)]),
    ],
)  # fmt: skip
def test_the_next_source_of_the_leg_that_failed_is_taken(
    tmp_path: Path, failures: list[SetupError], tried: list[tuple[str, str]]
) -> None:
    site = Made(tmp_path / "site")
    job = _job(tmp_path)
    put = Fails(*failures)
    install_job.install_from(job, _planned(), site.ledger, put)
    wanted = [f"# x\n--index-url {a}\n--extra-index-url {w}/\nnumpy\n" for a, w in tried]
    assert [s.replace(f"{X}\n", f"{X}/\n") for s in put.seen] == wanted
    told = [e.data["failed"] for e in site.ledger.entries() if e.event == "source"]
    assert len(told) == len(failures)


@pytest.mark.parametrize(
    ("code", "bound", "tries"),
    [
        ("install_failed", {}, 1), ("disk_filled", {}, 1), ("wheel_missing", {}, 4),
        ("packages_unreachable", {"offline": True}, 1),
        ("packages_unreachable", {"wheelhouse": Path("x")}, 1),
        ("packages_unreachable", {"given_lock": Path("x")}, 1),
    ],
)  # fmt: skip
def test_what_no_other_source_mends_is_said_as_it_was_first(
    tmp_path: Path, code: str, bound: dict[str, Any], tries: int
) -> None:
    site = Made(tmp_path / "site")
    failures = [SetupError(code, detail=f"number {n}", path="/x") for n in range(9)]
    put = Fails(*failures)
    with pytest.raises(SetupError) as caught:
        install_job.install_from(replace(_job(tmp_path), **bound), _planned(), site.ledger, put)
    assert caught.value is failures[0]
    assert len(put.seen) == tries


def _job(folder: Path) -> Job:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"# x\n--index-url {A}\n--extra-index-url {W}/\nnumpy\n")
    (folder / "scratch").mkdir()
    return Job(
        prefix=folder / "env", python="3.12", conda_channel="", environment_yml=folder / "e",
        requirements=requirements, lock=folder / "l", scratch=folder / "scratch",
        expected_bytes=1, tell=Silent(),
    )  # fmt: skip


def _planned() -> Plan:
    others = (
        Fallback(leg="packages", url=B, form="index"), Fallback(leg="torch", url=X, form="index"),
        Fallback(leg="packages", url=C, form="index"),
    )  # fmt: skip
    return plan(sources=sources(packages=A, fallbacks=others), torch=torch(index_url=W))
