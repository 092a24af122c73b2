"""The case before the doctor: a machine, and where named an environment and a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.doctor.install import Install
from setup_assistant.doctor.model import ModelFolder

if TYPE_CHECKING:
    from setup_assistant.catalog.stacks import Stacks
    from setup_assistant.catalog.torch import TorchTable
    from setup_assistant.doctor.cuda import Cuda
    from setup_assistant.doctor.loader import Linked
    from setup_assistant.doctor.requirements import Unmet
    from setup_assistant.machine.facts import Gpu, Machine
    from setup_assistant.verify.results import Verification


@dataclass(kw_only=True)
class Case:
    """What the checks look at. Files are read once, and only where a check asks.

    Args:
        machine: the machine, as the probe saw it.
        prefix: the environment; None where none was named.
        folder: the model's folder; None where none was named.
        variables: the person's environment variables.
        root: where /proc, /sys, /etc and /lib are looked for.
        cwd: the person's working folder.
        live: whether checks may run inside the environment and visit the network.
        unmet: what packages ask for and do not get, once it was looked for.
    """

    machine: Machine
    prefix: Path | None
    folder: Path | None
    variables: Mapping[str, str]
    root: Path
    cwd: Path
    live: bool = True
    unmet: tuple[Unmet, ...] | None = None

    @cached_property
    def install(self) -> Install | None:
        """The environment as its files describe it; None where there is none to look at."""
        if self.prefix is None or not self.prefix.is_dir():
            return None
        return Install(self.prefix)

    @cached_property
    def model(self) -> ModelFolder | None:
        """The model folder as its files describe it."""
        if self.folder is None or not self.folder.is_dir():
            return None
        return ModelFolder(self.folder)

    @cached_property
    def cuda(self) -> Cuda | None:
        """What the driver's CUDA library answers; None where there is none, or nothing is run."""
        if not self.live:
            return None
        from setup_assistant.doctor.cuda import ask

        return ask(self.variables)

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

    @cached_property
    def linked(self) -> tuple[Linked, ...] | None:
        """Where the loader would take the environment's libraries from."""
        from setup_assistant.doctor.libraries import linked

        return linked(self)

    @cached_property
    def torch_table(self) -> TorchTable:
        """Which builds run on which parts."""
        from setup_assistant.catalog import torch

        return torch.load()

    @cached_property
    def stacks(self) -> Stacks:
        """Which packages go together."""
        from setup_assistant.catalog import stacks

        return stacks.load()

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """The NVIDIA GPUs that can be used now."""
        return tuple(g for g in self.machine.gpus if g.vendor == "nvidia" and g.usable)

    @cached_property
    def verification(self) -> Verification | None:
        """What really ran inside the environment; None where nothing may be run there."""
        if not self.live or self.prefix is None or self.install is None:
            return None
        from setup_assistant.verify.run import verify

        # Where CUDA's library is there, torch must come to terms with it, cards or not.
        on_gpu = bool(self.gpus or self.cuda) and self.install.cuda is not None
        device = "cuda" if on_gpu else "auto"
        if self.cuda and self.cuda.died:
            # It would hang or die there as well, and take every other answer with it.
            device = "cpu"
        return verify(self.prefix, device=device)

    @cached_property
    def model_run(self) -> Verification | None:
        """What the model in the folder did; None where it was not loaded."""
        from setup_assistant.doctor.model_run import run

        return run(self)
