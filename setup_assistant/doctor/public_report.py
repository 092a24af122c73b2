"""A report fit for a public thread: what is wrong and what is installed, and who is nowhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setup_assistant.host import identity
from setup_assistant.host.secrets import anonymous

if TYPE_CHECKING:
    from setup_assistant.doctor.case import Case

# Packages whose versions somebody who answers will ask for.
_TOLD = ("torch", "torchvision", "transformers", "accelerate", "qwen-vl-utils", "tokenizers",
         "safetensors", "huggingface-hub", "modelscope", "numpy", "pillow", "decord", "decord2",
         "torchcodec", "av", "triton", "flash-attn", "bitsandbytes", "autoawq", "gptqmodel",
         "xformers", "vllm")  # fmt: skip

# Of these the name alone is enough.
_FINE = ("ok", "skipped")


def report(
    data: Mapping[str, Any], places: Mapping[str, str], facts: Mapping[str, Any] | None = None
) -> str:
    """Return the findings as JSON text without anything that names a person or a place.

    Args:
        data: the envelope's data.
        places: folder → the word that stands for it, e.g. `<env>`.
        facts: what is true of the computer and the environment.
    """
    findings = [f for f in data.get("findings", ()) if f["status"] not in _FINE]
    passed = [f["id"] for f in data.get("findings", ()) if f["status"] == "ok"]
    value = {**(facts or {}), **data, "findings": findings, "passed": passed}
    return json.dumps(public(value, places), indent=2, ensure_ascii=False) + "\n"


def public(value: Any, places: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value without what names this account, this computer and these folders."""
    known = identity.known()
    return anonymous(
        value, users=known.users, hosts=known.hosts, numbers=known.numbers, folders=places
    )


def facts_of(case: Case) -> dict[str, Any]:
    """Return what those who answer ask first: system, driver, GPUs, versions."""
    from setup_assistant import __version__
    from setup_assistant.doctor.gather import gather, opened

    system, driver = case.machine.system, case.machine.driver
    case = gather(opened(case), ("cuda",))
    install = case.install
    return {
        "tool": f"setup-assistant {__version__}",
        "system": {"os": system.os, "arch": system.arch, "distribution": system.distribution,
                   "kernel": system.release, "glibc": system.glibc, "container": system.container,
                   "wsl": system.wsl},
        "driver": {"version": driver.version, "cuda": case.driver_cuda},
        "gpus": [{"name": g.name, "compute_capability": g.compute_capability,
                  "memory_total_bytes": g.memory_total_bytes,
                  "memory_free_bytes": g.memory_free_bytes} for g in case.machine.gpus],
        "python": install.python if install else None,
        "packages": {d.name: d.version for d in install.dists
                     if d.name in _TOLD or d.name.startswith("nvidia-")} if install else {},
    }  # fmt: skip
