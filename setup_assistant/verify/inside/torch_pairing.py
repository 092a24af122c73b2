"""Whether torch and torchvision go together, told from files alone.

With a wrong pair the import itself may kill the process, so this comes first.
"""

from __future__ import annotations

import re
from importlib import metadata

from inside.lines import Fault
from inside.versions import build_tag, release, torchvision_build, version_of, written


def needed_torch() -> str:
    """Return torchvision's own demand on torch, e.g. "==2.9.1" or ">=2.14.0"; "" if none."""
    try:
        demands = metadata.requires("torchvision") or ()
    except metadata.PackageNotFoundError:
        return ""
    for line in demands:
        found = re.match(r"torch\s*\(?\s*([=<>!~][^;)]*)", line)
        if found and "extra" not in line:
            return found.group(1).strip()
    return ""


def satisfied(demand: str, version: str) -> bool:
    """Whether `version` meets `demand`; True where packaging is not there to tell."""
    try:
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(demand).contains(version.partition("+")[0], prereleases=True)
    except (ImportError, ValueError):
        exact = re.match(r"==\s*([\d.]+)$", demand)
        return exact is None or release(exact.group(1)) == release(version)


def pairing() -> Fault | None:
    """Return None where torch and torchvision go together, else the fault."""
    torch = written("torch", "__version__") or (version_of(("torch",)) or ("", ""))[1]
    vision = written("torchvision", "__version__") or (version_of(("torchvision",)) or ("", ""))[1]
    mine = build_tag(written("torch", "cuda") or "")
    said = _demand_missed(torch, vision) or _builds_differ(torch, vision, mine)
    if not said:
        return None
    return Fault("torchvision-mismatch", said, torch=torch, torchvision=vision, build=mine)


def _demand_missed(torch: str, vision: str) -> str:
    demand = needed_torch()
    if not demand or not torch or satisfied(demand, torch):
        return ""
    return f"torchvision {vision} demands torch {demand}; installed is torch {torch}"


def _builds_differ(torch: str, vision: str, mine: str) -> str:
    build = torchvision_build()
    if build is None or written("torch", "cuda") is None:
        return ""
    exact = build not in ("cuda", "cpu") and mine != "cpu"
    if build == mine if exact else (build == "cpu") == (mine == "cpu"):
        return ""
    return f"torch {torch} is a {mine} build, torchvision {vision} a {build} build"


def forgivable(fault: Fault) -> bool:
    """Whether a pair that was not built for each other usually works all the same.

    So it is with another patch release of the same line, and with builds of one CUDA major: what
    then really imports and computes has proved it.
    """
    said = " ".join(fault.evidence)
    demanded = re.search(r"demands torch ==\s*([\d.]+)", said)
    if demanded:
        return release(demanded.group(1))[:2] == release(fault.values["torch"])[:2]
    builds = re.findall(r" a cu(\d+)\d build", said)
    return len(builds) == 2 and builds[0] == builds[1]
