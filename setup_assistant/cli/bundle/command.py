"""`bundle`: everything that machines without internet need, made, checked and applied."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.fleet.serve_bundle import size_option
from setup_assistant.cli.terminal import show
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.result import Result
from setup_assistant.units_text import size_text

if TYPE_CHECKING:
    from setup_assistant.bundle.manifest import Manifest
    from setup_assistant.bundle.targets import Left
    from setup_assistant.bundle.verify import Checked
    from setup_assistant.machine.facts import Machine


@click.group("bundle", help=_("Carry everything to machines without internet."))
def command() -> None:
    """Group of the bundle's verbs."""


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
@wish_options
def create(
    *,
    folder: Path,
    given: tuple[Path, ...],
    no_weights: bool,
    part_size: int,
    key: Path | None,
    **flags: Any,  # noqa: ANN401 - one flag per wish
) -> Result:
    """Make a bundle."""
    from setup_assistant.bundle.create import Order
    from setup_assistant.bundle.create import create as make
    from setup_assistant.bundle.targets import given_in, kinds
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.machine.probe import probe

    if key is not None and not key.expanduser().exists():
        raise SetupError("file_missing", path=str(key), flag="--sign")
    known = {f.name for f in dataclasses.fields(Wishes)}
    wishes = Wishes(**{k: v for k, v in flags.items() if v is not None and k in known})
    show.note(_("Looking at this machine ..."))
    here = probe()
    found = given_in(given) if given else [("-", here)]
    wanted, left = kinds(found, wishes, here.sources, load_all())
    if not wanted:
        raise SetupError("bundle_empty", detail="; ".join(f"{x.host}: {x.reason}" for x in left))
    order = Order(
        folder=folder.expanduser().absolute(),
        kinds=wanted,
        wishes=wishes,
        sources=here.sources,
        with_weights=not no_weights,
        part_bytes=part_size,
        key=key.expanduser() if key else None,
    )
    manifest = make(order, lambda text: show.note(str(text)))
    data = {**_data(order.folder, manifest), "left_out": [vars(x) for x in left]}
    return Result("bundle create", data, text=lambda: _show(order.folder, manifest, left))


_FOLDERS = click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, exists=False),
)
_SIGNER = click.option(
    "--signer",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("Public key that must have signed it (a .pub file, or allowed signers)."),
)


@verb(
    "bundle verify",
    summary=_("Check that a bundle is whole: every file by its sum, the manifest by its key."),
    examples=(
        "setup-assistant bundle verify room-bundle",
        "setup-assistant bundle verify /media/stick1 /media/stick2 --signer id_ed25519.pub",
    ),
)
@_FOLDERS
@_SIGNER
def check(*, folders: tuple[Path, ...], signer: Path | None) -> Result:
    """Check a bundle."""
    checked = checked_bundle(folders, signer)
    data = {**_data(folders[0], checked.manifest), "signer": checked.signer}
    return Result("bundle verify", data, text=lambda: _say_whole(checked))


@verb(
    "bundle apply",
    summary=_(
        "Set up this machine from a bundle, without internet.\n\n"
        "The bundle is checked first; the plan is the one this machine would have had online. "
        "DIR may be the address of a bundle that is served."
    ),
    examples=(
        "setup-assistant bundle apply room-bundle --site qwen2-vl",
        "setup-assistant bundle apply /media/stick1 /media/stick2 --signer id_ed25519.pub",
    ),
)
@_FOLDERS
@_SIGNER
@click.option("--site", default="", metavar="DIR", help=_("Folder of the deployment."))
@click.option("--dry-run", is_flag=True, help=_("Show the plan and change nothing."))
@click.option(
    "--manifest", "expected", default="", metavar="SHA256", help=_("The manifest's sum, if known.")
)
def apply(
    *, folders: tuple[Path, ...], signer: Path | None, site: str, dry_run: bool, expected: str
) -> Result:
    """Check a bundle and travel the road with it."""
    from setup_assistant.bundle import apply as applying
    from setup_assistant.cli.terminal.progress import Progress
    from setup_assistant.cli.up.command import carry_out
    from setup_assistant.steps.prepare import site_folder

    root = site_folder(site)
    address, progress = address_in(folders), Progress()
    if address:
        from setup_assistant.bundle.remote import Remote

        remote = Remote(address, expected)
        remote.tell = progress.update
        opened = applying.fetched(remote, signer, _machine(root), str(root))
        progress.begin(_("Fetching the bundle"))
    else:
        checked = checked_bundle(folders, signer)
        opened = applying.ready(checked, _machine(root), str(root))
    try:
        with opened as prepared:
            progress.end()
            return carry_out(prepared, dry_run=dry_run)
    finally:
        progress.end()


def address_in(folders: tuple[Path, ...]) -> str:
    """Return the address, where one was given in place of folders."""
    # A path has lost one of the slashes.
    found = re.match(r"(https?):/+(.+)", str(folders[0]))
    return f"{found[1]}://{found[2]}" if found else ""


def _machine(root: Path) -> Machine:
    from setup_assistant.machine.probe import probe

    return probe(site=root, sources=False)


def checked_bundle(folders: tuple[Path, ...], signer: Path | None) -> Checked:
    """Return a bundle in folders, checked file by file."""
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
            tell=progress.update,
        )
    finally:
        progress.end()


def _data(folder: Path, manifest: Manifest) -> dict[str, Any]:
    from setup_assistant.frozen_json import to_builtins

    return {
        "bundle": str(folder),
        "created": manifest.created,
        "size_bytes": sum(i.size for i in manifest.files),
        "files": len(manifest.files),
        # What the targets would take without sharing.
        "unshared_bytes": _unshared(manifest),
        "targets": to_builtins(manifest.targets),
    }


def _unshared(manifest: Manifest) -> int:
    """Return the bytes of one bundle for each kind of machine, all together."""
    sizes = {i.path: i.size for i in manifest.files}
    own = [p for t in manifest.targets for p in (t.lock, *t.packages(), *t.weights)]
    everywhere = sum(sizes.values()) - sum(sizes[p] for p in set(own))
    return sum(sizes[p] for p in own) + len(manifest.targets) * everywhere


def _show(folder: Path, manifest: Manifest, left: tuple[Left, ...]) -> None:
    for target in manifest.targets:
        show.line(f"{', '.join(target.hosts)}")
        show.line(f"  {target.model}, {len(target.wheels)} wheels: {target.key}")
    for other in left:
        show.line(_("left out: {host}: {reason}", host=other.host, reason=other.reason))
    size = size_text(sum(i.size for i in manifest.files))
    show.line(_("Bundle: {path}, {size}", path=str(folder), size=size))
    if len(manifest.targets) > 1:
        show.line(_("One bundle for each kind of machine would take {size} together.",
                    size=size_text(_unshared(manifest))))  # fmt: skip


def _say_whole(checked: Checked) -> None:
    from setup_assistant.bundle.sign import UNCHECKED

    count = len(checked.manifest.files)
    show.line(_("The bundle is whole: {count} files.", count=count))
    if checked.signer == UNCHECKED:
        show.line(_("Its signature was not checked: ssh-keygen is not here."))
    elif checked.signer:
        show.line(_("Signed by {key}.", key=checked.signer))
    else:
        show.line(_("It bears no signature."))


from setup_assistant.cli.bundle.serve import command as serve  # noqa: E402 - one group

for _verb in (create, check, apply, serve):
    command.add_command(_verb)
