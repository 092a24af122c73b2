"""Which torch build would run here, and the command that brings it."""

from __future__ import annotations

from setup_assistant.catalog import torch
from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.torch import Build, Release, cuda_of
from setup_assistant.choose.kernels import runs
from setup_assistant.doctor import situation
from setup_assistant.doctor.case import Case
from setup_assistant.verify.installs import install_command, torch_index
from setup_assistant.versions import at_least, numbers


def parts_without_kernels(case: Case, build: Build, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the compute capabilities among `parts` that a build has no code for."""
    table = torch.load()
    key = build.x86_64 if case.machine.system.arch in ("x86_64", "AMD64") else build.aarch64
    if key is None:
        return parts
    cuda = cuda_of(build.tag)
    compiles = at_least(case.driver_cuda or "0", cuda)
    return tuple(
        part
        for part in parts
        if not runs(table.kernels[key], build.ptx, part, build_cuda=cuda, jetson=table.jetson,
                    driver_compiles=compiles)
    )  # fmt: skip


def release_of(version: str) -> Release | None:
    """Return the row of a torch release, by its major and minor."""
    wanted = numbers(version)[:2]
    return next((r for r in torch.load().release if numbers(r.torch)[:2] == wanted), None)


def parts(case: Case) -> tuple[str, ...]:
    """Return the compute capabilities of the GPUs that can be used."""
    return tuple(sorted({g.compute_capability for g in case.gpus if g.compute_capability}))


def swap_commands(case: Case) -> tuple[str, ...]:
    """Return the command that brings the build that runs here; empty where none is known.

    The release in place is kept where it has such a build, else the newest that has.
    """
    if case.install is None or case.install.torch is None:
        return ()
    return situation.commands((Remedy(need="torch"),), situation.of_case(case))


def missing_commands(case: Case) -> tuple[str, ...]:
    """Return the command that brings the torch for the torchvision that is there."""
    install = case.install
    vision, _plus, build = ((install.version("torchvision") if install else "") or "").partition(
        "+"
    )
    row = next((r for r in torch.load().release
                if vision and numbers(r.torchvision)[:2] == numbers(vision)[:2]), None)  # fmt: skip
    if install is None or row is None:
        return ()
    *line, last = numbers(row.torch)
    # Patch releases of both go up together.
    patch = last - numbers(row.torchvision)[-1] + numbers(vision)[-1]
    version = ".".join(str(n) for n in (*line, patch)) + (f"+{build}" if build else "")
    index = torch_index(version, version, None)
    return (install_command(install.prefix, f"torch=={version}", index_url=index),)
