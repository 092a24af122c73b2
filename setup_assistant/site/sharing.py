"""A site's report as it may be handed on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from setup_assistant import frozen_json
from setup_assistant.catalog import mirrors
from setup_assistant.choose import plan_json
from setup_assistant.host import identity, paths
from setup_assistant.host.secrets import anonymous
from setup_assistant.machine.facts import Machine
from setup_assistant.report.receipt import Beside, Receipt, from_json, to_json
from setup_assistant.site.layout import Layout


def shared(
    layout: Layout, receipt: Receipt, beside: Beside | None
) -> tuple[Receipt, Beside | None]:
    """Return a receipt, and what lies beside it, without names, homes and private addresses."""
    here, (_user, _host, home) = identity.known(), identity.names()
    # Inside the site, the site's word says more.
    apart = {
        folder: word
        for folder, word in (
            (str(paths.cache_folder()), "<cache>"),
            (receipt.environment.prefix, "<env>"),
        )
        if not Path(folder).is_relative_to(layout.root)
    }
    folders = {**apart, home: "<home>", str(layout.root): "<site>"}
    known = {urlsplit(m.address()).hostname or "" for m in mirrors.load(paths.recipes_folder())}

    def clean(value: object) -> object:
        return anonymous(
            value, users=here.users, hosts=here.hosts, numbers=here.numbers, folders=folders,
            public_hosts=known,
        )  # fmt: skip

    handed = from_json(clean(to_json(receipt)))
    if beside is None:
        return handed, None
    plan, machine = beside.plan, beside.machine
    return handed, replace(
        beside,
        site="",
        plan=plan and plan_json.from_json(clean(plan_json.to_json(plan)), "plan"),
        machine=machine
        and frozen_json.from_builtins(clean(frozen_json.to_builtins(machine)), Machine, "machine"),
    )
