"""What conda has written down about its environments. conda itself is not run."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setup_assistant.host import clock, files, lenient, removal

_NO_USER_SITE = "import site, sys; site.USER_SITE in sys.path and sys.path.remove(site.USER_SITE)\n"
_HOME_ROOTS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge")
_FIXED_ROOTS = ("/opt/conda", "/opt/miniconda3", "/opt/anaconda3", "/opt/miniforge3")
_ENVS_VARIABLES = ("CONDA_ENVS_DIRS", "CONDA_ENVS_PATH")


def known_prefixes(home: Path | None = None) -> list[Path]:
    """Return the prefixes of every conda environment on record that still is one.

    As conda does: `~/.conda/environments.txt`, the root environment, and the folders of
    environments, among them those that its settings name. A prefix counts if it holds
    `conda-meta/history`.

    Args:
        home: the person's home folder; theirs if not given.
    """
    recorded = [p for h in _homes(home) for p in _recorded(_record(h))]
    roots = [*_roots(), *(p for p in recorded if is_root(p))]
    roots += _usual_roots() if home is None else []
    roots += [p.parent.parent for p in recorded if p.parent.name == "envs"]
    found = [*roots, *recorded]
    for folder in (*(r / "envs" for r in roots), *_envs_folders(home or Path.home())):
        found += sorted(folder.glob("*"))
    return list(dict.fromkeys(p for p in found if (p / "conda-meta" / "history").is_file()))


def name_of(prefix: Path) -> str:
    """Return the name conda knows an environment by: "base", a name, or nothing (path only)."""
    if is_root(prefix):
        return "base"
    return prefix.name if prefix.parent.name == "envs" else ""


def is_root(prefix: Path) -> bool:
    """Whether conda itself lives in this environment: removing it would remove conda."""
    return (prefix / "condabin").is_dir() or (prefix / "envs").is_dir()


def register(prefix: Path, home: Path | None = None) -> bool:
    """Put an environment on conda's list, as conda does for its own; return whether it is there.

    A list that cannot be written is no failure: the environment works by its path all the same.
    """
    path = _record(home or Path.home())
    line = os.path.normpath(prefix.absolute())
    if not _may_register(home or Path.home()):
        return False
    if Path(line) in _recorded(path):
        return True
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as stream:
            # conda leaves the last line without an end when it rewrites the list.
            stream.seek(0)
            text = stream.read()
            stream.write(("\n" if text and not text.endswith("\n") else "") + line + "\n")
    except (OSError, UnicodeDecodeError):
        return False
    return True


def listed(prefix: Path, home: Path | None = None) -> Path | None:
    """Return the list in which conda names an environment; None where it does not."""
    path = _record(home or Path.home())
    line = os.path.normpath(prefix.absolute())
    return path if any(os.path.normpath(p) == line for p in _recorded(path)) else None


def unregister(prefix: Path, home: Path | None = None) -> bool:
    """Take an environment off conda's list; return whether it was on it.

    A list that becomes empty goes, with its folder where nothing else is in it.
    """
    path = _record(home or Path.home())
    line = os.path.normpath(prefix.absolute())
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    kept = [x for x in lines if os.path.normpath(x.strip()) != line or not x.strip()]
    if kept == lines:
        return False
    if any(x.strip() for x in kept):
        with contextlib.suppress(OSError):
            path.write_text("".join(f"{x}\n" for x in kept), encoding="utf-8")
    elif removal.drop(path, under=path.parent):
        removal.prune(path.parent, under=path.parent.parent)
    return True


def write_history(prefix: Path, engine: str, packages: list[str], specs: list[str]) -> None:
    """Write `conda-meta/history` as conda does, so that conda knows what was asked for.

    Args:
        prefix: the environment.
        engine: what made it, e.g. "py-rattler 0.28.0".
        packages: `URL-of-subdir::name-version-build` of each package.
        specs: what was asked for, e.g. "python=3.12".
    """
    when = clock.now().replace("T", " ")[:19]
    lines = [
        f"==> {when} <==",
        f"# cmd: {engine}",
        "# conda version: 0.0.0",
        *(f"+{package}" for package in sorted(packages)),
        f"# update specs: {specs!r}",
    ]
    files.write_text(prefix / "conda-meta" / "history", "\n".join(lines) + "\n")


def write_variables(prefix: Path, variables: dict[str, str]) -> None:
    """Let an environment set variables while it is active, as `conda env config vars set` does."""
    path = prefix / "conda-meta" / "state"
    state = {"env_vars": {}, **lenient.json_object(path)}
    state["env_vars"] = {**state.get("env_vars", {}), **variables}
    files.write_json(path, state)


def close_user_site(prefix: Path) -> None:
    """Keep packages in the person's home out of an environment, activated or not.

    conda's Python, unlike a virtual environment's, looks into `~/.local` before its own folder.
    """
    from setup_assistant.host.prefix import site_packages

    for folder in site_packages(prefix):
        files.write_text(folder / "setup_assistant_no_user_site.pth", _NO_USER_SITE)


def settings(home: Path | None = None) -> dict[str, Any]:
    """Return conda's settings: of its files, in its order, the last to name one wins."""
    found: dict[str, Any] = {}
    for path in _condarcs(home or Path.home()):
        if path.is_file():
            found.update(_yaml(path))
    return found


def _yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; of one that cannot be read, conda will complain."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError):
        return {}
    return value if isinstance(value, dict) else {}


def _condarcs(home: Path) -> Iterator[Path]:
    yield from (Path("/etc/conda/.condarc"), Path("/etc/conda/condarc"))
    for root in _roots():
        yield root / ".condarc"
    yield from (home / ".conda" / ".condarc", home / ".conda" / "condarc", home / ".condarc")
    if prefix := os.environ.get("CONDA_PREFIX"):
        yield Path(prefix) / ".condarc"
    if named := os.environ.get("CONDARC"):
        yield Path(named).expanduser()


def _may_register(home: Path) -> bool:
    said = os.environ.get("CONDA_REGISTER_ENVS", settings(home).get("register_envs", True))
    return str(said).lower() not in ("false", "no", "off", "0")


def _record(home: Path) -> Path:
    return home / ".conda" / "environments.txt"


def _recorded(path: Path) -> list[Path]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [Path(line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def _homes(home: Path | None) -> list[Path]:
    """Return the homes whose lists count: one's own, and for the administrator everyone's."""
    own = home or Path.home()
    if home is None and os.name != "nt" and os.geteuid() == 0:
        import pwd

        homes = [Path(entry.pw_dir) for entry in pwd.getpwall()]
        if own in homes:
            return list(dict.fromkeys([own, *homes]))
    return [own]


def _envs_folders(home: Path) -> list[Path]:
    named = [p for v in _ENVS_VARIABLES for p in os.environ.get(v, "").split(os.pathsep) if p]
    said = settings(home)
    listed = said.get("envs_dirs") or said.get("envs_path") or []
    named += [str(p) for p in (listed if isinstance(listed, list) else [listed])]
    # The last two are micromamba's: of its second line, and of its first.
    own = [home / ".conda" / "envs", home / ".local" / "share" / "mamba" / "envs"]
    own.append(home / "micromamba" / "envs")
    return [*(Path(os.path.expandvars(p)).expanduser() for p in named), *own]


def _usual_roots() -> list[Path]:
    """Return the root environments where installers put them, and of the conda on the path."""
    found = [Path.home() / name for name in _HOME_ROOTS] + [Path(p) for p in _FIXED_ROOTS]
    programs = (shutil.which(name) for name in ("conda", "mamba"))
    found += [Path(program).resolve().parent.parent for program in programs if program]
    return [p for p in found if (p / "conda-meta" / "history").is_file()]


def _roots() -> list[Path]:
    """Return the root environments that the shell's conda and mamba settings point to."""
    found = []
    if program := os.environ.get("CONDA_EXE"):
        found.append(Path(program).parent.parent)
    if root := os.environ.get("MAMBA_ROOT_PREFIX"):
        found.append(Path(root))
    return found
