"""The CUDA toolkit as a remedy: nvcc of torch's CUDA version, and the variable that names it."""

from __future__ import annotations

import re

from setup_assistant.catalog.causes import Remedy
from setup_assistant.choose.remedy_target import Situation

# What says for which CUDA the torch that is there was built.
_ASK = 'python -c "import torch; print(torch.__version__, torch.version.cuda)"'
_VERSION = re.compile(r"\d{2}\.\d$")
_BUILD = re.compile(r"\d[\w.]*\+cu(\d{2})(\d)$")


def cuda_of(torch: str) -> str:
    """Return the CUDA version that a torch was built for, `2.6.0+cu124`; empty if not told."""
    found = _BUILD.match(torch)
    return f"{found[1]}.{found[2]}" if found else ""


def spelled(remedy: Remedy, here: Situation) -> tuple[str, ...]:
    """Return the command lines that bring the toolkit; none on a Mac, which has no CUDA.

    Args:
        remedy: `value` is the CUDA version that is needed; empty: that of the torch that is there.
        here: where it goes. An environment of conda takes it without root; any other leaves it to
            the system.
    """
    version = remedy.value if _VERSION.match(remedy.value) else cuda_of(here.torch)
    if here.os == "Darwin":
        return ()
    ask = () if version else (_ASK,)
    own = _of_system if here.environment == "venv" else _of_conda
    return (*ask, *own(version, here))


def _of_conda(version: str, here: Situation) -> tuple[str, ...]:
    wanted = f"={version}" if version else ""
    home = {
        "posix": "export CUDA_HOME=$CONDA_PREFIX",
        "cmd": 'set "CUDA_HOME=%CONDA_PREFIX%\\Library"',
        "powershell": '$env:CUDA_HOME = "$env:CONDA_PREFIX\\Library"',
    }
    return (f"conda install -c nvidia cuda-toolkit{wanted}", home[here.shell])


def _of_system(version: str, here: Situation) -> tuple[str, ...]:
    if here.os == "Windows":
        return _of_windows(version, here)
    dashed = f"-{version.replace('.', '-')}" if version else ""
    install, home = {
        "fedora": (f"sudo dnf install cuda-toolkit{dashed}", "/usr/local/cuda"),
        "arch": ("sudo pacman -S cuda", "/opt/cuda"),
    }.get(here.family, (f"sudo apt install cuda-toolkit{dashed}", "/usr/local/cuda"))
    if version and here.family != "arch":
        home = f"{home}-{version}"
    return (f"ls -d {home}", install, f"export CUDA_HOME={home}")


def _of_windows(version: str, here: Situation) -> tuple[str, ...]:
    # The numbers that NVIDIA's packages have there: microsoft/winget-pkgs, n/Nvidia/CUDA.
    wanted = f" --version {version}" if version else ""
    folder = "NVIDIA GPU Computing Toolkit\\CUDA\\v"
    home = {
        "cmd": f'set "CUDA_HOME=%ProgramFiles%\\{folder}{version}"' if version
        else 'set "CUDA_HOME=%CUDA_PATH%"',
        "powershell": f'$env:CUDA_HOME = "$env:ProgramFiles\\{folder}{version}"' if version
        else "$env:CUDA_HOME = $env:CUDA_PATH",
    }  # fmt: skip
    return (f"winget install --id Nvidia.CUDA{wanted}", home.get(here.shell, home["cmd"]))
