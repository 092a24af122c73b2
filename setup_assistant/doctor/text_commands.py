"""Infer from a command that a shell does not know: a package's program, a tool, or another shell's.

bash, zsh, cmd.exe and PowerShell each say it in their own words, and in the person's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor.inferred import Inferred

_NAME = r"[A-Za-z][\w.+-]{0,40}"
_UNKNOWN = re.compile(
    rf"'(?P<cmd>{_NAME})' (?:is not recognized as|不是内部或外部命令)|"
    rf"[Tt]he term '(?P<ps>{_NAME})' is not recognized|"
    rf"无法将[“\"](?P<pszh>{_NAME})[”\"]项识别为|"
    rf"\b(?P<sh>{_NAME})[:：] ?(?:(?:command )?not found\b|未找到命令)|"
    rf"command not found: (?P<zsh>{_NAME})|Unknown command:? (?P<fish>{_NAME})"
)
# Programs that packages of the index bring, where they are called otherwise.
_PROGRAMS = {
    "modelscope": "modelscope", "hf": "huggingface-hub", "accelerate": "accelerate",
    "vllm": "vllm", "swift": "ms-swift", "llamafactory-cli": "llamafactory", "uv": "uv",
    "deepspeed": "deepspeed", "lmdeploy": "lmdeploy", "gdown": "gdown", "ray": "ray",
    "jupyter": "jupyterlab", "jupyter-lab": "jupyterlab", "tensorboard": "tensorboard",
    "optimum-cli": "optimum", "torchrun": "", "pip": "", "pip3": "", "python": "", "python3": "",
}  # fmt: skip
# Words of Linux' shells, on Windows.
_OF_LINUX = ("source", "export", "sudo", "apt", "apt-get", "chmod", "unset", "nproc", "bash", "sh",
             "which", "touch", "CUDA_VISIBLE_DEVICES", "HF_ENDPOINT", "grep", "yum",
             "dnf")  # fmt: skip
_CONDA = ("conda", "mamba", "micromamba", "activate")
# Where conda's installer puts it; the line is one for cmd.exe and PowerShell.
_INIT = Remedy(
    need="run", posix="~/miniconda3/bin/conda init",
    windows='cmd /c "%USERPROFILE%\\miniconda3\\Scripts\\conda.exe init --all"',
)  # fmt: skip
# Programs that builds and downloads call: the packages of Debian and Fedora, the wheel that brings
# it, and its name for winget.
_TOOLS = {
    "cmake": ("cmake", "cmake", "cmake", ""), "ninja": ("ninja-build", "ninja-build", "ninja", ""),
    "git": ("git", "git", "", "Git.Git"), "ffmpeg": ("ffmpeg", "ffmpeg", "", "Gyan.FFmpeg"),
    "make": ("make", "make", "", ""), "unzip": ("unzip", "unzip", "", ""),
    "rustc": ("rustc cargo", "rust cargo", "", "Rustlang.Rustup"),
    "cargo": ("cargo", "cargo", "", "Rustlang.Rustup"),
    "aria2c": ("aria2", "aria2", "", "aria2.aria2"),
    "wget": ("wget", "wget", "", "JernejSimoncic.Wget"), "curl": ("curl", "curl", "", ""),
    "lspci": ("pciutils", "pciutils", "", ""), "dkms": ("dkms", "dkms", "", ""),
    "mokutil": ("mokutil", "mokutil", "", ""), "g++": ("g++", "gcc-c++", "", ""),
    "gcc": ("gcc", "gcc", "", ""), "docker": ("docker.io", "docker", "", "Docker.DockerDesktop"),
    "cl": ("", "", "", "Microsoft.VisualStudio.2022.BuildTools"),
}  # fmt: skip
_NAMES = "|".join(re.escape(name) for name in _TOOLS if name not in ("cl", "docker"))
# How programs say that they cannot call another one.
_TOOL = re.compile(
    rf"(?:[Cc]annot|[Cc]ould not|[Cc]an't|[Uu]nable to) find (?:the )?(?:a )?(?:command )?"
    rf"['\"`]?({_NAMES})(?!\w)|"
    rf"No such file or directory: '({_NAMES})'|"
    rf"({_NAMES}) (?:is required|is not installed|executable not found)",
    re.IGNORECASE,
)
# Ubuntu says which package has a program.
_OFFERED = re.compile(
    r"Command '(?P<tool>[\w.+-]{1,40})' not found, but can be installed with:\s{1,9}"
    r"(?:sudo )?(?:apt|snap) install (?P<package>[a-z0-9][a-z0-9.+-]{1,60})"
)


def unknown(text: str) -> Iterator[Inferred]:
    """Yield a command that the person's shell does not know."""
    for found in islice(_OFFERED.finditer(text), 1):
        remedy = Remedy(need="system", debian=found["package"])
        yield Inferred(cause="tool-missing", start=found.start(), values={"tool": found["tool"]},
                       remedy=(remedy,))  # fmt: skip
    for found in islice(_UNKNOWN.finditer(text), 100):
        name = next(n for n in found.groups() if n)
        windows = bool(found["cmd"] or found["ps"] or found["pszh"])
        yield from _command(name.removesuffix(".exe"), found.start(), windows=windows)
    for found in islice(_TOOL.finditer(text), 100):
        if "message(" in text[text.rfind("\n", 0, found.start()) + 1 : found.start()]:
            # What a script of CMake would say.
            continue
        yield from _tool(next(n for n in found.groups() if n).lower(), found.start())


def _command(name: str, start: int, *, windows: bool) -> Iterator[Inferred]:
    if name in _CONDA:
        yield Inferred(cause="conda-not-initialized", start=start, remedy=(_INIT,))
    elif windows and name in _OF_LINUX:
        yield Inferred(cause="command-of-other-shell", start=start, values={"tool": name})
    elif name in _PROGRAMS:
        package = _PROGRAMS[name]
        remedy = (Remedy(need="package", name=package),) if package else ()
        yield Inferred(cause="program-missing", start=start, remedy=remedy, values={"tool": name})
    else:
        yield from _tool(name.lower(), start)


def _tool(name: str, start: int) -> Iterator[Inferred]:
    if name not in _TOOLS:
        return
    debian, fedora, wheel, winget = _TOOLS[name]
    install = f"winget install -e --id {winget}" if winget else ""
    remedy = Remedy(need="package", name=wheel) if wheel else Remedy(
        need="system", debian=debian, fedora=fedora, arch=fedora, windows=install)  # fmt: skip
    yield Inferred(cause="tool-missing", start=start, values={"tool": name}, remedy=(remedy,))
