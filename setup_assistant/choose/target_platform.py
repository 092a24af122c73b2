"""What of the machine decides which wheels can run: system, architecture, driver."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.catalog.drivers import Drivers
from setup_assistant.catalog.torch import TorchTable
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import at_least, numbers

_ARCHES = {"amd64": "x86_64", "x64": "x86_64", "x86_64": "x86_64"}


@dataclass(frozen=True, kw_only=True)
class Host:
    """`platform` is "System-arch" as in the recipes, e.g. "Linux-aarch64".

    `cuda` is the highest CUDA version of the driver, e.g. "12.2"; None without a driver.
    """

    os: str
    arch: str
    glibc: str | None
    driver: str | None
    cuda: str | None

    @property
    def platform(self) -> str:
        """System and architecture, e.g. "Linux-x86_64"."""
        return f"{self.os}-{self.arch}"


def host_of(machine: Machine, drivers: Drivers) -> Host:
    """Return the deciding facts of a machine."""
    system = machine.system
    driver = machine.driver.version
    cuda = machine.driver.cuda or (drivers.cuda_of(driver) if driver else None)
    return Host(
        os=system.os,
        arch=_arch(system.os, system.arch),
        glibc=system.glibc,
        driver=driver,
        cuda=cuda,
    )


def starts(host: Host, build_cuda: str, table: TorchTable) -> bool:
    """Whether the driver starts a build of this CUDA version at all.

    Within a CUDA major any build runs on a driver that reaches the major's floor; across
    majors it never does. A driver known only by its CUDA version must be of that major.
    """
    major = numbers(build_cuda)[0]
    if host.cuda and numbers(host.cuda)[0] < major:
        return False
    if host.driver:
        for floor in table.floor:
            if floor.cuda == major:
                least = floor.windows if host.os == "Windows" else floor.linux
                return at_least(host.driver, least)
        return False
    return host.cuda is not None


def native(host: Host, build_cuda: str) -> bool:
    """Whether the build is not above the driver's own CUDA version."""
    return host.cuda is not None and at_least(host.cuda, build_cuda)


def _arch(os: str, arch: str) -> str:
    lower = arch.lower()
    if lower in {"arm64", "aarch64"}:
        return "arm64" if os == "Darwin" else "aarch64"
    return _ARCHES.get(lower, lower)
