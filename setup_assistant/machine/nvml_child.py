"""Asks NVML and prints one JSON line per answer. Runs as a child, since NVML can hang.

Started as `python -I -S nvml_child.py PATH_OF_PYNVML.PY`; imports the standard library and
that one file only. Each line is written at once, so that what was learned before a hang is
kept. Every call may fail alone: a missing answer is left out, and the others go on.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import sys
from typing import Any

# Where the library lies when the loader does not know: WSL, Fedora, containers.
FOLDERS = ("/usr/lib/wsl/lib", "/usr/lib64/nvidia", "/usr/local/nvidia/lib64")
MAX_SLICES = 16


def main() -> None:
    """Print what NVML says."""
    nvml = _load(sys.argv[1])
    try:
        _init(nvml)
    except nvml.NVMLError as error:
        _say({"kind": "error", "code": error.value, "text": str(error)})
        return
    system: dict[str, Any] = {"kind": "system"}
    _ask(system, "driver", nvml, nvml.nvmlSystemGetDriverVersion)
    _ask(system, "nvml", nvml, nvml.nvmlSystemGetNVMLVersion)
    _ask(system, "cuda", nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
    _ask(system, "count", nvml, nvml.nvmlDeviceGetCount)
    _say(system)
    for index in range(system.get("count") or 0):
        _say(_card(nvml, index))
    _say({"kind": "end"})


def _load(path: str) -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location("pynvml", path)
    if spec is None or spec.loader is None:
        raise SystemExit(3)
    module = importlib.util.module_from_spec(spec)
    sys.modules["pynvml"] = module
    spec.loader.exec_module(module)
    return module


def _init(nvml: Any) -> None:  # noqa: ANN401
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        if error.value != nvml.NVML_ERROR_LIBRARY_NOT_FOUND or not _preload():
            raise
        nvml.nvmlInit()


def _preload() -> bool:
    """Load the library by its path; the loader then finds it by name."""
    for folder in FOLDERS:
        path = f"{folder}/libnvidia-ml.so.1"
        if os.path.exists(path):  # noqa: PTH110 - pathlib costs 5 ms in a child this small
            try:
                ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
            except OSError:
                continue
            return True
    return False


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _ask(into: dict[str, Any], key: str, nvml: Any, call: Any, *args: Any) -> Any:  # noqa: ANN401
    """Store what `call` returns under `key`, or its error's number under `errors`."""
    try:
        value = call(*args)
    except nvml.NVMLError as error:
        into.setdefault("errors", {})[key] = error.value
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, (str, int)):
        into[key] = value
    return value


def _card(nvml: Any, index: int) -> dict[str, Any]:  # noqa: ANN401
    card: dict[str, Any] = {"kind": "gpu", "index": index}
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        return {**card, "code": error.value, "text": str(error)}
    _ask(card, "name", nvml, nvml.nvmlDeviceGetName, handle)
    _ask(card, "uuid", nvml, nvml.nvmlDeviceGetUUID, handle)
    capability = _ask(card, "cc", nvml, nvml.nvmlDeviceGetCudaComputeCapability, handle)
    if capability:
        card["capability"] = f"{capability[0]}.{capability[1]}"
    _ask(card, "display", nvml, nvml.nvmlDeviceGetDisplayActive, handle)
    pci = _ask(card, "pci", nvml, nvml.nvmlDeviceGetPciInfo, handle)
    if pci is not None:
        bus = pci.busId
        card["bus"] = bus.decode() if isinstance(bus, bytes) else bus
        # The low half of pciDeviceId is the maker (10de), the high half the device.
        card["device"] = f"{pci.pciDeviceId >> 16:04X}"
    if os.name == "nt":
        model = _ask(card, "model", nvml, nvml.nvmlDeviceGetCurrentDriverModel, handle)
        if model is not None:
            card["driver_model"] = {0: "WDDM", 1: "TCC", 2: "MCDM"}.get(model)
    _memory(nvml, handle, card)
    _processes(nvml, handle, card)
    _slices(nvml, handle, card)
    return card


def _memory(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    """Total and free bytes; version 2 tells the reserved part apart, free is the same."""
    memory = None
    if hasattr(nvml, "nvmlMemory_v2"):
        memory = _ask(
            card, "memory", nvml, nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2
        )
    if memory is None:
        memory = _ask(card, "memory", nvml, nvml.nvmlDeviceGetMemoryInfo, handle)
    if memory is not None:
        card["total"], card["used"], card["free"] = memory.total, memory.used, memory.free


def _processes(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    found: dict[int, int | None] = {}
    for name in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
        for process in _ask(card, "processes", nvml, getattr(nvml, name), handle) or []:
            found[process.pid] = process.usedGpuMemory
    card["processes"] = [_process(nvml, pid, used) for pid, used in found.items()]


def _process(nvml: Any, pid: int, used: int | None) -> dict[str, Any]:  # noqa: ANN401
    # NVML_VALUE_NOT_AVAILABLE is all ones, where the driver model hides the number.
    said = {"pid": pid, "memory": used if used is not None and used < 1 << 63 else None}
    _ask(said, "name", nvml, nvml.nvmlSystemGetProcessName, pid)
    return said


def _slices(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    mode = _ask(card, "mig", nvml, nvml.nvmlDeviceGetMigMode, handle)
    if mode is None:
        return
    card["mig_on"] = bool(mode[0])
    card["slices"] = []
    if not mode[0]:
        return
    count = _ask(card, "mig_count", nvml, nvml.nvmlDeviceGetMaxMigDeviceCount, handle)
    for number in range(min(count or 0, MAX_SLICES)):
        part: dict[str, Any] = {"index": number}
        piece = _ask(part, "handle", nvml, nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)
        if piece is None:
            continue  # an unused place
        _ask(part, "name", nvml, nvml.nvmlDeviceGetName, piece)
        _ask(part, "uuid", nvml, nvml.nvmlDeviceGetUUID, piece)
        _memory(nvml, piece, part)
        _attributes(nvml, piece, part)
        _processes(nvml, piece, part)
        card["slices"].append(part)


def _attributes(nvml: Any, piece: Any, part: dict[str, Any]) -> None:  # noqa: ANN401
    said = _ask(part, "attributes", nvml, nvml.nvmlDeviceGetAttributes_v2, piece)
    if said is not None:
        part["multiprocessors"] = said.multiprocessorCount


if __name__ == "__main__":
    main()
