"""A machine described on the command line, for `plan` without that machine."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from setup_assistant.catalog import drivers, gpu_words, gpus
from setup_assistant.errors import SetupError
from setup_assistant.machine import mig
from setup_assistant.machine.facts import Driver, Gpu, Machine, Memory, System
from setup_assistant.machine.reading import vendor as vendor_of
from setup_assistant.messages import _
from setup_assistant.units_text import GIB, MIB

# What a driver keeps for itself on an idle card.
_IDLE_SHARE = 0.965
# What an idle system leaves of its main memory.
_RAM_SHARE = 0.85
# No GPU has a hundredth of this; it keeps typing errors from becoming sizes.
_MOST_MIB = 1 << 40
_APPLE = re.compile(r"apple|\bm[1-9] (?:pro|max|ultra)\b", re.IGNORECASE)


def machine_of(
    *,
    driver: str | None,
    specs: Sequence[str],
    system: str,
    arch: str | None,
    python: str | None,
    ram_gib: float | None,
    glibc: str | None,
) -> Machine:
    """Return the described machine; its sources all count as reachable, its tools as none.

    Raises:
        SetupError: `usage` naming the flag, where a value cannot be understood.
    """
    if ram_gib is not None and not math.isfinite(ram_gib):
        raise _wrong("--ram", str(ram_gib), _("write a number of GiB, such as 64"))
    memory = int(ram_gib * GIB) if ram_gib else None
    return Machine(
        system=System(
            os=system,
            arch=arch or ("aarch64" if any(map(gpus.on_arm, specs)) else "x86_64"),
            python=python,
            glibc=_glibc(glibc) if glibc is not None else None,
        ),
        driver=driver_of(driver) if driver is not None else Driver(),
        gpus=tuple(_gpu(spec, index) for index, spec in enumerate(specs)),
        memory=Memory(
            total_bytes=memory, available_bytes=int(memory * _RAM_SHARE) if memory else None
        ),
    )


def driver_of(text: str) -> Driver:
    """Return the driver of a given version.

    Raises:
        SetupError: `usage`, where it is no version of a driver.
    """
    version = _driver(text)
    return Driver(
        version=version,
        cuda=drivers.cuda_of_driver(version),
        source="given",
        cuda_source="table",
    )


def _driver(text: str) -> str:
    """Return a driver version as NVIDIA writes it.

    Windows' own number ends in its five digits: 31.0.15.3713 is driver 537.13.
    """
    windows = re.fullmatch(r"\d+\.\d+\.\d*(\d)\.(\d\d)(\d\d)", text.strip())
    if windows:
        return f"{windows[1]}{windows[2]}.{windows[3]}"
    found = re.fullmatch(r"[rR]?(\d{3}(?:\.\d+){0,3})", text.strip())
    if not found:
        raise _wrong("--driver", text, _("write the version that nvidia-smi shows: 535.104.05"))
    return found[1]


def _glibc(text: str) -> str:
    if not re.fullmatch(r"\d+\.\d+", text.strip(), re.ASCII):
        raise _wrong("--glibc", text, _("write it as 2.35"))
    return text.strip()


def _gpu(spec: str, index: int) -> Gpu:
    """Return a GPU from NAME,CC,TOTAL_MIB,FREE_MIB; all but the name may be left out."""
    name, capability, total, free = ([p.strip() for p in spec.split(",")] + [""] * 4)[:4]
    if spec.strip().isdecimal() or spec.startswith("GPU-"):
        raise _wrong_gpu(spec, _("this describes a card; --gpus chooses one that is there"))
    if not name or spec.count(",") > 3:
        raise _wrong_gpu(spec, _("write NAME,CC,TOTAL_MIB,FREE_MIB; all but the name may be empty"))
    vendor = _vendor(name)
    known = gpu_words.spoken(name)
    if capability and not re.fullmatch(r"\d{1,2}\.\d", capability, re.ASCII):
        raise _wrong_gpu(spec, _("{cc} is no compute capability such as 8.6", cc=capability))
    part = capability or known.compute_capability
    if part is None and vendor == "nvidia":
        raise _wrong_gpu(spec, _unheard_of(name))
    profile = _profile(name)
    total_bytes = _mib(spec, total)
    if total_bytes is None:
        # A slice is not as large as its card.
        total_bytes = mig.of_profile(profile) if profile else known.memory_bytes
    free_bytes = _mib(spec, free)
    if free_bytes is None and total_bytes is not None:
        free_bytes = int(total_bytes * _IDLE_SHARE)
    if free_bytes and total_bytes is not None and free_bytes > total_bytes:
        raise _wrong_gpu(spec, _("more memory is free than there is"))
    return Gpu(
        name=name,
        index=index,
        uuid=None,
        compute_capability=part,
        memory_total_bytes=total_bytes,
        memory_free_bytes=free_bytes,
        vendor=vendor,  # type: ignore[arg-type]
        mig=profile,
        unified_memory=total_bytes is None and part in gpus.UNIFIED,
    )


def _unheard_of(name: str) -> str:
    if near := gpu_words.near(name):
        return _(
            "no GPU is known by this name alone; do you mean {names}? Or write its compute "
            "capability behind it: NAME,8.6",
            names=", ".join(near),
        )
    return _("its compute capability is not known; write it as 8.6")


def _profile(name: str) -> str | None:
    """Return the MIG profile in a name such as "NVIDIA A100-SXM4-80GB MIG 1g.10gb"."""
    found = re.search(r"\bMIG\s+(\S+)$|\b(\d+g\.\d+gb\S*)$", name, re.IGNORECASE)
    return (found[1] or found[2]).lower() if found else None


def _vendor(name: str) -> str:
    if "nvidia" in name.lower():
        return "nvidia"
    return "apple" if _APPLE.search(name) else vendor_of(name) or "nvidia"


def _mib(spec: str, text: str) -> int | None:
    if not text:
        return None
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:MiB)?", text, re.IGNORECASE | re.ASCII)
    if not number or float(number[1]) > _MOST_MIB:
        raise _wrong_gpu(spec, _("{text} is no number of MiB", text=text))
    return int(float(number[1]) * MIB)


def _wrong_gpu(spec: str, detail: str) -> SetupError:
    return _wrong("--gpu", spec, detail)


def _wrong(flag: str, given: str, detail: str) -> SetupError:
    return SetupError("usage", detail=f"{flag} {given!r}: {detail}", verb="plan")
