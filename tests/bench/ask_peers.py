"""Runs in the peers' own environment: machines in as JSON, the builds that each peer names out."""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Callable
from typing import Any

Machine = dict[str, Any]


def light_the_torch(machine: Machine) -> list[str]:
    """Return the builds it takes for compatible: it looks at the driver."""
    import light_the_torch._cb as peer
    from pip._vendor.packaging.version import Version

    peer._detect_nvidia_driver_version = lambda: Version(machine["driver"])
    platform.system = lambda: machine["system"]
    found = [str(b) for b in peer.detect_compatible_computation_backends()]
    return [b for b in found if b != "cpu"]


def torchruntime(machine: Machine) -> list[str]:
    """Return the build it names: it looks at the names of the GPUs."""
    from torchruntime import platform_detection as peer
    from torchruntime.device_db import GPU

    peer.os_name = machine["system"]
    cards = [
        GPU("10de", "NVIDIA Corporation", "0000", f"[{card['name']}]", True)
        for card in machine["cards"]
    ]
    found = peer.get_torch_platform(cards)
    return [found if isinstance(found, str) else str(found[0])]


def env_doctor(machine: Machine) -> list[str]:
    """Return the pair in its command: it looks at the driver."""
    from env_doctor import db

    line = db.get_install_command("torch", db.get_max_cuda_for_driver(machine["driver"]))
    torch, build = re.search(r"torch==([\d.]+)", line), re.search(r"(cu\d{3})", line)
    if torch and build:
        return [f"{torch[1]}+{build[1]}"]
    return [build[1]] if build else []


PEERS: dict[str, Callable[[Machine], list[str]]] = {
    "light-the-torch": light_the_torch,
    "torchruntime": torchruntime,
    "env-doctor": env_doctor,
}


def main() -> None:
    """Ask every peer about every machine; one that fails names nothing."""
    told: dict[str, list[list[str]]] = {}
    boxes = json.load(sys.stdin)
    for name, ask in PEERS.items():
        told[name] = []
        for box in boxes:
            try:
                told[name].append(ask(box))
            except Exception:  # noqa: BLE001 - whatever a peer may do
                told[name].append([])
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
