"""Any output of nvidia-smi, or several in one text, to readings."""

from __future__ import annotations

from dataclasses import replace

from setup_assistant.machine import smi_lines, smi_table, smi_tree, verdicts
from setup_assistant.machine.reading import Fault, Reading

_READERS = (
    smi_tree.read,
    smi_lines.read_csv,
    smi_lines.read_list,
    smi_table.read,
    smi_lines.read_version,
    smi_lines.read_lspci,
)


def read(text: str, code: int = 0) -> tuple[Reading, ...]:
    """Return what `text` says, one reading per format found in it.

    Args:
        text: standard output and standard error of nvidia-smi, or a pasted mixture.
        code: the exit status, where known; errors may come with any of them.
    """
    found = [r for r in (reader(text) for reader in _READERS) if not r.empty]
    cards = any(r.cards for r in found)
    faults = _faults(text, cards=cards)
    if not faults and not cards and code not in (0, 14):
        first = tuple(s.strip() for s in text.splitlines() if s.strip())[:2]
        faults = (Fault(id=verdicts.of_code(code), evidence=(f"exit status {code}", *first)),)
    if not faults:
        return tuple(found)
    return (*found, Reading(source="nvidia-smi", faults=faults))


def _faults(text: str, *, cards: bool) -> tuple[Fault, ...]:
    if not cards:
        return verdicts.of_text(text)
    # Beside a table of working cards, only the lines about a card that could not be opened
    # matter: other words may be part of the table.
    lines = [s for s in text.splitlines() if "Unable to determine the device handle" in s]
    return tuple(
        replace(fault, evidence=tuple(s.strip() for s in lines))
        for fault in verdicts.of_text("\n".join(lines))
    )
