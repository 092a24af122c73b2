"""Reports in which other programs repeat what the driver said.

People mail `python -m torch.utils.collect_env` (which vLLM and others extend) or sglang's
`check_env` as often as the output of nvidia-smi.
"""

from __future__ import annotations

import re

from setup_assistant.machine.facts import System
from setup_assistant.machine.reading import Card, Reading

_DRIVER = re.compile(r"^Nvidia driver version *: *(\d{3}\.\d[\d.]*)", re.MULTILINE)
# "GPU 0: NVIDIA L4", alone on its line or behind a heading; "GPU 0,1,2,3: NVIDIA GB200".
_CARD = re.compile(
    r"(?:^|: +)GPU (?P<indices>\d+(?:,\d+)*): "
    r"(?P<name>(?:NVIDIA|GeForce|Tesla|Quadro|GRID|TITAN|Orin|Xavier)\b[^\n:\[]{0,60}?) *$",
    re.MULTILINE,
)
_CAPABILITY = re.compile(
    r"^GPU (?P<indices>\d+(?:,\d+)*) Compute Capability: (?P<capability>\d{1,2}\.\d)$", re.MULTILINE
)
_SLICE = re.compile(r"^ *MIG (\d\S*) +Device +(\d+): *$")
NO_DRIVER = re.compile(
    r"^(?:Nvidia driver version|GPU models and configuration) *: *(?:Could not collect|No CUDA)",
    re.MULTILINE,
)
_LIBC = re.compile(r"^Libc version *: *glibc-(\d\.\d+)", re.MULTILINE)
_PYTHON = re.compile(r"^Python version *: *3\.(\d{1,2})\b", re.MULTILINE)
# From these on, Python asks the C library itself; before, it reads what it was built for.
_ASKS_LIBC, _ASKS_PLATFORM = 8, 9
_PLATFORM = re.compile(
    r"^(?:- )?(?:Python p|P)latform *: *(?P<os>Linux|Windows)\S*?-"
    r"(?P<arch>x86_64|aarch64|AMD64|ARM64)"
    r"\S*?(?:-glibc(?P<glibc>\d\.\d+))?$|^Python platform *: *(?P<windows>Windows)\b",
    re.MULTILINE,
)


def read(text: str) -> Reading:
    """Return the cards and the driver that a report names; it knows no memory and no CUDA."""
    driver = _DRIVER.search(text)
    return Reading(
        source="nvidia-smi", driver=driver[1] if driver else None, cards=tuple(_cards(text))
    )


def system(text: str) -> System | None:
    """Return the system that a report names; None where it names none."""
    found = _PLATFORM.search(text)
    if found is None:
        return None
    if found["windows"] or found["os"] == "Windows":
        return System(os="Windows", arch="x86_64")
    arch = "aarch64" if found["arch"] in ("aarch64", "ARM64") else "x86_64"
    glibc, _least = _glibc(text, found["glibc"])
    return System(os="Linux", arch=arch, glibc=glibc, wsl="microsoft" in found[0].lower())


def least_glibc(text: str) -> bool:
    """Whether a report names no glibc but the one that its old Python was built for."""
    found = _PLATFORM.search(text)
    return found is not None and _glibc(text, found["glibc"])[1]


def _glibc(text: str, platform: str | None) -> tuple[str | None, bool]:
    """Return the version of the C library, and whether it is only the least that it can be."""
    python, libc = _PYTHON.search(text), _LIBC.search(text)
    minor = int(python[1]) if python else _ASKS_PLATFORM
    if libc:
        return libc[1], minor < _ASKS_LIBC
    return platform, platform is not None and minor < _ASKS_PLATFORM


def _cards(text: str) -> list[Card]:
    capabilities = {
        index: m["capability"] for m in _CAPABILITY.finditer(text) for index in _numbers(m)
    }
    cards: dict[int, Card] = {}
    for match in _CARD.finditer(text):
        slices = _slices(text[match.end() :])
        for index in _numbers(match):
            cards.setdefault(
                index,
                Card(
                    index=index,
                    name=match["name"],
                    compute_capability=capabilities.get(index),
                    mig="on" if slices else None,
                    slices=slices,
                ),
            )
    return [cards[index] for index in sorted(cards)]


def _numbers(match: re.Match[str]) -> list[int]:
    return [int(n) for n in match["indices"].split(",")]


def _slices(text: str) -> tuple[Card, ...]:
    """Return the slices listed in the lines directly below a card."""
    found: list[Card] = []
    for line in text.split("\n")[1:]:
        part = _SLICE.match(line)
        if part is None:
            break
        found.append(Card(index=int(part[2]), mig=part[1]))
    return tuple(found)
