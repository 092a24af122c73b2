"""`report`: the receipt of a site as text, Markdown or JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click

from setup_assistant.cli import show
from setup_assistant.cli.common import verb
from setup_assistant.errors import Exit
from setup_assistant.host import files, paths
from setup_assistant.report.receipt import Receipt, to_json
from setup_assistant.result import Result
from setup_assistant.words import _


@click.option(
    "--site", type=click.Path(path_type=Path), help=_("Folder of the deployment to report on.")
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help=_("Form of the report."),
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("Write it to this file.")
)
@verb(
    "report",
    summary=_("Show the report of a site: what was done, checked and measured."),
    examples=(
        "setup-assistant report --site qwen2-vl",
        "setup-assistant report --site qwen2-vl --format markdown --output report.md",
    ),
)
def command(site: Path | None, form: str, output: Path | None) -> Result:
    """Show or write the report of a site."""
    from setup_assistant.site.read import read_layout
    from setup_assistant.site.receipts import read_receipt

    receipt = read_receipt(read_layout(site or paths.default_site()))
    data = to_json(receipt)
    text = _render(receipt, form)
    if output:
        files.write_text(output, text)
        return Result("report", data={**data, "output": str(output)}, text=lambda: _wrote(output))
    return Result("report", data=data, exit_code=Exit.DONE, text=lambda: _show(text))


def _render(receipt: Receipt, form: str) -> str:
    if form == "json":
        return json.dumps(to_json(receipt), indent=2, ensure_ascii=False) + "\n"
    if form == "markdown":
        from setup_assistant.report.markdown import render_markdown

        return render_markdown(receipt)
    from setup_assistant.report.text import render_text

    return "\n".join(render_text(receipt)) + "\n"


def _show(text: str) -> None:
    for line in text.splitlines():
        show.line(line)


def _wrote(output: Path) -> None:
    show.line(_("Written: {path}", path=str(output)))
