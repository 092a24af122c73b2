"""Ten machines that differ: what their nvidia-smi says, and the plan that is right for each.

The right answers follow from the policy of the wheel (driver branch and compute capability) by
hand; they are not what the planner said.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """What nvidia-smi reports, and what must come of it. `builds` are all that are right."""

    gpu: str
    capability: str
    driver: str
    cuda: str
    total: int
    count: int = 1
    builds: tuple[str, ...] = ()
    dtype: str = "bfloat16"
    refused: str = ""


MACHINES = {
    "pc00": Machine("NVIDIA GeForce RTX 4090", "8.9", "550.54.14", "12.4", 24564,
                    builds=("cu124", "cu126")),
    "pc01": Machine("NVIDIA GeForce RTX 4090", "8.9", "550.54.14", "12.4", 24564,
                    builds=("cu124", "cu126")),
    "pc02": Machine("NVIDIA GeForce RTX 3060", "8.6", "535.104.05", "12.2", 12288,
                    builds=("cu121", "cu124", "cu126")),
    "pc03": Machine("Tesla V100-SXM2-32GB", "7.0", "535.104.05", "12.2", 32768,
                    builds=("cu121", "cu124", "cu126"), dtype="float16"),
    "pc04": Machine("NVIDIA A100-SXM4-80GB", "8.0", "580.65.06", "13.0", 81920, count=2,
                    builds=("cu130",)),
    "pc05": Machine("NVIDIA GeForce RTX 5090", "12.0", "570.86.10", "12.8", 32607,
                    builds=("cu128", "cu129")),
    "pc06": Machine("GeForce GTX 580", "2.0", "390.157", "9.1", 1536, refused="gpu_too_old"),
    "pc07": Machine("NVIDIA GeForce GTX 1080 Ti", "6.1", "535.104.05", "12.2", 11264,
                    builds=("cu121", "cu124", "cu126"), dtype="float16"),
    "pc08": Machine("NVIDIA GeForce RTX 2080 Ti", "7.5", "570.86.10", "12.8", 11264,
                    builds=("cu128", "cu126"), dtype="float16"),
    "pc09": Machine("", "", "", "", 0, count=0, builds=("cpu",), dtype="float32"),
}  # fmt: skip

_COLUMNS = (
    "index, name, uuid, pci.bus_id, driver_version, memory.total [MiB], memory.used [MiB], "
    "memory.free [MiB], compute_cap"
)


def nvidia_smi(machine: Machine, number: int) -> str:
    """Return a shell script that answers as nvidia-smi does on a machine."""
    rows = [
        f"{i}, {machine.gpu}, {_uuid(number, i)}, 00000000:{i + 1:02X}:00.0, {machine.driver}, "
        f"{machine.total} MiB, 300 MiB, {machine.total - 300} MiB, {machine.capability}"
        for i in range(machine.count)
    ]
    listed = [f"GPU {i}: {machine.gpu} (UUID: {_uuid(number, i)})" for i in range(machine.count)]
    cases = {"*--query-gpu*": [_COLUMNS, *rows], "*-L*": listed, '""': [_banner(machine)]}
    body = "".join(
        f"  {pattern}) cat <<'END'\n" + "\n".join(lines) + "\nEND\n  ;;\n"
        for pattern, lines in cases.items()
    )
    return f'#!/bin/sh\ncase "$*" in\n{body}  *) exit 2;;\nesac\n'


def _uuid(number: int, index: int) -> str:
    return f"GPU-{number:08x}-0000-4000-8000-{index:012x}"


def _banner(machine: Machine) -> str:
    driver = machine.driver
    head = f"| NVIDIA-SMI {driver}   Driver Version: {driver}   CUDA Version: {machine.cuda}     |"
    cards = [
        f"|   {i}  {machine.gpu[:28]:<28} Off |   00000000:{i + 1:02X}:00.0 Off |      Off |\n"
        f"|  30%   35C    P8    20W / 250W |    300MiB / {machine.total:>6}MiB |   0%   Default |"
        for i in range(machine.count)
    ]
    line = "+" + "-" * 79 + "+"
    return "\n".join([line, head, line, *cards, line])
