"""The rehearsal as a step of the road: after the canary, before gigabytes are downloaded."""

from __future__ import annotations

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.frozen_json import to_builtins
from setup_assistant.host import files, lenient
from setup_assistant.host.secrets import redact_json
from setup_assistant.messages import Message, _, msg
from setup_assistant.site.layout import Layout
from setup_assistant.steps.check_steps import CANARY, fingerprint
from setup_assistant.steps.step import Context

# About as long as a rehearsal on a GPU takes to download on a usual line; below it, the smoke
# test says the same as soon.
WORTH_BYTES = 4_000_000_000
# What a rehearsal found that the real model will find too. Other failures are the rehearsal's
# own, and stop the road only where it was asked for.
_TELLING = ("out-of-memory", "killed", "offloaded")


def wanted(plan: Plan, wishes: Wishes, site: Layout) -> bool:
    """Whether the road rehearses: as asked, else on a GPU before a large download.

    On a CPU it takes minutes, and of quantized models it cannot show the kernels: there only if
    asked.
    """
    if wishes.rehearse:
        return wishes.rehearse == "yes"
    return (
        plan.placement.device == "cuda"
        and plan.model.id != CANARY
        and plan.model.quantization == "none"
        and plan.model.download_bytes >= WORTH_BYTES
        and (site.rehearsal.exists() or not site.weights(plan.model.modelscope_id).exists())
    )


class RehearsalStep:
    """Runs the model's real architecture with dummy weights once."""

    name = "rehearsal"

    def title(self, context: Context) -> Message:
        """Say what is proved, and what it costs."""
        if context.plan.model.id == CANARY:
            return msg("Rehearsal: the canary with dummy weights, some seconds")
        if context.plan.placement.device == "cuda":
            return msg(
                "Rehearsal: {model} with dummy weights, about a minute before its download",
                model=context.plan.model.id,
            )
        return msg(
            "Rehearsal: {model} with dummy weights, some minutes on a CPU",
            model=context.plan.model.id,
        )

    def check(self, context: Context) -> bool:
        """Whether it was done in this very environment, and did not forbid the model."""
        value = lenient.json_object(context.site.rehearsal)
        return (
            value.get("model") == context.plan.model.id
            and value.get("fingerprint") == _fingerprint(context)
            and (value.get("status") == "ok" or not _stops(context, value.get("cause")))
        )

    def do(self, context: Context) -> None:
        """Rehearse, and keep the outcome.

        Raises:
            SetupError: `proof_failed` where it does not fit; `model_does_not_fit` or
                `memory_too_small` where that is known before it starts.
        """
        from setup_assistant.steps import rehearsal_plan
        from setup_assistant.verify.rehearse import rehearse

        plan = context.plan
        ready = rehearsal_plan.prepare(
            plan.model.id, context.site.env, context.site.root, rehearsal_plan.Asked()
        )
        found = rehearse(
            ready.model,
            ready.trials,
            ready.setting,
            ready.place,
            on_case=lambda case: context.tell.result(
                msg("{name}: {status}", name=case.name, status=case.status), case.status == "ok"
            ),
        )
        value = {**to_builtins(found), "left_out": list(ready.left_out)}
        value["fingerprint"] = _fingerprint(context)
        files.write_json(context.site.rehearsal, redact_json(value))
        if found.status == "ok":
            return
        if found.status == "unfinished" and _stops(context, found.cause):
            raise SetupError(
                "rehearsal_unfinished", model=plan.model.id, cause=found.evidence or "?"
            )
        if _stops(context, found.cause):
            raise found.error(_("the rehearsal of {model}", model=plan.model.id))
        context.tell.result(
            msg("The rehearsal itself failed, which forbids nothing: {cause}",
                cause=found.evidence or found.cause or "?"),
            False,
        )  # fmt: skip


def _stops(context: Context, cause: object) -> bool:
    return cause in _TELLING or context.wishes.rehearse == "yes"


def _fingerprint(context: Context) -> str:
    """Return what a rehearsal holds for: environment, placement and recipe of the model."""
    return fingerprint(context, context.recipes / "models")
