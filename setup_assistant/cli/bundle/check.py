"""`bundle verify`: whether a bundle is whole, and whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli.bundle.open_bundle import FOLDERS, SIGNER, checked_bundle
from setup_assistant.cli.bundle.text import bundle_data
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.bundle.verify import Checked


@verb(
    "bundle verify",
    summary=_("Check that a bundle is whole: every file by its sum, the manifest by its key."),
    examples=(
        "setup-assistant bundle verify room-bundle",
        "setup-assistant bundle verify /media/stick1 /media/stick2 --signer id_ed25519.pub",
    ),
)
@FOLDERS
@SIGNER
def check(*, folders: tuple[Path, ...], signer: Path | None) -> Result:
    """Check a bundle."""
    checked = checked_bundle(folders, signer)
    data = {**bundle_data(folders[0], checked.manifest), "signer": checked.signer,
            "vouched": bool(checked.signer) and signer is not None}  # fmt: skip
    return Result("bundle verify", data, text=lambda: _say_whole(checked, signer))


def _say_whole(checked: Checked, signer: Path | None) -> None:
    from setup_assistant.bundle.sign import UNCHECKED

    count = len(checked.manifest.files)
    show.line(_("The bundle is whole: {count} [file|files].", count=count))
    if checked.signer == UNCHECKED:
        show.line(_("Its signature was not checked: ssh-keygen is not here."))
    elif checked.signer:
        show.line(_("Signed by {key}.", key=checked.signer))
        if signer is None:
            show.line(_("Nobody vouches for that key: name the one you were given with --signer."))
    else:
        show.line(_("It is not signed."))
