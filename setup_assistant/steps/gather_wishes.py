"""What the person wants, from flags and an answers file, and the site that it is for."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.messages import _
from setup_assistant.site import answers
from setup_assistant.site.layout import Layout
from setup_assistant.terminal_text import harmless, one_line

# Linux takes paths of 4096 bytes; the deepest file of an environment needs some 350 of them.
_LONGEST = 3700


def gather_wishes(flags: Mapping[str, Any], answers_file: Path | None) -> Wishes:
    """Return the wishes of this run: flags, then `answers_file`, then the site's own answers.

    The site's own answers make a bare `up --site S` resume what was begun there.
    """
    given = answers.read_answers(answers_file) if answers_file else {}
    folder = site_folder(str(flags.get("site") or given.get("site") or ""))
    own = folder / "answers.toml"
    if own.exists() and own != answers_file:
        given = {**answers.read_answers(own), **given}
    wishes = answers.merge(flags, given)
    return replace(
        wishes, site=str(folder), env=_absolute(wishes.env), weights=_absolute(wishes.weights)
    )


def _absolute(folder: str) -> str:
    """Return a folder as it is called from everywhere; nothing stays nothing."""
    return str(Path(folder).expanduser().absolute()) if folder else ""


def site_folder(given: str) -> Path:
    """Return the absolute folder of the site: the one given, else the default."""
    return Path(given).expanduser().absolute() if given else paths.default_site()


def layout_of(wishes: Wishes) -> Layout:
    """Return where the files of the wished site lie.

    Raises:
        SetupError: `site_foreign` where the folder holds something else, `not_writable` where
            it has a name that no folder can have.
    """
    layout = Layout(Path(wishes.site), env_override=wishes.env, weights_override=wishes.weights)
    ours = {layout.ledger, layout.plan, layout.answers, layout.lock}
    if len(os.fsencode(layout.env)) > _LONGEST:
        error = OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        raise files.refusal(error, layout.env)
    for place in (str(layout.root), str(layout.env), wishes.weights):
        # Bytes that are no text are a name all the same.
        shown = os.fsencode(place).decode(errors="ignore")
        if one_line(harmless(shown)) != shown:
            error = OSError(errno.EINVAL, _("a character that no file name may have"))
            raise files.refusal(error, Path(ascii(shown)))
    try:
        paths.check_name(layout.root)
        foreign = layout.root.is_file() or (
            layout.root.is_dir()
            and any(layout.root.iterdir())
            and not any(path.exists() for path in ours)
        )
    except OSError as error:
        raise files.refusal(error, layout.root) from error
    if foreign:
        raise SetupError("site_foreign", path=str(layout.root))
    return layout
