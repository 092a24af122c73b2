"""`fleet enrol`: shows the host keys of a new room, and keeps them after asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.fleet.options import inventory_options, yes_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.errors import Exit
from setup_assistant.messages import _, msg

if TYPE_CHECKING:
    from setup_assistant.fleet.host_keys import Offered

_STATES = {
    "new": msg("new"),
    "known": msg("known already"),
    "changed": msg("another key than the one that is kept"),
    "silent": msg("no answer"),
    "behind": msg("behind a jump host: log in there once by hand"),
}


@verb(
    "fleet enrol",
    summary=_(
        "Show the host keys of a new room and keep them, after asking.\n\n"
        "Compare the fingerprints with those shown at the machines: ssh-keygen -l -f "
        "/etc/ssh/ssh_host_ed25519_key.pub. A key that is another than the one kept is never taken."
    ),
    examples=("setup-assistant fleet enrol -i hosts.ini",),
)
@inventory_options
@yes_option
@click.option("--dry-run", is_flag=True, help=_("Show the keys and keep none."))
def command(yes: bool, dry_run: bool, **own: Any) -> Result:  # noqa: ANN401 - click's own options
    """Enrol the hosts of an inventory."""
    from setup_assistant.cli.fleet import chosen_hosts
    from setup_assistant.fleet import host_keys, inventory, settings

    theirs = settings.read()
    source = chosen_hosts.source_of(own, theirs, "enrol")
    read = inventory.read(source, own["limit"], theirs.path)
    hosts = settings.logging_in(read, "", "", theirs).hosts
    found = host_keys.offered(hosts)
    new = [o for o in found if o.state == "new"]
    rows = [(o.name, str(_STATES[o.state]), " ".join(o.fingerprints[:1])) for o in found]
    show.table(rows, (_("Host"), _("Host key"), _("Fingerprint")))
    question = _("Keep the keys of {count} [host|hosts]?", count=len(new))
    agreed = bool(new) and not dry_run and (yes or _agree(question))
    if agreed:
        host_keys.keep(new)
        show.line(_("Kept in {paths}.", paths=", ".join(sorted({str(o.kept_in) for o in new}))))
    left = any(o.state in ("changed", "silent", "behind") for o in found)
    left = left or bool(new and not agreed and not dry_run)
    data = {"hosts": [_json(o, kept=agreed and o.state == "new") for o in found]}
    return Result("fleet enrol", data, Exit.PARTLY if left else Exit.DONE)


def _agree(question: str) -> bool:
    why = ask.told(_("ssh then takes these keys for those of the hosts. Compare the fingerprints "
                     "with what the hosts themselves say, by another way."))  # fmt: skip
    return ask.confirm(question, default=False, flag="--yes", why=why)


def _json(found: Offered, *, kept: bool) -> dict[str, Any]:
    return {"name": found.name, "state": found.state, "kept": kept,
            "fingerprints": list(found.fingerprints)}  # fmt: skip
