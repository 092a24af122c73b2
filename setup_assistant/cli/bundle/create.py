"""`bundle create`: everything that machines without internet need, in one folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.bundle.text import bundle_data, unshared_bytes
from setup_assistant.cli.common import verb
from setup_assistant.cli.options import size_option, token_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.units_text import size_text

if TYPE_CHECKING:
    from setup_assistant.bundle.carried_python import CarriedPython
    from setup_assistant.bundle.manifest import Manifest
    from setup_assistant.bundle.targets import Kind, Left


@verb(
    "bundle create",
    summary=_(
        "Make a bundle for machines without internet.\n\n"
        "It is made for this machine, or for those in FILE: saved by probe --save, the report of "
        "fleet plan --report room.json, or a plan saved by plan --save, which is taken as it is. "
        "Each kind of machine gets its own plan, and all share files. Run it again to go on, or "
        "to bring it up to date."
    ),
    examples=(
        "setup-assistant bundle create --to room-bundle --machine room.json",
        "setup-assistant bundle create --to room-bundle --plan a.json --plan b.json",
        "setup-assistant bundle create --to stick --part-size 3900M --sign ~/.ssh/id_ed25519",
    ),
)
@click.option(
    "--to",
    "-o",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help=_("Folder of the bundle."),
)
@click.option(
    "--machine",
    "--plan",
    "given",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("A saved machine, a plan, or the report of a room (repeatable)."),
)
@click.option("--no-weights", is_flag=True, help=_("Leave out the models' weights."))
@click.option(
    "--part-size",
    callback=size_option,
    metavar="SIZE",
    help=_("Cut it into folders of this size, e.g. 3900M for sticks with FAT32."),
)
@click.option(
    "--sign",
    "key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="KEY",
    help=_("Sign it with this SSH key."),
)
@click.option(
    "--carry-python",
    "pythons",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_(
        "Take this Python along for machines that have none: an install_only .tar.gz of "
        "python-build-standalone (one for each processor)."
    ),
)
@wish_options
@token_option
def create(
    *,
    folder: Path,
    given: tuple[Path, ...],
    no_weights: bool,
    part_size: int,
    key: Path | None,
    pythons: tuple[Path, ...],
    **flags: Any,  # noqa: ANN401 - one flag per wish
) -> Result:
    """Make a bundle."""
    from setup_assistant.bundle.create import Order
    from setup_assistant.bundle.create import create as make
    from setup_assistant.bundle.targets import given_in, kinds, room_in
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.machine.probe import probe

    if key is not None and not key.expanduser().exists():
        raise SetupError("file_missing", path=str(key), flag="--sign")
    known = {f.name for f in dataclasses.fields(Wishes)}
    # A flag wins over what the room was asked for.
    asked, models = room_in(given)
    wished = {k: v for k, v in flags.items() if v is not None and k in known}
    wishes = Wishes(**{**asked, **wished})
    show.note(_("Looking at this machine ..."))
    here = probe()
    found = given_in(given) if given else [("-", here)]
    wanted, left = kinds(found, wishes, here.sources, load_all(), models)
    if not wanted:
        raise SetupError("bundle_empty", detail="; ".join(f"{x.host}: {x.reason}" for x in left))
    carried = _carried(pythons, wanted)
    order = Order(
        folder=folder.expanduser().absolute(),
        kinds=wanted,
        wishes=wishes,
        sources=here.sources,
        with_weights=not no_weights,
        part_bytes=part_size,
        key=key.expanduser() if key else None,
        pythons=carried,
    )
    manifest = make(order, lambda text: show.note(str(text)))
    data = {**bundle_data(order.folder, manifest), "left_out": [vars(x) for x in left]}
    return Result("bundle create", data, text=lambda: _show(order.folder, manifest, left))


def _carried(archives: tuple[Path, ...], wanted: tuple[Kind, ...]) -> tuple[CarriedPython, ...]:
    """Return the Pythons to take along, each one that a kind of machine plans with."""
    from setup_assistant.bundle.carried_python import look_at

    found = tuple(look_at(a.expanduser()) for a in archives)
    planned = {(k.plan.platform.arch, k.plan.python) for k in wanted}
    for one in found:
        if (one.arch, one.minor) not in planned:
            there = ", ".join(f"{python} ({arch})" for arch, python in sorted(planned))
            detail = _("{path} is Python {python} ({arch}), which no plan here uses; they use "
                       "{there}. See --python.", path=str(one.archive), python=one.minor,
                       arch=one.arch, there=there)  # fmt: skip
            raise SetupError("usage", verb="bundle create", detail=detail)
    return found


def _show(folder: Path, manifest: Manifest, left: tuple[Left, ...]) -> None:
    for target in manifest.targets:
        show.line(f"{', '.join(target.hosts)}")
        show.line(f"  {target.model}, {len(target.wheels)} wheels: {target.key}")
    for other in left:
        show.line(_("left out: {host}: {reason}", host=other.host, reason=other.reason))
    if not any(i.path.startswith("python/") for i in manifest.files):
        show.line(_("No Python is in it: the machines need 3.10 or newer; --carry-python FILE "
                    "takes one along."))  # fmt: skip
    size = size_text(sum(i.size for i in manifest.files))
    show.line(_("Bundle: {path}, {size}", path=str(folder), size=size))
    if len(manifest.targets) > 1:
        show.line(_("One bundle for each kind of machine would take {size} together.",
                    size=size_text(unshared_bytes(manifest))))  # fmt: skip
