"""Every request, spelled for the systems, shells and installers in which it differs."""

from __future__ import annotations

from typing import Any

import pytest

from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.remedies import spell
from setup_assistant.choose.remedy_target import Situation

UV: dict[str, Any] = {
    "install": ("uv", "pip", "install"),
    "remove": ("uv", "pip", "uninstall"),
    "force": ("--reinstall",),
}
MAC: dict[str, Any] = {"os": "Darwin", "arch": "arm64"}
WINDOWS: dict[str, Any] = {"os": "Windows", "shell": "powershell"}
RUN: dict[str, Any] = {
    "posix": "sudo modprobe nvidia", "windows": "devmgmt.msc", "debian": "sudo apt update",
    "fedora": "sudo dnf update", "arch": "sudo pacman -Syu",
}  # fmt: skip
JETSON = "--index-url https://pypi.jetson-ai-lab.io/jp6/cu126"
TUNA = "https://pypi.tuna.tsinghua.edu.cn/simple"


@pytest.mark.parametrize(
    ("request_", "here", "line"),
    [
        ({"need": "package", "name": "av"}, {}, "pip install -U av"),
        ({"need": "package", "name": "av", "spec": ">=12"}, {}, "pip install -U 'av>=12'"),
        ({"need": "package", "name": "av"}, {"pins": {"av": "17.1.0"}}, "pip install av==17.1.0"),
        ({"need": "package", "name": "av", "again": True}, {},
         "pip install --force-reinstall --no-deps av"),
        ({"need": "package", "name": "av", "again": True}, UV,
         "uv pip install --reinstall --no-deps av"),
        ({"need": "package"}, {}, ""),
        ({"need": "decoder"}, {"os": "Haiku"}, ""),
        ({"need": "wheel", "name": "av"}, {}, "pip install --only-binary av av"),
        ({"need": "wheel", "name": "av"}, {"pins": {"av": "17.1.0"}},
         "pip install --only-binary av av==17.1.0"),
        ({"need": "wheel"}, {}, ""),
        ({"need": "build", "name": "flash-attn"}, {},
         "pip install --no-build-isolation flash-attn"),
        ({"need": "build", "name": "flash-attn", "again": True}, UV,
         "uv pip install --no-build-isolation --reinstall --no-deps flash-attn"),
        ({"need": "remove", "name": "av"}, {}, "pip uninstall -y av"),
        ({"need": "remove", "name": "av"}, UV, "uv pip uninstall av"),
        ({"need": "remove"}, {}, ""),
        ({"need": "conda", "name": "ffmpeg", "spec": "<8"}, {},
         "conda install -c conda-forge 'ffmpeg<8'"),
        ({"need": "check"}, {}, "pip check"),
        ({"need": "check"}, UV, "uv pip check"),
        ({"need": "cache"}, {}, "pip cache purge"),
        ({"need": "cache"}, UV, "uv cache clean"),
        ({"need": "unset", "name": "LD_PRELOAD"}, {}, "unset LD_PRELOAD"),
        ({"need": "unset", "name": "PYTHONPATH"}, WINDOWS, "Remove-Item Env:PYTHONPATH"),
        ({"need": "unset", "name": "PYTHONPATH"}, {"os": "Windows", "shell": "cmd"},
         "set PYTHONPATH="),
        ({"need": "unset"}, {}, ""),
        ({"need": "set", "name": "A", "value": "b c"}, {}, "export A='b c'"),
        ({"need": "set", "name": "A", "value": "b c"}, WINDOWS, "$env:A = 'b c'"),
        ({"need": "set", "name": "A", "value": "b c"}, {"os": "Windows", "shell": "cmd"},
         'set "A=b c"'),
        ({"need": "reboot"}, {}, "sudo reboot"),
        ({"need": "reboot"}, WINDOWS, "shutdown /r /t 0"),
        ({"need": "reboot"}, {"wsl": True}, "wsl.exe --shutdown"),
        ({"need": "reboot"}, {"container": True}, ""),
        ({"need": "system", "debian": "gcc", "fedora": "gcc-c++"}, {}, "sudo apt install gcc"),
        ({"need": "system", "debian": "gcc", "fedora": "gcc-c++"}, {"family": "fedora"},
         "sudo dnf install gcc-c++"),
        ({"need": "system", "debian": "gcc", "arch": "base-devel"}, {"family": "arch"},
         "sudo pacman -S base-devel"),
        ({"need": "system", "debian": "gcc"}, {"family": "arch"}, ""),
        ({"need": "system", "debian": "gcc", "windows": "winget install gcc"}, WINDOWS,
         "winget install gcc"),
        ({"need": "system", "debian": "gcc", "windows": "winget install gcc"}, MAC, ""),
        ({"need": "driver"}, {}, "sudo ubuntu-drivers install"),
        ({"need": "driver"}, {"family": "debian"}, "sudo apt install nvidia-driver"),
        ({"need": "driver"}, {"family": "fedora"},
         "sudo dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda"),
        ({"need": "driver"}, {"family": "arch"}, "sudo pacman -S nvidia-open nvidia-utils"),
        ({"need": "driver"}, {"container": True}, "docker run --rm --gpus all ubuntu nvidia-smi"),
        ({"need": "driver"}, {"wsl": True}, "wsl.exe --update"),
        ({"need": "driver"}, WINDOWS, ""),
        ({"need": "run", **RUN}, {"family": "debian"}, "sudo apt update"),
        ({"need": "run", **RUN}, {"family": "fedora"}, "sudo dnf update"),
        ({"need": "run", **RUN}, {"family": "arch"}, "sudo pacman -Syu"),
        ({"need": "run", **RUN}, WINDOWS, "devmgmt.msc"),
        ({"need": "run", **RUN}, MAC, ""),
        ({"need": "run", "posix": "nvidia-smi -pm 1"}, MAC, ""),
        ({"need": "run", "posix": "ulimit -v"}, MAC, "ulimit -v"),
        ({"need": "run", "posix": "ls -l /dev/nvidia*"}, {}, "ls -l /dev/nvidia*"),
        ({"need": "run", "posix": "ls -l /dev/nvidia*"}, {"wsl": True}, "ls -l /dev/dxg"),
        ({"need": "reach", "name": "huggingface"}, {},
         "export HF_ENDPOINT=https://hf-mirror.com"),
        ({"need": "reach", "name": "pypi"}, {}, "export PIP_DEFAULT_TIMEOUT=120"),
        ({"need": "reach", "name": "torch"}, UV, "export UV_HTTP_TIMEOUT=120"),
        ({"need": "reach", "name": "mirror"}, {},
         "pip config set global.index-url https://pypi.org/simple"),
        ({"need": "reach", "name": "conda"}, {}, "conda config --set remote_read_timeout_secs 300"),
        ({"need": "reach", "name": "elsewhere"}, {}, ""),
        ({"need": "mirror", "name": "pypi"}, {}, f"pip config set global.index-url {TUNA}"),
        ({"need": "mirror", "name": "pypi"}, UV, f"export UV_DEFAULT_INDEX={TUNA}"),
        ({"need": "mirror", "name": "huggingface"}, {},
         "export HF_ENDPOINT=https://hf-mirror.com"),
        ({"need": "torch-for-card"}, {},
         "nvidia-smi --query-gpu=name,compute_cap,driver_version --format=csv"),
        ({"need": "torch-build", "name": "2.1.0", "value": "cu121"}, {},
         "pip install torch==2.1.0+cu121 --index-url INDEX/cu121"),
        ({"need": "torch-build", "name": "1.7.1", "value": "cu92"}, {},
         "pip install torch==1.7.1+cu92 -f https://download.pytorch.org/whl/torch_stable.html"),
        ({"need": "torch-build", "name": "1.12.1", "value": "cu113"}, {},
         "pip install torch==1.12.1+cu113 --index-url INDEX/cu113"),
        ({"need": "torch-build", "name": "2.1.0"}, {}, ""),
        ({"need": "torch"}, {"parts": ("8.7",)},
         f"pip install --force-reinstall torch torchvision {JETSON}"),
        ({"need": "torchvision"}, {"parts": ("8.7",)},
         f"pip install --force-reinstall torchvision {JETSON}"),
        ({"need": "torch"},
         {"pins": {"torch": "2.9.1", "torchvision": "0.24.1"}, "torch_index": "I"},
         "pip install --force-reinstall --no-deps torch==2.9.1 torchvision==0.24.1 --index-url I"),
        ({"need": "torchvision"}, {"pins": {"torch": "2.9.1", "torchvision": "0.24.1"}},
         "pip install --force-reinstall --no-deps torchvision==0.24.1"),
        ({"need": "decoder"}, {"pins": {"decord2": "9.9", "torchcodec": "9.9"}},
         "pip install decord2==9.9"),
        ({"need": "decoder"}, {"os": "Plan9"}, ""),
    ],
)  # fmt: skip
def test_a_request_is_spelled_for_where_it_is_typed(
    request_: dict[str, Any], here: dict[str, Any], line: str
) -> None:
    said = spell([Remedy(**request_)], Situation(**here), load_all, lambda tag: f"INDEX/{tag}")
    assert said == ((line,) if line else ())


def test_the_release_that_is_there_is_kept_and_a_newer_one_on_request() -> None:
    here = Situation(driver="580.95.05", cuda="13.0", parts=("8.9",), torch="2.8.0+cu128")
    table = load_all().torch
    for need, release in (
        ("torch", next(r for r in table.release if r.torch.startswith("2.8."))),
        ("torch-newer", next(r for r in table.release if not r.avoid)),
    ):
        (line,) = spell([Remedy(need=need)], here, load_all, lambda tag: f"INDEX/{tag}")
        assert f" torch=={release.torch}+cu" in line
        assert f" torchvision=={release.torchvision}+cu" in line
        assert " --index-url INDEX/cu" in line


def test_what_two_requests_need_is_typed_once() -> None:
    twice = [Remedy(need="reboot"), Remedy(need="package"), Remedy(need="reboot")]
    assert spell(twice, Situation(), load_all, str) == ("sudo reboot",)


def test_where_no_card_computes_with_cuda_the_build_for_processors_is_taken() -> None:
    def spelled(here: Situation) -> str:
        (line,) = spell([Remedy(need="torch")], here, load_all, lambda tag: f"INDEX/{tag}")
        return line

    assert spelled(Situation(has_gpu=False, driver="580.95.05")).endswith(" --index-url INDEX/cpu")
    on_a_mac = spelled(Situation(**MAC))
    assert " torch==" in on_a_mac
    assert "+" not in on_a_mac
    assert "--index-url" not in on_a_mac


TOOLKIT = Remedy(need="toolkit")
OF_TORCH = "torch.version.cuda"


@pytest.mark.parametrize(
    ("value", "here", "lines"),
    [
        # The torch that is there says for which CUDA; conda takes the toolkit without root.
        ("", {"torch": "2.6.0+cu124", "environment": "conda"},
         ["conda install -c nvidia cuda-toolkit=12.4", "export CUDA_HOME=$CONDA_PREFIX"]),
        ("12.1", {"torch": "2.6.0+cu124"},
         ["conda install -c nvidia cuda-toolkit=12.1", "export CUDA_HOME=$CONDA_PREFIX"]),
        ("", {"torch": "2.7.1+cu128", "environment": "venv"},
         ["ls -d /usr/local/cuda-12.8", "sudo apt install cuda-toolkit-12-8",
          "export CUDA_HOME=/usr/local/cuda-12.8"]),
        ("", {"torch": "2.7.1+cu128", "environment": "venv", "family": "fedora"},
         ["ls -d /usr/local/cuda-12.8", "sudo dnf install cuda-toolkit-12-8",
          "export CUDA_HOME=/usr/local/cuda-12.8"]),
        ("12.8", {"environment": "venv", "family": "arch"},
         ["ls -d /opt/cuda", "sudo pacman -S cuda", "export CUDA_HOME=/opt/cuda"]),
        ("12.6", {**WINDOWS, "environment": "venv"},
         ["winget install --id Nvidia.CUDA --version 12.6",
          '$env:CUDA_HOME = "$env:ProgramFiles\\NVIDIA GPU Computing Toolkit\\CUDA\\v12.6"']),
        ("12.6", {"os": "Windows", "shell": "cmd", "environment": "venv"},
         ["winget install --id Nvidia.CUDA --version 12.6",
          'set "CUDA_HOME=%ProgramFiles%\\NVIDIA GPU Computing Toolkit\\CUDA\\v12.6"']),
        ("12.6", {"os": "Windows", "shell": "cmd", "environment": "conda"},
         ["conda install -c nvidia cuda-toolkit=12.6",
          'set "CUDA_HOME=%CONDA_PREFIX%\\Library"']),
        ("", MAC, []),
        # What a text has in its place is no version.
        ("12.6; rm -r ~", {"torch": "2.6.0+cu124"},
         ["conda install -c nvidia cuda-toolkit=12.4", "export CUDA_HOME=$CONDA_PREFIX"]),
    ],
)  # fmt: skip
def test_the_toolkit_is_that_of_torch_and_lies_where_its_environment_can_take_it(
    value: str, here: dict[str, Any], lines: list[str]
) -> None:
    wanted = Remedy(need="toolkit", value=value)
    assert list(spell([wanted], Situation(**here), load_all, str)) == lines


@pytest.mark.parametrize(
    ("here", "last"),
    [
        ({}, "export CUDA_HOME=$CONDA_PREFIX"),
        ({"torch": "2.6.0"}, "export CUDA_HOME=$CONDA_PREFIX"),
        ({"environment": "venv"}, "export CUDA_HOME=/usr/local/cuda"),
        ({"os": "Windows", "shell": "cmd", "environment": "venv"},
         'set "CUDA_HOME=%CUDA_PATH%"'),
        ({**WINDOWS, "environment": "venv"}, "$env:CUDA_HOME = $env:CUDA_PATH"),
    ],
)  # fmt: skip
def test_a_toolkit_of_unknown_version_is_asked_of_torch_first(
    here: dict[str, Any], last: str
) -> None:
    lines = spell([TOOLKIT], Situation(**here), load_all, str)
    assert OF_TORCH in lines[0]
    assert lines[-1] == last


def test_another_folder_is_made_before_a_variable_names_it() -> None:
    wanted = Remedy(need="folder", name="TMPDIR", value="~/.cache/tmp")
    line = "mkdir -p ~/.cache/tmp && export TMPDIR=~/.cache/tmp"
    assert spell([wanted], Situation(), load_all, str) == (line,)
    for here in (Situation(os="Windows", shell="cmd"), Situation(**WINDOWS)):
        assert spell([wanted], here, load_all, str) == ()
    for wanted in (Remedy(need="folder", name="TMPDIR"), Remedy(need="folder", value="~/x")):
        assert spell([wanted], Situation(), load_all, str) == ()
