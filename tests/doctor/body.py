"""A small but complete environment made of files, and a machine: sound, until a test breaks it."""

from __future__ import annotations

import os
import shutil
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.finding import Diagnosis
from setup_assistant.machine.facts import Driver, Gpu, Machine, Source, System, Verdict
from tests.conftest import ROOT

GIB = 1 << 30
CARD = Gpu(
    name="NVIDIA GeForce RTX 4090", uuid="GPU-1", compute_capability="8.9",
    memory_total_bytes=24 * GIB, memory_free_bytes=23 * GIB,
)  # fmt: skip
LINUX = System(os="Linux", arch="x86_64", glibc="2.36", python="3.11.7", cpu_flags=("avx", "avx2"))
WITH_GPU = Machine(
    system=LINUX,
    driver=Driver(version="580.65.06", cuda="13.0", source="nvml", cuda_source="nvml"),
    gpus=(CARD,),
    sources=(Source(leg="packages", name="a", url="https://a", reachable=True),),
)
# The header of a 64-bit library for x86-64, with nothing in it.
LIBRARY = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0" + bytes(44)
PURE = "py3-none-any"
NATIVE = "cp311-cp311-manylinux_2_28_x86_64"
# name, module, version, tag, requirements
PACKAGES: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("torch", "torch", "2.9.1+cu126", NATIVE, ("nvidia-cudnn-cu12==9.10.2.21", "numpy")),
    ("nvidia_cudnn_cu12", "nvidia", "9.10.2.21", "py3-none-manylinux_2_27_x86_64", ()),
    ("torchvision", "torchvision", "0.24.1+cu126", NATIVE, ("torch ==2.9.1", "numpy")),
    ("transformers", "transformers", "4.57.6", PURE, ("tokenizers<0.23,>=0.22", "numpy>=1.17",
                                                     "safetensors>=0.4.3", "huggingface-hub")),
    ("accelerate", "accelerate", "1.15.0", PURE, ("torch>=2.0",)),
    ("qwen_vl_utils", "qwen_vl_utils", "0.0.14", PURE, ("pillow",)),
    ("pillow", "PIL", "12.0.0", NATIVE, ()),
    ("numpy", "numpy", "2.3.1", NATIVE, ()),
    ("tokenizers", "tokenizers", "0.22.1", "cp39-abi3-manylinux_2_17_x86_64", ()),
    ("safetensors", "safetensors", "0.6.2", "cp38-abi3-manylinux_2_17_x86_64", ()),
    ("huggingface_hub", "huggingface_hub", "0.36.0", PURE, ()),
    ("decord2", "decord", "3.4.0", "py3-none-manylinux_2_28_x86_64", ()),
)  # fmt: skip


@dataclass
class Body:
    """What the doctor looks at, and how to break it."""

    folder: Path
    machine: Machine = WITH_GPU
    with_model: bool = False

    @property
    def env(self) -> Path:
        return self.folder / "env"

    @property
    def packages(self) -> Path:
        return self.env / "lib" / "python3.11" / "site-packages"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def file(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def install(self, name: str, module: str, version: str, tag: str = PURE,
                requires: tuple[str, ...] = ()) -> Path:  # fmt: skip
        """Install a package made of one file."""
        home = self.packages
        (home / module).mkdir(parents=True, exist_ok=True)
        self.file(home / module / "__init__.py", "")
        library = home / module / "_lib.so"
        library.write_bytes(LIBRARY)
        info = home / f"{name}-{version}.dist-info"
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
        self.file(info / "METADATA", "\n".join(lines) + "\n\nA package.\n")
        self.file(info / "WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        self.file(info / "INSTALLER", "pip\n")
        size = library.stat().st_size
        self.file(info / "RECORD", f"{module}/__init__.py,,0\n{module}/_lib.so,,{size}\n")
        return info

    def remove(self, *names: str) -> None:
        for name in names:
            found = list(self.packages.glob(name))
            assert found, name
            for path in found:
                shutil.rmtree(path)

    def torch(self, version: str = "2.9.1", build: str = "cu126", *, pair: str = "0.24.1") -> None:
        """Put a torch and its torchvision in place of those that are there."""
        self.remove("torch-*.dist-info", "torchvision-*.dist-info")
        nvidia = ("nvidia-cudnn-cu12==9.10.2.21",) if build != "cpu" else ()
        self.install("torch", "torch", f"{version}+{build}", NATIVE, nvidia)
        self.install("torchvision", "torchvision", f"{pair}+{build}", NATIVE,
                     (f"torch =={version}",))  # fmt: skip
        cuda = f"'{build[2:-1]}.{build[-1]}'" if build != "cpu" else "None"
        text = f"__version__ = '{version}+{build}'\ndebug = False\ncuda = {cuda}\n"
        self.file(self.packages / "torch" / "version.py", text)
        self.file(self.packages / "torchvision/version.py", f"__version__ = '{pair}+{build}'\n")

    def verdicts(self, *names: str, gpus: tuple[Gpu, ...] = ()) -> None:
        """Let the probe have found trouble with the driver."""
        found = tuple(Verdict(id=n, sentence=n, evidence=(f"says {n}",)) for n in names)
        self.machine = replace(self.machine, verdicts=found, gpus=gpus)

    def case(self, **variables: str) -> Case:
        return Case(
            machine=self.machine,
            prefix=self.env,
            folder=self.model if self.with_model else None,
            variables={"HOME": str(self.folder / "home"), **variables},
            root=self.root,
            cwd=self.folder,
            live=False,
        )

    def diagnose(self, **variables: str) -> Diagnosis:
        return diagnose(self.case(**variables))


def sound(folder: Path) -> Body:
    """Make an environment and a model folder in which nothing is wrong."""
    body = Body(folder)
    (body.env / "bin").mkdir(parents=True)
    python = body.file(folder / "base" / "bin" / "python3.11", "#!/bin/sh\n")
    python.chmod(0o755)
    (body.env / "bin" / "python").symlink_to(python)
    body.file(body.env / "pyvenv.cfg", f"home = {python.parent}\nversion = 3.11.7\n"
                                       "include-system-site-packages = false\n")  # fmt: skip
    for name, module, version, tag, requires in PACKAGES:
        body.install(name, module, version, tag, requires)
    body.torch("2.8.0", "cu126", pair="0.23.0")
    (body.packages / "transformers" / "models" / "qwen2_vl").mkdir(parents=True)
    shutil.copytree(ROOT / "recipes" / "canary" / "model", body.model)
    body.root.mkdir()
    os.utime(body.model / "model.safetensors")
    return body


def skip_where_the_system_has(name: str) -> None:
    """Skip a test of a module of start that this Python's own, e.g. Debian's, comes before."""
    if Path(sysconfig.get_path("stdlib"), name).exists():
        pytest.skip(f"this Python has a {name} of its own")
