"""What is really installed in an environment, as files that make it again elsewhere."""

from __future__ import annotations

import contextlib
import glob
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host import files, lenient, prefix, removal
from setup_assistant.site.environment_yml import CREATE, scalar

_OURS = ("# What was installed in ", "# The conda packages of this environment")
_HEAD = f"""\
# What was installed in {{prefix}} on {{when}}.
# {{when}} 时 {{prefix}} 中实际安装的软件包。
#   {CREATE}
# This also asks other channels of your settings. conda-explicit.txt, if it is beside, asks none:
# 这也会查询您设置中的其他频道；旁边若有 conda-explicit.txt，则不查询任何频道：
#   conda create --name NAME --file conda-explicit.txt
# `conda env export` would lose the index addresses and the hashes.
# `conda env export` 会丢失索引地址和哈希值。
"""
_LOCK_HEAD = """\
# What was installed in {prefix} on {when}, with hashes.
#   uv pip install --require-hashes -r requirements.lock
"""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """One package: `conda` where conda installed it; `url` where it came from no index."""

    name: str
    version: str
    conda: bool = False
    url: str | None = None

    @property
    def pin(self) -> str:
        """The package as a requirement of pip."""
        return f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"


def installed(folder: Path) -> tuple[Installed, ...]:
    """Return every package of an environment, conda's and pip's, by name."""
    found = {p.name: p for p in _python_packages(folder)}
    for record in sorted((folder / "conda-meta").glob("*.json")):
        value = lenient.json_object(record)
        if "name" in value and "version" in value:
            name = str(value["name"])
            found[name] = Installed(name=name, version=str(value["version"]), conda=True)
    return tuple(found[name] for name in sorted(found))


def render_environment(
    folder: Path, name: str, when: str, options: tuple[str, ...], variables: dict[str, str]
) -> str:
    """Return an `environment.yml` of what is installed.

    Args:
        folder: the environment.
        name: the name of the environment to make from it.
        when: the time of looking.
        options: index options for pip, e.g. "--index-url https://…".
        variables: set while the environment is active.
    """
    packages = installed(folder)
    python = prefix.python_version(folder) or "3"
    pip = next((f"pip={p.version}" for p in packages if p.name == "pip"), "pip")
    owned = [p for p in packages if p.conda and p.name not in ("python", "pip")]
    theirs = [p for p in packages if not p.conda and p.name not in ("pip", "wheel")]
    lines = [
        _HEAD.format(prefix=folder, when=when),
        f"name: {scalar(name)}\n",
        "channels:\n  - conda-forge\ndependencies:\n",
        f"  - python={python}\n  - {pip}\n",
        *(f"  - {scalar(f'{p.name}={p.version}')}\n" for p in owned),
        "  - pip:\n" if theirs else "",
        *(f"      - {scalar(line)}\n" for line in (*options, *(p.pin for p in theirs))),
        "variables:\n" if variables else "",
        *(f"  {key}: {json.dumps(value)}\n" for key, value in variables.items()),
    ]
    return "".join(lines)


def render_lock(
    folder: Path, when: str, options: tuple[str, ...], known: str
) -> tuple[str, list[str]]:
    """Return a hashed lock of what is installed, and the pins that `known` has no hashes for.

    Args:
        folder: the environment.
        when: the time of looking.
        options: index options, which the lock repeats.
        known: the text of a lock with hashes, e.g. the site's own.
    """
    hashed = dict(_entries(known))
    wanted = [p for p in installed(folder) if not p.conda and p.name not in ("pip", "wheel")]
    lines, missing = [], []
    for package in wanted:
        entry = hashed.get((package.name, package.version))
        if entry:
            lines.append(entry)
        else:
            missing.append(package.pin)
    head = _LOCK_HEAD.format(prefix=folder, when=when)
    return head + "".join(f"{o}\n" for o in options) + "".join(lines), missing


def same(path: Path, text: str) -> bool:
    """Whether a file is an export that says the same as `text`, remarks and times aside."""
    try:
        there = files.plain(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return there.startswith(_OURS) and _said(there) == _said(text)


def sweep(target: Path, data: bytes) -> None:
    """Remove what an export that was killed had written of `data` aside for a file."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.????????"):
        with contextlib.suppress(OSError):
            said = files.plain(path).read_bytes() if path.is_file() else b"\0"
            # What is exported now, or was at another time.
            if data.startswith(said) or said.startswith(tuple(o.encode() for o in _OURS)):
                removal.drop(path, under=target.parent)


def _said(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def _entries(lock: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield (name, version) and the whole entry of each package of a hashed lock."""
    for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", lock):
        found = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", entry)
        if found and "--hash" in entry:
            yield (prefix.normal_name(found[1]), found[2]), entry.rstrip() + "\n"


def _python_packages(folder: Path) -> Iterator[Installed]:
    for packages in prefix.site_packages(folder):
        for info in packages.glob("*.dist-info"):
            name, _, version = info.name.removesuffix(".dist-info").partition("-")
            yield Installed(
                name=prefix.normal_name(name),
                version=version,
                url=_direct(info / "direct_url.json"),
            )


def _direct(path: Path) -> str | None:
    """Return where a package came from that no index serves (a folder, a repository)."""
    url = lenient.json_object(path).get("url")
    return str(url) if url else None
