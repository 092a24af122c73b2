"""What `env remove` takes away: shown first, and then just that."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.removal_proofs import Proof, seen
from setup_assistant.site import environments
from setup_assistant.site.environments import Environment
from setup_assistant.site.read import read_layout
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import Owner, beside


@dataclass(frozen=True)
class Going:
    """The environment, then what runs of its site left beside it; `ours`: the site made it."""

    ours: bool
    paths: tuple[Path, ...]
    proofs: tuple[Proof, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"made_here": self.ours, "paths": [str(p) for p in self.paths]}


def removal_of(found: Environment) -> Going:
    """Return what removing an environment takes away.

    One that somebody else made goes by the person's word alone; beside it nothing does.
    """
    prefix = Path(found.prefix)
    if not found.site:
        return Going(False, (prefix,), (seen(prefix),))
    owner = Owner(read_layout(Path(found.site)))
    whose = _proof(owner, prefix)
    going = {prefix: whose or seen(prefix)}
    going |= {path: proof for path in beside(prefix) if (proof := _proof(owner, path))}
    return Going(whose is not None, tuple(going), tuple(going.values()))


def carry_out(found: Environment, going: Going) -> None:
    """Remove what was shown, while no other run works in the site.

    The site's ledger is told: what is put there later is not this tool's.

    Raises:
        SetupError: `site_busy`, and as `environments.remove`.
    """
    if not found.site:
        environments.remove(found, going.proofs[0])
        return
    layout = read_layout(Path(found.site))
    with files.exclusive(layout.lock):
        environments.remove(found, going.proofs[0])
        owner, ledger = Owner(layout), Ledger(layout.ledger)
        for path, proof in list(zip(going.paths, going.proofs, strict=True))[1:]:
            owner.remove(path, proof)
        if ledger.path.exists():
            for folder in going.paths:
                ledger.removed("environment", folder)


def gone(name: str, *, dry_run: bool) -> Path | None:
    """Return where an environment of this name was, whose removal is ended where it was killed.

    Raises:
        SetupError: `site_busy`; `removal_refused` where something else lies there by now.
    """
    for prefix, site in environments.missing(name):
        layout = read_layout(site)
        owner, ledger = Owner(layout), Ledger(layout.ledger)
        if prefix.exists() and not owner.lists(prefix):
            continue
        with contextlib.nullcontext() if dry_run else files.exclusive(layout.lock):
            for folder in () if dry_run else (prefix, *beside(prefix)):
                if owner.lists(folder):
                    owner.remove_unfinished(folder)
                    ledger.removed("environment", folder)
        return prefix
    return None


def _proof(owner: Owner, path: Path) -> Proof | None:
    try:
        return owner.proof(path) if path.is_dir() else None
    except SetupError:
        return None
