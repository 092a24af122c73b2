"""Every environment that this tool or conda knows on this machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.errors import SetupError
from setup_assistant.host import conda, files, lenient, prefix, removal, sites
from setup_assistant.host.prefix import TorchFiles
from setup_assistant.host.removal_proofs import Both, Holds, Proof
from setup_assistant.host.users_of import User, users_of
from setup_assistant.site.read import read_layout

# Where an environment waits while another takes its place, or is exchanged with it.
_ASIDE = (".old", ".swap", ".previous")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment.

    `origin` says whose record it is in; `made_by` what kind it is; `backend` which engine made
    it, where we know ("adopted": somebody else did). `active` names what shows that it is
    activated, e.g. CONDA_PREFIX; `users` are the programs that run from it. `listed` says
    whether conda's own list names it; `previous` is the one that an upgrade replaced. `bytes` is
    what its files occupy, if asked for.
    """

    name: str
    prefix: str
    origin: Literal["site", "conda"]
    made_by: Literal["conda", "venv"]
    site: str | None = None
    backend: str | None = None
    complete: bool | None = None
    python: str | None = None
    torch: TorchFiles | None = None
    active: str | None = None
    users: tuple[User, ...] = ()
    listed: bool = False
    previous: str | None = None
    bytes: int | None = None


def known(*, sizes: bool = False) -> tuple[Environment, ...]:
    """Return the environments of our sites, then conda's, each once."""
    places: dict[Path, tuple[Path, str, Path | None]] = {}
    for site in sites.all():
        folder = read_layout(site).env
        if prefix.kind(folder):
            places[folder.resolve()] = (folder, site.name, site)
    recorded = conda.known_prefixes()
    for folder in recorded:
        places.setdefault(folder.resolve(), (folder, conda.name_of(folder), None))
    listed = {folder.resolve() for folder in recorded}
    users = users_of(places)
    return tuple(
        _read(folder, name, site, users[key], listed=key in listed, sizes=sizes)
        for key, (folder, name, site) in places.items()
    )


def pick(wanted: str) -> Environment:
    """Return the known environment with this name, or this folder: its own, or that of its site.

    Raises:
        SetupError: `env_unknown`, `env_ambiguous` where several have the name, or
            `env_unfinished` where it was moved aside by a run that was stopped.
    """
    everything = known()
    folder = Path(wanted).expanduser().resolve()
    named = [e for e in everything if e.name == wanted]
    matches = [e for e in everything if Path(e.prefix).resolve() == folder]
    of_site = [e for e in everything if e.site and Path(e.site).resolve() == folder]
    matches = matches or named or of_site
    if not matches:
        _refuse_half_replaced(wanted)
        shown = ", ".join(e.name or e.prefix for e in everything) or "-"
        raise SetupError("env_unknown", name=wanted, known=shown)
    if len(matches) > 1:
        shown = ", ".join(e.prefix for e in matches)
        raise SetupError("env_ambiguous", name=wanted, prefixes=shown)
    return matches[0]


def missing(wanted: str) -> Iterator[tuple[Path, Path]]:
    """Yield the folder and the site of each environment of this name that is no more."""
    for site in sites.all():
        folder = read_layout(site).env
        same = Path(wanted).expanduser().absolute() in (folder, site)
        if (same or site.name == wanted) and prefix.kind(folder) is None:
            yield folder, site


def _refuse_half_replaced(wanted: str) -> None:
    for folder, site in missing(wanted):
        beside = (folder.with_name(folder.name + ending) for ending in _ASIDE)
        if any(prefix.kind(path) for path in beside):
            command = f"setup-assistant up --site {shlex.quote(str(site))}"
            raise SetupError("env_unfinished", path=str(folder), command=command)


def refuse(environment: Environment) -> None:
    """Stop where an environment must not be removed.

    Raises:
        SetupError: `env_active` with what shows it, `env_in_use` with the programs that run
            from it, or `env_is_base`.
    """
    if conda.is_root(Path(environment.prefix)):
        raise SetupError("env_is_base", prefix=environment.prefix)
    if environment.active:
        raise SetupError("env_active", prefix=environment.prefix, reason=environment.active)
    refuse_used(environment)


def refuse_used(environment: Environment) -> None:
    """Stop where programs run from an environment.

    Raises:
        SetupError: `env_in_use`, naming them.
    """
    if environment.users:
        shown = ", ".join(f"{u.name} ({u.pid})" for u in environment.users)
        raise SetupError("env_in_use", path=environment.prefix, programs=shown)


def remove(environment: Environment, proof: Proof) -> None:
    """Remove an environment's folder, and its line in conda's list.

    Args:
        environment: as it was shown.
        proof: that it is the one that the person was shown and has agreed to, or the site's own.

    Raises:
        SetupError: as `refuse`; `removal_refused` where it is a link, or another environment or
            none by now; `not_removed` where the system refuses.
    """
    refuse(environment)
    folder = Path(environment.prefix)
    shown = Both((proof, Holds(("pyvenv.cfg", "conda-meta/history"))))
    removal.remove(folder, under=folder.parent, proof=shown)
    conda.unregister(folder)


def _read(
    folder: Path,
    name: str,
    site: Path | None,
    users: tuple[User, ...],
    *,
    listed: bool,
    sizes: bool,
) -> Environment:
    marker = lenient.json_object(folder / ".setup-assistant.json")
    engine = marker.get("engine")
    earlier = folder.with_name(folder.name + ".previous")
    return Environment(
        name=name,
        prefix=str(folder),
        origin="site" if site else "conda",
        made_by=prefix.kind(folder) or "venv",
        site=str(site) if site else None,
        backend=str(engine) if engine else None,
        complete=bool(marker.get("complete")) if marker else None,
        python=prefix.python_version(folder),
        torch=prefix.torch(folder),
        active=prefix.why_active(folder),
        users=users,
        listed=listed,
        previous=str(earlier) if site and prefix.kind(earlier) else None,
        bytes=files.folder_bytes(folder) if sizes else None,
    )
