"""What really runs inside the environment, in a child of its own: the last word on the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from setup_assistant.catalog import checks
from setup_assistant.doctor import model_run, reason, situation, surroundings_check
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Check, Look, NotHere, Trouble
from setup_assistant.doctor.package_names import package_of
from setup_assistant.doctor.packages import again
from setup_assistant.verify import causes
from setup_assistant.verify.installs import install_command, uninstall_command
from setup_assistant.verify.results import Verification

PREFIX = "live-"
_RAN = ("verification",)
_NEEDS = ("python-missing", "python-moved", "python-broken", "torch-missing")
# id → the kinds of verify's checks that it stands for.
_GROUPS: dict[str, tuple[str, ...]] = {
    "live-imports": ("imports",),
    "live-device": ("device",),
    "live-model": ("model",),
    "live-decoder": ("decoder",),
    "live-answers": ("image", "image-url", "multi-image", "video", "files"),
}
# What a model says is its own affair, as long as it says something.
_OPINIONS = ("not-seen", "repeating", "empty-answer")


def _look(kinds: tuple[str, ...]) -> Look:
    def look(case: Case) -> Trouble | NotHere | None:
        return _trouble(case, case.verification, kinds)

    return look


def _own_model(case: Case) -> Trouble | NotHere | None:
    """Load the model that was named, and ask it one question."""
    if case.model is None:
        return NOT_HERE
    return _trouble(case, case.model_run, ("model", "image"))


def _trouble(
    case: Case, found: Verification | None, kinds: tuple[str, ...]
) -> Trouble | NotHere | None:
    if found is not None:
        checks = [c for c in found.checks if c.kind in kinds or c.name in kinds]
        failed = [c for c in checks if c.status == "fail"]
        if not failed:
            ran = any(c.status == "ok" for c in checks)
            return None if ran else NOT_HERE
        first = min(failed, key=lambda c: causes.rank(c.cause))
        if surroundings_check.explains(case, first.evidence):
            return NOT_HERE
        cause = first.cause if causes.known(first.cause) else "child-failed"
        values = {**first.values, "check": first.name}
        command = (_of_module(case, cause, values) or str(first.values.get("command") or "")
                   or _away(case, cause, values))  # fmt: skip
        better = reason.why(case, cause, first.evidence)
        if better is not None:
            return replace(better, id=PREFIX + str(better.cause))
        return Trouble(
            evidence=tuple((f"check {first.name}", line) for line in first.evidence)
            or ((f"check {first.name}", first.status),),
            commands=(command,) if command else (),
            id=PREFIX + cause,
            cause=cause,
            values=values,
            status="warn" if cause in _OPINIONS else "fail",
        )
    return NOT_HERE


def _of_module(case: Case, cause: str, values: Mapping[str, Any]) -> str:
    """Return what installs a module that its package does not share its name with."""
    module, install = str(values.get("package")), case.install
    package = package_of(module)
    if cause != "package-missing" or install is None or package == module.replace("_", "-").lower():
        return ""
    dist = install.by_name.get(package)
    return again(install, dist) if dist else install_command(install.prefix, package)


def _away(case: Case, cause: str, values: Mapping[str, Any]) -> str:
    """Return what removes a decoder that hides a sound one, where no lock asks for it."""
    reader, install = str(values.get("reader")), case.install
    if cause != "decoder-hidden" or install is None or reader not in install.by_name:
        return ""
    pinned = reader in situation.site_pins(install.prefix)[0]
    return "" if pinned else uninstall_command(install.prefix, reader)


def ran_on_gpu(case: Case) -> bool:
    """Whether a kernel really ran on a GPU."""
    found = case.verification
    if case.torch_run is not None and case.torch_run.ok:
        return case.torch_run.device == "cuda"
    return found is not None and any(
        c.status == "ok" and (c.device or "").startswith("cuda") for c in found.checks
    )


def _torch(case: Case) -> Trouble | NotHere | None:
    """Repeat what torch did by itself; its last words are read as a pasted text is."""
    ran = case.torch_run
    if ran is None or ran.ok:
        return NOT_HERE if ran is None else None
    better = reason.why(case, "import-failed", tuple(ran.text.splitlines()))
    if better is not None:
        return better
    last = ran.text.splitlines()[-1] if ran.text else "?"
    evidence = ((f"python -c 'import {ran.last}' ({ran.device})", last),)
    return Trouble(evidence=evidence, cause="import-failed",
                   values={"package": ran.last, "detail": last})  # fmt: skip


CHECKS = (
    Check(id="live-surroundings", layer="runtime", look=surroundings_check.look, needs=_NEEDS,
          gathers=("surroundings",)),
    Check(id="live-torch", layer="runtime", look=_torch, needs=_NEEDS, gathers=("torch_run",)),
    *(
        Check(id=name, layer="runtime", look=_look(kinds), needs=_NEEDS, gathers=_RAN)
        for name, kinds in _GROUPS.items()
    ),
    Check(
        id="live-own-model",
        layer="runtime",
        look=_own_model,
        needs=(*_NEEDS, *model_run.NEEDS, "model-memory", "transformers-too-old",
               "quantizer-missing"),
        gathers=("model_run",),
    ),
)  # fmt: skip


def ids() -> tuple[str, ...]:
    """Return the ids of findings that are named by a check inside."""
    more = ("variable-breaks", "startup-hides", "pythonpath", "user-site", "shadowed",
            "plugin-broken", "files-missing", "packages-by-hand")  # fmt: skip
    return tuple(PREFIX + name for name in (*checks.load().order, *more))
