"""A bundle named on the command line: its folders or its address, checked file by file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from setup_assistant.bundle.manifest import Manifest
    from setup_assistant.bundle.verify import Checked

FOLDERS = click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, exists=False),
)
SIGNER = click.option(
    "--signer",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("Public key that must have signed it (a .pub file, or allowed signers)."),
)


def address_in(folders: tuple[Path, ...]) -> str:
    """Return the address, where one was given in place of folders."""
    # A path has lost one of the slashes.
    found = re.match(r"(https?):/+(.+)", str(folders[0]))
    return f"{found[1]}://{found[2]}" if found else ""


def checked_bundle(
    folders: tuple[Path, ...],
    signer: Path | None,
    used: Callable[[Manifest], Iterable[str]] | None = None,
) -> Checked:
    """Return a bundle in folders, checked file by file; `used` as of `verify`."""
    from setup_assistant.bundle.verify import verify

    if signer is not None and not signer.expanduser().exists():
        raise SetupError("file_missing", path=str(signer), flag="--signer")
    from setup_assistant.cli.terminal.progress import Progress

    progress = Progress()
    progress.begin(_("Checking the bundle"))
    try:
        return verify(
            [f.expanduser().absolute() for f in folders],
            signer=signer.expanduser() if signer else None,
            used=used,
            tell=progress.update,
        )
    finally:
        progress.end()
