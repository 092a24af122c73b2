"""`fleet apply --bundle`: this machine serves what the room installs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.fleet.inventory import Inventory
    from setup_assistant.fleet.inventory_rules import Host
    from setup_assistant.fleet.playbook import Job


def must_fit_bundle(wishes: Mapping[str, Any]) -> None:
    """Refuse wishes that a bundle cannot heed: its plans were made with it.

    Raises:
        SetupError: `usage`, naming the flags.
    """
    from setup_assistant.fleet.jobs import arguments

    given = arguments({**wishes, "site": "", "offline": False})
    if flags := [word for word in given if word.startswith("--")]:
        detail = _(
            "A bundle brings the plans that it was made with, so {flags} has no effect; "
            "give it to bundle create.",
            flags=", ".join(flags),
        )
        raise SetupError("usage", detail=detail, verb="fleet")


@contextmanager
def with_bundle(
    inventory: Inventory, room: Mapping[str, Any], how: Mapping[str, Any], site: str
) -> Iterator[Job]:
    """Check a bundle and serve it while the block runs; yields the job of the hosts.

    Raises:
        SetupError: what checking the bundle says; `server_unknown`, `server_failed`.
    """
    from setup_assistant.bundle import manifest as manifests
    from setup_assistant.bundle.server import serving
    from setup_assistant.cli.bundle.open_bundle import checked_bundle
    from setup_assistant.fleet import jobs, reach
    from setup_assistant.host import files

    server = _server(inventory, str(room["server"] or ""))
    checked = checked_bundle(tuple(room["bundles"]), room["signer"])
    manifest = manifests.find(checked.folders, manifests.NAME)
    assert manifest is not None  # noqa: S101 - it was just checked
    total, given = files.sha256(manifest), str(room["serve"] or "")
    rate = int(room["rate"] or 0)
    served = [server] if server else inventory.hosts
    addresses = [reach.target(h).host for h in served if not h.local]
    if given and not server:
        addresses = []
    with serving(checked, rate, addresses) as (address, port):
        _say(address, port)
        if server is None:
            yield jobs.bundle_job(port, given, total, site=site, **how)
            return
        from setup_assistant.fleet.server import serving_from

        job = jobs.serving_job(port, total, rate, how["timeout"])
        title = _("{host} fetches the bundle, to serve it to the room", host=server.name)
        with ExitStack() as until:
            with busy(title) as progress:
                there = until.enter_context(serving_from(server, job, progress.update))
            given = given or reach.target(server).host
            _say(given, there)
            yield jobs.bundle_job(there, given, total, site=site, **how)


def _say(address: str, port: int) -> None:
    show.note(_("Serving the bundle at {address}, port {port}, while this runs",
                address=address, port=port))  # fmt: skip


def _server(inventory: Inventory, name: str) -> Host | None:
    """Return the host that is to serve the others; None: this machine does."""
    if not name:
        return None
    found = next((h for h in inventory.hosts if h.name == name), None)
    if found is None:
        raise SetupError("server_unknown", host=name, inventory=inventory.path)
    return found
