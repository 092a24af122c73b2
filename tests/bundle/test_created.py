"""A bundle is made in this process: resolved by the real uv from wheels with nothing in them."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.agent.build import Agent
from setup_assistant.bundle import conda, create, wheels
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.create import Order
from setup_assistant.bundle.manifest import load
from setup_assistant.bundle.targets import Kind, given_in, kinds
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.plan_json import to_json
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import Message
from setup_assistant.site.requirements import render_requirements
from tests.bundle.conftest import stock
from tests.bundle.test_room import report


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A kind of machine whose packages lie in a folder, and a stand-in for the agent."""
    index = tmp_path / "index"
    index.mkdir()
    for name, value in {"UV_FIND_LINKS": str(index), "UV_NO_INDEX": "1", "UV_NO_CONFIG": "1",
                        "SETUP_ASSISTANT_CACHE": str(tmp_path / "cache")}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    agent = tmp_path / "agent.pyz"
    with zipfile.ZipFile(agent, "w") as archive:
        archive.writestr("uv-x86_64/bin/uv", "")
    monkeypatch.setattr(create, "build", lambda arch: Agent(agent, f"agent-{arch}.pyz"))
    given = given_in([report(tmp_path / "room.json", {})])
    found, left = kinds(given, Wishes(model="canary", backend="uv"), (), load_all())
    assert not left
    stock(index, to_json(found[0].plan))
    return found[0]


def order(folder: Path, *some: Kind) -> Order:
    return Order(folder=folder, kinds=some, wishes=Wishes(), sources=(), with_weights=False)


def test_two_kinds_share_their_files(kind: Kind, tmp_path: Path) -> None:
    told: list[Message] = []
    other = replace(kind, hosts=("b", "c"), planned=True)
    made = create.create(order(tmp_path / "bundle", kind, other), told.append)
    first, second = made.targets
    assert first.id != second.id
    assert first.wheels == second.wheels
    assert (first.hosts, second.hosts) == (("a",), ("b", "c"))
    assert (first.planned, second.planned) == (False, True)
    assert first.channel == second.channel == ""
    assert [m.args["count"] for m in told if "count" in m.args] == [len(first.wheels)]
    listed = {i.path: i for i in load([tmp_path / "bundle"]).files}
    for path in (*first.wheels, first.lock, "agent/agent-x86_64.pyz"):
        assert listed[path].sha256 == files.sha256(tmp_path / "bundle" / path)
    lock = (tmp_path / "bundle" / first.lock).read_text()
    assert f"torch=={kind.plan.torch.version}" in lock
    assert "#: pip==25.0 --hash=sha256:" in lock
    assert not list((tmp_path / "bundle").glob(".*"))


def test_where_there_is_no_index_that_of_the_plan_is_not_asked(kind: Kind, tmp_path: Path) -> None:
    dead = replace(kind.plan.sources, packages="http://127.0.0.1:9/simple")
    alone = replace(kind, plan=replace(kind.plan, sources=dead))
    assert "--index-url http://127.0.0.1:9/simple" in render_requirements(alone.plan)
    found = {w.project: w.version for w in wheels.resolve(alone, tmp_path / "scratch")}
    assert found["torch"] == f"{kind.plan.torch.version}+{kind.plan.torch.build}"
    with pytest.raises(SetupError) as caught:
        wheels.compiled(alone, "no-such-thing\n", tmp_path / "scratch")
    assert (caught.value.code, caught.value.args_["hosts"]) == ("bundle_unresolved", "a")
    assert "no-such-thing" in caught.value.args_["detail"]


def test_a_conda_kind_carries_its_channel(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "python-3.12-0.conda"
    source.write_bytes(b"python")
    sum_ = hashlib.sha256(b"python").hexdigest()
    package = Package(path=f"conda/linux-64/{source.name}", url=str(source), sha256=sum_, size=6,
                      record={"name": "python", "version": "3.12", "build": "0",
                              "subdir": "linux-64", "sha256": sum_})  # fmt: skip
    monkeypatch.setattr(conda, "solve", lambda _kind, _work: (package,))
    monkeypatch.setattr(conda, "maker", lambda _kind, _work: ())
    plan = replace(kind.plan, backend="rattler")
    made = create.create(order(tmp_path / "b", replace(kind, plan=plan)), lambda _said: None)
    (target,) = made.targets
    assert target.conda == (package.path,)
    rows = files.read_json(tmp_path / "b" / target.channel, "channel")
    assert rows["linux-64"]["packages.conda"] == {source.name: package.record}
    assert target.channel in {i.path for i in made.files}


def test_what_no_index_has_is_named_with_its_hosts(kind: Kind, tmp_path: Path) -> None:
    for wheel in (tmp_path / "index").glob("accelerate-*"):
        wheel.unlink()
    with pytest.raises(SetupError) as caught:
        create.create(order(tmp_path / "b", kind), lambda _said: None)
    assert caught.value.code == "bundle_unresolved"
    assert "accelerate" in str(caught.value.args_["detail"])
    assert caught.value.args_["hosts"] == "a"


def test_an_agent_without_uv_is_made_anew_next_time(kind: Kind, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "agent.pyz", "w") as archive:
        archive.writestr("uv-aarch64/bin/uv", "")
    with pytest.raises(SetupError) as caught:
        create.create(order(tmp_path / "b", kind), lambda _said: None)
    assert caught.value.code == "bundle_fetch"
    assert not (tmp_path / "agent.pyz").exists()
