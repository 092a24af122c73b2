"""Upgrade, rollback, and what is left where they are killed.

The environments are real folders with real metadata; only the two long steps are short here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.messages import Message, msg
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import Site, read_layout, read_site
from setup_assistant.site.write import write_site
from setup_assistant.steps import environment, environment_record, rollback, upgrade
from setup_assistant.steps.environment_record import planned, write_marker
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.run_steps import Done
from setup_assistant.steps.step import Context, Silent
from tests.choose.described import described
from tests.choose.described import planned as make_plan


class Quiet:
    """A guide that says nothing."""

    def begin(self, title: Message, name: str = "") -> None: ...

    def end(self, title: Message, done: Done) -> None: ...


class Builds:
    """Makes an environment whose metadata are as planned; may be killed at any point."""

    name = "environment"
    killed = False

    def __init__(self, *_said: object) -> None:
        """Take what was there before, and make nothing of it."""

    def title(self, _context: Context) -> Message:
        return msg("{name}", name="environment")

    def check(self, context: Context) -> bool:
        return environment.read_marker(context.site.env).get("complete") is True

    def do(self, context: Context) -> None:
        install(context.site.env, context.plan)
        if self.killed:
            raise KeyboardInterrupt
        write_marker(context.site.env, context, "uv", complete=True)


class Proves:
    """The canary: keeps a result, or fails."""

    name = "canary"
    fails = False

    def title(self, _context: Context) -> Message:
        return msg("{name}", name="canary")

    def check(self, context: Context) -> bool:
        return context.site.canary_result.exists()

    def do(self, context: Context) -> None:
        if self.fails:
            raise SetupError("proof_failed", what="canary", cause="x", remedy="y")
        context.site.canary_result.write_text(context.plan.transformers.version)


def install(prefix: Path, plan: Plan) -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    packages = prefix / "lib" / "python3.9" / "site-packages"
    packages.mkdir(parents=True)
    (prefix / "pyvenv.cfg").write_text(f"version_info = {version}\n")
    for name, version in planned(plan).items():
        (packages / f"{name.replace('-', '_')}-{version}.dist-info").mkdir()


def transformers(prefix: Path) -> str:
    found = next(prefix.glob("lib/python3.*/site-packages/transformers-*"))
    return found.name.removeprefix("transformers-").removesuffix(".dist-info")


@pytest.fixture
def plan() -> Plan:
    running = ".".join(map(str, sys.version_info[:2]))
    machine = replace(described(None, ram_gib=24, python=running), tools=())
    return make_plan(machine, backend="uv", model="canary", python=running)


@pytest.fixture
def newer(plan: Plan) -> Plan:
    return replace(plan, transformers=replace(plan.transformers, version="99.1.0"))


@pytest.fixture(params=["moved", "in place"])
def site(
    request: pytest.FixtureRequest, tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.machine.facts import Machine

    layout = Layout(tmp_path / "站 点")
    wishes = Wishes(model="canary", site=str(layout.root))
    write_site(plan, Machine(), wishes, layout, paths.recipes_folder())
    install(layout.env, plan)
    context = Context(
        machine=Machine(), plan=plan, wishes=wishes, site=layout, ledger=Ledger(layout.ledger),
        recipes=paths.recipes_folder(),
    )  # fmt: skip
    write_marker(layout.env, context, "uv", complete=True)
    layout.canary_result.write_text(plan.transformers.version)
    monkeypatch.setattr(environment, "EnvironmentStep", Builds)
    monkeypatch.setattr(upgrade, "CanaryStep", Proves)

    class Engine:
        movable = request.param == "moved"

    monkeypatch.setattr(environment, "choose_backend", lambda _context: Engine)
    yield read_site(layout.root)
    Builds.killed = Proves.fails = False


def go(site: Site, plan: Plan) -> bool:
    done = upgrade.upgrade(site, plan, paths.recipes_folder(), Silent(), Quiet())
    return done.error is None


def assert_whole(layout: Layout, plan: Plan) -> None:
    """Environment, its record, the files and the proof are all of one plan."""
    assert transformers(layout.env) == plan.transformers.version
    assert environment_record.drifted(layout.env, plan) == {}
    assert read_site(layout.root).plan == plan
    assert f"transformers=={plan.transformers.version}" in layout.requirements.read_text()
    assert layout.canary_result.read_text() == plan.transformers.version
    assert read_layout(layout.root).env == layout.env
    assert not [p.name for p in layout.root.iterdir() if p.name.endswith((".next", ".swap"))]


def test_there_and_back_and_there(site: Site, plan: Plan, newer: Plan) -> None:
    layout = site.layout
    assert [c.name for c in upgrade.changes(layout, newer)] == ["transformers"]
    assert go(site, newer)
    assert_whole(layout, newer)
    assert upgrade.changes(layout, newer) == ()
    assert transformers(rollback.folder(layout)) == plan.transformers.version
    upgrade.rollback(layout, paths.recipes_folder())
    assert_whole(layout, plan)
    upgrade.rollback(layout, paths.recipes_folder())
    assert_whole(layout, newer)


def test_what_is_there_by_hand_and_not_told_is_upgraded(
    site: Site, plan: Plan, newer: Plan
) -> None:
    (info,) = site.layout.env.glob("lib/python3*/site-packages/transformers-*")
    info.rename(info.with_name("transformers-99.1.0.dist-info"))
    assert [c.name for c in upgrade.changes(site.layout, plan)] == ["transformers"]
    (change,) = upgrade.changes(site.layout, newer)
    assert (change.old, change.new) == (plan.transformers.version, "99.1.0")
    assert go(site, newer)
    assert_whole(site.layout, newer)
    assert upgrade.changes(site.layout, newer) == ()


def test_what_a_killed_rollback_wrote_aside_is_swept(site: Site, newer: Plan) -> None:
    assert go(site, newer)
    kept = rollback.kept(site.layout)
    (kept / ".plan.json.ab12_xyz").write_text("{")
    (kept / ".mine.ab12_xyz").write_text("mine")
    upgrade.rollback(site.layout, paths.recipes_folder())
    assert [p.name for p in kept.glob(".*")] == [".mine.ab12_xyz"]


def test_nothing_to_go_back_to(site: Site) -> None:
    with pytest.raises(SetupError) as caught:
        upgrade.rollback(site.layout, paths.recipes_folder())
    assert caught.value.code == "nothing_previous"


def test_what_is_not_proved_never_takes_the_place(site: Site, plan: Plan, newer: Plan) -> None:
    Proves.fails = True
    assert not go(site, newer)
    assert_whole(site.layout, plan)
    Proves.fails = False
    assert go(site, newer)
    assert_whole(site.layout, newer)


def test_interrupted_while_it_is_built(site: Site, plan: Plan, newer: Plan) -> None:
    Builds.killed = True
    with pytest.raises(KeyboardInterrupt):
        go(site, newer)
    assert_whole(site.layout, plan)


def test_uninstall_takes_the_previous_one_too(site: Site, newer: Plan) -> None:
    from setup_assistant.steps import uninstall

    assert go(site, newer)
    layout = site.layout
    Ledger(layout.ledger).made("environment", layout.env, "folder")
    items = uninstall.inventory(layout, other_sites=False, own_cache=paths.cache_folder())
    assert {rollback.folder(layout), layout.env} <= {i.path for i in items}
    uninstall.remove(items, layout)
    assert not layout.root.exists()
