"""End what a killed upgrade or rollback left in a site, before a verb looks at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.site.layout import Layout
    from setup_assistant.steps.upgrade import Ended


def end_named(name: str, *, dry_run: bool = False) -> Ended:
    """End what was under way in the site whose name or environment this is; return what it was.

    Raises:
        SetupError: `site_busy` where it still runs, `env_unfinished` in a dry run.
    """
    from setup_assistant.host import sites
    from setup_assistant.site.read import read_layout

    folder = Path(name).expanduser().absolute()
    for layout in map(read_layout, sites.all()):
        named = name == layout.root.name or folder == layout.env
        if named and (ended := end_in(layout, dry_run=dry_run)):
            return ended
    return ""


def end_in(layout: Layout, *, dry_run: bool = False) -> Ended:
    """End what was under way in a site; return what it was."""
    from setup_assistant.host import paths
    from setup_assistant.steps import upgrade

    ended = upgrade.end_unfinished(layout, paths.recipes_folder(), dry_run=dry_run)
    said = {
        "undone": _("A run that was stopped before is undone: the environment is as it was."),
        "upgraded": _("The upgrade that was stopped before is finished now."),
        "rolled back": _("The rollback that was stopped before is finished now."),
    }
    if ended:
        show.note(said[ended])
    return ended
