"""A torch source that failed for good: planned again with what the package index carries."""

from __future__ import annotations

from dataclasses import replace

from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose import mirror_wish
from setup_assistant.errors import SetupError
from setup_assistant.host import paths
from setup_assistant.messages import msg
from setup_assistant.steps import prepare
from setup_assistant.steps.install_job import torch_failed
from setup_assistant.steps.ledger import Ledger


def planned_again(prepared: prepare.Prepared, error: SetupError | None) -> prepare.Prepared | None:
    """Return the plan without any torch source, recorded in the ledger; None where none helps.

    What the person has said (an address, a lock, a folder of wheels) is not replaced.
    """
    plan, wishes = prepared.plan, prepared.wishes
    bound = wishes.lock or wishes.offline or wishes.wheelhouse
    if error is None or bound or not torch_failed(error, plan):
        return None
    known = {m.name for m in load_all(paths.recipes_folder()).mirrors}
    wish = mirror_wish.parse(wishes.mirror, known)
    if "torch" in (*wish.addresses, *wish.named):
        return None
    sources = (
        replace(s, reachable=False, silent=False) if s.leg == "torch" else s
        for s in prepared.machine.sources
    )
    machine = replace(prepared.machine, sources=tuple(sources))
    try:
        again = prepare.prepare(wishes, machine=machine, replan=True)
    except SetupError:
        return None
    old, new = plan.torch.index_url, again.plan.torch.index_url
    if old == new or again.plan.model != plan.model:
        return None
    Ledger(prepared.layout.ledger).record(
        "environment", "source", leg="torch", failed=old, url=new, build=again.plan.torch.build
    )
    text = msg("{old} failed; going on with {new}.", old=old, new=new)
    return replace(again, notes=(*again.notes, text))
