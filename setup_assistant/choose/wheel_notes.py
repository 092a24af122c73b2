"""The sentences about the chosen wheel."""

from __future__ import annotations

from setup_assistant.catalog.torch import cuda_of
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.torch_builds import Pair
from setup_assistant.choose.wheels import Answer
from setup_assistant.machine.facts import Driver
from setup_assistant.messages import msg
from setup_assistant.versions import numbers


def tell(answer: Answer, host: Host, notes: Notes) -> None:
    """Say why this wheel, what was left out, and what to look out for."""
    pair = answer.pair
    if answer.cards:
        _tell_cuda(answer, host, notes)
    elif pair.compatibility == "default-build":
        notes.because(
            "torch",
            "torch {torch} as the package index carries it ({build}): no index with a "
            "choice of builds answers. Without a GPU it runs on the CPU.",
            torch=pair.torch,
            build=pair.build,
        )
    else:
        notes.because(
            "torch", "torch {torch}, CPU build: there is no GPU to use.", torch=pair.torch
        )
    notes.because(
        "torchvision",
        "torchvision {version} is the one made for torch {torch}.",
        version=pair.release.torchvision,
        torch=pair.torch,
    )
    notes.because(
        "transformers",
        "transformers {version} needs torch {floor} or newer; Python {python} has both.",
        version=pair.stack.transformers,
        floor=pair.stack.torch_min,
        python=pair.python,
    )
    notes.because(
        "decoder",
        msg("{package} decodes videos here with its own FFmpeg.", package=pair.decoder.package)
        if pair.decoder.reader == "decord"
        else msg("torchvision decodes videos through {package}.", package=pair.decoder.package),
    )
    for card in answer.left_out:
        notes.beware(
            "placement",
            "{gpu} ({id}) is left out: no torch build has kernels for it and for the others.",
            gpu=card.name,
            id=card.id,
        )


def _tell_cuda(answer: Answer, host: Host, notes: Notes) -> None:
    pair = answer.pair
    parts = ", ".join(sorted({c.part for c in answer.cards}, key=numbers))
    notes.because(
        "torch",
        "torch {torch} with {build} is the newest that starts on driver {driver} and has "
        "kernels for compute capability {parts}.",
        torch=pair.torch,
        build=pair.build,
        driver=host.driver or f"CUDA {host.cuda}",
        parts=parts,
    )
    _tell_compatibility(pair, host, notes)
    if not pair.verified:
        notes.beware(
            "torch",
            "The kernels of torch {torch}+{build} are known from its build script only.",
            torch=pair.torch,
            build=pair.build,
        )


def _tell_compatibility(pair: Pair, host: Host, notes: Notes) -> None:
    cuda = cuda_of(pair.build)
    if pair.compatibility == "default-build":
        notes.because(
            "torch",
            "It is the package index's default build: no index with a choice of builds answers.",
        )
    elif pair.compatibility == "native":
        notes.because(
            "torch", "Its CUDA {cuda} is not above the driver's {own}.", cuda=cuda, own=host.cuda
        )
    else:
        notes.beware(
            "torch",
            "Its CUDA {cuda} is above the driver's {own}: it runs by minor-version compatibility.",
            cuda=cuda,
            own=host.cuda,
        )


def tell_compat(driver: Driver, notes: Notes) -> None:
    """Say that a forward compatibility package is what reports the CUDA version."""
    notes.beware(
        "torch",
        "Driver {driver} reports CUDA {cuda}, which is newer than its own: a forward "
        "compatibility package (cuda-compat) is in use. It works on data center GPUs only, and "
        "only where that package is.",
        driver=driver.version,
        cuda=driver.cuda,
    )
