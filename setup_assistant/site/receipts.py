"""The receipt of a site and its report: written without credentials, and read back."""

from __future__ import annotations

from pathlib import Path

import msgspec

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.program import spell, spell_html
from setup_assistant.host.secrets import without_login_json
from setup_assistant.report import receipt as receipts
from setup_assistant.report.markdown import render_markdown
from setup_assistant.report.receipt import Receipt
from setup_assistant.site.layout import Layout


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
    from setup_assistant.site.beside import read_beside

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
