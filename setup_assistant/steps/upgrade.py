"""A newer recipe for an environment: built, proved, and only then put in the old one's place.

The old environment and the site's files of its time stay as the *previous* ones, so that one
command brings them back. What cannot be moved (conda's) is built in place, with the old one set
aside meanwhile. Wherever a run is killed, the next one finds either the old or the new whole.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import durable, files, prefix
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import Site, read_plan, read_site
from setup_assistant.site.requirements import render_requirements
from setup_assistant.site.write import write_site
from setup_assistant.steps import (
    by_hand,
    environment,
    environment_preflight,
    environment_record,
    install_job,
    relock,
    run_steps,
    swap,
    uninstall_site,
    write_receipt,
)
from setup_assistant.steps import rollback as rollback_steps
from setup_assistant.steps.check_steps import CanaryStep
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import Owner
from setup_assistant.steps.step import Context, Teller
from setup_assistant.versions import minor

_STEP = "upgrade"
# What became of an upgrade or a rollback that was killed.
Ended = Literal["", "undone", "upgraded", "rolled back"]


def changes(layout: Layout, plan: Plan) -> tuple[prefix.Change, ...]:
    """Return what a plan would change in a site; nothing where all is as planned.

    What its environment has already, by hand, and its files do not tell counts too.
    """
    drifted = environment_record.drifted(layout.env, plan)
    wanted = environment_record.planned(plan)
    before = environment_record.planned(read_plan(layout))
    told = {n: before.get(n) for n, new in wanted.items() if before.get(n) != new}
    found = [prefix.Change(name=n, old=old, new=wanted[n]) for n, old in (told | drifted).items()]
    torch = prefix.torch(layout.env)
    fixed = plan.torch.compatibility != "default-build"  # else the index has one build only
    if torch and fixed and "torch" not in drifted and torch.build != plan.torch.build:
        new = f"{plan.torch.version}+{plan.torch.build}"
        found.append(prefix.Change(name="torch", old=f"{torch.version}+{torch.build}", new=new))
    python = prefix.python_version(layout.env) or ""
    if minor(python) != minor(plan.python):
        found.append(prefix.Change(name="python", old=python or None, new=plan.python))
    return tuple(found)


def beside(layout: Layout, plan: Plan, *, keep: bool) -> tuple[list[str], list[str]]:
    """Return what a person added that goes with a plan, and what an upgrade to it would lose.

    With `keep`, what was changed by hand and no plan names counts as added.
    """
    pins = environment_record.beside_pins(layout.env, plan, keep=keep)
    return relock.fitting(render_requirements(plan), pins, plan.python) if pins else ([], [])


def upgrade(
    site: Site,
    plan: Plan,
    recipes: Path,
    tell: Teller,
    guide: run_steps.Guide,
    *,
    also: Sequence[str] = (),
) -> run_steps.Travel:
    """Build and prove the environment of `plan` for `site`; put it in place where it is proved.

    `also` are requirements of packages that a person had added, to be installed again.

    Returns:
        How far it came. With an error, the old environment is as it was.
    """
    layout = site.layout
    recover(layout, recipes)
    found = by_hand.standing(layout.env, environment_record.planned(site.plan))
    ledger = Ledger(layout.ledger)
    ledger.begin()
    ledger.record(_STEP, "started")
    context = _context(site, plan, recipes, tell)
    stage = context.site
    in_place = stage.env == layout.env
    part = swap.part(stage.env)
    kept = (rollback_steps.folder(layout), rollback_steps.kept(layout))
    for path in (stage.root, stage.env, part, *kept):
        if path != layout.env:
            ledger.made(_STEP, path, "folder")
    if in_place:
        # Before the journal: from then on, what is there is the one to come back. Its files
        # first, without which half a folder is nothing to go back to.
        owner = Owner(layout)
        owner.remove(rollback_steps.kept(layout))
        owner.remove(rollback_steps.folder(layout))
    journal = {"state": "building", "in_place": in_place, "env": layout.env_override}
    rollback_steps.write_journal(layout, journal)
    if in_place:
        durable.rename(layout.env, rollback_steps.folder(layout))
    write_site(plan, site.machine, context.wishes, stage, recipes)
    proved = False
    try:
        steps = (environment.EnvironmentStep(also, found), CanaryStep())
        travelled = run_steps.travel(context, steps, guide)
        proved = travelled.error is None
    finally:
        if not proved:
            recover(layout, recipes)
    if proved:
        rollback_steps.write_journal(layout, {**journal, "state": "proved"})
        recover(layout, recipes)
    return travelled


def rollback(layout: Layout, recipes: Path, found: Sequence[prefix.Change] = ()) -> None:
    """Exchange the environment and its files with the previous ones, and tell it everywhere.

    Doing it twice brings the newer ones back. `found` is what that changes, for the ledger.

    Raises:
        SetupError: `nothing_previous`.
    """
    said = {c.name: [c.old, c.new] for c in found}
    Ledger(layout.ledger).record(_STEP, "started", rolled_back=True, changes=said)
    rollback_steps.exchange(layout)
    _tell(layout, recipes, rolled_back=True)


def unfinished(layout: Layout) -> bool:
    """Whether an upgrade or a rollback was killed here."""
    return rollback_steps.stage_root(layout).exists()


def end_unfinished(layout: Layout, recipes: Path, *, dry_run: bool = False) -> Ended:
    """Do as `recover`, while no other run works in the site.

    Raises:
        SetupError: `env_unfinished` in a dry run, which ends nothing; `site_busy`; as `recover`.
    """
    if not unfinished(layout):
        return ""
    if dry_run:
        command = f"setup-assistant report --site {shlex.quote(str(layout.root))}"
        raise SetupError("env_unfinished", path=str(layout.env), command=command)
    with files.exclusive(layout.lock):
        return recover(layout, recipes)


def recover(layout: Layout, recipes: Path) -> Ended:
    """Finish, or undo, what an upgrade or a rollback that was killed has left behind.

    Returns:
        What is done now: who asked for it need not ask again.
    """
    if not unfinished(layout):
        return ""
    owner = Owner(layout)
    owner.refuse_strangers()
    if rollback_steps.complete_exchange(layout):
        _tell(layout, recipes, rolled_back=True)
        return "rolled back"
    journal = rollback_steps.read_journal(layout)
    in_place = bool(journal.get("in_place"))
    stage = _stage(layout, in_place=in_place)
    if not journal:
        # Killed while the journal was removed, or before it was written: the ledger tells which.
        last = Ledger(layout.ledger).last(_STEP)
        rollback_steps.end(layout)
        if last is None or last.event != "done":
            return "undone"
        return "rolled back" if last.data.get("rolled_back") else "upgraded"
    if journal.get("state") in ("proved", "moving"):
        _put_in_place(layout, stage, journal, recipes)
        return "upgraded"
    if in_place and rollback_steps.folder(layout).exists():
        # What lies at the prefix is half made; the one that worked comes back.
        environment_preflight.wait_for_stragglers(layout.env)
        owner.remove_unfinished(layout.env)
        durable.rename(rollback_steps.folder(layout), layout.env)
    elif not in_place:
        owner.remove_unfinished(stage.env)
        owner.remove_unfinished(stage.env.with_name(stage.env.name + ".part"))
    Ledger(layout.ledger).record(_STEP, "failed", undone=True)
    rollback_steps.end(layout)
    return "undone"


def _put_in_place(layout: Layout, stage: Layout, journal: dict[str, Any], recipes: Path) -> None:
    """Exchange the environments and the files, and tell it; each part can be repeated."""
    new, kept = read_site(stage.root), rollback_steps.kept(layout)
    if journal["state"] == "proved":
        for name in rollback_steps.FILES:
            rollback_steps.put(kept / name, rollback_steps.text(layout.root / name))
        rollback_steps.write_journal(layout, {**journal, "state": "moving"})
    if stage.env != layout.env and stage.env.exists():
        if layout.env.exists():
            Owner(layout).remove(rollback_steps.folder(layout))
            durable.rename(layout.env, rollback_steps.folder(layout))
        durable.rename(stage.env, layout.env)
    for name in ("requirements.lock", "canary.json"):
        rollback_steps.put(layout.root / name, rollback_steps.text(stage.root / name))
    wishes = replace(new.wishes, env=str(journal.get("env", "")), site=str(layout.root))
    write_site(new.plan, new.machine, wishes, layout, recipes)
    ledger = Ledger(layout.ledger)
    for entry in Ledger(stage.ledger).entries():
        if entry.data.keys() & {"installed_again", "kept", "put_back"}:
            ledger.record(entry.step, entry.event, **entry.data)
    for step, seconds in Ledger(stage.ledger).seconds().items():
        ledger.record(step, "done", seconds=seconds)
    _tell(layout, recipes, torch=new.plan.torch.version, stack=new.plan.stack)


def _tell(layout: Layout, recipes: Path, **said: object) -> None:
    """Write the account of what is in place now, then the ledger; only then the journal goes."""
    context = write_receipt.context_of(layout, recipes)
    last = context.ledger.last(_STEP)
    if last is None or last.event != "done":
        context.ledger.record(_STEP, "done", **said)
    write_receipt.keep_account(context, resume=None)
    uninstall_site.sweep(layout)
    rollback_steps.end(layout)


def _context(site: Site, plan: Plan, recipes: Path, tell: Teller) -> Context:
    """Return the context of the site within the site, where the new environment is made."""
    base = Context(
        machine=site.machine, plan=plan, wishes=site.wishes, site=site.layout,
        ledger=Ledger(site.layout.ledger), recipes=recipes, tell=tell,
    )  # fmt: skip
    stage = _stage(site.layout, in_place=not install_job.choose_backend(base).movable)
    return replace(
        base,
        site=stage,
        ledger=Ledger(stage.ledger, site.layout.root),
        wishes=replace(site.wishes, env=str(stage.env), site=str(stage.root), lock=""),
    )


def _stage(layout: Layout, *, in_place: bool) -> Layout:
    """Return the site within the site in which the new environment is made."""
    env = layout.env if in_place else layout.env.with_name(layout.env.name + ".next")
    return Layout(
        rollback_steps.stage_root(layout),
        env_override=str(env),
        weights_override=layout.weights_override,
    )
