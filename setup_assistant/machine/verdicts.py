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
# "bash: line 1: nvidia-smi: ...", "sh: 1: nvidia-smi: ...", "zsh: ...: nvidia-smi".
_SHELL = (
    r"(?:\b(?:ba|z|fi|da|k|a)?sh: ?(?:\w+ \d+: |\d+: )?nvidia-smi\s{0,2}:"
    r"|\bzsh: [^:|]+: nvidia-smi$)"
)
# Error texts, the most telling first; they may arrive on stdout with any exit code.
_TEXTS = (
    ("driver_library_mismatch", r"Driver/library version mismatch|NVML/RM version mismatch"),
    ("blocked_by_os", r"blocked by the operating system"),
    ("nvml_missing", r"couldn.?t find libnvidia-ml|libnvidia-ml\.so\S* not found"),
    ("nvml_missing", r"NVML Shared Library Not Found|libnvidia-ml\.so\S*: cannot open"),
    ("nvml_missing", r"could not load NVML library"),
    ("driver_not_loaded", r"communicate with the NVIDIA driver|Driver Not Loaded"),
    ("gpu_lost", r"GPU is lost|fallen off the bus|GPU requires reset"),
    ("gpu_lost", r"device handle for GPU.*: Unknown Error"),
    ("gpu_power", r"external power cables|power cables are not|Insufficient External Power"),
    ("gpu_unreachable", r"Unable to (?:determine|detect) the device handle"),
    ("no_devices", r"No devices were found"),
    ("permission_denied", r"Insufficient Permissions"),
    ("command_typo", r"\bnvidia: (?:command )?not found|'nvidia' is not recognized"),
    ("nvidia_smi_missing", r"nvidia-smi\S{0,3}: (?:command )?not found|nvidia-smi\S* No such file"),
    ("nvidia_smi_missing", r"nvidia-smi\W{1,4}(?:is not recognized|不是|未找到命令|无法将)"),
    ("nvidia_smi_missing", r"(?:command not found|未找到命令|找不到).{0,4}nvidia-smi"),
    # Shells speak the person's language; what they put around the command's name is the same.
    ("nvidia_smi_missing", rf"{_SHELL}(?!.*(?:denied|fault|core dump))"),
    ("nvidia_smi_missing", rf"nvidia-smi(?:\.exe)?\W{{1,4}}(?:{CMD_MISSING})"),
    ("nvml_unknown_error", r"Failed to initialize NVML: Unknown Error"),
    ("nvml_error", r"Failed to initialize NVML"),
    ("nvidia_smi_crashed", r"segmentation fault\b.*nvidia-smi|nvidia-smi.*segmentation fault"),
    ("field_unsupported", r"is not a valid field to query"),
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
    for name, pattern in _TEXTS:
        lines = [s.strip() for s in text.splitlines() if re.search(pattern, s, re.IGNORECASE)]
        if lines:
            extra = [s.strip() for s in text.splitlines() if s.startswith("NVML library version")]
            return (Fault(id=name, evidence=(*dict.fromkeys(lines[:4]), *extra)),)
    return ()


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
