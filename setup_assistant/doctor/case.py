"""The case before the doctor: a machine, and where named an environment and a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.doctor.cuda_answer import Cuda
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.loader import Linked
from setup_assistant.doctor.requirements import Unmet
from setup_assistant.doctor.surroundings import Surroundings
from setup_assistant.doctor.torch_run import TorchRun
from setup_assistant.machine.facts import Gpu, Machine
from setup_assistant.verify.results import Verification
from setup_assistant.weights.model_folder import ModelFolder

# What an environment is for: torch alone, or Qwen2-VL with its packages.
TORCH_ONLY, QWEN = "torch", "qwen2-vl"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the checks look at: a value. The second half is filled in by `gather` when asked for.

    Args:
        machine: the machine, as the probe saw it.
        prefix: the environment; None where none was named.
        folder: the model's folder; None where none was named.
        variables: the person's environment variables.
        root: where /proc, /sys, /etc and /lib are looked for.
        cwd: the person's working folder.
        live: whether checks may run inside the environment and visit the network.
        purpose: what the environment is for, `torch` or `qwen2-vl`.
        install: the environment as its files describe it; None where there is none.
        model: the model folder as its files describe it.
        cuda: what the driver's CUDA library answers; None where there is none, or nothing is run.
        linked: where the loader would take the environment's libraries from.
        unmet: what packages ask for and do not get.
        verification: what really ran inside the environment; None where nothing may be run.
        model_run: what the model in the folder did; None where it was not loaded.
        torch_run: what torch did by itself; None where nothing may be run.
        surroundings: what is imported from where with the person's variables and folder.
        gathered: the names of the fields that were filled in.
    """

    machine: Machine
    prefix: Path | None
    folder: Path | None
    variables: Mapping[str, str]
    root: Path
    cwd: Path
    live: bool = True
    purpose: str = QWEN
    install: Install | None = None
    model: ModelFolder | None = None
    cuda: Cuda | None = None
    linked: tuple[Linked, ...] | None = None
    unmet: tuple[Unmet, ...] = ()
    verification: Verification | None = None
    model_run: Verification | None = None
    torch_run: TorchRun | None = None
    surroundings: Surroundings | None = None
    gathered: frozenset[str] = frozenset()

    @property
    def driver_cuda(self) -> str | None:
        """The CUDA version that the driver supports, as the management or CUDA's library says."""
        return self.machine.driver.cuda or (self.cuda.version if self.cuda else None)

    @property
    def foreign_libcuda(self) -> str | None:
        """The folder of LD_LIBRARY_PATH that libcuda was loaded from, if it was."""
        folder = str(Path(self.cuda.path).parent) if self.cuda else ""
        entries = self.variables.get("LD_LIBRARY_PATH", "").split(":")
        return next((e for e in entries if e and str(Path(e).resolve()) == folder), None)

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """The NVIDIA GPUs that can be used now."""
        return tuple(g for g in self.machine.gpus if g.vendor == "nvidia" and g.usable)
