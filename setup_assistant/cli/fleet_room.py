"""`fleet apply --bundle`: this machine serves what the room installs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from setup_assistant.cli import show
from setup_assistant.words import _

if TYPE_CHECKING:
    from setup_assistant.fleet.inventory import Inventory
    from setup_assistant.fleet.playbook import Job

F = TypeVar("F", bound=Callable[..., object])
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size_option(context: click.Context, parameter: click.Parameter, given: str | None) -> int:
    """Return a size such as 3900M in bytes (powers of ten, as sticks are sold); 0 for none."""
    if given is None:
        return 0
    found = _SIZE.fullmatch(given.strip())
    if not found or not float(found[1]):
        raise click.BadParameter(_("write it as 3900M or 4G"), context, parameter)
    return int(float(found[1]) * _UNITS[found[2]])


def room_options(function: F) -> F:
    """Add what serving a bundle takes."""
    options: tuple[Callable[[F], F], ...] = (
        click.option(
            "--bundle",
            "bundles",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="DIR",
            help=_("Serve this bundle to the hosts, which then need no internet (repeatable)."),
        ),
        click.option(
            "--signer",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help=_("Public key that must have signed the bundle."),
        ),
        click.option(
            "--rate",
            callback=size_option,
            metavar="SIZE",
            help=_("With --bundle: bytes a second for the whole room, e.g. 80M."),
        ),
        click.option(
            "--serve",
            default="",
            metavar="ADDRESS",
            help=_("With --bundle: this machine's address, where hosts cannot tell it by SSH."),
        ),
        click.option(
            "--offline",
            is_flag=True,
            default=None,
            help=_("Hosts take packages from their caches and local folders only."),
        ),
        click.option(
            "--lock",
            metavar="FILE",
            help=_("Install exactly what this requirements.lock on the hosts names."),
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@contextmanager
def with_bundle(
    inventory: Inventory, room: Mapping[str, Any], how: Mapping[str, Any], site: str
) -> Iterator[Job]:
    """Check a bundle and serve it while the block runs; yields the job of the hosts.

    Raises:
        SetupError: what checking the bundle says.
    """
    from setup_assistant.bundle import contents
    from setup_assistant.bundle.room import serving
    from setup_assistant.cli.bundle import checked_bundle
    from setup_assistant.fleet import jobs, reach
    from setup_assistant.host import files

    checked = checked_bundle(tuple(room["bundles"]), room["signer"])
    manifest = contents.find(checked.folders, contents.NAME)
    assert manifest is not None  # noqa: S101 - it was just checked
    addresses = [reach.target(h).host for h in inventory.hosts if not h.local]
    if room["serve"]:
        addresses = []
    with serving(checked, int(room["rate"] or 0), addresses) as (address, port):
        show.note(
            _("Serving the bundle at {address}, port {port}, while this runs",
              address=address, port=port)
        )  # fmt: skip
        yield jobs.bundle_job(
            port, str(room["serve"] or ""), files.sha256(manifest), site=site, **how
        )
