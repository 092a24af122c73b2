"""The table of plain `nvidia-smi`, every banner from R384 to R610 and later."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

from setup_assistant.catalog import gpus
from setup_assistant.machine import card_table
from setup_assistant.machine.facts import Process
from setup_assistant.machine.reading import CUT, Card, Reading, mib, value

_DRIVER = re.compile(r"\b(?:Driver|KMD) Version:\s*(\d[\d.]*|N/A)")
_CUDA = re.compile(r"\bCUDA (?:UMD )?Version:\s*(\d+\.\d+|N/A|Not Found|ERR!)")
# The first row: "| NVIDIA-SMI 535.54.03   Driver Version: 535.54.03   CUDA Version: 12.2 |"
_BANNER = re.compile(
    rf"NVIDIA-SMI\s+(?P<own>\d[\d.]*)(?:\s+{_DRIVER.pattern}(?:[\s|]*{_CUDA.pattern})?)?"
)
# First line of a card: "|   0  Tesla T4     On   | 00000000:00:1E.0 Off |    0 |"
_CARD = re.compile(
    r"\|\s+(?P<index>\d+)\s+(?P<name>\S.*?)\s+(?P<mode>On|Off|N/A|WDDM|TCC|MCDM|ERR!)\s*\|"
    r"\s*(?P<bus>[0-9A-Fa-f:.]{7,}|N/A)\s+(?P<display>On|Off|N/A|ERR!)\s*\|[^|]*(?:\||$)"
)
# The same, cut before its end: "|   1  Quadro P2200", "|   1  Tesla T4     On   | 0000".
_BEGUN = re.compile(
    r"^\|\s+(?P<index>\d{1,2})\s+(?P<name>[A-Za-z][^|]*?)(?:\s+(?:On|Off|N/A|WDDM|TCC|MCDM)\s*(?:\|[^|]*)?)?$"
)
# Second line: "| N/A   35C    P0    25W / 70W |    109MiB / 15360MiB |      0%      Default |"; old
# drivers (R340) write MB and mean MiB.
_MEMORY = re.compile(
    r"\|\s*(?:(?P<used>\d+)\s*Mi?B\s*/\s*(?P<total>\d+)\s*Mi?B|(?P<none>N/A|Not Supported|ERR!))"
    r"\s*\|(?:\s*\S+\s+(?P<compute_mode>Default|E\. Process|E\. Thread|Prohibited))?"
)
_SLICE = re.compile(
    r"\|\s+(?P<gpu>\d+)\s+(?P<gi>\d+)\s+(?P<ci>\d+)\s+(?P<device>\d+)\s+\|"
    r"\s*(?P<used>\d+)\s*MiB\s*/\s*(?P<total>\d+)\s*MiB\s*\|\s*(?P<multiprocessors>\d+)?"
)
_PROCESS = re.compile(
    r"\|\s+(?P<gpu>\d+)\s+(?:(?:N/A|\d+)\s+(?:N/A|\d+)\s+)?(?P<pid>\d+)\s+(?P<kind>[CGM+]+)\s+"
    r"(?P<name>\S.*?)\s+(?P<memory>\d+\s*MiB|N/A)\s*\|"
)


def read(text: str) -> Reading:
    """Return what the table says; an empty reading where there is none."""
    banner = _BANNER.search(text)
    cards = _cards(text)
    begun = _begun(text, len(cards)) if cards else None
    if begun and gpus.lookup(begun).compute_capability:
        cards.append(Card(name=begun, index=len(cards)))
    cards = _with_slices(_with_processes(cards, text), text)
    if not (banner or cards):
        return Reading(source="nvidia-smi")
    own, driver, cuda = banner.groups() if banner else (None, None, None)
    known = cuda if cuda and cuda[0].isdigit() else None
    return Reading(
        source="nvidia-smi",
        driver=value(driver),
        cuda=known,
        cuda_missing=bool(cuda and not known),
        library=own,
        windows=any(c.driver_model for c in cards) or "Driver-Model" in text,
        cards=tuple(cards),
        unknown=(CUT,) if begun else (),
    )


# The form in which reports of the open kernel modules ask for the driver.
_MODULES = re.compile(r"Kernel Modules Version\s+(?:nvidia[\w-]*-)?(\d{3}\.\d[\d.]*)\s")


def read_prose(text: str) -> Reading:
    """Return the driver that words beside any output name: it counts where no output does."""
    driver, cuda = _DRIVER.search(text) or _MODULES.search(text), _CUDA.search(text)
    if driver is None or _BANNER.search(text):
        return Reading(source="prose")
    version = cuda[1] if cuda and cuda[1][0].isdigit() else None
    return Reading(
        source="prose",
        driver=value(driver[1]),
        cuda=version,
        cuda_missing=bool(cuda and not version),
    )


def _cards(text: str) -> list[Card]:
    lines = text.splitlines()
    found: list[Card] = []
    for number, line in enumerate(lines):
        first = _CARD.search(line)
        if first:
            found.append(_card(first, lines[number + 1 : number + 3]))
    return found


def _begun(text: str, index: int) -> str | None:
    """Return what can be read of the name of the card in whose row the text was cut."""
    lines = text.partition("Processes:")[0].splitlines()
    for line, after in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        found = _BEGUN.match(line)
        if found and int(found["index"]) == index and "|" not in after:
            return found["name"].rstrip()
    return None


def _card(first: re.Match[str], rest: list[str]) -> Card:
    body = list(itertools.takewhile(lambda s: "+--" not in s and "+==" not in s, rest))
    memory = _MEMORY.search(body[0]) if body else None
    cells = [c.strip() for line in body[:2] for c in line.split("|") if c.strip()]
    unnamed = first["name"].startswith("ERR!")
    # One ERR! may be a broken sensor; a card that cannot tell its memory has failed.
    failing = unnamed or (memory is not None and memory["none"] == "ERR!")
    said = {
        **first.groupdict(),
        **(memory.groupdict() if memory else {}),
        "name": None if unnamed else first["name"].strip(),
        "mig": cells[-1] if len(body) > 1 and cells else None,
    }
    return card_table.card(said.get, "table", trouble="ERR!" if failing else None)


def _with_slices(cards: list[Card], text: str) -> list[Card]:
    # The first list only: a table that was pasted twice has two.
    part = text.partition("MIG devices:")[2].partition("MIG devices:")[0]
    rows = list(_SLICE.finditer(part))
    if not rows:
        return cards
    return [replace(c, slices=_slices(c, rows)) for c in cards]


def _slices(card: Card, rows: list[re.Match[str]]) -> tuple[Card, ...]:
    return tuple(
        card_table.card(row.groupdict().get, "table", facts=card_table.SLICE_FACTS)
        for row in rows
        if int(row["gpu"]) == card.index
    )


def _with_processes(cards: list[Card], text: str) -> list[Card]:
    rows = list(_PROCESS.finditer(text.partition("Processes:")[2]))
    return [
        replace(
            card,
            processes=tuple(
                Process(pid=int(r["pid"]), name=r["name"], memory_bytes=mib(r["memory"]))
                for r in rows
                if int(r["gpu"]) == card.index
            ),
        )
        for card in cards
    ]
