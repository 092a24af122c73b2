"""The end of the road: the receipt from what the steps left behind, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from setup_assistant import __version__
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, lenient, paths, prefix
from setup_assistant.report.build import build_receipt
from setup_assistant.report.receipt import Environment, Receipt
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_site
from setup_assistant.site.receipts import read_receipt, write_receipt
from setup_assistant.steps import by_hand, environment_record, uninstall_site
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.run_steps import standard_steps
from setup_assistant.steps.smoke_memory import asked
from setup_assistant.steps.step import Context, Step

# The ledger's entry that says that the account tells what was done until then.
_ACCOUNT = "account"


def keep_account(context: Context, *, resume: str | None) -> Receipt:
    """Write `receipt.json` and `report.md`; return the receipt.

    Args:
        context: the road that was travelled.
        resume: the command that goes on, where something is left to do.
    """
    site = context.site
    measured = context.ledger.seconds()
    weights = site.weights(context.plan.model.modelscope_id)
    fit_peak, fit_predicted = rehearsed(site, context.plan.model.id)
    canary, smoke = _checks(site.canary_result), _checks(site.smoke_result)
    present = prefix.packages(site.env)
    departed = by_hand.departures(site.env, environment_record.planned(context.plan))
    theirs = {d.name: (d.old, d.new) for d in departed}
    receipt = build_receipt(
        when=clock.now(),
        tool_version=__version__,
        machine=context.machine,
        plan=context.plan,
        environment=Environment(
            prefix=str(site.env),
            python=context.plan.python,
            packages=dict(sorted(present.items())),
            by_hand=theirs,
            put_back=_put_back(context.ledger, present),
        ),
        steps={s.name: measured.get(s.name) for s in _steps(context, measured)},
        canary=canary,
        smoke=smoke,
        rehearsed_bytes=fit_peak,
        trial_bytes=fit_predicted,
        asked=asked(context.plan, context.machine, smoke, context.recipes),
        environment_on_disk_bytes=files.folder_bytes(site.env) if site.env.exists() else None,
        weights_on_disk_bytes=files.folder_bytes(weights) if weights.exists() else None,
        resume=resume,
    )
    write_receipt(site, receipt)
    context.ledger.record(_ACCOUNT, "done", **({"by_hand": theirs} if theirs else {}))
    return receipt


def tell_again(layout: Layout) -> None:
    """Write the account of a site anew, as it is now."""
    uninstall_site.sweep(layout)
    keep_account(context_of(layout, paths.recipes_folder()), resume=None)


def context_of(layout: Layout, recipes: Path) -> Context:
    """Return the road of a site as its files tell it."""
    site = read_site(layout.root)
    return Context(
        machine=site.machine, plan=site.plan, wishes=site.wishes, site=layout,
        ledger=Ledger(layout.ledger), recipes=recipes,
    )  # fmt: skip


def _steps(context: Context, measured: Mapping[str, float | None]) -> tuple[Step, ...]:
    """Return the steps of this road; a rehearsal among them where it was travelled."""
    return standard_steps(context.plan, rehearse="rehearsal" in measured)


def _put_back(ledger: Ledger, now: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Return what the last repair or adoption has changed of a person's packages, and holds."""
    done = [e.data for e in ledger.entries() if e.event == "done"]
    said = [d.get("put_back", d.get("changed")) for d in done if d.keys() & {"put_back", "changed"}]
    pairs = said[-1].items() if said and isinstance(said[-1], dict) else ()
    return {n: (v[0], v[1]) for n, v in pairs
            if isinstance(v, list) and len(v) == 2 and v[1] == now.get(n)}  # fmt: skip


def is_told(site: Layout) -> bool:
    """Whether nothing was done since the account was written.

    A run that is killed after its last step leaves the account of the one before it.
    """
    entries = list(Ledger(site.ledger).entries())
    return bool(entries) and entries[-1].step == _ACCOUNT and site.report.exists()


def has_account(site: Layout) -> bool:
    """Whether a finished run left its receipt, and nothing was done since."""
    if not is_told(site):
        return False
    try:
        found = read_receipt(site)
    except SetupError:
        return False
    told = found.environment.packages
    return found.status == "done" and told == prefix.packages(site.env)


def rehearsed(site: Layout, model: str) -> tuple[int | None, int | None]:
    """Return the peak of the fit test and its prediction, if it was of this model."""
    value = lenient.json_object(site.rehearsal)
    if value.get("model") != model:
        return None, None
    peak, predicted = value.get("measured_bytes"), value.get("predicted_bytes")
    if not isinstance(peak, int) or not isinstance(predicted, int):
        return None, None
    return peak, predicted


def _checks(path: Path) -> list[Mapping[str, Any]]:
    return list(lenient.json_object(path).get("checks", []))
