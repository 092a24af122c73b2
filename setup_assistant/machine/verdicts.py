"""What a failure of the driver means: a cause of the catalogue, and the evidence.

Ids are those of `recipes/causes`, with underscores. Sentences have no places, so that they can be
translated where they are shown; whatever varies (versions, error texts) is the evidence.
"""

from __future__ import annotations

import re

from setup_assistant.catalog import causes
from setup_assistant.machine.facts import Verdict
from setup_assistant.machine.reading import Fault
from setup_assistant.messages import Message

# How cmd says in the languages of Windows that there is no such program.
CMD_MISSING = (
    r"is not recognized as|不是内部或外部命令"
    r"|不是內部或外部命令|は、内部コマンド|은\(는\) 내부 또는"
    r"|n.est pas reconnu en tant|no se reconoce como|(?:ist )?entweder falsch"
    r"|non . riconosciuto come|n.o . reconhecido como|не является внутренней"
)
_CMD = re.compile(rf"nvidia-smi(?:\.exe)?\W{{1,4}}(?:{CMD_MISSING})", re.IGNORECASE)
# What nvidia-smi or the shell may tell of, the most telling first, on stdout with any exit code.
TOLD = (
    "driver_library_mismatch",
    "blocked_by_os",
    "nvml_missing",
    "driver_not_loaded",
    "gpu_lost",
    "gpu_power",
    "gpu_unreachable",
    "no_devices",
    "permission_denied",
    "command_typo",
    "nvidia_smi_missing",
    "nvml_unknown_error",
    "nvml_error",
    "nvidia_smi_crashed",
    "field_unsupported",
)

_CRASH = re.compile(r"(nvidia-smi(?:\.exe)?) *\n *(Segmentation fault)", re.IGNORECASE)


def of_code(code: int) -> str:
    """Return the verdict of an NVML return code, or of nvidia-smi's exit status."""
    for row in (*causes.layer("driver"), *causes.layer("gpu")):
        if code in (*row.nvml, *row.exit):
            return row.id.replace("-", "_")
    return "nvml_error"


def of_text(text: str) -> tuple[Fault, ...]:
    """Return the failures that nvidia-smi's (or a shell's) own words tell of."""
    # A shell reports a crash on a line of its own, below the one that was typed.
    text = _CRASH.sub(r"\1: \2", text)
    for name in (n for n in TOLD if _tells(n, text)):
        if lines := [s.strip() for s in text.splitlines() if _tells(name, s)]:
            extra = [s.strip() for s in text.splitlines() if s.startswith("NVML library version")]
            return (Fault(id=name, evidence=(*dict.fromkeys(lines[:4]), *extra)),)
    return ()


def _tells(name: str, text: str) -> bool:
    own = _CMD if name == "nvidia_smi_missing" else None
    return bool(own and own.search(text)) or causes.told(text, (name,), "driver") is not None


def verdict(fault: Fault) -> Verdict:
    """Return the verdict of a failure, with its sentence and remedy in English."""
    row = causes.find(fault.id, "driver")
    return Verdict(
        id=fault.id,
        sentence=row.sentence().english,
        evidence=fault.evidence,
        remedy=row.remedy_text().english,
    )


def said(verdict: Verdict) -> tuple[Message, Message | None]:
    """Return sentence and remedy of a verdict for showing; those of an unknown one as they are."""
    try:
        row = causes.find(verdict.id, "driver")
    except KeyError:
        return Message(verdict.sentence), Message(verdict.remedy) if verdict.remedy else None
    return row.sentence(), row.remedy_text()
