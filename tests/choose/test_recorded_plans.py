"""Plans word by word: the choice, each number of it, its reasons and warnings in their order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.choose.plan_json import to_json
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Disk, Driver, Gpu, Machine, Process, Source, System, Tool
from tests.choose.described import GIB, described, planned, reached
from tests.recorded import compare, names

KEPT = Path(__file__).with_name("recorded_plans.txt")
RTX = "NVIDIA GeForce RTX 4090,8.9,24564,24000"
T4 = "Tesla T4,7.5,15360,14900"
A100 = "NVIDIA A100-SXM4-80GB,8.0,81920,81050"
NEW = "580.95.05"
OWN = Source(leg="packages", name="own", url="https://lab.example/simple", reachable=True,
             credentials=True, setting="pip.conf")  # fmt: skip


def one(
    driver: str | None = NEW, *specs: str, first: dict[str, Any] | None = None,
    driven: dict[str, Any] | None = None, **about: Any,
) -> Machine:  # fmt: skip
    """Return a machine with `first` of its first card's facts, or of its driver's, replaced."""
    names = ("sources", "disks", "tools")
    more = {n: about.pop(n) for n in names if n in about}
    made = described(driver, *(specs or (RTX,)), **about)
    gpus = (replace(made.gpus[0], **(first or {})), *made.gpus[1:])
    return replace(made, gpus=gpus, driver=replace(made.driver, **(driven or {})), **more)


def disks(gib: float, other: float | None = None) -> tuple[Disk, ...]:
    free = int(gib * GIB)
    return (
        Disk(role="site", path="/srv", free_bytes=free, device="a"),
        Disk(role="cache", path="/home", free_bytes=free if other is None else int(other * GIB),
             device="a" if other is None else "b"),
        Disk(role="temp", path="/tmp", free_bytes=free, device="a"),
    )  # fmt: skip


BUSY = {
    "memory_free_bytes": 9 * GIB,
    "processes": (Process(pid=7, name="train.py"), Process(pid=8)),
}
QUIET = tuple(replace(s, reachable=False, silent=s.leg != "conda") for s in reached())
SPEEDS = tuple(
    replace(s, reachable=True, seconds=n / 10, bytes_per_second=(n % 4 + 1) * 1.1e6)
    for n, s in enumerate(reached())
)
WITH_OWN = (*reached("packages/pypi", "torch/nju", "weights/hf-mirror"), OWN)
ELSEWHERE = (
    *reached("packages/tuna", "torch/pytorch", "weights/modelscope", "conda/tuna"),
    replace(OWN, reachable=False),
    replace(OWN, leg="extra", url="https://two.example/simple", setting="UV_INDEX"),
    replace(OWN, leg="extra", url="https://three.example", reachable=False, reason="refused"),
)
CONDAS = tuple(Tool(name=n, path=f"/opt/{n}", version="2") for n in ("conda", "micromamba"))
MACHINES: dict[str, tuple[Machine, dict[str, Any]]] = {
    "one card": (one(), {}),
    "one card, for documents": (one(), {"purpose": "documents", "max_pixels": 1_000_000}),
    "one card, a few frames": (one(), {"purpose": "try", "max_frames": 8}),
    "a desktop and other programs": (one(first={**BUSY, "display_active": True}), {}),
    "another program has it alone": (one(first={**BUSY, "compute_mode": "exclusive_process"}), {}),
    "another program has it alone, and other mirrors": (
        one(first={**BUSY, "compute_mode": "exclusive_process"}, sources=SPEEDS,
            disks=disks(30)), {"mirror": "nju", "weights_source": "huggingface"}),
    "contradictions, and a weak card": (
        one(NEW, "NVIDIA GeForce RTX 4090,8.6,65536,65000", "Tesla P40,6.1,24576,24100",
            disks=disks(40)), {"mirror": "nju"}),
    "alone, and nobody there": (one(first={"compute_mode": "exclusive_process"}), {}),
    "alone, with much in use": (
        one(first={"compute_mode": "exclusive_thread", "memory_free_bytes": 10 * GIB}), {}),
    "a card of no known capability": (
        one(NEW, RTX, "NVIDIA Nothing 1,8.6,8192,8000",
            first={"name": "NVIDIA None", "compute_capability": None}), {}),
    "told more memory and another capability": (
        one(NEW, "NVIDIA GeForce RTX 4090,8.6,65536,65000"), {}),
    "memory not known": (
        one(first={"memory_total_bytes": None, "memory_free_bytes": None, "name": "GPU"}), {}),
    "total known alone": (one(first={"memory_free_bytes": None}), {}),
    "nominal memory": (one(first={"memory_total_bytes": None, "memory_free_bytes": None}), {}),
    "old driver": (one("535.104.05", T4), {}),
    "very old driver": (one("470.57.02", "Tesla V100,7.0,32510,32000", python="3.10"), {}),
    "strict": (one("550.54.15"), {"strict_cuda": True}),
    "minor versions": (one("525.60.13"), {}),
    "compatibility package": (one("535.104.05", A100, driven={"cuda": "12.8",
                              "cuda_source": "cuda-compat"}), {}),
    "two alike": (one(NEW, A100, A100), {}),
    "two alike by name": (one(NEW, A100, A100), {"gpus": ("1",)}),
    "two kinds": (one(NEW, RTX, "Tesla P40,6.1,24576,24100"), {}),
    "three kinds": (one("560.35.05", "Tesla V100,7.0,16384,16100", "RTX 5090,12.0,32607,32000",
                        "Old,3.5,4096,4000"), {}),
    "the larger is slower": (one(NEW, "NVIDIA GeForce RTX 4070,8.9,12282,12000", T4), {}),
    "a slice": (one(NEW, "NVIDIA A100-SXM4-80GB MIG 2g.20gb,8.0,19968,19800",
                    first={"mig": "2g.20gb"}), {}),
    "quantized by name": (one(NEW, T4), {"model": "Qwen/Qwen2-VL-7B-Instruct-GPTQ-Int4"}),
    "half of it by name": (one(NEW, T4), {"model": "Qwen2-VL-2B-Instruct-AWQ"}),
    "the canary": (one(), {"model": "canary"}),
    "a newer family": (one(), {"family": "qwen3-vl"}),
    "a middle family": (one(NEW, A100), {"family": "qwen2.5-vl", "purpose": "images"}),
    "the largest": (one(NEW, *[A100] * 4), {"model": "Qwen/Qwen2-VL-72B-Instruct"}),
    "no card": (described(None, ram_gib=32), {}),
    "no card, little memory": (described(None, ram_gib=12), {}),
    "no card wished": (one(ram_gib=64), {"gpus": ("none",)}),
    "Windows": (one("560.94", "GPU,8.6,12288,11300", system="Windows"), {}),
    "a Mac": (described(None, system="Darwin", arch="arm64", ram_gib=32), {}),
    "aarch64": (one(NEW, "NVIDIA GH200 480GB,9.0,97871,97000", arch="aarch64"), {}),
    "an old C library": (one(glibc="2.17"), {}),
    "little main memory": (one(ram_gib=8), {}),
    "a full disk": (one(disks=disks(30)), {}),
    "a full cache": (one(disks=disks(300, 4)), {}),
    "a disk too small for the files": (one(NEW, A100, disks=disks(90)), {}),
    "a dear download": (one(NEW, A100, disks=disks(900)), {}),
    "conda is here": (
        one(tools=(Tool(name="conda", path="/opt/conda/bin/conda", version="24.1"),)), {}),
    "conda wished": (
        one(tools=(Tool(name="mamba", path="/m", version="2"),)), {"backend": "mamba"}),
    "a lost card and another maker's first": (
        one(NEW, *[RTX] * 3, first={"usable": False}), {}),
    "cards in MIG mode and of another maker first": (
        one(NEW, *[RTX] * 2, first={"mig": "on", "vendor": "amd"}), {}),
    "a driver known by its CUDA alone": (one(driven={"version": None, "cuda": "12.4"}), {}),
    "two condas": (one(tools=CONDAS), {}),
    "two condas, no channel": (one(tools=CONDAS, sources=reached("packages/pypi")), {}),
    "conda wished and not here": (one(tools=CONDAS[1:]), {"backend": "conda"}),
    "conda wished, no channel": (
        one(tools=CONDAS[1:], sources=reached("packages/pypi")), {"backend": "conda"}),
    "rattler wished": (one(), {"backend": "rattler"}),
    "pip wished": (one(python="3.11"), {"backend": "pip"}),
    "wished Python": (one(python="3.11"), {"python": "3.13", "backend": "uv"}),
    "bfloat16 makes it faster": (
        one(NEW, "Tesla V100-SXM2-32GB,7.0,32768,32000", "NVIDIA RTX A6000,8.6,49140,48500"), {}),
    "speeds": (one(sources=SPEEDS), {"backend": "conda"}),
    "a region": (one(sources=SPEEDS), {"mirror": "cn", "weights_source": "huggingface"}),
    "a mirror for one leg": (one(sources=SPEEDS), {"mirror": "tuna torch=sjtu"}),
    "addresses": (one(sources=SPEEDS), {"mirror": "https://a.example/simple "
                  "conda=https://b.example/conda-forge torch=file:///wheels weights=https://c.example"}),
    "another hub": (one(), {"weights_source": "https://hub.example"}),
    "its own index": (one(sources=WITH_OWN), {"weights_source": "huggingface"}),
    "its own index is away": (one(sources=ELSEWHERE), {"mirror": "official"}),
    "its own channel": (
        one(sources=(*SPEEDS, replace(OWN, leg="conda", url="https://lab.example/cf"))), {}),
    "nothing answers": (one(sources=reached()), {}),
    "nothing answered yet": (one(sources=QUIET), {}),
    "no torch index": (one(sources=reached("packages/pypi", "weights/modelscope")), {}),
    "no torch index, no card": (
        replace(described(None, ram_gib=32), sources=reached("packages/pypi")), {}),
    "nobody knows the model": (one(), {"model": "Qwen/Qwen9"}),
    "too large": (one(NEW, T4), {"model": "Qwen/Qwen2-VL-72B-Instruct"}),
    "no such card": (one(), {"gpus": ("5",)}),
    "no such Python": (one(), {"python": "3.7"}),
    "no such mirror": (one(), {"mirror": "nowhere"}),
    "not this leg's mirror": (one(), {"mirror": "torch=tuna"}),
    "tiny card": (one(NEW, "NVIDIA GeForce GTX 1050,6.1,2048,1900"), {}),
    "no driver for it": (one("390.157", "Tesla K80,3.7,11441,11300"), {}),
    "older than all": (one("340.108", "Tesla M2090,2.0,6144,6000"), {}),
    "musl": (Machine(system=System(musl=True), driver=Driver(version=NEW, cuda="13.0"),
                     gpus=(Gpu(name="RTX 4090", compute_capability="8.9"),)), {}),
}  # fmt: skip

FULL = ("one card", "old driver", "two alike", "two kinds", "no card", "Windows", "a newer family",
        "a disk too small for the files", "a slice", "strict")  # fmt: skip


def told(machine: Machine, wishes: dict[str, Any], *, full: bool) -> str:
    """Return a plan, or its refusal, line by line; with the alternatives where it is `full`."""
    try:
        value = to_json(planned(machine, **wishes))
    except SetupError as error:
        return f"{error.code}\n{error.message.english}\n{error.hint.english}"
    for key in ("reason_parts", "warning_parts"):
        value.pop(key, None)
    others = value.pop("alternatives") if full else ()
    value.pop("alternatives", None)
    lines = [*value.pop("reasons"), *(f"! {said}" for said in value.pop("warnings"))]
    lines += [json.dumps(value.pop("model")), json.dumps(value)]
    lines += [json.dumps([v for k, v in o.items() if k != "message_parts"]) for o in others]
    return "\n".join(lines)


def test_plans_are_as_they_were_recorded() -> None:
    found = {
        name: told(machine, wishes, full=name in FULL)
        for name, (machine, wishes) in MACHINES.items()
    }
    compare(KEPT, found)
    assert names(KEPT) == set(found)
