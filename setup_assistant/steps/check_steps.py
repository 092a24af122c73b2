"""The two proving steps: the canary before the big download, the model after it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from setup_assistant.frozen_json import to_builtins
from setup_assistant.host import files, lenient
from setup_assistant.host.secrets import redact_json
from setup_assistant.messages import Message, msg
from setup_assistant.steps.environment_preflight import MARKER
from setup_assistant.steps.step import Context
from setup_assistant.verify import causes
from setup_assistant.verify.results import Check

CANARY = "canary"


class CanaryStep:
    """Asks the canary every recorded question inside the environment."""

    name = "canary"

    def title(self, context: Context) -> Message:  # noqa: ARG002 - the contract of a step
        """Say what is proved."""
        return msg("Canary: images, several images and video, in English and Chinese")

    def check(self, context: Context) -> bool:
        """Whether it was proved in this very environment, with these very files."""
        return _proved(context.site.canary_result, fingerprint(context, self._files(context)))

    def do(self, context: Context) -> None:
        """Run it and keep what it answered.

        Raises:
            SetupError: `proof_failed`, naming the cause and its remedy.
        """
        _prove(context, CANARY, context.site.canary_result, self._files(context))

    def _files(self, context: Context) -> Path:
        return context.recipes / "canary"


class SmokeStep:
    """Asks the real model, on the planned device and dtype."""

    name = "smoke"

    def title(self, context: Context) -> Message:
        """Say which model is asked."""
        return msg("Smoke test: {model} answers", model=context.plan.model.id)

    def check(self, context: Context) -> bool:
        """Whether these weights were proved in this very environment."""
        if context.plan.model.id == CANARY:
            return True
        folder = context.site.weights(context.plan.model.modelscope_id)
        return _proved(context.site.smoke_result, fingerprint(context, folder))

    def do(self, context: Context) -> None:
        """Run it and keep what it answered."""
        folder = context.site.weights(context.plan.model.modelscope_id)
        _prove(context, str(folder), context.site.smoke_result, folder)


def fingerprint(context: Context, folder: Path) -> str:
    """Return what a proof holds for: the environment's record, the files, the placement.

    Weights are known by their size and time; what comes with this tool by its contents, since
    every new copy of the tool, such as the agent on a host, has other times.
    """
    own = folder.is_relative_to(context.recipes)
    parts = [lenient.text(context.site.env / MARKER), str(to_builtins(context.plan.placement))]
    parts += [
        f"{p.relative_to(folder)} {p.stat().st_size} "
        f"{files.sha256(p) if own else p.stat().st_mtime_ns}"
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _proved(result: Path, wanted: str) -> bool:
    value = lenient.json_object(result)
    return value.get("status") == "ok" and value.get("fingerprint") == wanted


def _prove(context: Context, model: str, result: Path, folder: Path) -> None:
    from setup_assistant.verify.run import verify

    verification = verify(
        context.site.env,
        model=model,
        plan=context.plan,
        recipes=context.recipes,
        # The weights step has just compared every file with the hub's sums.
        trust_unchanged=True,
        on_check=lambda check: _tell(context, check),
    )
    value: dict[str, Any] = to_builtins(verification)
    value["fingerprint"] = fingerprint(context, folder)
    files.write_json(result, redact_json(value))
    if verification.status != "ok":
        raise verification.error(model if model == CANARY else context.plan.model.id)


def _tell(context: Context, check: Check) -> None:
    """Say how one check went; what another failure blocks is no news of its own."""
    if check.status != "blocked":
        said = check.answer or ", ".join(check.evidence) or check.status
        if check.cause == "timeout":
            # What it happened to print last is not what ended it.
            said = str(causes.sentence(check.cause, check.values))
        context.tell.result(msg("{name}: {answer}", name=check.name, answer=said), check.passed)
