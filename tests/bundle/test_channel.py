"""The channel that is made of a bundle's conda packages, for rattler and for any conda."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import conda
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.manifest import Target
from setup_assistant.bundle.targets import given_in, plan_key
from setup_assistant.choose import plan_json
from setup_assistant.choose.plan import Platform
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Tool
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.conda import Conda
from setup_assistant.steps.step import Silent
from tests.choose.described import described, plan_for

_SUM = "0" * 64


def package(subdir: str, file: str) -> Package:
    record = {"name": file.split("-", maxsplit=1)[0], "subdir": subdir, "sha256": _SUM}
    return Package(path=f"conda/{subdir}/{file}", url="", sha256=_SUM, size=1, record=record)


def target(*packages: Package) -> Target:
    return Target(
        id="1", key="k", platform=Platform(os="Linux", arch="x86_64", glibc="2.28"),
        python="3.12", backend="conda", lock="l", wheels=(), model="canary",
        conda=tuple(p.path for p in packages), channel="conda/1.json",
    )  # fmt: skip


def test_it_has_the_packages_and_no_others(tmp_path: Path) -> None:
    packages = (package("linux-64", "python-3.12-0.conda"), package("linux-64", "x-1-0.tar.bz2"))
    root, scratch = tmp_path / "捆绑 b", tmp_path / "s"
    for name in ("linux-64/python-3.12-0.conda", "linux-64/x-1-0.tar.bz2", "linux-64/other.conda"):
        (root / "conda" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "conda" / name).write_text(name)
    (root / "conda" / "1.json").write_text(json.dumps(conda.index(packages)))
    conda.channel(root, target(*packages), scratch)
    place = conda.place(scratch)
    assert place.name == "conda-forge"
    assert (place / "linux-64" / "x-1-0.tar.bz2").read_text() == "linux-64/x-1-0.tar.bz2"
    assert not (place / "linux-64" / "other.conda").exists()
    rows = json.loads((place / "linux-64" / "repodata.json").read_text())
    assert list(rows["packages.conda"]) == ["python-3.12-0.conda"]
    assert list(rows["packages"]) == ["x-1-0.tar.bz2"]
    # Every client asks for this one too.
    assert json.loads((place / "noarch" / "repodata.json").read_text())["packages"] == {}


@pytest.mark.parametrize("rows", [[], {"../../x": {}}, {"linux-64": {}, "/etc": {}}, "x"])
def test_an_index_cannot_lead_elsewhere(tmp_path: Path, rows: Any) -> None:
    (tmp_path / "conda").mkdir()
    (tmp_path / "conda" / "1.json").write_text(json.dumps(rows))
    with pytest.raises(SetupError) as caught:
        conda.channel(tmp_path, target(), tmp_path / "s")
    assert (caught.value.code, caught.value.args_["path"]) == ("bundle_invalid", "conda/1.json")
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("name", ["conda", "mamba", "micromamba"])
def test_a_client_reads_a_folder_without_a_network(tmp_path: Path, name: str) -> None:
    yml = tmp_path / "environment.yml"
    yml.write_text("dependencies:\n  - python=3.12\n  - pip\n")
    job = Job(
        prefix=tmp_path / "env", python="3.12", conda_channel=tmp_path.as_uri(),
        environment_yml=yml, requirements=yml, lock=yml, offline=True, scratch=tmp_path,
        expected_bytes=1, tell=Silent(),
    )  # fmt: skip
    command = Conda(name, Path("/usr/bin") / name).command(job)
    assert tmp_path.as_uri() in command
    # mamba would look into its cache of indexes only.
    assert "--offline" not in command
    far = replace(job, conda_channel="https://conda.example/conda-forge")
    assert "--offline" in Conda(name, Path("/usr/bin") / name).command(far)


def test_conda_and_uv_are_two_kinds_and_all_condas_one() -> None:
    plan = plan_for("535.104.05", "RTX 4090,8.9,24564,23900")
    keys = {b: plan_key(replace(plan, backend=b)) for b in ("uv", "pip", "conda", "rattler")}
    assert keys["uv"] == keys["pip"] != keys["conda"] == keys["rattler"]


def test_what_a_file_holds(tmp_path: Path) -> None:
    plan = plan_for("535.104.05", "RTX 4090,8.9,24564,23900", glibc="2.28")
    value = plan_json.to_json(plan)
    path = tmp_path / "lab 一.json"
    for said in (value, {"schema": "setup-assistant/1", "data": value},
                 {"data": {"site": "/x", "dry_run": True, **value}}):  # fmt: skip
        path.write_text(json.dumps(said))
        assert given_in([path]) == [("lab 一", plan)]
    del value["platform"]
    for text in ('{"schema": "setup-assistant/plan/1"}', "[]", '{"data": []}', "3", "null",
                 '{"schema": "setup-assistant/receipt/1"}', json.dumps(value)):  # fmt: skip
        path.write_text(text)
        with pytest.raises(SetupError) as caught:
            given_in([path])
        assert (caught.value.code, caught.value.args_["path"]) == ("file_invalid", str(path))


def test_which_plan_a_machine_can_run() -> None:
    from setup_assistant.bundle import apply
    from setup_assistant.bundle.manifest import Manifest
    from setup_assistant.choose.wishes import Wishes

    def asked(driver: str, python: str, glibc: str) -> Target:
        plan = plan_for(driver, "RTX 4090,8.9,24564,23900", python=python, glibc=glibc)
        names = [f"torch-{plan.torch.version}+{plan.torch.build}",
                 f"{plan.decoder.package}-{plan.decoder.version}",
                 f"transformers-{plan.transformers.version}"]  # fmt: skip
        return replace(
            target(), id=python, key=plan_key(plan), platform=plan.platform, python=plan.python,
            backend="uv", planned=True, conda=(), channel="",
            wheels=tuple(f"wheels/{n}-cp3-cp3-linux_x86_64.whl" for n in names),
        )  # fmt: skip

    old, new = asked("535.104.05", "3.10", "2.28"), asked("570.86.15", "3.12", "2.35")
    manifest = Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=(new, old),
                        files=())  # fmt: skip

    def taken(driver: str, python: str, glibc: str) -> str:
        card = "RTX 3060,8.6,12288,12000"
        machine = described(driver, card, python=python, glibc=glibc)
        # A machine that was looked at: what is not among its tools is not there.
        seen = Tool(name=f"python{python}", path=f"/usr/bin/python{python}", version=python)
        return apply.target_of(manifest, replace(machine, tools=(seen,))).id

    assert taken("570.86.15", "3.12", "2.39") == "3.12"
    assert taken("570.86.15", "3.10", "2.39") == "3.10"
    for driver, python, glibc in (("570.86.15", "3.11", "2.39"), ("570.86.15", "3.12", "2.31"),
                                  ("470.57.02", "3.10", "2.39")):  # fmt: skip
        with pytest.raises(SetupError) as caught:
            taken(driver, python, glibc)
        assert caught.value.code == "bundle_unfit", (driver, python, glibc)
