"""`recipes/drivers.toml`: which CUDA version a driver branch supports."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from setup_assistant.catalog.folder import Sourced, read
from setup_assistant.versions import Numbers, numbers


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One driver branch and the highest CUDA version its drivers report."""

    branch: int
    cuda: str


@dataclass(frozen=True, kw_only=True)
class Tegra:
    """One Jetson Linux release, e.g. "R36.4", and the CUDA version that ships with it."""

    release: str
    cuda: str


@dataclass(frozen=True, kw_only=True)
class Drivers(Sourced):
    """The whole recipe."""

    branch: tuple[Branch, ...]
    tegra: tuple[Tegra, ...] = ()

    def cuda_of(self, version: str) -> str | None:
        """Return the CUDA version that the driver `version` (e.g. "535.104.05") reports.

        A branch between two rows counts as the lower one, since Windows drivers of one branch
        carry higher numbers. None for drivers older than the table.
        """
        found = re.match(r"\d+", version)
        if not found:
            return None
        major = int(found[0])
        reached = [row for row in self.branch if row.branch <= major]
        return max(reached, key=lambda row: row.branch).cuda if reached else None


load = functools.cache(functools.partial(read, "drivers.toml", Drivers))


def cuda_of_driver(version: str) -> str | None:
    """Return the CUDA version that a driver reports, see `Drivers.cuda_of`."""
    return load().cuda_of(version)


def is_ahead(version: str, cuda: str) -> bool:
    """Whether a driver reports a newer CUDA version than its branch has.

    Then a forward compatibility package (cuda-compat) lies over its library, as in NVIDIA's
    containers. Of branches newer than the table nothing can be said.
    """
    found = re.match(r"\d+", version)
    own = cuda_of_driver(version)
    newest = max(row.branch for row in load().branch)
    if not found or own is None or int(found[0]) >= newest:
        return False
    return numbers(cuda) > numbers(own)


def cuda_of_tegra(release: str) -> str | None:
    """Return the CUDA version of a Jetson Linux release such as "R36.4.0"."""
    wanted = _of_tegra(release)
    reached = [
        row
        for row in load().tegra
        if _of_tegra(row.release)[:1] == wanted[:1] and _of_tegra(row.release) <= wanted
    ]
    return max(reached, key=lambda row: _of_tegra(row.release)).cuda if reached else None


def _of_tegra(release: str) -> Numbers:
    return numbers(release.lstrip("Rr# "))
