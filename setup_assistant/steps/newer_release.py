"""Whether the index of packages has a newer transformers than this copy's recipes."""

from __future__ import annotations

from packaging.version import Version

from setup_assistant.catalog.index_page import listed_files, newest_after
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.sources import choose_sources
from setup_assistant.choose.wishes import Wishes
from setup_assistant.host.http import Http, WebError
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import Message, msg

# It is a remark: nobody waits for it.
_SILENCE_SECONDS, _LARGEST_PAGE = 3.0, 8 << 20


def remark(plan: Plan) -> Message | None:
    """Return the remark on a plan whose packages are older than the index's, or None."""
    return _compared(plan.sources.packages, plan.transformers.version)


def of_machine(machine: Machine, recipes: Recipes) -> Message | None:
    """Return the remark on this copy's recipes, by the index that answers on a machine."""
    if not machine.sources:
        return None
    index = choose_sources(machine, Wishes(), recipes, Notes()).packages
    if not (index.reachable and index.answered):
        return None
    proved = max((stack.transformers for stack in recipes.stacks.stack), key=Version)
    return _compared(index.url, proved)


def _compared(index: str, pinned: str) -> Message | None:
    door = Http(silence=_SILENCE_SECONDS, connect=_SILENCE_SECONDS)
    try:
        page = door.read(f"{index.rstrip('/')}/transformers/", _LARGEST_PAGE)[0]
    except WebError:
        return None
    finally:
        door.close()
    newest = newest_after(Version(pinned), listed_files(page.decode("utf-8", "replace")))
    if newest is None:
        return None
    return msg(
        "transformers {newest} is out; {pinned} is the one that this copy of the tool has proved.",
        newest=str(newest),
        pinned=pinned,
    )
