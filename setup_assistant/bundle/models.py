"""The weights of a bundle's models: listed before anything is fetched, then brought and proved."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.bundle.manifest import Item
from setup_assistant.bundle.targets import Kind
from setup_assistant.catalog.models import known_sums
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.wishes import Wishes
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message, msg
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.steps.download.job import Source
from setup_assistant.weights import folder_record

_AGAIN = ("setup-assistant", "bundle", "create")


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model: its id, its folder below the bundle, its source, and the files listed there.

    `whole`: all of it is there already, as an earlier run brought it; nobody was asked.
    """

    id: str
    hub_id: str
    path: str
    source: Source
    listed: tuple[RemoteFile, ...]
    whole: bool

    def sizes(self) -> list[tuple[str, int]]:
        """Return path and bytes of every file."""
        return [(f"{self.path}/{f.path}", f.size) for f in self.listed]


def listed(kinds: Sequence[Kind], wishes: Wishes, folder: Path) -> tuple[Model, ...]:
    """Return every planned model once; the canary comes with the agent.

    Raises:
        SetupError: what the source says.
    """
    found: dict[str, Model] = {}
    for kind in kinds:
        model = kind.plan.model
        if model.id == CANARY or model.id in found:
            continue
        path = f"weights/{model.modelscope_id}"
        # A plan says from where; a wish for another place wins.
        wished, default = wishes.weights_source, kind.plan.sources.weights
        if kind.planned and wished == Wishes().weights_source and "://" not in default:
            wished = default
        source = named_source.source_of(
            wished,
            named_source.endpoint(wished, default),
            model=model.modelscope_id,
            resume=_AGAIN,
            flag="--to",
        )
        whole = folder_record.intact(folder / path, model.modelscope_id)
        found[model.id] = Model(
            id=model.id,
            hub_id=model.modelscope_id,
            path=path,
            source=source,
            listed=() if whole else source.list(),
            whole=whole,
        )
    return tuple(found.values())


def fetch(
    models: Sequence[Model], folder: Path, tell: Callable[[Message], None]
) -> dict[str, list[Item]]:
    """Bring the weights; return the files of every model by its id.

    Raises:
        SetupError: what the download of weights says.
    """
    found: dict[str, list[Item]] = {}
    for model in models:
        tell(msg("Downloading {model}", model=model.id))
        known = functools.partial(known_sums, model.hub_id)
        place = folder / model.path
        job = Job(model=model.hub_id, source=model.source, folder=place, flag="--to", known=known)
        found[model.id] = [
            Item(path=f"{model.path}/{k.path}", size=k.size, sha256=k.sha256)
            for k in bring(job).record.files
        ]
    return found
