"""The computer itself: operating system, processor, main memory. Readers take a root folder."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from setup_assistant.host import lenient
from setup_assistant.machine.facts import Memory, System
from setup_assistant.units_text import KIB

# cgroup v1 writes "no limit" as a number near the largest signed one.
_NO_LIMIT = 1 << 60
# Flags that decide which wheels and kernels run; the other hundred are noise.
_FLAGS = frozenset(
    {"sse4_1", "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_bf16", "avx512_vnni",
     "avx_vnni", "amx_bf16", "amx_int8", "amx_tile", "asimd", "asimdhp", "asimddp", "bf16",
     "i8mm", "sve", "sve2"}
)  # fmt: skip


def system(root: Path = Path("/")) -> System:
    """Return operating system and CPU."""
    kind = platform.system() or "Linux"
    linux = kind == "Linux"
    glibc = _glibc() if linux else None
    model, flags = _cpu(root) if linux else (platform.processor() or None, ())
    return System(
        os=kind,
        arch=_arch(platform.machine()),
        release=lenient.text(root / "proc/sys/kernel/osrelease") or platform.release() or None,
        distribution=_distribution(root) if linux else platform.version() or None,
        glibc=glibc,
        python=platform.python_version(),
        cpu=model,
        cpu_cores=_cores(),
        cpu_flags=flags,
        container=container(root),
        wsl=is_wsl(root),
        jetson=jetson_release(root),
        musl=linux and glibc is None and has_musl(root),
    )


def _arch(machine: str) -> str:
    """Return the architecture as wheels name it: x86_64 or aarch64 for both spellings."""
    lower = machine.lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(lower, lower or "unknown")


def _cores() -> int | None:
    """Return the cores this process may use, which a container or batch system may restrict."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _distribution(root: Path) -> str | None:
    text = lenient.text(root / "etc/os-release") or lenient.text(root / "usr/lib/os-release")
    said = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', text, re.MULTILINE))
    return said.get("PRETTY_NAME") or said.get("NAME")


def _glibc() -> str | None:
    """Return the C library's version; None on musl, where glibc wheels do not run."""
    try:
        said = os.confstr("CS_GNU_LIBC_VERSION") if hasattr(os, "confstr") else None
    except (OSError, ValueError):
        return None
    return said.split()[-1] if said else None


def has_musl(root: Path = Path("/")) -> bool:
    """Whether musl's loader is there: beside no glibc, it is the system's C library."""
    try:
        return any((root / "lib").glob("ld-musl-*.so.1"))
    except OSError:
        return False


def _cpu(root: Path) -> tuple[str | None, tuple[str, ...]]:
    text = lenient.text(root / "proc/cpuinfo")
    model = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    kept = sorted(_FLAGS & set(flags[1].split())) if flags else []
    return (model[1].strip() if model else None), tuple(kept)


def is_wsl(root: Path = Path("/")) -> bool:
    """Whether this is Linux under Windows."""
    release = lenient.text(root / "proc/sys/kernel/osrelease").lower()
    return "microsoft" in release or (root / "dev/dxg").exists()


def container(root: Path = Path("/")) -> str | None:
    """Return docker, podman, kubernetes, lxc, … or None."""
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    named = lenient.text(root / "run/systemd/container")
    if named:
        return named
    found = re.search(r"kubepods|docker|lxc|libpod", lenient.text(root / "proc/1/cgroup"))
    names = {"kubepods": "kubernetes", "libpod": "podman"}
    return names.get(found[0], found[0]) if found else None


def jetson_release(root: Path = Path("/")) -> str | None:
    """Return the Jetson Linux release, e.g. "R36.4.0", or None."""
    found = re.search(
        r"#\s*R(\d+)\s*\(release\),\s*REVISION:\s*([\d.]+)",
        lenient.text(root / "etc/nv_tegra_release"),
    )
    return f"R{found[1]}.{found[2]}" if found else None


def memory(root: Path = Path("/")) -> Memory:
    """Return main memory; `available_bytes` never exceeds what a cgroup leaves free."""
    said: dict[str, str] = dict(
        re.findall(r"^(\w+):\s+(\d+) kB", lenient.text(root / "proc/meminfo"), re.MULTILINE)
    )
    if "MemTotal" not in said:
        return _elsewhere()
    total = int(said["MemTotal"]) * KIB
    available = int(said.get("MemAvailable", said.get("MemFree", "0"))) * KIB
    limit, used = _cgroup(root)
    if limit is not None and limit < total:
        return Memory(
            total_bytes=total,
            available_bytes=min(available, max(0, limit - used)),
            limit_bytes=limit,
        )
    return Memory(total_bytes=total, available_bytes=available)


def _elsewhere() -> Memory:
    """Return main memory where there is no /proc: Windows and macOS."""
    if platform.system() == "Linux":
        return Memory()
    import psutil

    said = psutil.virtual_memory()
    return Memory(total_bytes=said.total, available_bytes=said.available)


def _cgroup(root: Path) -> tuple[int | None, int]:
    """Return the tightest limit on this process's way to the top, and what is used under it."""
    best: int | None = None
    used = 0
    for folder, limit_name, used_name, cache_key in _cgroup_folders(root):
        limit = _number(folder / limit_name)
        if limit is None or limit >= _NO_LIMIT or (best is not None and limit >= best):
            continue
        best = limit
        # Page cache is given back under pressure, so it does not count as used.
        stat: dict[str, str] = dict(
            re.findall(r"^(\w+) (\d+)$", lenient.text(folder / "memory.stat"), re.MULTILINE)
        )
        used = (_number(folder / used_name) or 0) - int(stat.get(cache_key, "0"))
    return best, max(0, used)


def _cgroup_folders(root: Path) -> list[tuple[Path, str, str, str]]:
    base = root / "sys/fs/cgroup"
    found: list[tuple[Path, str, str, str]] = []
    for line in lenient.text(root / "proc/self/cgroup").splitlines() or ["0::/"]:
        _hierarchy, controllers, path = [*line.split(":", 2), "", ""][:3]
        parts = [p for p in path.split("/") if p and p != ".."]
        if controllers == "":
            top, names = base, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = base / "memory"
            names = (
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file",
            )
        else:
            continue
        found += [(top.joinpath(*parts[:n]), *names) for n in range(len(parts), -1, -1)]
    return found


def _number(path: Path) -> int | None:
    text = lenient.text(path)
    return int(text) if text.isdigit() else None
