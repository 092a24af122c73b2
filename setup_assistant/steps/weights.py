"""The weights step: the planned model in its folder, every file proved."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from setup_assistant.catalog import mirrors
from setup_assistant.catalog.models import known_sums
from setup_assistant.errors import SetupError
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, STATE_SUFFIX
from setup_assistant.host.transfer.wait import waiting
from setup_assistant.messages import Message, msg
from setup_assistant.steps import ownership
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import LOCK, Job, bring
from setup_assistant.steps.download.job import Event, Source
from setup_assistant.steps.step import Context
from setup_assistant.units_text import size_text
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import doubts

CANARY = "canary"
FLAG = "--weights"


class WeightsStep:
    """Downloads the planned model."""

    name = "weights"

    def title(self, context: Context) -> Message:
        """Name the model and its size."""
        if context.plan.model.id == CANARY:
            return msg("Weights: the canary comes with Setup Assistant")
        return msg(
            "Weights: {model}, {size}",
            model=context.plan.model.id,
            size=size_text(context.plan.model.download_bytes),
        )

    def check(self, context: Context) -> bool:
        """Whether all files are there as they were proved, by one stat each."""
        if context.plan.model.id == CANARY:
            return True
        return folder_record.intact(_folder(context), context.plan.model.modelscope_id)

    def do(self, context: Context) -> None:
        """Download what is missing.

        Raises:
            SetupError: `weights_unreachable` or `weights_interrupted` where a rerun goes on,
                and what `download.folder.bring` raises.
        """
        model = context.plan.model.modelscope_id
        source, *others = _sources(context)
        brought = bring(
            Job(
                model=model,
                source=source,
                others=tuple(others),
                known=lambda: known_sums(model),
                folder=_folder(context),
                flag=FLAG,
                tell=context.tell,
                note=lambda text: context.tell.detail(str(text)),
                event=lambda event: _tell_source(context, event),
                wait=True,
                before=lambda folder, paths: _announce(context, folder, paths),
            )
        )
        for doubt in doubts(brought.record, brought.unasked):
            context.tell.result(doubt, ok=True)


def _sources(context: Context) -> list[Source]:
    """Return the planned source; after ModelScope itself also the other hubs."""
    kind, address = context.wishes.weights_source, context.plan.sources.weights
    official = {m.name: m.url for m in mirrors.load() if m.leg == "weights"}
    planned = named_source.Place(kind=kind, address=named_source.endpoint(kind, address))
    found = [planned]
    modelscope = named_source.MODELSCOPE
    if planned == named_source.Place(kind=modelscope, address=official.get(modelscope, "")):
        found = named_source.places_of((), None, official)
    # The site holds its answers: nothing else need be given again.
    resume = ["setup-assistant", "up", "--yes", "--site", str(context.site.root)]
    return [
        named_source.source_of(
            place.kind,
            place.address,
            model=context.plan.model.modelscope_id,
            resume=resume,
            flag=FLAG,
            alone=len(found) == 1,
        )
        for place in found
    ]


def _tell_source(context: Context, event: Event) -> None:
    """Say that another source is asked, or waited for, and why; the rest shows as progress."""
    if event.kind == "retry":
        host, until, detail = (str(event.data[k]) for k in ("source", "until", "detail"))
        text = waiting(host, until, detail)
        context.tell.result(text, ok=False)
    if event.kind == "source":
        detail = str(event.data["detail"])
        context.tell.result(msg("{detail} Another source is asked.", detail=detail), ok=False)


def _folder(context: Context) -> Path:
    return context.site.weights(context.plan.model.modelscope_id)


def _announce(context: Context, folder: Path, paths: Sequence[str]) -> None:
    """Record what will be made, so that `uninstall` removes it and nothing of the person's."""
    made = {data["path"] for data in context.ledger.owned()}
    if str(folder) in made:
        return
    if not folder.exists() or not any(folder.iterdir()):
        context.ledger.made_above("weights", folder)
        # An empty folder that nobody knows of is the least that a kill can leave.
        with contextlib.suppress(OSError, SetupError):
            folder.mkdir(parents=True, exist_ok=True)
            ownership.sign(folder, context.ledger)
        context.ledger.made("weights", folder, "folder")
        return
    for path in (*paths, folder_record.NAME, LOCK):
        for name in (path, f"{path}{PART_SUFFIX}", f"{path}{STATE_SUFFIX}"):
            if not (folder / name).exists():
                context.ledger.made("weights", folder / name, "file")
