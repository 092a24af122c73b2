"""Every environment that this tool or conda knows on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.errors import SetupError
from setup_assistant.host import conda, files, prefix, sites
from setup_assistant.site.read import read_layout


@dataclass(frozen=True, kw_only=True)
class Torch:
    """The torch in an environment, as its files say."""

    version: str
    build: str | None


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment.

    `origin` says whose record it is in; `made_by` what kind it is; `active` names what shows
    that it is in use, e.g. CONDA_PREFIX. `bytes` is what its files occupy, if asked for.
    """

    name: str
    prefix: str
    origin: Literal["site", "conda"]
    made_by: Literal["conda", "venv"]
    site: str | None = None
    python: str | None = None
    torch: Torch | None = None
    active: str | None = None
    bytes: int | None = None


def known(*, sizes: bool = False) -> tuple[Environment, ...]:
    """Return the environments of our sites, then conda's, each once."""
    found: dict[Path, Environment] = {}
    for site in sites.all():
        folder = read_layout(site).env
        if made_by := prefix.kind(folder):
            found[folder.resolve()] = _read(
                folder, site.name, "site", made_by, sizes=sizes, site=str(site)
            )
    for folder in conda.known_prefixes():
        name = conda.name_of(folder)
        found.setdefault(folder.resolve(), _read(folder, name, "conda", "conda", sizes=sizes))
    return tuple(found.values())


def pick(wanted: str) -> Environment:
    """Return the known environment with this name or folder.

    Raises:
        SetupError: `env_unknown`, or `env_ambiguous` where several have the name.
    """
    everything = known()
    folder = Path(wanted).expanduser()
    named = [e for e in everything if e.name == wanted]
    matches = [e for e in everything if Path(e.prefix).resolve() == folder.resolve()] or named
    if not matches:
        shown = ", ".join(e.name or e.prefix for e in everything) or "-"
        raise SetupError("env_unknown", name=wanted, known=shown)
    if len(matches) > 1:
        shown = ", ".join(e.prefix for e in matches)
        raise SetupError("env_ambiguous", name=wanted, prefixes=shown)
    return matches[0]


def refuse(environment: Environment) -> None:
    """Stop where an environment must not be removed.

    Raises:
        SetupError: `env_active` with what shows it, or `env_is_base`.
    """
    if conda.is_root(Path(environment.prefix)):
        raise SetupError("env_is_base", prefix=environment.prefix)
    if environment.active:
        raise SetupError("env_active", prefix=environment.prefix, reason=environment.active)


def remove(environment: Environment) -> None:
    """Remove the folder of a known environment, and nothing else.

    Raises:
        SetupError: as `refuse`; `env_not_removed` where the system refuses.
    """
    refuse(environment)
    try:
        files.remove(Path(environment.prefix))
    except OSError as error:
        raise SetupError(
            "env_not_removed", prefix=environment.prefix, detail=error.strerror or str(error)
        ) from error


def _read(
    folder: Path,
    name: str,
    origin: Literal["site", "conda"],
    made_by: Literal["conda", "venv"],
    *,
    sizes: bool,
    site: str | None = None,
) -> Environment:
    torch = prefix.torch(folder)
    return Environment(
        name=name,
        prefix=str(folder),
        origin=origin,
        made_by=made_by,
        site=site,
        python=prefix.python_version(folder),
        torch=Torch(version=torch.version, build=torch.build) if torch else None,
        active=prefix.why_active(folder),
        bytes=files.folder_bytes(folder) if sizes else None,
    )
