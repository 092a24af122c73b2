"""Asks NVML and prints one JSON line per event. Runs as a child, since NVML can hang.

Started as `python -I -S nvml_child.py PATH_OF_PYNVML.PY`; imports the standard library and
that one file only. Each line is written at once. Kinds of lines:

    start                           this program runs
    call  NAME, card, at            NVML is about to be entered
    done  seconds                   it returned
    system, gpu                     what was learned; a card's lines add to each other
    error CODE, text                NVML could not be begun
    end                             everything was asked

So whoever reads knows which call never came back, and keeps what was learned before it. Every
fact is asked on its own: what fails is that fact's error, and the others go on.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

# Where the library lies when the loader does not know: WSL, Fedora, containers.
FOLDERS = ("/usr/lib/wsl/lib", "/usr/lib64/nvidia", "/usr/local/nvidia/lib64")
# Cards, or slices of one, that are looked for where nobody says how many there are.
MOST = 16
# NVML's functions by the name that nvidia-ml-py calls, and the older ones that a driver may
# have instead. Only those whose arguments begin alike. Source: nvml.h of R304 to R610.
OLDER = {
    "nvmlInitWithFlags": ("nvmlInit_v2", "nvmlInit"),
    "nvmlDeviceGetCount_v2": ("nvmlDeviceGetCount",),
    "nvmlDeviceGetHandleByIndex_v2": ("nvmlDeviceGetHandleByIndex",),
    "nvmlDeviceGetPciInfo_v3": ("nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"),
    "nvmlSystemGetCudaDriverVersion_v2": ("nvmlSystemGetCudaDriverVersion",),
    "nvmlDeviceGetAttributes_v2": ("nvmlDeviceGetAttributes",),
}
_COMPUTE_MODES = ("Default", "Exclusive_Thread", "Prohibited", "Exclusive_Process")
# What a card that is there answers all the same: forbidden, unpowered, lost.
_TROUBLED = (4, 8, 15, 16)


class _FirstProcess(ctypes.Structure):
    """nvmlProcessInfo_v1_t, all that drivers before R510 know."""

    _fields_ = (("pid", ctypes.c_uint), ("usedGpuMemory", ctypes.c_ulonglong))


def main() -> None:
    """Print what NVML says."""
    say({"kind": "start"})
    nvml = _load(sys.argv[1])
    if not _begin(nvml):
        return
    system: dict[str, Any] = {"kind": "system"}
    for key, call in (
        ("driver", nvml.nvmlSystemGetDriverVersion),
        ("nvml", nvml.nvmlSystemGetNVMLVersion),
        ("cuda", nvml.nvmlSystemGetCudaDriverVersion_v2),
        ("count", nvml.nvmlDeviceGetCount),
    ):
        ask(system, key, call)
        say(system)
    cards = list(_cards(nvml, system.get("count")))
    # Of all cards what a plan needs comes first: a call that never returns costs no more.
    for parts in ((_identity, _memory), (_place, _modes, _slices), (_processes,)):
        for handle, card in cards:
            _card_asked[:] = [card["index"]]
            for part in parts:
                try:
                    part(nvml, handle, card)
                except Exception as error:  # noqa: BLE001 - the other facts are worth having
                    card.setdefault("errors", {})[part.__name__] = str(error)
                say(card)
    say({"kind": "end"})


def say(value: dict[str, Any]) -> None:
    """Print one event."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


# ruff: noqa: SLF001 - nvidia-ml-py has no other door to a function by its name


def _load(path: str) -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location("pynvml", path)
    if spec is None or spec.loader is None:
        raise SystemExit(3)
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules["pynvml"] = module
    spec.loader.exec_module(module)
    found = module._nvmlGetFunctionPointer
    module._nvmlGetFunctionPointer = lambda name: _told(name, _function(module, found, name))
    return module


def _function(nvml: Any, found: Callable[[str], Any], name: str) -> Any:  # noqa: ANN401
    """Return a function of the library, or the older one that does the same."""
    for one in (name, *OLDER.get(name, ())):
        with contextlib.suppress(nvml.NVMLError_FunctionNotFound):
            return found(one)
    raise nvml.NVMLError_FunctionNotFound


_card_asked: list[int] = []


def _told(name: str, function: Callable[..., int]) -> Callable[..., int]:
    """Return a function that says when it is entered and when it has returned."""

    def call(*args: Any) -> int:  # noqa: ANN401
        say({"kind": "call", "call": name, "card": _card_asked[-1] if _card_asked else None})
        began = time.monotonic()
        code = function(*args)
        say({"kind": "done", "seconds": round(time.monotonic() - began, 3)})
        return code

    return call


def _begin(nvml: Any) -> bool:  # noqa: ANN401
    """Load and start the library; say why where that fails."""
    try:
        try:
            nvml.nvmlInit()
        except nvml.NVMLError_LibraryNotFound:
            _preload()
            nvml.nvmlInit()
    except nvml.NVMLError as error:
        say({"kind": "error", "code": error.value, "text": str(error)})
        return False
    return True


def _preload() -> None:
    """Load the library by its path; the loader then finds it by name."""
    for folder in FOLDERS:
        with contextlib.suppress(OSError):
            ctypes.CDLL(f"{folder}/libnvidia-ml.so.1", mode=ctypes.RTLD_GLOBAL)
            return


def ask(into: dict[str, Any], key: str, call: Any, *args: Any) -> Any:  # noqa: ANN401
    """Store what `call` returns under `key`, or its error's number or text under `errors`.

    Names that are not UTF-8 are read all the same.
    """
    try:
        try:
            value = call(*args)
        except UnicodeDecodeError:
            value = call.__wrapped__(*args)
    except Exception as error:  # noqa: BLE001 - nvidia-ml-py has errors that are no NVMLError
        code = getattr(error, "value", None)
        into.setdefault("errors", {})[key] = code if isinstance(code, int) else str(error)
        return None
    value = decoded(value) if isinstance(value, bytes) else value
    if isinstance(value, (str, int)):
        into[key] = value
    return value


def decoded(data: bytes) -> str:
    """Return a name: Windows writes paths in its code page, some cards have a Latin-1 sign."""
    for encoding in ("utf-8", "gb18030") if b"/" in data or b"\\" in data else ("utf-8",):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("latin-1")


def _cards(nvml: Any, count: int | None) -> Iterator[tuple[Any, dict[str, Any]]]:  # noqa: ANN401
    """Yield the handle of each card and what is said of it; say which card has none."""
    # Where the driver cannot count, numbers are tried until one is refused.
    for index in range(MOST if count is None else count):
        _card_asked[:] = [index]
        card: dict[str, Any] = {"kind": "gpu", "index": index}
        try:
            yield nvml.nvmlDeviceGetHandleByIndex(index), card
        except nvml.NVMLError as error:
            if count is None and error.value not in _TROUBLED:
                return
            say({**card, "code": error.value, "text": str(error)})


def _identity(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    ask(card, "name", nvml.nvmlDeviceGetName, handle)
    capability = ask(card, "cc", nvml.nvmlDeviceGetCudaComputeCapability, handle)
    if capability:
        card["capability"] = f"{capability[0]}.{capability[1]}"


def _place(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    ask(card, "uuid", nvml.nvmlDeviceGetUUID, handle)
    pci = ask(card, "pci", nvml.nvmlDeviceGetPciInfo, handle)
    if pci is None:
        return
    # Before version 3 there is only the short address.
    bus = getattr(pci, "busId", None) or getattr(pci, "busIdLegacy", None)
    card["bus"] = decoded(bus) if isinstance(bus, bytes) else bus
    # The low half of pciDeviceId is the maker (10de), the high half the device.
    card["device"] = f"{pci.pciDeviceId >> 16:04X}"


def _modes(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    for key, call in (
        ("display", nvml.nvmlDeviceGetDisplayActive),
        ("persistence", nvml.nvmlDeviceGetPersistenceMode),
    ):
        if ask(card, key, call, handle) is not None:
            card[key] = bool(card[key])
    mode = ask(card, "compute", nvml.nvmlDeviceGetComputeMode, handle)
    card["compute_mode"] = dict(enumerate(_COMPUTE_MODES)).get(mode)
    if os.name == "nt":
        model = ask(card, "model", nvml.nvmlDeviceGetCurrentDriverModel, handle)
        card["driver_model"] = {0: "WDDM", 1: "TCC", 2: "MCDM"}.get(model)


def _memory(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    """Total and free bytes; version 2 tells the reserved part apart, free is the same."""
    versions = ((nvml.nvmlMemory_v2,), ()) if hasattr(nvml, "nvmlMemory_v2") else ((),)
    said = (ask(card, "memory", nvml.nvmlDeviceGetMemoryInfo, handle, *v) for v in versions)
    memory = next((m for m in said if m is not None), None)
    # A part that shares the main memory may say 0.
    if memory is not None and memory.total:
        card["total"], card["used"], card["free"] = memory.total, memory.used, memory.free


def _processes(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    found: dict[int, int | None] = {}
    for kind in ("Compute", "Graphics"):
        for process in _running(nvml, handle, kind, card):
            found[process.pid] = process.usedGpuMemory
    card["processes"] = [_process(nvml, pid, used) for pid, used in found.items()]


def _running(nvml: Any, handle: Any, kind: str, card: dict[str, Any]) -> list[Any]:  # noqa: ANN401
    """Return a card's processes, with the newest of three calls that this driver has."""
    name = f"nvmlDeviceGet{kind}RunningProcesses"
    for version in ("_v3", "_v2"):
        call = getattr(nvml, name + version, None)
        if call and (found := ask({}, "processes", call, handle)) is not None:
            return list(found)
    return ask(card, "processes", _first_processes, nvml, handle, name) or []


def _first_processes(nvml: Any, handle: Any, name: str) -> list[_FirstProcess]:  # noqa: ANN401
    call = nvml._nvmlGetFunctionPointer(name)
    count = ctypes.c_uint(0)
    code = call(handle, ctypes.byref(count), None)
    if code != nvml.NVML_ERROR_INSUFFICIENT_SIZE:
        nvml._nvmlCheckReturn(code)
        return []
    count.value = 2 * count.value + 5
    rows = (_FirstProcess * count.value)()
    nvml._nvmlCheckReturn(call(handle, ctypes.byref(count), rows))
    return list(rows[: count.value])


def _process(nvml: Any, pid: int, used: int | None) -> dict[str, Any]:  # noqa: ANN401
    # NVML_VALUE_NOT_AVAILABLE is all ones, where the driver model hides the number.
    said = {"pid": pid, "memory": used if used is not None and used < 1 << 63 else None}
    ask(said, "name", nvml.nvmlSystemGetProcessName, pid)
    return said


def _slices(nvml: Any, handle: Any, card: dict[str, Any]) -> None:  # noqa: ANN401
    mode = ask(card, "mig_mode", nvml.nvmlDeviceGetMigMode, handle)
    if mode is None:
        return
    card["mig"] = "Enabled" if mode[0] else "Disabled"
    card["slices"] = []
    if not mode[0]:
        return
    count = ask(card, "mig_count", nvml.nvmlDeviceGetMaxMigDeviceCount, handle)
    for number in range(min(MOST if count is None else count, MOST)):
        part: dict[str, Any] = {"index": number}
        piece = ask(part, "handle", nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)
        if piece is None:
            continue  # an unused place
        name = str(ask(part, "name", nvml.nvmlDeviceGetName, piece) or "")
        part["profile"] = name.partition(" MIG ")[2] or None
        ask(part, "uuid", nvml.nvmlDeviceGetUUID, piece)
        _memory(nvml, piece, part)
        said = ask(part, "attributes", nvml.nvmlDeviceGetAttributes_v2, piece)
        if said is not None:
            part["multiprocessors"] = said.multiprocessorCount
        _processes(nvml, piece, part)
        card["slices"].append(part)


if __name__ == "__main__":
    main()
