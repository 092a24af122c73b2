"""A newer recipe for an environment: built, proved, and only then put in the old one's place.

The old environment and the site's files of its time stay as the *previous* ones, so that one
command brings them back. What cannot be moved (conda's) is built in place, with the old one set
aside meanwhile. Wherever a run is killed, the next one finds either the old or the new whole.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import files, prefix
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import Site, read_site
from setup_assistant.site.write import write_site
from setup_assistant.steps import environment, road
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.proof import CanaryStep
from setup_assistant.steps.step import Context, Teller

_JOURNAL = "journal.json"
# What belongs to one environment and goes with it.
_FILES = (
    "plan.json", "machine.json", "answers.toml", "requirements.txt", "requirements.lock",
    "environment.yml", "canary.json", "README.txt",
)  # fmt: skip
_STEP = "upgrade"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One package, or Python, that an upgrade changes: its versions before and after."""

    name: str
    old: str | None
    new: str | None


def changes(layout: Layout, plan: Plan) -> tuple[Change, ...]:
    """Return what a plan would change in a site's environment; nothing where it is as planned."""
    drifted = environment.drifted(layout.env, plan)
    wanted = environment.planned(plan)
    found = [Change(name=n, old=old, new=wanted[n]) for n, old in drifted.items()]
    torch = prefix.torch(layout.env)
    fixed = plan.torch.compatibility != "default-build"  # else the index has one build only
    if torch and fixed and "torch" not in drifted and torch.build != plan.torch.build:
        new = f"{plan.torch.version}+{plan.torch.build}"
        found.append(Change(name="torch", old=f"{torch.version}+{torch.build}", new=new))
    python = prefix.python_version(layout.env) or ""
    if _minor(python) != _minor(plan.python):
        found.append(Change(name="python", old=python or None, new=plan.python))
    return tuple(found)


def previous(layout: Layout) -> Path:
    """Return where the environment before the last upgrade is kept."""
    return layout.env.with_name(layout.env.name + ".previous")


def has_previous(layout: Layout) -> bool:
    """Whether there is something to go back to."""
    return prefix.kind(previous(layout)) is not None and (_kept(layout) / "plan.json").exists()


def upgrade(site: Site, plan: Plan, recipes: Path, tell: Teller, guide: road.Guide) -> road.Travel:
    """Build and prove the environment of `plan` for `site`; put it in place where it is proved.

    Returns:
        How far it came. With an error, the old environment is as it was.
    """
    layout = site.layout
    recover(layout, recipes)
    context = _context(site, plan, recipes, tell)
    stage, ledger = context.site, Ledger(layout.ledger)
    in_place = stage.env == layout.env
    for path in (stage.root, stage.env, previous(layout), _kept(layout)):
        if path != layout.env:
            ledger.made(_STEP, path, "folder")
    if in_place:
        # Before the journal: from then on, what is there is the one to come back.
        files.remove(previous(layout))
    _write_journal(stage, layout, state="building", in_place=in_place)
    if in_place:
        layout.env.rename(previous(layout))
    write_site(plan, site.machine, context.wishes, stage, recipes)
    proved = False
    try:
        travelled = road.travel(context, (environment.EnvironmentStep(), CanaryStep()), guide)
        proved = travelled.error is None
    finally:
        if not proved:
            recover(layout, recipes)
    if proved:
        _write_journal(stage, layout, state="proved", in_place=in_place)
        recover(layout, recipes)
        ledger.record(_STEP, "done", torch=plan.torch.version, stack=plan.stack)
    return travelled


def rollback(layout: Layout) -> None:
    """Exchange the environment and its files with the previous ones.

    Doing it twice brings the newer ones back.

    Raises:
        SetupError: `nothing_previous`.
    """
    if not has_previous(layout):
        raise SetupError("nothing_previous", path=str(layout.env))
    between = layout.env.with_name(layout.env.name + ".swap")
    layout.env.rename(between)
    previous(layout).rename(layout.env)
    between.rename(previous(layout))
    kept = _kept(layout)
    for name in _FILES:
        ours, theirs = _text(layout.root / name), _text(kept / name)
        _put(layout.root / name, theirs)
        _put(kept / name, ours)
    Ledger(layout.ledger).record(_STEP, "done", rolled_back=True)


def recover(layout: Layout, recipes: Path) -> None:
    """Finish, or undo, what an upgrade or a rollback that was killed has left behind."""
    between = layout.env.with_name(layout.env.name + ".swap")
    if between.exists():
        if not layout.env.exists():
            previous(layout).rename(layout.env)
        between.rename(previous(layout))
    stage_root = layout.root / ".next"
    if not stage_root.exists():
        return
    journal = _journal(stage_root)
    in_place = bool(journal.get("in_place"))
    stage = _stage(layout, in_place=in_place)
    if journal.get("state") in ("proved", "moving"):
        _put_in_place(layout, stage, journal, recipes)
    elif in_place and previous(layout).exists():
        # What lies at the prefix is half made; the one that worked comes back.
        files.remove(layout.env)
        previous(layout).rename(layout.env)
    elif not in_place:
        files.remove(stage.env)
        files.remove(stage.env.with_name(stage.env.name + ".part"))
    files.remove(stage_root)


def _put_in_place(layout: Layout, stage: Layout, journal: dict[str, Any], recipes: Path) -> None:
    """Exchange the environments and the files; each move can be repeated after a kill."""
    new, kept = read_site(stage.root), _kept(layout)
    if journal["state"] == "proved":
        for name in _FILES:
            _put(kept / name, _text(layout.root / name))
        files.write_json(stage.root / _JOURNAL, {**journal, "state": "moving"})
    if stage.env != layout.env and stage.env.exists():
        if layout.env.exists():
            files.remove(previous(layout))
            layout.env.rename(previous(layout))
        stage.env.rename(layout.env)
    for name in ("requirements.lock", "canary.json"):
        _put(layout.root / name, _text(stage.root / name))
    wishes = replace(new.wishes, env=str(journal.get("env", "")), site=str(layout.root))
    write_site(new.plan, new.machine, wishes, layout, recipes)


def _context(site: Site, plan: Plan, recipes: Path, tell: Teller) -> Context:
    """Return the context of the site within the site, where the new environment is made."""
    base = Context(
        machine=site.machine, plan=plan, wishes=site.wishes, site=site.layout,
        ledger=Ledger(site.layout.ledger), recipes=recipes, tell=tell,
    )  # fmt: skip
    stage = _stage(site.layout, in_place=not environment.choose_backend(base).movable)
    return replace(
        base,
        site=stage,
        ledger=Ledger(stage.ledger),
        wishes=replace(site.wishes, env=str(stage.env), site=str(stage.root), lock=""),
    )


def _stage(layout: Layout, *, in_place: bool) -> Layout:
    """Return the site within the site in which the new environment is made."""
    env = layout.env if in_place else layout.env.with_name(layout.env.name + ".next")
    return Layout(
        layout.root / ".next", env_override=str(env), weights_override=layout.weights_override
    )


def _kept(layout: Layout) -> Path:
    return layout.root / ".previous"


def _write_journal(stage: Layout, layout: Layout, *, state: str, in_place: bool) -> None:
    value = {"state": state, "in_place": in_place, "env": layout.env_override}
    files.write_json(stage.root / _JOURNAL, value)


def _journal(stage_root: Path) -> dict[str, Any]:
    with contextlib.suppress(SetupError):
        value = files.read_json(stage_root / _JOURNAL)
        if isinstance(value, dict):
            return value
    return {}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _put(path: Path, text: str | None) -> None:
    if text is None:
        files.remove(path)
    else:
        files.write_text(path, text)


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]
