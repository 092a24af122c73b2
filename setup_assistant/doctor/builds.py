"""Which torch build would run here, and the command that brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup_assistant.catalog.torch import Build, Release, cuda_of
from setup_assistant.choose.kernels import runs
from setup_assistant.versions import at_least, numbers

if TYPE_CHECKING:
    from setup_assistant.doctor.case import Case


def parts_without_kernels(case: Case, build: Build, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the compute capabilities among `parts` that a build has no code for."""
    table = case.torch_table
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


def release_of(case: Case, version: str) -> Release | None:
    """Return the row of a torch release, by its major and minor."""
    wanted = numbers(version)[:2]
    return next((r for r in case.torch_table.release if numbers(r.torch)[:2] == wanted), None)


def parts(case: Case) -> tuple[str, ...]:
    """Return the compute capabilities of the GPUs that can be used."""
    return tuple(sorted({g.compute_capability for g in case.gpus if g.compute_capability}))


def fitting_build(case: Case, release: Release) -> str | None:
    """Return the tag of the release's best build for this driver and these GPUs."""
    driver = case.driver_cuda
    if driver is None:
        return "cpu"
    fits = [
        build.tag
        for build in release.builds
        if numbers(cuda_of(build.tag))[0] <= numbers(driver)[0]
        and not parts_without_kernels(case, build, parts(case))
    ]
    native = [tag for tag in fits if at_least(driver, cuda_of(tag))]
    if native:
        return max(native, key=lambda tag: numbers(cuda_of(tag)))
    return min(fits, key=lambda tag: numbers(cuda_of(tag)), default=None)


def swap_commands(case: Case) -> tuple[str, ...]:
    """Return the command that brings the build that runs here; empty where none is known.

    The release in place is kept where it has such a build, else the newest that has.
    """
    from setup_assistant.catalog import mirrors
    from setup_assistant.verify.installs import install_command

    install = case.install
    if install is None or install.torch is None:
        return ()
    own = release_of(case, install.torch.version)
    table = (r for r in case.torch_table.release if not r.avoid)
    for release in (*([own] if own and not own.avoid else []), *table):
        tag = fitting_build(case, release)
        index = next((m for m in mirrors.load() if m.leg == "torch" and m.form == "index"), None)
        if tag and index:
            pins = (f"torch=={release.torch}+{tag}", f"torchvision=={release.torchvision}+{tag}")
            return (install_command(install.prefix, *pins, index_url=index.address(tag)),)
    return ()


def missing_commands(case: Case) -> tuple[str, ...]:
    """Return the command that brings the torch for the torchvision that is there."""
    from setup_assistant.verify.installs import install_command, torch_index

    install = case.install
    vision, _plus, build = ((install.version("torchvision") if install else "") or "").partition(
        "+"
    )
    row = next((r for r in case.torch_table.release
                if vision and numbers(r.torchvision)[:2] == numbers(vision)[:2]), None)  # fmt: skip
    if install is None or row is None:
        return ()
    *line, last = numbers(row.torch)
    # Patch releases of both go up together.
    patch = last - numbers(row.torchvision)[-1] + numbers(vision)[-1]
    torch = ".".join(str(n) for n in (*line, patch)) + (f"+{build}" if build else "")
    index = torch_index(torch, torch, None)
    return (install_command(install.prefix, f"torch=={torch}", index_url=index),)
