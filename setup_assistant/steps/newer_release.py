"""Whether the index that an environment came from has a newer transformers than the recipes."""

from __future__ import annotations

from packaging.version import Version

from setup_assistant.catalog.index_page import listed_files, newest_after
from setup_assistant.choose.plan import Plan
from setup_assistant.host.http import Http, WebError
from setup_assistant.messages import Message, msg

# It is a remark: nobody waits for it.
_SILENCE_SECONDS, _LARGEST_PAGE = 3.0, 8 << 20


def remark(plan: Plan) -> Message | None:
    """Return the remark on a plan whose packages are older than the index's, or None."""
    door = Http(silence=_SILENCE_SECONDS, connect=_SILENCE_SECONDS)
    try:
        page = door.read(f"{plan.sources.packages}/transformers/", _LARGEST_PAGE)[0]
    except WebError:
        return None
    finally:
        door.close()
    pinned = plan.transformers.version
    newest = newest_after(Version(pinned), listed_files(page.decode("utf-8", "replace")))
    if newest is None:
        return None
    return msg(
        "transformers {newest} is out; {pinned} is the one that this copy of the tool has proved.",
        newest=str(newest),
        pinned=pinned,
    )
