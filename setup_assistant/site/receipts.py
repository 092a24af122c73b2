"""The receipt of a site and its report: written without credentials, and read back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePath

import msgspec

from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.host.program import spell, spell_html
from setup_assistant.host.secrets import without_login_json
from setup_assistant.report import receipt as receipts
from setup_assistant.report.receipt import Beside, Receipt
from setup_assistant.report.text import render_markdown
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_machine, read_plan


def write_receipt(layout: Layout, receipt: Receipt) -> list[Path]:
    """Write `receipt.json`, `report.md` and `report.html`; return those that changed.

    A receipt that says the same as the one on disk, times aside, leaves them alone.
    """
    try:
        old = read_receipt(layout)
    except SetupError:
        old = None
    clean = receipts.from_json(without_login_json(receipts.to_json(receipt)))
    kept = receipts.settle(clean, old)
    changed = []
    if files.write_json(layout.receipt, receipts.to_json(kept)):
        changed.append(layout.receipt)
    # In another language than last time the same receipt reads differently: written again.
    if files.write_text(layout.report, spell(render_markdown(kept))):
        changed.append(layout.report)
    if files.write_text(layout.report_html, html_report(layout, kept)):
        changed.append(layout.report_html)
    return changed


def html_report(layout: Layout, receipt: Receipt) -> str:
    """Return the HTML report of a receipt with what lies beside it in the site."""
    # The page draws pictures and both languages: nothing that a text report needs.
    from setup_assistant.report.html import render_html

    return spell_html(render_html(receipt, read_beside(layout, receipt)))


def read_receipt(layout: Layout) -> Receipt:
    """Return the receipt of a site.

    Raises:
        SetupError: `no_receipt`, or `file_invalid` naming the file and the key.
    """
    if not layout.receipt.exists():
        raise SetupError("no_receipt", path=str(layout.root))
    value = files.read_json(layout.receipt)
    try:
        return receipts.from_json(value)
    except msgspec.ValidationError as error:
        raise SetupError("file_invalid", path=str(layout.receipt), detail=str(error)) from error


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
                yield key, files.plain(path).read_bytes()


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
