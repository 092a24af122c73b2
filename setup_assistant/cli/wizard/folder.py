"""Where everything goes: the question, and what cannot be a folder of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.terminal import ask
from setup_assistant.cli.terminal.question import Extras
from setup_assistant.errors import SetupError
from setup_assistant.messages import _


def ask_folder(*, back: bool, only_answers: bool = False) -> str:
    """Ask for the folder of the site, or of the answers.

    Raises:
        Back: the person goes back to the question before.
    """
    from setup_assistant.host import paths

    if only_answers:
        question = _("Which folder should the answers go into?")
        why = ask.told(_("It receives one small file, answers.toml. Nothing is installed here."))
    else:
        question = _("Which folder should everything go into?")
        why = ask.told(
            _("Everything goes into this one folder: environment, weights, scripts, report. "
              "Outside it, only a cache of packages is written."),
            _("It may be new or empty; choose a disk with room for the weights."),
            _("setup-assistant uninstall removes everything again."),
        )  # fmt: skip
    given = ask.text(question, default=str(paths.default_site()), flag="--site",
                     extras=Extras(why=why, back=back), wrong=_wrong)  # fmt: skip
    return str(paths.typed(given))


def wishes_of(folder: str, given: Mapping[str, object], wishes: Wishes | None) -> Wishes:
    """Return the wishes for a folder: those given, or with what its own answers say."""
    from setup_assistant.steps.gather_wishes import gather_wishes

    found = gather_wishes({**given, "site": folder}, None) if wishes is None else wishes
    gpus = given.get("gpus")
    if gpus and isinstance(gpus, tuple):
        found = replace(found, gpus=gpus)
    return replace(found, site=str(Path(folder).expanduser().absolute()))


def _wrong(given: str) -> str | None:
    """Return why a folder cannot be the site, None where it can."""
    from setup_assistant.host import files, paths
    from setup_assistant.steps.gather_wishes import layout_of

    if "://" in given:
        return _("{path} is an address, not a folder.", path=given)
    try:
        layout = layout_of(Wishes(site=str(paths.typed(given))))
    except SetupError as error:
        return str(error.message)
    above = files.nearest_existing(layout.root)
    if not (above.is_dir() and os.access(above, os.W_OK)):
        return _("{path} cannot be written; choose another folder.", path=str(layout.root))
    return None
