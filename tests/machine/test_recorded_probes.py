"""Everything that a probe tells of cards and their driver, with the stand-in NVML."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant import frozen_json
from setup_assistant.machine import probe
from tests.machine.test_nvml import GONE, L40S, OLD, T4
from tests.machine.test_recorded_readings import shorn
from tests.recorded import compare

KEPT = Path(__file__).with_name("recorded_probes.txt")
NEW = ("driver 580.95.05", "cuda 13000")
A100 = "gpu NVIDIA A100-SXM4-40GB|8|0|40960|600|0|1|0|0"
SLICES = ("slice 0|3g.20gb|19968|100|42", "slice 0|1g.5gb|4864|12|14")
MIB = 1 << 20
SETTINGS: dict[str, tuple[str, ...]] = {
    "two cards": (*NEW, T4, L40S, "mode 0 3", "mode 1 1", "persistence 1", "pname /usr/bin/train"),
    "a display": (*NEW, "gpu NVIDIA GeForce RTX 4090|8|9|24564|1200|0|-1|1|4242"),
    "slices": (*NEW, A100, *SLICES, L40S),
    "slices wanted and none made": (*NEW, A100),
    "a lost card": (*NEW, T4, "gpu X|8|9|24564|0|15|-1|0|0", L40S),
    "memory is not told": (*NEW, T4, "fail nvmlDeviceGetMemoryInfo 3"),
    "shared memory": (*NEW, "gpu NVIDIA GB10|12|1|0|0|0|-1|0|0"),
    "no capability": (*NEW, T4, L40S, "fail nvmlDeviceGetCudaComputeCapability@1 3"),
    "no name": (*NEW, T4, L40S, "fail nvmlDeviceGetName@0 999"),
    "no CUDA library": ("driver 470.223.02", "cuda -12", T4),
    "another library": ("driver 535.216.01", "cuda 12080", T4),
    "no driver": ("init 9",),
    "another driver": ("init 18", T4),
    "no permission": ("init 4",),
    "no cards": NEW,
    "a crash": ("crash nvmlInit",),
    "a crash at a card": (*NEW, "crash nvmlDeviceGetUUID@0", T4, L40S),
    "counting fails": (*NEW, "fail nvmlDeviceGetCount 999", T4),
    "prohibited": (*NEW, T4, "mode 0 2"),
}


def told(root: Path) -> str:
    machine = shorn(frozen_json.to_builtins(probe.probe(sources=False, root=root)))
    assert isinstance(machine, dict)
    lines = []
    for key in ("driver", "gpus", "verdicts", "unknown"):
        value = machine.get(key, [])
        for part in value if isinstance(value, list) else [value]:
            field = part.get("field", "") if key == "unknown" else "gpus"
            if field.startswith(("gpus", "driver")):
                lines.append(f"{key}: {json.dumps(part, ensure_ascii=False)}")
    return "\n".join(lines)


@pytest.mark.parametrize("name", SETTINGS)
def test_cards_are_told_as_they_were_recorded(
    name: str, nvml: Callable[..., None], tree: Callable[..., Path]
) -> None:
    nvml(*SETTINGS[name])
    files = {"proc/meminfo": "MemTotal: 65536000 kB\nMemAvailable: 32768000 kB\n"}
    compare(KEPT, {name: told(tree(files))})


@pytest.mark.parametrize("missing", [OLD, GONE], ids=["of an older library", "that may lack"])
def test_without_functions(
    missing: tuple[str, ...], request: pytest.FixtureRequest, nvml: Callable[..., None],
    tree: Callable[..., Path],
) -> None:  # fmt: skip
    nvml(*SETTINGS["two cards"], missing=missing)
    compare(KEPT, {f"without functions {request.node.callspec.id}": told(tree())})
