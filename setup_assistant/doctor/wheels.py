"""Whether a wheel's tag fits an interpreter (PEP 425), without asking that interpreter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setup_assistant.versions import numbers

if TYPE_CHECKING:
    from setup_assistant.doctor.install import Dist


def fits(tag: str, python: str, system: str, arch: str) -> bool:
    """Whether a wheel tagged e.g. `cp311-cp311-manylinux_2_28_x86_64` runs here.

    Args:
        tag: one tag of the WHEEL file.
        python: the interpreter's version.
        system: Linux, Windows or Darwin.
        arch: x86_64, aarch64, arm64, AMD64.
    """
    parts = tag.split("-")
    if len(parts) != 3:
        return True
    return any(_python_fits(p, parts[1], python) for p in parts[0].split(".")) and any(
        _platform_fits(p, system, arch) for p in parts[2].split(".")
    )


def libraries_only(dist: Dist) -> bool:
    """Whether what is compiled in it are libraries, which know no Python, and no extensions."""
    names = [file.rpartition("/")[2] for file, _size in dist.recorded()]
    compiled = [name for name in names if ".so" in name or name.endswith((".pyd", ".dll"))]
    return bool(compiled) and all(name.startswith("lib") for name in compiled)


def _python_fits(code: str, abi: str, python: str) -> bool:
    found = re.fullmatch(r"(cp|py|pp|graalpy\w*)(\d)(\d*)", code)
    if not found or found[1] not in ("cp", "py"):
        return not found
    here = numbers(python)[:2]
    built = (int(found[2]), int(found[3] or "0"))
    if found[1] == "py" or "abi3" in abi:
        return built <= here
    return built == here


def _platform_fits(platform: str, system: str, arch: str) -> bool:
    if platform == "any":
        return True
    names = {"Linux": ("linux", "manylinux", "musllinux"), "Windows": ("win",),
             "Darwin": ("macosx",)}  # fmt: skip
    if not platform.startswith(names.get(system, ("",))):
        return False
    same = {"x86_64": ("x86_64", "amd64"), "AMD64": ("amd64",), "aarch64": ("aarch64", "arm64"),
            "arm64": ("arm64", "aarch64")}.get(arch, (arch,))  # fmt: skip
    return platform.endswith((*same, "universal2"))
