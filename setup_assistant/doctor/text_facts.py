"""What a pasted text says of the machine it comes from: card, driver, Python, system, installer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from setup_assistant.catalog import drivers, gpus
from setup_assistant.catalog import torch as table
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.versions import at_least

_FOUND = re.compile(r"found version (\d{4,5})\b")
# The banner of nvidia-smi, and what conda calls the same.
_CUDA = re.compile(r"(?:CUDA (?:UMD )?Version\s*:?\s*|\b__cuda-|\b__cuda==)(\d{1,2}\.\d)\b")
_DRIVER = re.compile(r"(?:Driver|KMD) Version\s*:?\s*(\d{3}\.\d{2,3}(?:\.\d{2})?)|"
                     r"NVIDIA (\d{3}\.\d{2,3}(?:\.\d{2})?) driver release")  # fmt: skip
_PART = re.compile(r"(?:CUDA capability|GPU|card)[ (`:]{1,4}sm_(\d{1,2})(\d)\b|"
                   r"gpu-name[= '\"]{1,3}sm_(\d{1,2})(\d)|Value 'sm_(\d{1,2})(\d)\w?' is not|"
                   r"'sm_(\d{1,2})(\d)\w?' is not a recognized|"
                   r"cuda capability (\d{1,2})\.(\d)\b|\bcc (\d{1,2})\.(\d)\b|"
                   r"compute capability (\d{1,2})\.(\d)\b", re.IGNORECASE)  # fmt: skip
_CARD = re.compile(r"\b((?:NVIDIA )?(?:GeForce (?:RTX|GTX|MX) ?|Tesla |Quadro |RTX |GTX |TITAN )"
                   r"[A-Z]{0,3}\d{2,4}\w?(?: Ti)?(?: SUPER)?)\b")  # fmt: skip
# Cards of servers, whose names are too short to be told from other words by their form.
_SERVER_CARD = re.compile(r"\b(A100|A800|H100|H800|H20|H200|B200|B300|GB10|GB200|GH200|L40S?|L20"
                          r"|V100|P100|T4|A10G?|A30|A40)\b(?!\.\w)")  # fmt: skip
_BARE_CARD = re.compile(r"\b(?:nvidia|GPU|card|显卡) ?([2-5]0[5-9]0(?: Ti)?)\b", re.IGNORECASE)
_PYTHON = re.compile(r"python(3\.\d{1,2})[/\\]|Python[/\\]?(3)(\d{1,2})[/\\]|cpython-(3)(\d{1,2})|"
                     r"\bcp(3)(\d{1,2})\b|Python (3\.\d{1,2})")  # fmt: skip
_TORCH = re.compile(r"\btorch(?:[- =]{1,2}|\.__version__\W{1,6})(\d+\.\d+\.\d+(?:\+cu\d{3}\b)?)")
# A release that could not be installed is not the one that is there.
_ABSENT = re.compile(
    r"depends on torch\b|no (?:\S+ )?wheels?\b|source distribution or wheel|"
    r"No matching distribution"
)
_WINDOWS = re.compile(
    r"\b[A-Za-z]:\\|WinError|DLL load failed|Errno 100\d\d\]|Error\(100\d\d,|"
    r"Invalid requirement: [\"`]'|\.dll\b|PowerShell|Windows|win_amd64|[Pp]latform ?: win-64|"
    r"\bLNK\d{4}\b|fatal error C\d{4}|\bcl\.exe|Visual (?:C\+\+|Studio)"
    r"|Error code: Wsl/|WslRegisterDistribution|aka\.ms/wsl|'gbk' codec|\bwsl --\w"
)
# What uv says of the system that it runs on, and of those for which there are wheels.
_ON = re.compile(r"You're on (?P<on>\w+)|matching platform tag[^\n]{0,20}`(?P<tag>\w+)`")
_FOR_OTHERS = re.compile(r"(?:on|for) the following (?:platform|system)s?: [^\n]*")
# What names the C library of the system: uv's tag of it, ldd, a report of torch, conda.
_GLIBC = re.compile(
    r"(?:You're on Linux \(|matching platform tag[^\n]{0,20})`manylinux_(2_\d{1,2})_|"
    r"\bldd \([^)\n]{0,60}\) (2\.\d{1,2})\b|"
    r"(?:Libc version: glibc-|-with-glibc|__glibc[= ]{1,2})(2\.\d{1,2})\b"
)
_WSL = re.compile(r"WSL ?2|\bWSL\b|microsoft-standard|/usr/lib/wsl|/mnt/[a-z]/")
_CONTAINER = re.compile(
    r"\b(?:docker|podman)(?:-compose)? (?:run|compose|exec|up)\b|^Attaching to |"
    r"/\.dockerenv|nvidia/cuda:|^root@[0-9a-f]{12}:",
    re.MULTILINE,
)
_INDEX = re.compile(r"(?:whl|pytorch-wheels)/(cpu|cu\d{2,3})\b")
# Whose environment it is; conda's own folders, and those that venv and uv make.
_VENV = re.compile(
    r"[/\\]\.?venv[/\\]|[/\\]virtualenvs?[/\\]|\((?:\.?venv)\) |-m venv\b"
    r"|\buv (?:pip|venv|sync|add)\b"
)
_CONDA = re.compile(
    r"(?:mini|ana)conda\d?[/\\]|(?:mini|mamba)forge\d?[/\\]|/opt/conda/|^\(base\) "
    r"|\bconda (?:activate|install|create|env)\b",
    re.MULTILINE,
)
_MAC = re.compile(r"/Users/|macosx_|\bMPS\b|Darwin|macOS|\.dylib")
_LINUX = re.compile(r"/home/|/usr/|/root/|/opt/|\.so\b|\bsudo |\bapt\b|NVRM|Ubuntu|Debian")
_ARM = re.compile(r"aarch64|linux_aarch64|Jetson|tegra|Orin|GB10|Grace", re.IGNORECASE)
_ARCH = re.compile(r"\bpacman\b|Arch Linux|Manjaro|EndeavourOS|CachyOS|\b\d[\w.-]{0,40}-arch\d")
# NVIDIA's boards by name: developer guides, "compute capability" of each module.
_BOARDS = {"orin": "8.7", "xavier": "7.2", "tx2": "6.2", "nano": "5.3"}
_BOARD = re.compile(r"\bJetson\b[^\n]{0,40}?\b(Orin|Xavier|TX2|Nano)\b|\b(?:AGX )(Orin|Xavier)\b",
                    re.IGNORECASE)  # fmt: skip
# Without a board's name an Orin is meant, which all newer ones are; JetPack 5 has CUDA 11.4.
_JETSON = re.compile(r"\bJetson\b|\bJetPack\b|\bL4T\b|[-_. ]tegra\b", re.IGNORECASE)
_JETPACK_5 = re.compile(r"JetPack[ -]?5|\bL4T[ -]?R?35|\bR35\b|/jp/v5|nv23\.\d\d", re.IGNORECASE)
# Words by which a person or a program says that there is no card of NVIDIA's.
_NO_CARD = re.compile(
    r"(?<!running on a )CPU[- ]only (?:machine|server|host|VM|laptop|node)|"
    r"\b(?:no|without an?|without) (?:NVIDIA|discrete|dedicated) (?:GPU|card)|\bRadeon\b|"
    r"\bIntel(?:\(R\))? (?:Iris|UHD|Arc)\b|没有(?:英伟达|NVIDIA|独立)?显卡",
    re.IGNORECASE,
)
_FEDORA = re.compile(
    r"\b(?:dnf|yum|Fedora|CentOS|Rocky|RHEL|akmods?|rpmfusion|el\d{1,2}(?:_\d+)?\.x86_64|fc\d\d)\b|cuda-(?:rhel|fedora)\d|pki/rpm-gpg|/etc/yum|repos/(?:rhel|fedora)"
    r"|GPG check FAILED|Unable to find a match: |No match for argument: "
)
_UV = re.compile(
    r"[├╰]─▶|(?:^|\]|  )\s*[×x] (?:No solution found|Failed to (?:download|build|resolve))"
    r"| @ registry\+https?://|Failed to unzip wheel"
    r"|^error: Failed to (?:fetch|prepare|install|build)"
    r"|client error \(\w+|\w+ \(v[\d.+\w]+\) was included because"
    r"|\buv (?:pip|add|sync|run)\b|\bUV_\w+|hint: .*--find-links",
    re.MULTILINE,
)
_POWERSHELL = re.compile(r"\bPS [A-Za-z]:\\|CategoryInfo|FullyQualifiedErrorId|PowerShell")


def situation_of(text: str, otherwise: Situation) -> Situation:
    """Return the situation that a text tells of; what it does not say is taken from another."""
    found = dict(_facts(_FOR_OTHERS.sub("", text)))
    if "parts" in found and "arch" not in found and _only_on_jetson(found["parts"]):
        found["arch"] = "aarch64"
    if "cuda" in found or "driver" in found or "parts" in found:
        # The card and the driver of one machine, not of two.
        otherwise = replace(otherwise, driver=None, cuda=None, parts=(), has_gpu=True, glibc=None)
    return replace(otherwise, **found)


def _facts(text: str) -> Iterator[tuple[str, Any]]:
    yield from _driver(text)
    if parts := tuple(dict.fromkeys(_parts(text))):
        yield "parts", parts
    if python := _PYTHON.search(text):
        said = [g for g in python.groups() if g]
        yield "python", ".".join(said)
    if (torch := _TORCH.search(text)) and not _ABSENT.search(text):
        yield "torch", torch[1]
    yield from _system(text)
    if _VENV.search(text):
        yield "environment", "venv"
    elif _CONDA.search(text):
        yield "environment", "conda"
    if glibc := _GLIBC.search(text):
        yield "glibc", next(g for g in glibc.groups() if g).replace("_", ".")
    if set(_INDEX.findall(text)) == {"cpu"} or _NO_CARD.search(text):
        yield "has_gpu", False
    if _UV.search(text):
        yield "install", ("uv", "pip", "install")
        yield "remove", ("uv", "pip", "uninstall")
        yield "force", ("--reinstall",)


def _driver(text: str) -> Iterator[tuple[str, Any]]:
    if found := _FOUND.search(text):
        number = int(found[1])
        yield "cuda", f"{number // 1000}.{number % 1000 // 10}"
        return
    if version := _DRIVER.search(text):
        driver = version[1] or version[2]
        yield "driver", driver
        yield "cuda", drivers.cuda_of_driver(driver)
    if cuda := _CUDA.search(text):
        yield "cuda", cuda[1]
    elif _JETPACK_5.search(text):
        yield "cuda", "11.4"


def _parts(text: str) -> Iterator[str]:
    for found in _PART.finditer(text):
        major, minor = (g for g in found.groups() if g)
        yield f"{int(major)}.{minor}"
        return
    if board := _BOARD.search(text):
        yield _BOARDS[(board[1] or board[2]).lower()]
        return
    if _JETSON.search(text):
        yield _BOARDS["orin"]
        return
    names = [found[1] for found in (*_CARD.finditer(text), *_SERVER_CARD.finditer(text))]
    names += [f"RTX {found[1]}" for found in _BARE_CARD.finditer(text)]
    for name in dict.fromkeys(names):
        # Most people leave out the family, and China's cards end in D.
        told = (name, f"GeForce {name}", f"GeForce {name.rstrip('D')}")
        if part := next((p for n in told if (p := gpus.lookup(n).compute_capability)), None):
            yield part


def _system(text: str) -> Iterator[tuple[str, Any]]:
    if said := _ON.search(text):
        text = said[0]
    if "macos" in text.lower() and "x86_64" in text:
        yield "os", "Darwin"
        yield "arch", "x86_64"
    elif _WINDOWS.search(text) and "/usr/" not in text and "/home/" not in text:
        yield "os", "Windows"
        yield "arch", "x86_64"
        yield "shell", "powershell" if _POWERSHELL.search(text) else "cmd"
    elif _MAC.search(text):
        yield "os", "Darwin"
        yield "arch", "arm64"
    else:
        yield from _linux(text)


def _linux(text: str) -> Iterator[tuple[str, Any]]:
    if _LINUX.search(text) or _WSL.search(text):
        yield "os", "Linux"
        yield "shell", "posix"
    for what, pattern in (("wsl", _WSL), ("container", _CONTAINER)):
        if pattern.search(text):
            yield what, True
    if _ARM.search(text):
        yield "arch", "aarch64"
    if _FEDORA.search(text):
        yield "family", "fedora"
    elif _ARCH.search(text):
        yield "family", "arch"


def _only_on_jetson(parts: tuple[str, ...]) -> bool:
    own = (*table.load().jetson.only_own, "12.1")
    return any(part in own or at_least(part, "13") for part in parts)
