"""`report`: the receipt of a site as text, Markdown, HTML or JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.cli.common import verb, written_to
from setup_assistant.cli.env.unfinished import end_in
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import files, paths
from setup_assistant.host.program import spell, spell_html
from setup_assistant.messages import _
from setup_assistant.report.receipt import Receipt, to_json

if TYPE_CHECKING:
    from setup_assistant.report.receipt import Beside
    from setup_assistant.site.layout import Layout


@click.option(
    "--site", type=click.Path(path_type=Path), help=_("Folder of the deployment to report on.")
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    help=_("Form of the report."),
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Write it to this file."),
)
@click.option("--open", "opened", is_flag=True, help=_("Open the page in a browser."))
@click.option(
    "--share",
    "shared",
    is_flag=True,
    help=_("Leave out user names, host names, home folders and private addresses."),
)
@verb(
    "report",
    summary=_("Show the report of a site: what was done, checked and measured."),
    examples=(
        "setup-assistant report --site qwen2-vl",
        "setup-assistant report --site qwen2-vl --format markdown --output report.md",
        "setup-assistant report --site qwen2-vl --format html --share --output shared.html",
    ),
)
def command(
    site: Path | None, form: str, output: Path | None, opened: bool, shared: bool
) -> Result:
    """Show or write the report of a site."""
    from setup_assistant.site.read import read_layout
    from setup_assistant.site.receipts import read_receipt

    layout = read_layout(site or paths.default_site())
    end_in(layout)
    receipt = read_receipt(layout)
    if opened and form == "text":
        form = "html"
    if form == "html" and output is None:
        output = _place(layout, opened=opened, shared=shared)
    beside = _beside(layout, receipt) if form == "html" else None
    if shared:
        from setup_assistant.site import sharing

        receipt, beside = sharing.shared(layout, receipt, beside)
    data = to_json(receipt)
    text = _render(receipt, form, beside)
    if not shared and form != "json":
        text = spell_html(text) if form == "html" else spell(text)
    if output:
        with written_to("--output"):
            files.write_text(output, text)
        if opened:
            _open(output)
        return Result("report", data={**data, "output": str(output)}, text=lambda: _wrote(output))
    return Result("report", data=data, exit_code=Exit.DONE, text=lambda: _show(text))


def _place(layout: Layout, *, opened: bool, shared: bool) -> Path | None:
    """Return where a page goes that must be a file to be opened; None prints it."""
    if not opened:
        return None
    # One that is handed on never takes the place of the site's own.
    return layout.report_html.with_name("report.shared.html") if shared else layout.report_html


def _beside(layout: Layout, receipt: Receipt) -> Beside:
    from setup_assistant.site.receipts import read_beside

    return read_beside(layout, receipt)


def _render(receipt: Receipt, form: str, beside: Beside | None) -> str:
    if form == "json":
        return json.dumps(to_json(receipt), indent=2, ensure_ascii=False) + "\n"
    if form == "markdown":
        from setup_assistant.report.text import render_markdown

        return render_markdown(receipt)
    if beside is not None:
        from setup_assistant.report.html import render_html

        return render_html(receipt, beside)
    from setup_assistant.report.text import render_text

    return "\n".join(render_text(receipt)) + "\n"


def _open(output: Path) -> None:
    import webbrowser

    if not webbrowser.open(output.absolute().as_uri()):
        raise SetupError("no_browser", path=str(output))


def _show(text: str) -> None:
    for line in text.splitlines():
        show.line(line)


def _wrote(output: Path) -> None:
    show.line(_("Written: {path}", path=str(output)))
