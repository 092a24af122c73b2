"""What a run did not notice: files of its packages that are not as they were installed."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.owners import edited
from setup_assistant.doctor.packages import NO_PYTHON, again
from setup_assistant.doctor.requirements import taking_part
from setup_assistant.messages import msg

layer = Layered("packages")


@layer.check("files-changed", needs=NO_PYTHON)
def files_changed(case: Case) -> Trouble | NotHere | None:
    """Compare sums where all went well: a library of zeros is met by who calls into it.

    A source may have been changed on purpose. Where a run failed, its causes say more.
    """
    install = case.install
    ran = (case.torch_run is not None and case.torch_run.ok) or (
        case.verification is not None and case.verification.status == "ok"
    )
    if install is None or not ran:
        return NOT_HERE
    found = list(edited(install, taking_part(install)))
    if not found:
        return None
    compiled = any(not file.endswith(".py") for _dist, file in found)
    dists = dict.fromkeys(dist for dist, _file in found)
    return trouble(*((file, msg("is not as it was installed")) for _dist, file in found[:8]),
                   commands=tuple(again(install, dist) for dist in dists),
                   status="fail" if compiled else "warn", file=Path(found[0][1]).name,
                   name=", ".join(dist.name for dist in dists))  # fmt: skip


CHECKS = tuple(layer.checks)
