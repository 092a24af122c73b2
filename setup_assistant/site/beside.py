"""What an HTML report shows beside the receipt, read from the site and the recipes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePath

from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.report.beside import Beside
from setup_assistant.report.receipt import Receipt
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_machine, read_plan


def read_beside(layout: Layout, receipt: Receipt) -> Beside:
    """Return plan, machine, pictures and sums; what is missing is left out."""
    plan = machine = None
    with contextlib.suppress(SetupError):
        plan = read_plan(layout)
    with contextlib.suppress(SetupError):
        machine = read_machine(layout)
    return Beside(
        plan=plan,
        machine=machine,
        pictures=dict(_pictures(receipt)),
        sums=dict(_sums(layout, receipt)),
        site=str(layout.root),
    )


def _pictures(receipt: Receipt) -> Iterator[tuple[str, bytes]]:
    """Yield the canary's own files that the checks name; a person's pictures stay out."""
    canary = paths.recipes_folder() / "canary"
    for name in {PurePath(f).name for c in receipt.checks for f in c.files}:
        for path, key in (
            (canary / "pictures" / name, name),
            (canary / "clips" / name, name),
            (canary / "strips" / f"{Path(name).stem}.png", f"{Path(name).stem}.strip.png"),
        ):
            with contextlib.suppress(OSError):
                yield key, path.read_bytes()


def _sums(layout: Layout, receipt: Receipt) -> Iterator[tuple[str, str]]:
    decisive = (
        layout.answers, layout.plan, layout.requirements, layout.environment_yml, layout.receipt,
    )  # fmt: skip
    for path in decisive:
        with contextlib.suppress(OSError):
            yield path.name, files.sha256(path)
    with contextlib.suppress(OSError):
        weights = paths.recipes_folder() / "canary" / "model" / "model.safetensors"
        yield "canary/model.safetensors", files.sha256(weights)
    if receipt.plan.model.id != "canary":
        from setup_assistant.catalog.models import checkpoint
        from setup_assistant.weights import folder_record

        folder = layout.weights(checkpoint(receipt.plan.model.id))
        kept = folder_record.load(folder)
        for file in kept.files if kept else ():
            yield f"{folder.name}/{file.path}", file.sha256
