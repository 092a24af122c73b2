"""Machines that do not exist: a stand-in NVML, a stand-in nvidia-smi, trees of /proc and /sys."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("nvml_shim.c")


Build = Callable[[Sequence[str]], Path]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Return a function that builds the stand-in library without some functions, each once."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the stand-in NVML needs Linux and a C compiler")
    built: dict[tuple[str, ...], Path] = {}
    # The tests hide the programs on PATH; the compiler calls an assembler and a linker.
    env = dict(os.environ)

    def build(missing: Sequence[str] = ()) -> Path:
        key = tuple(sorted(missing))
        if key not in built:
            folder = tmp_path_factory.mktemp("nvml")
            done = subprocess.run(
                [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-Wno-format-truncation",
                 *(f"-D{name}=missing_{name}" for name in key),
                 "-o", str(folder / "libnvidia-ml.so.1"), str(SOURCE)],
                capture_output=True, text=True, check=False, env=env,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            built[key] = folder
        return built[key]

    return build


@pytest.fixture
def nvml(shim: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes NVML see what its lines of settings say.

    `missing` names functions that its library has not.
    """

    def use(*lines: str | bytes, missing: Sequence[str] = ()) -> None:
        settings = tmp_path / "nvml.settings"
        data = [s if isinstance(s, bytes) else s.encode() for s in lines]
        settings.write_bytes(b"\n".join(data) + b"\n")
        monkeypatch.setenv("NVML_SHIM", str(settings))
        monkeypatch.setenv("LD_LIBRARY_PATH", str(shim(missing)))

    return use


@pytest.fixture
def no_nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make NVML's library impossible to load, even on a machine that has one."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "libnvidia-ml.so.1").write_text("not a library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path / "broken"))


@pytest.fixture(autouse=True)
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide the real nvidia-smi and conda; return the folder that PATH consists of."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("CONDA_EXE", "MAMBA_EXE", "KUBERNETES_SERVICE_HOST", "CUDA_DEVICE_ORDER"):
        monkeypatch.delenv(name, raising=False)
    return folder


Answer = tuple[str, int]


@pytest.fixture
def nvidia_smi(no_programs: Path) -> Callable[..., None]:
    """Return a function that puts an nvidia-smi on PATH, which answers as told.

    `answers` maps the start of its arguments to output and exit status; `hang` makes it wait
    for ever, `deaf` to a polite end.
    """

    def use(
        answers: Mapping[str, Answer] | None = None, *, hang: bool = False, deaf: bool = True
    ) -> None:
        lines = ["#!/bin/sh"]
        if hang:
            lines += ["trap '' TERM" if deaf else "", "while :; do /bin/sleep 1000 & wait; done"]
        for start, (text, code) in sorted((answers or {}).items(), reverse=True):
            # An empty start stands for no arguments at all.
            pattern = f'"{start}"*' if start else '""'
            lines.append(
                f'case "$*" in {pattern}) printf %s {shlex.quote(text)}; exit {code};; esac'
            )
        lines.append("exit 2")
        program = no_programs / "nvidia-smi"
        program.write_text("\n".join(lines) + "\n")
        program.chmod(0o755)

    return use


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a root folder of /proc, /sys and /etc."""
    root = tmp_path / "root"

    def make(files: Mapping[str, str] | None = None, **cards: tuple[str, str, str, str]) -> Path:
        """`cards`: name → (PCI address, vendor, device, bound driver or "")."""
        root.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for address, vendor, device, driver in cards.values():
            slot = root / "sys/bus/pci/devices" / address
            slot.mkdir(parents=True)
            (slot / "vendor").write_text(f"{vendor}\n")
            (slot / "device").write_text(f"{device}\n")
            (slot / "class").write_text("0x030000\n")
            if driver:
                bound = root / "sys/bus/pci/drivers" / driver
                bound.mkdir(parents=True, exist_ok=True)
                (slot / "driver").symlink_to(bound)
        return root

    return make
