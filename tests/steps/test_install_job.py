"""What an engine is given to install, and what its variables say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.plan import Plan, Platform
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Tool
from setup_assistant.steps import environment
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.conda import Conda
from setup_assistant.steps.install_job import choose_backend, job_of, old_libc
from setup_assistant.steps.step import Context
from tests.site.samples import machine, plan, wishes
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
