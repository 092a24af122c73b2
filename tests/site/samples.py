"""A plan, a machine and wishes to write sites from."""

from __future__ import annotations

import dataclasses
from typing import Any

from setup_assistant.choose.plan import (
    Decoder,
    ModelChoice,
    Package,
    Placement,
    Plan,
    Reason,
    Sizes,
    Sources,
    Torch,
)
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Driver, Gpu, Machine, Memory, Source, System
from setup_assistant.messages import msg

GIB = 1 << 30
PYPI = "https://pypi.org/simple"
CU128 = "https://download.pytorch.org/whl/cu128"
CONDA_FORGE = "https://conda.anaconda.org/conda-forge"

TORCH = Torch(version="2.11.0", build="cu128", index_url=CU128, compatibility="native")
SOURCES = Sources(
    packages=PYPI,
    conda=CONDA_FORGE,
    weights="https://www.modelscope.cn",
    weights_reachable=True,
)


def plan(**changes: Any) -> Plan:
    """Return a plan for one 24 GiB card, with some fields changed."""
    base = Plan(
        torch=TORCH,
        torchvision=Package(name="torchvision", version="0.26.0"),
        transformers=Package(name="transformers", version="5.23.0"),
        accelerate=Package(name="accelerate", version="1.12.0"),
        qwen_vl_utils=Package(name="qwen-vl-utils", version="0.0.14"),
        modelscope=Package(name="modelscope", version="1.40.2"),
        decoder=Decoder(package="decord2", version="3.0.0", reader="decord"),
        extra_packages=(Package(name="packaging", version="26.3"),),
        model=ModelChoice(
            id="Qwen/Qwen2-VL-7B-Instruct",
            modelscope_id="Qwen/Qwen2-VL-7B-Instruct",
            quantization="",
            dtype="bfloat16",
            max_pixels=1_003_520,
            video_total_pixels=20_000_000,
            need_bytes=18 * GIB,
            download_bytes=16 * GIB,
            budget_bytes=22 * GIB,
        ),
        placement=Placement(device="cuda", gpus=("GPU-1234",)),
        backend="uv",
        python="3.12",
        sources=SOURCES,
        sizes=Sizes(
            packages_download_bytes=3 * GIB,
            packages_installed_bytes=7 * GIB,
            weights_bytes=16 * GIB,
        ),
        reasons=(Reason(about="torch", message=msg("The newest that {gpu} runs.", gpu="it")),),
    )
    return dataclasses.replace(base, **changes)


def torch(**changes: Any) -> Torch:
    """Return the sample's torch with some fields changed."""
    return dataclasses.replace(TORCH, **changes)


def sources(**changes: Any) -> Sources:
    """Return the sample's sources with some fields changed."""
    return dataclasses.replace(SOURCES, **changes)


def machine(**changes: Any) -> Machine:
    """Return a machine with one 24 GiB card, with some fields changed."""
    base = Machine(
        system=System(os="Linux", arch="x86_64", distribution="Debian 13", cpu="Some CPU"),
        driver=Driver(version="570.124.06", cuda="12.8", source="nvml"),
        gpus=(
            Gpu(
                name="NVIDIA GeForce RTX 4090",
                uuid="GPU-1234",
                compute_capability="8.9",
                memory_total_bytes=24 * GIB,
                memory_free_bytes=23 * GIB,
            ),
        ),
        memory=Memory(total_bytes=64 * GIB),
        sources=(Source(leg="packages", name="pypi", url=PYPI, reachable=True, seconds=0.1),),
    )
    return dataclasses.replace(base, **changes)


def wishes(**changes: Any) -> Wishes:
    """Return wishes that differ from the defaults, with some fields changed."""
    return dataclasses.replace(Wishes(model="auto", purpose="images", gpus=("0", "1")), **changes)
