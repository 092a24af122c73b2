"""`bundle apply`: set up this machine from a bundle, without internet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.cli import options
from setup_assistant.cli.bundle.open_bundle import FOLDERS, SIGNER, address_in, checked_bundle
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Machine


@verb(
    "bundle apply",
    summary=_(
        "Set up this machine from a bundle, without internet.\n\n"
        "What this machine takes of the bundle is checked first; the plan is the one this "
        "machine would have had online. DIR may be the address of a bundle that is served."
    ),
    examples=(
        "setup-assistant bundle apply room-bundle --site qwen2-vl",
        "setup-assistant bundle apply /media/stick1 /media/stick2 --signer id_ed25519.pub",
    ),
)
@FOLDERS
@SIGNER
@click.option("--site", default="", metavar="DIR", help=_("Folder of the deployment."))
@options.PLAN_ONLY
@options.MANIFEST
def apply(
    *, folders: tuple[Path, ...], signer: Path | None, site: str, dry_run: bool, expected: str
) -> Result:
    """Check a bundle and travel the road with it."""
    from setup_assistant.bundle import apply as applying
    from setup_assistant.cli.terminal.progress import Progress
    from setup_assistant.cli.up.carry_out import carry_out
    from setup_assistant.steps.gather_wishes import site_folder

    root = site_folder(site)
    address, progress = address_in(folders), Progress()
    if address:
        from setup_assistant.bundle.remote import Remote

        remote = Remote(address, expected)
        remote.tell = progress.update
        opened = applying.fetched(remote, signer, _machine(root), str(root), dry_run=dry_run)
        progress.begin(_("Fetching the bundle"))
    else:
        machine = _machine(root)
        checked = checked_bundle(
            folders, signer, lambda m: applying.needed(applying.target_of(m, machine))
        )
        opened = applying.ready(checked, machine, str(root), paths_only=False, dry_run=dry_run)
    try:
        with opened as prepared:
            progress.end()
            return carry_out(prepared, dry_run=dry_run)
    finally:
        progress.end()


def _machine(root: Path) -> Machine:
    from setup_assistant.machine.probe import probe

    return probe(site=root, sources=False)
