"""What really runs inside the environment, in a child of its own: the last word on the rest."""

from __future__ import annotations

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Check, Look, NotHere, Trouble
from setup_assistant.verify import causes
from setup_assistant.words import Message, msg

PREFIX = "live-"
_NEEDS = ("python-missing", "python-moved", "torch-missing")
# id → the kinds of verify's checks that it stands for, and what it says when asked with --list.
_GROUPS: dict[str, tuple[tuple[str, ...], Message]] = {
    "live-imports": (("imports",), msg("The packages cannot be imported.")),
    "live-device": (("device",), msg("A first calculation on the device failed.")),
    "live-model": (("model",), msg("The canary cannot be loaded.")),
    "live-decoder": (("decoder",), msg("The video decoder does not work.")),
    "live-answers": (
        ("image", "image-url", "multi-image", "video", "files"),
        msg("The canary's answers are not the recorded ones."),
    ),
}


def _look(kinds: tuple[str, ...]) -> Look:
    def look(case: Case) -> Trouble | NotHere | None:
        found = case.verification
        if found is None:
            return NOT_HERE
        checks = [c for c in found.checks if c.kind in kinds or c.name in kinds]
        failed = [c for c in checks if c.status == "fail"]
        if not failed:
            ran = any(c.status == "ok" for c in checks)
            return None if ran else NOT_HERE
        first = min(failed, key=lambda c: causes.rank(c.cause))
        cause = first.cause if first.cause in causes.CAUSES else "child-failed"
        values = {**first.values, "check": first.name}
        command = str(first.values.get("command") or "")
        return Trouble(
            evidence=tuple((f"check {first.name}", line) for line in first.evidence)
            or ((f"check {first.name}", first.status),),
            commands=(command,) if command else (),
            id=PREFIX + str(cause),
            cause=causes.sentence(str(cause), values),
            advice=causes.remedy(str(cause), values),
        )

    return look


def ran_on_gpu(case: Case) -> bool:
    """Whether a kernel really ran on a GPU."""
    found = case.verification
    return found is not None and any(
        c.status == "ok" and (c.device or "").startswith("cuda") for c in found.checks
    )


CHECKS = tuple(
    Check(
        id=name,
        layer="runtime",
        cause=sentence,
        advice=msg("Read the evidence; the log has every line."),
        look=_look(kinds),
        needs=_NEEDS,
    )
    for name, (kinds, sentence) in _GROUPS.items()
)
IDS = tuple(PREFIX + name for name in causes.CAUSES)
