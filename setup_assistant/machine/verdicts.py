"""What a failure means: one sentence and one remedy per verdict.

Sentences are constant, so that they can be translated where they are shown; whatever varies
(versions, error texts, device files) is the evidence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from setup_assistant.machine.facts import Verdict
from setup_assistant.machine.reading import Fault
from setup_assistant.messages import Message, msg


@dataclass(frozen=True)
class _Kind:
    sentence: Message
    remedy: Message


VERDICTS: dict[str, _Kind] = {
    "driver_missing": _Kind(
        msg("There is an NVIDIA GPU, but no NVIDIA driver is installed or loaded."),
        msg("Install the driver (Ubuntu: sudo ubuntu-drivers install), then reboot."),
    ),
    "nvidia_smi_missing": _Kind(
        msg("nvidia-smi is not installed, or not on PATH: there may be no NVIDIA driver."),
        msg("Install the NVIDIA driver; under WSL, use /usr/lib/wsl/lib/nvidia-smi."),
    ),
    "command_typo": _Kind(
        msg("The command was typed with a space: it is nvidia-smi, in one word."),
        msg("Run: nvidia-smi"),
    ),
    "driver_not_loaded": _Kind(
        msg("The NVIDIA software is installed, but its kernel module is not loaded."),
        msg(
            "Run: sudo modprobe nvidia - and read its error. After a kernel update, rebuild "
            "the module or reboot; with Secure Boot on, enrol the module's key."
        ),
    ),
    "nvml_missing": _Kind(
        msg("The NVIDIA management library (NVML) cannot be loaded: no driver for this system."),
        msg(
            "Install the NVIDIA driver. In a container, start it with --gpus all and the "
            "NVIDIA Container Toolkit."
        ),
    ),
    "driver_library_mismatch": _Kind(
        msg("The loaded kernel module and the driver's libraries are of different versions."),
        msg("Reboot: the driver was updated while the old kernel module was in use."),
    ),
    "permission_denied": _Kind(
        msg("This user may not open the GPU's device files."),
        msg("Join the group that owns /dev/nvidia* (see the evidence), then log in again."),
    ),
    "blocked_by_os": _Kind(
        msg("The operating system blocks access to the GPU; under WSL this is its usual error."),
        msg(
            "Under WSL, remove Linux NVIDIA drivers (sudo apt purge 'nvidia-*' "
            "'libnvidia-*'), update the Windows driver, and run: wsl --update"
        ),
    ),
    "nvml_unknown_error": _Kind(
        msg("NVML failed with an unknown error."),
        msg(
            "In a container, restart it (it lost its devices); otherwise reboot and look for "
            "Xid lines in the output of dmesg."
        ),
    ),
    "nvml_error": _Kind(
        msg("NVML failed."),
        msg("Run nvidia-smi and read its error; reinstall the driver if it fails too."),
    ),
    "nvml_hangs": _Kind(
        msg("A call of NVML did not return: the driver hangs."),
        msg("Look for Xid lines in the output of dmesg, then reboot."),
    ),
    "driver_slow": _Kind(
        msg("The driver works, but answers slowly: it wakes the GPUs anew for each program."),
        msg("Run sudo nvidia-smi -pm 1: persistence mode keeps the GPUs awake."),
    ),
    "nvidia_smi_crashed": _Kind(
        msg("nvidia-smi crashed: the driver's parts do not fit together."),
        msg("Install the newest NVIDIA driver (under WSL: the one of Windows), then restart."),
    ),
    "nvidia_smi_hangs": _Kind(
        msg("nvidia-smi did not answer in time: the driver hangs."),
        msg("Look for Xid lines in the output of dmesg, then reboot."),
    ),
    "no_devices": _Kind(
        msg("The NVIDIA driver runs, but finds no GPU."),
        msg(
            "Check that the card is seated and powered, and that this driver still supports "
            "it; in a virtual machine or container, pass the GPU through."
        ),
    ),
    "gpu_lost": _Kind(
        msg("A GPU no longer answers: it has fallen off the bus."),
        msg("Power the computer off and on (a reboot may not do); check power and cooling."),
    ),
    "gpu_unreachable": _Kind(
        msg("A GPU is listed, but the driver cannot open it."),
        msg("Reboot; if it stays so, check power, seating and the output of dmesg."),
    ),
    "gpu_forbidden": _Kind(
        msg("A GPU is there, but this user may not use it."),
        msg("Ask for access to the device, or leave that card out."),
    ),
    "gpu_failing": _Kind(
        msg("The driver reports errors instead of values for a GPU."),
        msg("Reboot; look for Xid lines in the output of dmesg."),
    ),
    "gpu_power": _Kind(
        msg("A GPU lacks its external power."),
        msg("Connect the card's power cables."),
    ),
    "libcuda_missing": _Kind(
        msg("The driver answers, but its CUDA library (libcuda) cannot be loaded here."),
        msg(
            "In a container, set NVIDIA_DRIVER_CAPABILITIES=compute,utility and start it with "
            "--gpus all; otherwise reinstall the driver with its compute part."
        ),
    ),
    "nouveau_bound": _Kind(
        msg("The open nouveau driver holds the GPU; CUDA needs NVIDIA's own driver."),
        msg("Install the NVIDIA driver, which blacklists nouveau, then reboot."),
    ),
    "open_modules_required": _Kind(
        msg("This GPU needs NVIDIA's open kernel modules; the proprietary ones do not drive it."),
        msg(
            "Install the driver with its open kernel modules (Ubuntu: the package ending in "
            "-open, such as nvidia-driver-580-open), then reboot."
        ),
    ),
    "closed_modules_required": _Kind(
        msg("This GPU is too old for NVIDIA's open kernel modules: it needs the proprietary ones."),
        msg(
            "Install the driver with its proprietary kernel modules (Ubuntu: the package without "
            "-open in its name), then reboot."
        ),
    ),
    "card_too_old": _Kind(
        msg("The installed driver no longer drives this GPU: an older branch is the last."),
        msg("Install the driver branch that the kernel's message names, then reboot."),
    ),
    "vfio_bound": _Kind(
        msg("The GPU is set aside for virtual machines (vfio-pci)."),
        msg("Run this inside the virtual machine, or release the card from vfio-pci."),
    ),
    "field_unsupported": _Kind(
        msg("This nvidia-smi is too old for a column that was asked for."),
        msg("Send the output of plain nvidia-smi instead."),
    ),
    "nvml_too_old": _Kind(
        msg("The driver is too old to answer this question."),
        msg("Update the NVIDIA driver."),
    ),
}

# NVML's return codes (nvml.h, nvmlReturn_t); nvidia-smi exits with the same numbers.
_CODES = {
    4: "permission_denied",
    6: "no_devices",
    8: "gpu_power",
    9: "driver_not_loaded",
    12: "nvml_missing",
    13: "nvml_too_old",
    15: "gpu_lost",
    17: "blocked_by_os",
    18: "driver_library_mismatch",
    127: "nvidia_smi_missing",
    134: "nvidia_smi_crashed",
    139: "nvidia_smi_crashed",
    255: "nvml_unknown_error",
    999: "nvml_unknown_error",
    9009: "nvidia_smi_missing",
}

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
    return _CODES.get(code, "nvml_error")


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
    kind = VERDICTS[fault.id]
    return Verdict(
        id=fault.id,
        sentence=kind.sentence.english,
        evidence=fault.evidence,
        remedy=kind.remedy.english,
    )
