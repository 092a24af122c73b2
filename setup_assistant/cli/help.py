"""`help`: the pages that ship with this tool, in the language in use, without a network."""

from __future__ import annotations

from pathlib import Path

import click

from setup_assistant import messages
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _, msg

_PAGES = Path(__file__).resolve().parent.parent / "pages"
# topic → what it tells; each is a file in every language's folder.
TOPICS = {
    "first-hour": msg("The wizard step by step, and what happens in each step."),
    "using": msg("Ask about pictures, serve the model, use it from an editor."),
    "provisioning": msg("Answers files, fleets, bundles, mirrors, locks, exit statuses."),
    "troubleshooting": msg("The doctor, verify, and what to do when a run stops."),
    "json": msg("The envelope of --json, and the fields to rely on."),
    "measured": msg("Figures, each with the script that measures it."),
    "limits": msg("Limits of the models, and what this tool was not tried on."),
    "tutorial": msg("What differs from tutorials of 2024."),
}


@verb(
    "help",
    summary=_("Read a page about using this tool.\n\nWithout a topic it lists them."),
    examples=("setup-assistant help", "setup-assistant help troubleshooting"),
)
@click.argument("topic", required=False, metavar="[TOPIC]")
def command(topic: str | None) -> Result:
    """Show one page, or the list of them."""
    if topic is None:
        listed = {name: str(text) for name, text in TOPICS.items()}
        return Result("help", {"topics": listed}, text=lambda: show.facts(listed.items()))
    if topic not in TOPICS:
        raise SetupError("usage", verb="help", detail=_(
            "There is no page {topic}; there are: {names}.", topic=topic, names=", ".join(TOPICS)
        ))  # fmt: skip
    page = page_text(topic, messages.language())
    return Result("help", {"topic": topic, "page": page}, text=lambda: _show(page))


def _show(page: str) -> None:
    from setup_assistant.cli.terminal.pager import pages

    try:
        with pages():
            show.page(page)
    except KeyboardInterrupt:  # as in any pager
        show.line()


def page_text(topic: str, language: str) -> str:
    """Return a page as Markdown; the English one where a language has none."""
    path = _PAGES / language / f"{topic}.md"
    if not path.is_file():
        path = _PAGES / "en" / f"{topic}.md"
    return path.read_text(encoding="utf-8")
