"""Reports of programs that are not nvidia-smi: named for what they are, read as far as they go.

Each row says how a report is recognised and who reads it. What another program leaves out, and
which output would tell it, is said with the cards.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from setup_assistant.machine import hardware_lists, program_logs, python_reports, windows_reports
from setup_assistant.machine.facts import Unknown
from setup_assistant.machine.reading import Card, Reading, with_free
from setup_assistant.messages import msg
from setup_assistant.units_text import GIB, MIB

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
    mark: re.Pattern[str]
    read: Callable[[str], Reading]


def read(text: str) -> Reading:
    """Return what the report of another program says; an empty reading where it is none."""
    for program in PROGRAMS:
        if not program.mark.search(text):
            continue
        found = program.read(text)
        if found.cards or found.driver:
            foreign = found.cards and not any(_nvidia(c) for c in found.cards)
            reason = _FOREIGN if foreign else _MORE
            doubt = Unknown(field=program.name, reason=reason.english)
            return replace(found, unknown=(*found.unknown, doubt))
    return Reading(source="nvidia-smi")


def _nvidia(card: Card) -> bool:
    return card.vendor in (None, "nvidia")


def _marked(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE | re.IGNORECASE)


# As in: "[0] NVIDIA GeForce RTX 4090 | 50°C,  73 % | 12894 / 24564 MB | user(12874M)"
_GPUSTAT = re.compile(
    r"^\[(?P<index>\d+)\] (?P<name>[^|\n]+?) *\|[^|\n]*\| *(?P<used>\d+) */ *(?P<total>\d+) MB",
    re.MULTILINE,
)
# As in: "node7   Fri Jun 30 11:52:07 2023  535.54.03"
_GPUSTAT_HEAD = re.compile(
    r"^\S+ +\w{3} +\w{3} +\d+ [\d:]{8} \d{4} +(\d{3}\.\d[\d.]*)$", re.MULTILINE
)


def _gpustat(text: str) -> Reading:
    head = _GPUSTAT_HEAD.search(text)
    cards = [
        Card(
            index=int(m["index"]),
            name=m["name"].strip(),
            used_bytes=int(m["used"]) * MIB,
            total_bytes=int(m["total"]) * MIB,
        )
        for m in _GPUSTAT.finditer(text)
    ]
    return Reading(
        source="nvidia-smi",
        driver=head[1] if head else None,
        cards=tuple(map(with_free, cards)),
    )


# " Device 0 [NVIDIA GeForce RTX 3080] PCIe GEN 4@16x ..." and "MEM[||| 1.234Gi/10.000Gi]".
_NVTOP = re.compile(
    r"Device (?P<index>\d+) \[(?P<name>[^\]\n]+)\]"
    r"(?:(?!Device \d)[\s\S])*?"
    r"(?:MEM\[[|\s]*(?P<used>[\d.]+)Gi/(?P<total>[\d.]+)Gi\]|\Z|(?=Device \d))",
    re.IGNORECASE,
)


def _nvtop(text: str) -> Reading:
    cards = [
        Card(
            index=int(m["index"]),
            name=m["name"],
            vendor=windows_reports.vendor(m["name"]),
            total_bytes=int(float(m["total"]) * GIB) if m["total"] else None,
            used_bytes=int(float(m["used"]) * GIB) if m["used"] else None,
        )
        for m in _NVTOP.finditer(text)
    ]
    return Reading(source="nvidia-smi", cards=tuple(map(with_free, cards)))


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
    Program("gpustat", _GPUSTAT, _gpustat),
    Program("nvtop", _NVTOP, _nvtop),
    Program(
        "rocm-smi",
        _marked(r"ROCm System Management|ROCm SMI|^\S*[$#>]? *rocm-smi\b"),
        _named(r"Card series:\s*(.+)$", r"^ *\d+ +(?:\[|\d+ |[\d.]+ ?C\b|\S+ +0x)", "amd"),
    ),
    Program(
        "amd-smi",
        _marked(r"AMD-SMI |MARKET_NAME|\bHIP-ID\b|^\S*[$#>]? *amd-smi\b"),
        _named(
            r"(?:MARKET_NAME:|\b\w{4}:\w{2}:\w{2}\.\w +(?=AMD )) *([^|\n]+)", r"^GPU: *\d+", "amd"
        ),
    ),
    Program(
        "rocminfo",
        _marked(r"^ROCk module|HSA System Attributes"),
        _named(r"Marketing Name: *((?:AMD )?(?:Radeon|Instinct)[^\n]*)", r"gfx\d+", "amd"),
    ),
    Program(
        "xpu-smi",
        _marked(r"xpu-smi\b|Vendor Name: Intel"),
        _named(r"Device Name: *([^|\n]+)", r"^\| *\d+ +\|", "intel"),
    ),
    Program("inxi", hardware_lists.INXI, hardware_lists.inxi),
    Program(
        "lshw",
        _marked(r"^ *\*-display\b|^/0/\S+ +(?:\S+ +)?display "),
        hardware_lists.read,
    ),
    Program("hwinfo", _marked(r"^ *Hardware Class: graphics"), hardware_lists.read),
    Program("ubuntu-drivers", _marked(r"^modalias *: pci:v000010DE"), hardware_lists.read),
    Program("DxDiag", _marked(r"^ *Card name:"), windows_reports.read),
    Program(
        "Task Manager",
        _marked(r"Dedicated GPU memory|专用 ?GPU ?内存|Dedizierter GPU-Speicher|専用 GPU メモリ"),
        windows_reports.read,
    ),
    Program(
        "Win32_VideoController",
        _marked(r"win32_VideoController|AdapterRAM|\bDriverVersion"),
        windows_reports.read,
    ),
    Program(
        "Device Manager",
        _marked(
            r"^ *(?:Display adapters|显示适配器|Grafikkarten) *$"
            r"|(?:Driver ?Version|驱动程序版本)\s*[:=]?\s*\d+\.\d+\.1\d\.\d{4}"
        ),
        windows_reports.read,
    ),
    Program("ComfyUI", _marked(r"\bTotal VRAM \d+ MB"), python_reports.comfyui),
    Program("ComfyUI", _marked(r"\*\*VRAM Total:\*\*"), program_logs.rows(program_logs.COMFYUI)),
    Program("Unsloth", _marked(r"Unsloth[ :]"), python_reports.unsloth),
    Program("env", _marked(r"^ *-? *GPU type: |^- Accelerator: "), python_reports.environment),
    Program(
        "Ollama",
        _marked(r'msg="inference compute"|\] CUDA totalMem \d'),
        program_logs.rows(
            program_logs.OLLAMA,
            program_logs.OLLAMA_ASKED,
            driver=program_logs.OLLAMA_DRIVER,
            cuda=program_logs.OLLAMA_CUDA,
        ),
    ),
    Program(
        "report",
        _marked(r"^[ *-]*GPU \d+:[* ]+[^|\n]+\| *\d+ MiB *\|"),
        program_logs.rows(program_logs.BULLETS, driver=program_logs.BULLETS_DRIVER),
    ),
    Program(
        "deviceQuery",
        _marked(r"CUDA Device Query|deviceQuery"),
        program_logs.rows(program_logs.DEVICE_QUERY, cuda=program_logs.DEVICE_QUERY_CUDA),
    ),
    Program("llama.cpp", _marked(r"ggml_|, VMM: "), program_logs.rows(program_logs.GGML)),
    Program(
        "TensorFlow",
        _marked(r"pci ?bus ?id: "),
        program_logs.rows(
            program_logs.TENSORFLOW_PROPERTIES,
            program_logs.TENSORFLOW_FOUND,
            program_logs.TENSORFLOW,
        ),
    ),
    Program(
        "PyTorch",
        _marked(r"_CudaDeviceProperties\("),
        program_logs.rows(program_logs.TORCH_PROPERTIES),
    ),
    Program(
        "PyTorch",
        _marked(r"with CUDA capability sm_"),
        program_logs.rows(program_logs.TORCH_WARNING),
    ),
    Program("HAMi", _marked(r"registered device id=\d"), program_logs.rows(program_logs.HAMI)),
    Program("SD.Next", _marked(r"Torch detected"), program_logs.rows(program_logs.SDNEXT)),
    Program(
        "jetson_release",
        _marked(r"jetson_release|jetson-stats"),
        program_logs.rows(program_logs.JETSON, cuda=program_logs.JETSON_CUDA),
    ),
    Program(
        "fastfetch",
        _marked(r"\b(?:Kernel|Packages|Uptime|Shell): "),
        program_logs.rows(program_logs.FETCH),
    ),
)

# Tools of other makers' cards and processors, which have none of NVIDIA's: named, not read.
_ELSEWHERE = re.compile(
    r"\b(npu-smi|mthreads-gmi|mx-smi|ixsmi|cnmon|hl-smi|xrt-smi|hy-smi|tt-smi)\b", re.IGNORECASE
)


def elsewhere(text: str) -> str | None:
    """Return which tool of another maker wrote a text that nobody here reads."""
    found = _ELSEWHERE.search(text)
    return found[1].lower() if found else None
