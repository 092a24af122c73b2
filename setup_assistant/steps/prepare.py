"""From wishes to a planned site: probe, choose, and replay what a site already holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.messages import Message, msg
from setup_assistant.site import read
from setup_assistant.site.layout import Layout
from setup_assistant.site.write import refuse_links, write_site
from setup_assistant.steps import adopt, by_hand, environment_record, open_to_others, uninstall_site
from setup_assistant.steps.environment_preflight import read_marker
from setup_assistant.steps.gather_wishes import layout_of
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Context, Teller
from setup_assistant.weights.folder_record import size_of

# How long a source that has not said anything is waited for.
_LATE_SECONDS = 60.0
# The folders of a site that steps write into.
_INNER = ("env", "models", "scripts", ".work")


@dataclass(frozen=True)
class Prepared(read.Site):
    """A planned site. `replayed`: the plan was already there."""

    replayed: bool = False
    notes: tuple[Message, ...] = ()


def prepare(
    wishes: Wishes,
    *,
    machine: Machine | None = None,
    replan: bool = False,
    dry_run: bool = False,
    waiting: Callable[[Source], None] | None = None,
) -> Prepared:
    """Return the planned site.

    A plan made from the same wishes is replayed, so that a rerun does the same thing even
    though free memory and the reachable sources change by the minute; `replan` makes it anew,
    and so does a plan that was made while nothing answered.

    Args:
        wishes: what is wanted.
        machine: this computer, where it has been probed.
        replan: whether to plan again, even where the site has a plan.
        dry_run: whether nothing may be written: what is under way is not ended.
        waiting: where given, a leg whose sources are all silent is waited for, and it is called
            with each of them.

    Raises:
        SetupError: `env_unfinished` in a dry run where another run was killed.
    """
    layout = layout_of(wishes)
    _after_a_kill(layout, dry_run=dry_run)
    if not replan and (kept := _kept(layout, wishes)):
        return kept
    if machine is None:
        machine = probe_for(layout)
    if waiting is not None and not (wishes.offline or wishes.wheelhouse or wishes.lock):
        machine = _heard(machine, wishes, waiting)
    return _anew(layout, machine, wishes)


def _anew(layout: Layout, machine: Machine, wishes: Wishes) -> Prepared:
    """Return a new plan, which keeps what was changed by hand where that was asked for."""
    plan = make(_with_own_weights(layout, machine), wishes)
    private = open_to_others.warnings(plan, layout.root)
    plan = replace(plan, warnings=(*plan.warnings, *private))
    if not _is_ours(layout):
        return Prepared(layout, machine, wishes, plan)
    wanted = environment_record.planned(plan)
    found = by_hand.standing(layout.env, wanted)
    notes = tuple(by_hand.notes_anew(found, wanted, keep=wishes.keep))
    plan = by_hand.keeping(plan, found) if wishes.keep else plan
    return Prepared(layout, machine, wishes, plan, notes=notes)


def _with_own_weights(layout: Layout, machine: Machine) -> Machine:
    """Count what this site has downloaded as free: a new plan is no reason for a smaller model."""
    folder = layout.root / "models"
    held = sum(max(0, size_of(path)) for path in folder.rglob("*") if not path.is_symlink())
    disks = (
        replace(d, free_bytes=d.free_bytes + held) if d.role == "site" and d.free_bytes else d
        for d in machine.disks
    )
    return replace(machine, disks=tuple(disks))


def _is_ours(layout: Layout) -> bool:
    """Whether a finished environment of our own is there."""
    marker = read_marker(layout.env)
    return marker.get("complete") is True and marker.get("engine") != adopt.ENGINE


def _heard(machine: Machine, wishes: Wishes, waiting: Callable[[Source], None]) -> Machine:
    """Wait for the needed sources of which none has answered yet."""
    from setup_assistant.machine import sources

    legs = ["packages", "torch"]
    if wishes.model != CANARY and wishes.weights_source in ("modelscope", "huggingface"):
        legs.append("weights")
    found = sources.wait_for(machine.sources, legs, _LATE_SECONDS, waiting)
    return replace(machine, sources=found)


def probe_for(layout: Layout) -> Machine:
    """Probe this computer, with the room on the site's disk."""
    from setup_assistant.machine.probe import probe

    return probe(site=layout.root)


def make(machine: Machine, wishes: Wishes) -> Plan:
    """Make a plan from the recipes at hand, with a warning for each wish that is not met."""
    fit = adopt.fitted(wishes)
    plan = _make(machine, fit)
    return replace(plan, warnings=(*plan.warnings, *adopt.unmet(wishes, fit)))


def _make(machine: Machine, wishes: Wishes) -> Plan:
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.choose.planner import make_plan

    recipes = load_all(paths.recipes_folder())
    if text := _versions(wishes):
        from setup_assistant.choose import locked

        return locked.make(machine, wishes, recipes, text)
    return make_plan(machine, wishes, recipes)


def _versions(wishes: Wishes) -> str:
    """Return the text of the given lock, or one for the given wheels; nothing without either.

    Raises:
        SetupError: `file_missing` for a lock or a folder that is not there.
    """
    if wishes.lock:
        given = Path(wishes.lock).expanduser()
        ours = Path(wishes.site) / "requirements.lock"
        try:
            return files.read_text(given, "--lock")
        except SetupError as error:
            # Our copy stands for a file that is gone.
            if error.code != "file_missing" or not ours.exists():
                raise
        return files.read_text(ours, "--lock")
    if not wishes.wheelhouse:
        return ""
    from setup_assistant.choose import locked

    folder = Path(wishes.wheelhouse).expanduser()
    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="--wheelhouse")
    return locked.text_of(p.name for p in folder.glob("*.whl"))


def begin(prepared: Prepared, tell: Teller, above: Sequence[Path] = ()) -> Context:
    """Write the site's files and return what every step is given.

    Args:
        prepared: the planned site.
        tell: hears of what is done.
        above: the folders above the site's that were made for it.
    """
    layout, recipes = prepared.layout, paths.recipes_folder()
    ledger = Ledger(layout.ledger)
    if _is_received(ledger, layout):
        # A person's own links lead where they say, e.g. to a larger disk; a stranger's do not.
        refuse_links(layout.root, (layout.root / name for name in _INNER))
    if not layout.ledger.exists():
        ledger.record("site", "started")
    ledger.begin()
    for folder in above:
        ledger.made("site", folder, "above")
    uninstall_site.sweep(layout)
    write_site(prepared.plan, prepared.machine, prepared.wishes, layout, recipes)
    return context_of(prepared, tell)


def _is_received(ledger: Ledger, layout: Layout) -> bool:
    """Whether what lies there was made in another folder, or on another machine."""
    home = ledger.home()
    if home is None:
        return layout.plan.exists()
    return not home.is_at(layout.root)


def context_of(prepared: Prepared, tell: Teller) -> Context:
    """Return what every step is given; nothing is written."""
    return Context(
        machine=prepared.machine,
        plan=prepared.plan,
        wishes=prepared.wishes,
        site=prepared.layout,
        ledger=Ledger(prepared.layout.ledger),
        recipes=paths.recipes_folder(),
        tell=tell,
    )


def _kept(layout: Layout, wishes: Wishes) -> Prepared | None:
    try:
        site = read.read_site(layout.root)
    except SetupError:
        return None
    if _chosen(site.wishes) != _chosen(wishes):
        return None
    if site.plan.sources.unanswered and read_marker(layout.env).get("complete") is not True:
        # It was made blind: what did not answer then may answer now.
        return None
    notes = (*_differences(site.machine), *_by_hand(layout, site.plan, wishes))
    return Prepared(layout, site.machine, wishes, site.plan, replayed=True, notes=notes)


def _after_a_kill(layout: Layout, *, dry_run: bool) -> None:
    """Let an upgrade that was killed be finished or undone before anything is looked at."""
    if (layout.root / ".next").exists():
        from setup_assistant.steps import upgrade

        upgrade.end_unfinished(layout, paths.recipes_folder(), dry_run=dry_run)


def _chosen(wishes: Wishes) -> Wishes:
    """Leave out what does not change the plan."""
    return replace(wishes, language="", site="", rehearse="", keep=False, adopt=False)


def _by_hand(layout: Layout, plan: Plan, wishes: Wishes) -> tuple[Message, ...]:
    """Say what was changed by hand in the environment, and what will become of it."""
    marker = read_marker(layout.env)
    if marker.get("complete") is not True:
        return ()
    found = by_hand.departures(layout.env, environment_record.planned(plan))
    theirs = marker.get("engine") == adopt.ENGINE
    return tuple(by_hand.told(found) if theirs else by_hand.notes(found, keep=wishes.keep))


def _differences(planned: Machine) -> tuple[Message, ...]:
    """Say where the computer is no longer the one the plan was made for."""
    from setup_assistant.machine.probe import probe

    now = probe(sources=False)
    if now.driver.version != planned.driver.version or _cards(now) != _cards(planned):
        return (
            msg(
                "The driver or the graphics cards have changed since this plan was made; "
                "use --replan to plan again."
            ),
        )
    return ()


def _cards(machine: Machine) -> list[tuple[str, str | None]]:
    return [(g.name, g.uuid) for g in machine.gpus]
