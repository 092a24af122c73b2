"""What the Linux kernel says: the loaded NVIDIA module, and every GPU on the PCI bus.

Needs no driver and no library, so it tells "no GPU" from "a GPU without a driver". Every
reader takes the root folder, so that tests give a tree of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.host import lenient
from setup_assistant.machine.reading import Card, Reading, bus_id

_VENDORS = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel"}
_DISPLAY_CLASS = "0x03"
_LIBRARY_FOLDERS = (
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/lib/wsl/lib",
)


def read(root: Path = Path("/")) -> tuple[Reading, ...]:
    """Return one reading of the loaded module and one of the PCI bus."""
    module = module_version(root)
    readings = []
    if module or library_version(root):
        readings.append(
            Reading(
                source="kernel",
                driver=module,
                kernel_module=module,
                library=library_version(root),
            )
        )
    cards = tuple(_cards(root))
    if cards:
        readings.append(Reading(source="pci", cards=cards))
    return tuple(readings)


def module_version(root: Path = Path("/")) -> str | None:
    """Return the version of the loaded NVIDIA kernel module, e.g. "570.133.20"."""
    text = lenient.text(root / "sys/module/nvidia/version")
    if text:
        return text
    found = re.search(
        r"NVRM version:.*?\s(\d{3}\.\d+(?:\.\d+)*)\s",
        lenient.text(root / "proc/driver/nvidia/version"),
    )
    return found[1] if found else None


def library_version(root: Path = Path("/")) -> str | None:
    """Return the version in the file name that `libnvidia-ml.so.1` points at."""
    for folder in _LIBRARY_FOLDERS:
        link = root / folder / "libnvidia-ml.so.1"
        try:
            target = link.resolve().name if link.is_symlink() else ""
        except OSError:
            continue
        found = re.search(r"\.so\.(\d{3}\.[\d.]+)$", target)
        if found:
            return found[1]
    return None


def device_groups(root: Path = Path("/")) -> tuple[str, ...]:
    """Return who may open each /dev/nvidia* file, as evidence for a refused permission."""
    found = []
    for path in sorted((root / "dev").glob("nvidia*")):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append(
            f"/dev/{path.name}: mode {status.st_mode & 0o777:o}, group {_group(status.st_gid)}"
        )
    return tuple(found[:8])


def _group(number: int) -> str:
    try:
        import grp

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError):
        return str(number)


def _cards(root: Path) -> Iterator[Card]:
    counts: dict[str, int] = {}
    try:
        slots = sorted((root / "sys/bus/pci/devices").iterdir())
    except OSError:
        return
    for slot in slots:
        vendor = _VENDORS.get(lenient.text(slot / "vendor").lower())
        if vendor is None or not lenient.text(slot / "class").startswith(_DISPLAY_CLASS):
            continue
        index = counts.get(vendor, 0)
        counts[vendor] = index + 1
        yield Card(
            index=index,
            pci_bus_id=bus_id(slot.name),
            pci_device_id=lenient.text(slot / "device").removeprefix("0x").upper() or None,
            vendor=vendor,
            kernel_driver=_bound(slot),
        )


def _bound(slot: Path) -> str:
    link = slot / "driver"
    try:
        return link.resolve().name if link.exists() else "none"
    except OSError:
        return "none"
