"""The hosts that a command means: inventories read, vaults opened, those left over of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from setup_assistant.cli.terminal import ask, show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.fleet.inventory import Inventory
    from setup_assistant.fleet.inventory_sources import Source
    from setup_assistant.fleet.record import Record
    from setup_assistant.fleet.settings import Settings

FAILED = "@failed"


def source_of(own: Mapping[str, Any], theirs: Settings, verb: str) -> Source:
    """Return what is to be read, by the options and the person's own settings.

    Raises:
        SetupError: `usage` where no inventory is named, `unanswered` without a terminal.
    """
    from setup_assistant.fleet.inventory_sources import Source

    paths = own["inventory"] or ((theirs.inventory,) if theirs.inventory else ())
    if not paths:
        detail = _("Name an inventory with -i, or in your ansible.cfg.")
        raise SetupError("usage", detail=detail, verb=f"fleet {verb}")
    typed = ""
    if own["ask_vault"]:
        typed = ask.password(_("Password of the vault"), flag="--vault-password-file")
    return Source(paths=paths, extra=own["extra"], vaults=own["vaults"], vault_password=typed)


def read_hosts(source: Source, limit: str, record: Record, config: str) -> Inventory | None:
    """Return the hosts that are meant; None where the last run left none over.

    Raises:
        SetupError: `inventory_empty` where `@failed` is meant of a run that never was.
    """
    from setup_assistant.fleet import inventory

    if limit != FAILED:
        return inventory.read(source, limit, config)
    left = set(record.failed())
    if not left and record.known():
        return None
    if not left:
        raise SetupError("inventory_empty", path=source.shown, limit=FAILED)
    return inventory.only(inventory.read(source, config=config), left)


def agreed(inventory: Inventory) -> bool:
    """Ask before something is removed from hosts."""
    names = ", ".join(h.name for h in inventory.hosts)
    question = _("Remove what was made on {count} [host|hosts] ({names})?",
                 count=len(inventory.hosts), names=names)  # fmt: skip
    why = ask.told(_("Files that were changed there stay; --check shows all that would go."))
    return ask.confirm(question, default=False, flag="--yes", why=why)


def as_root(inventory: Inventory, how: Mapping[str, Any], *, asks: bool) -> Inventory:
    """Return the inventory with the password that sudo wants, where it is asked for.

    An inventory that wants root does not get it: that is said with --become.
    """
    if not how["become"]:
        wanting = [h.name for h in inventory.hosts if h.become.wanted]
        if wanting:
            show.note(_("The inventory has ansible_become for {count} [host|hosts]; it counts with "
                        "--become only.", count=len(wanting)))  # fmt: skip
        return inventory
    if not asks:
        return inventory
    typed = ask.password(_("Password that sudo wants on the hosts"), flag="ansible_become_password")
    hosts = tuple(
        h if h.become.password else replace(h, become=replace(h.become, password=typed))
        for h in inventory.hosts
    )
    return replace(inventory, hosts=hosts)
