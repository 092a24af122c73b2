"""A machine described on the command line, for `plan` without that machine."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog import drivers, gpus
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Driver, Gpu, Machine, Memory, System
from setup_assistant.words import _

MIB = 1 << 20
GIB = 1 << 30
# What a driver keeps for itself on an idle card.
_IDLE_SHARE = 0.965
# What an idle system leaves of its main memory.
_RAM_SHARE = 0.85
_VENDORS = {"amd": ("radeon", "instinct", "amd "), "intel": ("intel", "arc "), "apple": ("apple",)}


def machine_of(
    *,
    driver: str | None,
    specs: Sequence[str],
    system: str,
    arch: str,
    python: str | None,
    ram_gib: float | None,
    glibc: str | None,
) -> Machine:
    """Return the described machine; its sources all count as reachable, its tools as none.

    Raises:
        SetupError: `usage` where a GPU cannot be understood.
    """
    memory = int(ram_gib * GIB) if ram_gib else None
    return Machine(
        system=System(os=system, arch=arch, python=python, glibc=glibc),
        driver=Driver(
            version=driver,
            cuda=drivers.cuda_of_driver(driver) if driver else None,
            source="given" if driver else None,
        ),
        gpus=tuple(_gpu(spec, index) for index, spec in enumerate(specs)),
        memory=Memory(
            total_bytes=memory, available_bytes=int(memory * _RAM_SHARE) if memory else None
        ),
    )


def _gpu(spec: str, index: int) -> Gpu:
    """Return a GPU from NAME,CC,TOTAL_MIB,FREE_MIB; all but the name may be left out."""
    name, capability, total, free = ([p.strip() for p in spec.split(",")] + [""] * 4)[:4]
    if not name or spec.count(",") > 3:
        raise _wrong(spec, _("write NAME,CC,TOTAL_MIB,FREE_MIB; all but the name may be empty"))
    vendor = _vendor(name)
    known = gpus.lookup(name)
    if capability and not _is_capability(capability):
        raise _wrong(spec, _("{cc} is no compute capability such as 8.6", cc=capability))
    if not capability and vendor == "nvidia" and known.compute_capability is None:
        raise _wrong(spec, _("its compute capability is not known; write it as 8.6"))
    total_bytes = _mib(spec, total) or known.memory_bytes
    free_bytes = _mib(spec, free)
    if free_bytes is None and total_bytes is not None:
        free_bytes = int(total_bytes * _IDLE_SHARE)
    if free_bytes and total_bytes and free_bytes > total_bytes:
        raise _wrong(spec, _("more memory is free than there is"))
    return Gpu(
        name=name,
        index=index,
        uuid=None,
        compute_capability=capability or known.compute_capability,
        memory_total_bytes=total_bytes,
        memory_free_bytes=free_bytes,
        vendor=vendor,  # type: ignore[arg-type]
        mig=_profile(name),
        unified_memory=total_bytes is None,
    )


def _profile(name: str) -> str | None:
    """Return the MIG profile in a name such as "NVIDIA A100-SXM4-80GB MIG 1g.10gb"."""
    parts = name.split(" MIG ")
    return parts[1].strip() if len(parts) > 1 else None


def _vendor(name: str) -> str:
    lower = name.lower()
    for vendor, words in _VENDORS.items():
        if any(word in lower for word in words) and "nvidia" not in lower:
            return vendor
    return "nvidia"


def _is_capability(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 2 and all(p.isdecimal() for p in parts)


def _mib(spec: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(float(text) * MIB)
    except ValueError:
        raise _wrong(spec, _("{text} is no number of MiB", text=text)) from None


def _wrong(spec: str, detail: str) -> SetupError:
    return SetupError("usage", detail=f"--gpu {spec!r}: {detail}", verb="plan")
