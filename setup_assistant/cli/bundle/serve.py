"""`bundle serve`: hand a bundle on to the machines around this one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.cli import options
from setup_assistant.cli.bundle.open_bundle import address_in, checked_bundle
from setup_assistant.cli.common import verb
from setup_assistant.cli.options import size_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import ASKED_FILE, PROGRESS_FILE, Progress
from setup_assistant.host import clock, files, paths
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.bundle.verify import Checked

# Of a fleet's questions there is one every few seconds.
_LEASE_SECONDS = 60.0
_LOOK_SECONDS = 1.0


@verb(
    "bundle serve",
    summary=_(
        "Serve a bundle to other machines: what it lists, read-only.\n\n"
        "DIR may be the address of a bundle that is served elsewhere; it is then fetched first. "
        "It serves until Ctrl-C; for a fleet, until nobody asks any more."
    ),
    examples=("setup-assistant bundle serve room-bundle --rate 80M --host 192.168.1.5",),
)
@click.argument("folders", nargs=-1, required=True, metavar="DIR...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option(
    "--host", default="", metavar="ADDRESS",
    help=_("Address to listen on; by default that by which this machine was reached by SSH."),
)  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=_("0 for any that is free."))
@click.option("--rate", callback=size_option, metavar="SIZE",
              help=_("Bytes a second for the whole room, e.g. 80M."))  # fmt: skip
@options.MANIFEST
def serve(*, folders: tuple[Path, ...], host: str, port: int, rate: int, expected: str) -> Result:
    """Serve a bundle until nobody wants it any more."""
    from setup_assistant.bundle.server import RoomServer, running

    address = address_in(folders)
    checked = _fetched(address, expected) if address else checked_bundle(folders, None)
    listen = host or _reached_at()
    with running(RoomServer((listen, port), checked, rate)) as number:
        show.note(_("Serving the bundle at {address}, port {port}, while this runs",
                    address=listen, port=number))  # fmt: skip
        _tell_port(number)
        asked = os.environ.get(ASKED_FILE)
        while not asked or _age(Path(asked)) < _LEASE_SECONDS:
            clock.sleep(_LOOK_SECONDS)
    return Result("bundle serve", {"address": listen, "port": number})


def _fetched(address: str, expected: str) -> Checked:
    """Return a whole bundle that is served elsewhere, as it lies here now."""
    from setup_assistant.bundle.remote import Remote

    remote = Remote(address, expected)
    # Apart from what setting up this very machine fetches, and removes in the end.
    remote.folder = paths.cache_folder() / "bundle" / "served"
    progress = Progress()
    remote.tell = progress.update
    progress.begin(_("Fetching the bundle"))
    try:
        checked = remote.open(None)
        remote.fetch(checked.manifest, [item.path for item in checked.manifest.files])
    finally:
        progress.end()
    return checked


def _reached_at() -> str:
    """Return this machine's address as it was reached by SSH; else every network's."""
    said = os.environ.get("SSH_CONNECTION", "").split()
    return said[2] if len(said) == 4 else "127.0.0.1"


def _tell_port(port: int) -> None:
    if path := os.environ.get(PROGRESS_FILE):
        title = _("Serving the room")
        files.write_text(Path(path), json.dumps({"title": title, "port": port}))


def _age(path: Path) -> float:
    try:
        return clock.unix() - path.stat().st_mtime
    except OSError:
        return _LEASE_SECONDS
