"""A real conda channel in a folder: this machine's CPython and its pip as conda packages.

Packages are made as conda-forge makes them: `python` with the prefix of its build left in text
files as a placeholder, `pip` as a noarch Python package with entry points. Standard library only,
so that the channel owes nothing to the engines that are tested with it.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import os
import platform
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PYTHON = ".".join(map(str, sys.version_info[:3]))
MINOR = ".".join(map(str, sys.version_info[:2]))
SUBDIR = {"aarch64": "linux-aarch64", "arm64": "osx-arm64"}.get(platform.machine(), "linux-64")
# Not needed to run anything, and most of the size.
_LEFT_OUT = {
    "test", "tests", "idlelib", "tkinter", "turtledemo", "__pycache__", "site-packages",
    "dist-packages", "lib2to3", "ensurepip",
    # Of a distribution: here pip may install.
    "EXTERNALLY-MANAGED",
}  # fmt: skip
_SYSTEM = ("__unix", "__glibc >=2.17") if sys.platform == "linux" else ("__unix",)
_LOOK_THERE = b"""\
import os, site; site.addsitedir(os.path.join(os.path.dirname(os.__file__), "site-packages"))
"""
_BEFORE = "/opt/a_prefix_that_was_there_when_the_package_was_made" + "_" * 180


@dataclass(frozen=True)
class Package:
    """One package: its record, and path → contents (a `Path` is a link)."""

    name: str
    version: str
    build: str = "0"
    number: int = 0
    depends: tuple[str, ...] = ()
    noarch: bool = False
    scripts: tuple[str, ...] = ()
    files: Mapping[str, bytes | Path] = field(default_factory=dict)

    @property
    def subdir(self) -> str:
        return "noarch" if self.noarch else SUBDIR

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"

    def index(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": self.name, "version": self.version, "build": self.build,
            "build_number": self.number, "depends": list(self.depends), "subdir": self.subdir,
            "license": "PSF-2.0", "timestamp": 1_700_000_000_000,
        }  # fmt: skip
        if self.noarch:
            found["noarch"] = "python"
        else:
            found |= {"platform": "linux", "arch": "x86_64"}
        return found


def make_channel(folder: Path, *extra: Package) -> Path:
    """Write the channel `conda-forge` into `folder`; return the channel's own folder.

    pip comes in an older version, and the newer one in two builds, of which the preferred one
    needs a GPU driver (`__cuda`).
    """
    channel = folder / "conda-forge"
    wheel = _bundled_pip()
    version = wheel.name.split("-")[1]
    pip = _unpacked(wheel)
    needs = (f"python >={MINOR},<3.{sys.version_info[1] + 1}.0a0",)
    script = ("pip = pip._internal.cli.main:main",)
    packages = [
        python(),
        Package("pip", "20.0", "0", 0, needs, True, script, pip),
        Package("pip", version, "pyh_plain_0", 0, needs, True, script, pip),
        Package("pip", version, "pyh_cuda_1", 1, (*needs, "__cuda >=12.4"), True, script, pip),
        *extra,
    ]
    write_channel(channel, packages)
    return channel


def write_channel(channel: Path, packages: list[Package]) -> None:
    """Write packages and their `repodata.json`."""
    rows: dict[str, dict[str, Any]] = {"noarch": {}, SUBDIR: {}}
    for package in packages:
        path = channel / package.subdir / package.file
        path.parent.mkdir(parents=True, exist_ok=True)
        data = _archive(package)
        path.write_bytes(data)
        rows[package.subdir][package.file] = {
            **package.index(),
            "size": len(data),
            "md5": hashlib.md5(data).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
    for subdir, found in rows.items():
        (channel / subdir).mkdir(parents=True, exist_ok=True)
        (channel / subdir / "repodata.json").write_text(
            json.dumps({
                "info": {"subdir": subdir}, "packages": found, "packages.conda": {},
                "removed": [], "repodata_version": 1,
            })
        )  # fmt: skip


def python() -> Package:
    """Return this machine's own CPython as a package."""
    base = Path(sys.base_prefix)
    files: dict[str, bytes | Path] = {}
    program = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    files[f"bin/python{MINOR}"] = program.read_bytes()
    files["bin/python3"] = files["bin/python"] = Path(f"python{MINOR}")
    for library in _shared(base):
        files[f"lib/{library.name}"] = library.read_bytes()
    stdlib = Path(sysconfig.get_path("stdlib"))
    for path in _tree(stdlib):
        data = path.read_bytes()
        name = path.relative_to(stdlib).as_posix()
        files[f"lib/python{MINOR}/{name}"] = _placeheld(_upstream(name, data), base)
    files[f"lib/python{MINOR}/site-packages/README.txt"] = b"for packages\n"
    # A prefix as short as /usr stands in too many texts to be taken for one.
    files["lib/built.txt"] = f"prefix = {_BEFORE}\n".encode()
    # Debian's looks for packages there alone; its `site` is frozen, so it cannot be changed.
    files[f"lib/python{MINOR}/dist-packages/upstream.pth"] = _LOOK_THERE
    return Package("python", PYTHON, f"h1_0_cp3{sys.version_info[1]}", depends=_SYSTEM, files=files)


def _upstream(name: str, data: bytes) -> bytes:
    """Take out what Debian changes: it installs into `dist-packages`, conda never does."""
    if name in ("sysconfig.py", "sysconfig/__init__.py"):
        return data.replace(b"prefix_scheme = 'posix_local'", b"prefix_scheme = 'posix_prefix'")
    return data


def _placeheld(data: bytes, base: Path) -> bytes:
    """Put a placeholder where a text file names the prefix it was built for."""
    if b"\0" in data or len(str(base)) < 6:
        return data
    return data.replace(str(base).encode(), _BEFORE.encode())


def _shared(base: Path) -> Iterator[Path]:
    yield from (p for p in base.glob(f"lib/libpython{MINOR}*.so*") if p.is_file())


def _tree(folder: Path) -> Iterator[Path]:
    for root, names, files in os.walk(folder):
        names[:] = [n for n in names if n not in _LEFT_OUT and not n.startswith("config-")]
        kept = [f for f in files if f not in _LEFT_OUT]
        yield from (Path(root, f) for f in kept if Path(root, f).is_file())


def _bundled_pip() -> Path:
    import ensurepip

    own = Path(ensurepip.__file__).parent / "_bundled"
    found = sorted([*own.glob("pip-*.whl"), *Path("/usr/share/python-wheels").glob("pip-*.whl")])
    return found[-1]


def _unpacked(wheel: Path) -> dict[str, bytes | Path]:
    with zipfile.ZipFile(wheel) as archive:
        return {f"site-packages/{n}": archive.read(n) for n in archive.namelist() if n[-1] != "/"}


def _archive(package: Package) -> bytes:
    """Return the `.tar.bz2`: the files, and what conda wants to know of them in `info/`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        paths = [_entry(name, contents) for name, contents in sorted(package.files.items())]
        info: dict[str, Any] = {
            "info/index.json": package.index(),
            "info/paths.json": {"paths": paths, "paths_version": 1},
            "info/about.json": {"summary": package.name},
        }
        if package.noarch:
            entry = {"type": "python", "entry_points": list(package.scripts)}
            info["info/link.json"] = {"noarch": entry, "package_metadata_version": 1}
        _add(tar, "info/files", "".join(f"{n}\n" for n in sorted(package.files)).encode())
        for name, value in info.items():
            _add(tar, name, json.dumps(value).encode())
        for name, contents in package.files.items():
            _add(tar, name, contents)
    return bz2.compress(stream.getvalue(), 1)


def _entry(name: str, contents: bytes | Path) -> dict[str, Any]:
    if isinstance(contents, Path):
        return {"_path": name, "path_type": "softlink", "sha256": _sum(b""), "size_in_bytes": 0}
    entry: dict[str, Any] = {
        "_path": name, "path_type": "hardlink", "sha256": _sum(contents),
        "size_in_bytes": len(contents),
    }  # fmt: skip
    if _BEFORE.encode() in contents:
        entry |= {"file_mode": "text", "prefix_placeholder": _BEFORE}
    return entry


def _add(tar: tarfile.TarFile, name: str, contents: bytes | Path) -> None:
    entry = tarfile.TarInfo(name)
    if isinstance(contents, Path):
        entry.type, entry.linkname = tarfile.SYMTYPE, str(contents)
        tar.addfile(entry)
        return
    entry.size = len(contents)
    entry.mode = 0o755 if name.startswith("bin/") or ".so" in name else 0o644
    tar.addfile(entry, io.BytesIO(contents))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
