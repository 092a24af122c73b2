"""Reports of programs that are not nvidia-smi: named for what they are, read as far as they go.

Each row says how a report is recognised and who reads it. What another program leaves out, and
which output would tell it, is said with the cards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from setup_assistant.machine import hardware_lists, program_logs, windows_reports
from setup_assistant.machine.facts import Unknown
from setup_assistant.machine.program_logs import rows
from setup_assistant.machine.reading import Card, Reading
from setup_assistant.messages import msg

_MORE = msg(
    "This text is the output of another program, read as far as it goes. The output of "
    "nvidia-smi -q tells more."
)
_FOREIGN = msg(
    "This text tells of GPUs of another maker, which are not used here. Of an NVIDIA GPU, send "
    "the output of nvidia-smi -q."
)


@dataclass(frozen=True)
class Program:
    """One program: the mark that only its reports have, and what reads them."""

    name: str
    mark: str
    read: Callable[[str], Reading]


def read(text: str) -> Reading:
    """Return what the report of another program says; an empty reading where it is none."""
    for program in PROGRAMS:
        if not _marked(program.mark).search(text):
            continue
        found = program.read(text)
        if found.cards or found.driver:
            foreign = found.cards and all(c.vendor not in (None, "nvidia") for c in found.cards)
            reason = _FOREIGN if foreign else _MORE
            doubt = Unknown(field=program.name, reason=reason.english)
            return replace(found, unknown=(*found.unknown, doubt))
    return Reading(source="nvidia-smi")


@cache
def _marked(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE | re.IGNORECASE)


def _named(pattern: str, row: str, vendor: str) -> Callable[[str], Reading]:
    """Return what reads cards of another maker: by name, or else by the rows of a table."""
    names, rows = _marked(pattern), _marked(row)

    def read_them(text: str) -> Reading:
        found: list[str | None] = [m[1].strip() for m in names.finditer(text)]
        found = found or [None for _m in rows.finditer(text)] or [None]
        return Reading(
            source="nvidia-smi",
            cards=tuple(Card(index=n, name=name, vendor=vendor) for n, name in enumerate(found)),
        )

    return read_them


PROGRAMS = (
    Program(
        "gpustat",
        program_logs.GPUSTAT,
        rows(program_logs.GPUSTAT, driver=program_logs.GPUSTAT_DRIVER),
    ),
    Program("nvtop", program_logs.NVTOP, rows(program_logs.NVTOP)),
    Program(
        "rocm-smi",
        r"ROCm System Management|ROCm SMI|^\S*[$#>]? *rocm-smi\b",
        _named(r"Card series:\s*(.+)$", r"^ *\d+ +(?:\[|\d+ |[\d.]+ ?C\b|\S+ +0x)", "amd"),
    ),
    Program(
        "amd-smi",
        r"AMD-SMI |MARKET_NAME|\bHIP-ID\b|^\S*[$#>]? *amd-smi\b",
        _named(
            r"(?:MARKET_NAME:|\b\w{4}:\w{2}:\w{2}\.\w +(?=AMD )) *([^|\n]+)", r"^GPU: *\d+", "amd"
        ),
    ),
    Program(
        "rocminfo",
        r"^ROCk module|HSA System Attributes",
        _named(r"Marketing Name: *((?:AMD )?(?:Radeon|Instinct)[^\n]*)", r"gfx\d+", "amd"),
    ),
    Program(
        "xpu-smi",
        r"xpu-smi\b|Vendor Name: Intel",
        _named(r"Device Name: *([^|\n]+)", r"^\| *\d+ +\|", "intel"),
    ),
    Program("inxi", hardware_lists.INXI.pattern, hardware_lists.inxi),
    Program("lshw", r"^ *\*-display\b|^/0/\S+ +(?:\S+ +)?display ", hardware_lists.read),
    Program("hwinfo", r"^ *Hardware Class: graphics", hardware_lists.read),
    Program("ubuntu-drivers", r"^modalias *: pci:v000010DE", hardware_lists.read),
    Program("DxDiag", r"^ *Card name:", windows_reports.read),
    Program(
        "Task Manager",
        r"Dedicated GPU memory|专用 ?GPU ?内存|Dedizierter GPU-Speicher|専用 GPU メモリ",
        windows_reports.read,
    ),
    Program(
        "Win32_VideoController",
        r"win32_VideoController|AdapterRAM|\bDriverVersion",
        windows_reports.read,
    ),
    Program(
        "Device Manager",
        r"^ *(?:Display adapters|显示适配器|Grafikkarten) *$"
        r"|(?:Driver ?Version|驱动程序版本)\s*[:=]?\s*\d+\.\d+\.1\d\.\d{4}",
        windows_reports.read,
    ),
    Program("ComfyUI", r"\bTotal VRAM \d+ MB", rows(program_logs.COMFYUI_START)),
    Program("ComfyUI", r"\*\*VRAM Total:\*\*", rows(program_logs.COMFYUI)),
    Program("Unsloth", r"Unsloth[ :]", rows(program_logs.UNSLOTH)),
    Program("env", r"^ *-? *GPU type: ", rows(program_logs.GPU_TYPE)),
    Program("env", r"^- Accelerator: ", rows(program_logs.ACCELERATOR, apart=True)),
    Program(
        "Ollama",
        r'msg="inference compute"|\] CUDA totalMem \d',
        rows(
            program_logs.OLLAMA,
            program_logs.OLLAMA_ASKED,
            driver=program_logs.OLLAMA_DRIVER,
            cuda=program_logs.OLLAMA_CUDA,
        ),
    ),
    Program(
        "report",
        r"^[ *-]*GPU \d+:[* ]+[^|\n]+\| *\d+ MiB *\|",
        rows(program_logs.BULLETS, driver=program_logs.BULLETS_DRIVER),
    ),
    Program(
        "deviceQuery",
        r"CUDA Device Query|deviceQuery",
        rows(program_logs.DEVICE_QUERY, cuda=program_logs.DEVICE_QUERY_CUDA),
    ),
    Program("llama.cpp", r"ggml_|, VMM: ", rows(program_logs.GGML)),
    Program(
        "TensorFlow",
        r"pci ?bus ?id: ",
        rows(
            program_logs.TENSORFLOW_PROPERTIES,
            program_logs.TENSORFLOW_FOUND,
            program_logs.TENSORFLOW,
        ),
    ),
    Program("PyTorch", r"_CudaDeviceProperties\(", rows(program_logs.TORCH_PROPERTIES)),
    Program("PyTorch", r"with CUDA capability sm_", rows(program_logs.TORCH_WARNING)),
    Program("HAMi", r"registered device id=\d", rows(program_logs.HAMI)),
    Program("SD.Next", r"Torch detected", rows(program_logs.SDNEXT)),
    Program(
        "jetson_release",
        r"jetson_release|jetson-stats",
        rows(program_logs.JETSON, cuda=program_logs.JETSON_CUDA),
    ),
    Program("fastfetch", r"\b(?:Kernel|Packages|Uptime|Shell): ", rows(program_logs.FETCH)),
)

# Tools of other makers' cards and processors, which have none of NVIDIA's: named, not read.
_ELSEWHERE = re.compile(
    r"\b(npu-smi|mthreads-gmi|mx-smi|ixsmi|cnmon|hl-smi|xrt-smi|hy-smi|tt-smi)\b", re.IGNORECASE
)


def elsewhere(text: str) -> str | None:
    """Return which tool of another maker wrote a text that nobody here reads."""
    found = _ELSEWHERE.search(text)
    return found[1].lower() if found else None
