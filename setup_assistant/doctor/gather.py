"""Fill in what a check asks for and the files of a case do not show: each by a plain function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.doctor import (
    cuda_answer,
    linked,
    model_run,
    requirements,
    surroundings,
    surroundings_check,
    torch_run,
)
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.install import Install
from setup_assistant.host.prefix import closed
from setup_assistant.verify.results import Verification
from setup_assistant.weights.model_folder import ModelFolder

# What must be there before a field can be filled in.
_BEFORE = {"torch_run": ("cuda",), "verification": ("cuda",), "model_run": ("cuda", "verification")}


def opened(case: Case) -> Case:
    """Return a case with its two folders opened; nothing of them is read yet."""
    prefix, folder = case.prefix, case.folder
    return replace(
        case,
        install=Install(prefix) if prefix is not None and _open(prefix) else None,
        model=ModelFolder(folder) if folder is not None and folder.is_dir() else None,
    )


def _open(prefix: Path) -> bool:
    return closed(prefix / "bin" / "python") is None and prefix.is_dir()


def gather(case: Case, names: tuple[str, ...]) -> Case:
    """Return a case in which the fields `names` are filled in."""
    wanted = [n for name in names for n in (*_BEFORE.get(name, ()), name)]
    for name in wanted:
        if name not in case.gathered:
            found = {name: _HOW[name](case), "gathered": case.gathered | {name}}
            case = replace(case, **found)
    return case


def _cuda(case: Case) -> cuda_answer.Cuda | None:
    return cuda_answer.ask(case.variables) if case.live else None


def _linked(case: Case) -> object:
    return linked.linked(case.install, case.machine.system, case.variables, case.root)


def _unmet(case: Case) -> object:
    if case.install is None:
        return ()
    optional = requirements.below_floor(case.install, "transformers", ("torch", "vision"))
    return (*requirements.unmet(case.install, requirements.ROOTS), *optional)


def _verification(case: Case) -> Verification | None:
    if not case.live or case.prefix is None or case.install is None or case.purpose == TORCH_ONLY:
        return None
    from setup_assistant.verify.run import verify

    return verify(case.prefix, device=_device(case, otherwise="auto"))


def _device(case: Case, otherwise: str) -> str:
    # Where CUDA's library is there, torch must come to terms with it, cards or not.
    built = case.install is not None and case.install.cuda is not None
    if case.cuda and case.cuda.died:
        # It would hang or die there as well, and take every other answer with it.
        return "cpu"
    return "cuda" if built and (case.gpus or case.cuda) else otherwise


def _torch_run(case: Case) -> torch_run.TorchRun | None:
    install = case.install
    if not case.live or install is None or case.purpose != TORCH_ONLY or not install.torch:
        return None
    others = tuple(m for m in ("torchvision", "transformers") if install.holds(m))
    return torch_run.run(install.prefix, others, _device(case, otherwise="cpu"), case.variables)


def _surroundings(case: Case) -> surroundings.Surroundings | None:
    wanted = surroundings_check.modules(case)
    if not case.live or case.install is None or not wanted:
        return None
    return surroundings.look(case.install.prefix, wanted, case.variables, case.cwd)


def _model_run(case: Case) -> Verification | None:
    free = case.gpus[0].memory_free_bytes if case.gpus else None
    room = model_run.room_of(case)
    return model_run.run(case.prefix, case.model, room, case.verification, first_free=free)


_HOW: Mapping[str, Callable[[Case], Any]] = {
    "cuda": _cuda, "linked": _linked, "unmet": _unmet, "verification": _verification,
    "model_run": _model_run, "torch_run": _torch_run,
    "surroundings": _surroundings,
}  # fmt: skip
