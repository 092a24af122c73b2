"""Any output of nvidia-smi, or several in one text, to readings."""

from __future__ import annotations

import re
from dataclasses import replace

from setup_assistant.machine import (
    kernel_log,
    other_programs,
    smi_csv,
    smi_lines,
    smi_report,
    smi_table,
    smi_tree,
    typed_list,
    verdicts,
)
from setup_assistant.machine.reading import Fault, Reading

_READERS = (
    smi_tree.read,
    smi_csv.read,
    smi_lines.read_list,
    smi_table.read,
    smi_lines.read_version,
    smi_report.read,
    kernel_log.read_module,
    kernel_log.read_refusals,
    kernel_log.read_nouveau,
    smi_lines.read_lspci,
    other_programs.read,
    smi_table.read_prose,
    typed_list.read,
)

_NO_HANDLE = re.compile(r"Unable to (?:determine|detect) the device handle")
_FAILED = re.compile(
    r"^[^|\w]*(?:NVIDIA-SMI (?:has failed|couldn.?t find)|Failed to initialize NVML"
    r"|No devices were found)"
)


def read(text: str, code: int = 0, *, beside_cards: bool = False) -> tuple[Reading, ...]:
    """Return what `text` says, one reading per format found in it.

    Args:
        text: standard output and standard error of nvidia-smi, or a pasted mixture.
        code: the exit status, where known; errors may come with any of them.
        beside_cards: whether cards are told of elsewhere: only nvidia-smi's own words of a
            failure count then.
    """
    found = [r for r in (reader(text) for reader in _READERS) if not r.empty]
    cards = any(r.cards for r in found if r.source != "prose")
    faults = _faults(text, cards=cards or beside_cards)
    if not faults and not cards and code not in (0, 14):
        first = tuple(s.strip() for s in text.splitlines() if s.strip())[:2]
        faults = (Fault(id=verdicts.of_code(code), evidence=(f"exit status {code}", *first)),)
    if not faults:
        return tuple(found)
    return (*found, Reading(source="nvidia-smi", faults=faults))


def _faults(text: str, *, cards: bool) -> tuple[Fault, ...]:
    if not cards:
        return verdicts.of_text(text)
    # Beside working cards, only nvidia-smi's own lines matter, of a card that could not be opened
    # or of another attempt, in a container or under WSL: other words may be part of the table.
    return tuple(
        replace(fault, evidence=tuple(lines))
        for pattern in (_NO_HANDLE, _FAILED)
        if (lines := [s.strip() for s in text.splitlines() if pattern.search(s)])
        for fault in verdicts.of_text("\n".join(lines))
    )
