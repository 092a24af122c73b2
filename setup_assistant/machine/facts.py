"""The machine: everything true of one computer, as frozen values.

Sizes are bytes, times seconds, versions strings. A field that could not be learned is None,
and `Machine.unknown` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """One thing that could not be learned. `field` is a dotted name, e.g. `driver.cuda`."""

    field: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process that holds GPU memory."""

    pid: int
    name: str | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One device that CUDA could use: a whole card, or one MIG slice.

    `index` is the position in PCI order (`CUDA_DEVICE_ORDER=PCI_BUS_ID`). `mig` is None where
    unknown, "off", "on" (a card in MIG mode, itself unusable) or the slice's profile such as
    "1g.10gb" ("slice" where its profile is not known). `compute_mode` is default,
    exclusive_process, exclusive_thread or prohibited. `usable` is False for a lost, forbidden
    or hidden card; `note` says why.
    """

    name: str
    index: int = 0
    uuid: str | None = None
    pci_bus_id: str | None = None
    compute_capability: str | None = None
    memory_total_bytes: int | None = None
    memory_free_bytes: int | None = None
    mig: str | None = None
    display_active: bool | None = None
    driver_model: str | None = None
    unified_memory: bool = False
    vendor: Literal["nvidia", "amd", "intel", "apple"] = "nvidia"
    pci_device_id: str | None = None
    kernel_driver: str | None = None
    compute_mode: str | None = None
    usable: bool = True
    note: str | None = None
    processes: tuple[Process, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Driver:
    """The NVIDIA driver. `cuda` is the highest CUDA version it supports, e.g. "12.2".

    `source` names who said the version: nvml, nvidia-smi, kernel, given; `cuda_source` who said
    the CUDA version, which may also be "table" (from the driver's branch) or "cuda-compat" (a
    forward compatibility package reports a newer one than the branch has).
    """

    version: str | None = None
    cuda: str | None = None
    source: str | None = None
    cuda_source: str | None = None
    kernel_module: str | None = None
    library: str | None = None


@dataclass(frozen=True, kw_only=True)
class System:
    """Operating system and CPU. `musl`: a Linux with that C library in place of glibc."""

    os: str = "Linux"
    arch: str = "x86_64"
    release: str | None = None
    distribution: str | None = None
    glibc: str | None = None
    python: str | None = None
    cpu: str | None = None
    cpu_cores: int | None = None
    cpu_flags: tuple[str, ...] = ()
    container: str | None = None
    wsl: bool = False
    jetson: str | None = None
    musl: bool = False


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Main memory: what the computer has, and what this process may use (cgroup limit)."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    limit_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Free room for one purpose. `free_bytes` is what an ordinary user may write."""

    role: Literal["site", "cache", "temp"]
    path: str
    free_bytes: int | None = None
    total_bytes: int | None = None
    device: str | None = None


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program found on this machine."""

    name: str
    path: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One place that packages, wheels or weights come from, and whether it answered.

    `leg` is packages, torch, conda or weights, or extra for a further package index of the
    person's; `name` the mirror's name in the recipes, or own. `credentials` tells that their
    setting holds a password, which `url` does not. `silent` tells that nothing came in the time
    that was given, which is no refusal; `setting` is the file or variable that names the source.
    """

    leg: str
    name: str
    url: str
    reachable: bool
    seconds: float | None = None
    reason: str | None = None
    bytes_per_second: float | None = None
    credentials: bool = False
    silent: bool = False
    setting: str | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the probe concludes from a failure: a stable id and both sides of the evidence."""

    id: str
    sentence: str
    evidence: tuple[str, ...] = ()
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Everything that was learned about one computer."""

    system: System = System()
    driver: Driver = Driver()
    gpus: tuple[Gpu, ...] = ()
    memory: Memory = Memory()
    disks: tuple[Disk, ...] = ()
    tools: tuple[Tool, ...] = ()
    sources: tuple[Source, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    visible_devices: str | None = None
    probed_at: str | None = None
    schema: str = "setup-assistant/machine/1"
