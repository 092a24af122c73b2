"""Why nothing runs here, and the remedy that is still right for these cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.torch import cuda_of
from setup_assistant.choose.branches import last_branch
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.torch_builds import Question, cuda_pairs, has_cuda_builds
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Gpu
from setup_assistant.versions import at_least, numbers, within

# A driver that starts every build, to ask what would be possible with another driver.
_NEWEST_BRANCH = 999
# What to install today: every part that has a wheel at all runs with it.
_CURRENT_BRANCH = 580


def refuse(question: Question) -> NoReturn:
    """Raise the failure that names the first thing that stands in the way.

    Raises:
        SetupError: always.
    """
    recipes, host, python, cards = (
        question.recipes, question.host, question.python, question.cards,
    )  # fmt: skip
    parts = sorted({c.part for c in cards})
    names = ", ".join(dict.fromkeys(c.name for c in cards))
    if not has_cuda_builds(host):
        raise SetupError("no_cuda_platform", platform=host.platform)
    if host.cuda is None and host.driver is None:
        raise SetupError("driver_unknown", gpu=names)
    if question.strict and cuda_pairs(recipes, host, python, parts):
        pair = cuda_pairs(recipes, host, python, parts)[0]
        raise SetupError("strict_cuda", cuda=host.cuda or "?", build=pair.build, torch=pair.torch)
    if question.only_default and cuda_pairs(recipes, host, python, parts):
        raise SetupError("torch_unreachable", gpu=names)
    named = not question.may_leave_out and len(parts) > 1
    if named and all(cuda_pairs(recipes, host, python, [p]) for p in parts):
        raise SetupError("cards_apart", gpus=names)
    _by_system(recipes, host, python, parts, names)
    _by_driver(recipes, host, python, cards, names)
    _by_part(recipes, host, cards[0])
    no_wheel(recipes, host, python)


def no_wheel(recipes: Recipes, host: Host, python: str) -> NoReturn:
    """Raise what is wrong with the platform, the Python or the C library."""
    fitting = [r for r in recipes.torch.release if not r.avoid]
    pythons = [r.python for r in fitting]
    if not any(within(python, ends) for ends in pythons):
        first = min((p[0] for p in pythons), key=numbers)
        last = max((s.python[1] for s in recipes.stacks.stack), key=numbers)
        raise SetupError("python_unsupported", python=python, first=first, last=last)
    raise SetupError("no_wheel", platform=host.platform, python=python, glibc=host.glibc or "?")


def needed_branch(recipes: Recipes, host: Host, python: str, part: str) -> int | None:
    """Return the least driver branch with which some wheel runs on a part, None if none does."""
    last = last_branch(recipes.torch, part) or _NEWEST_BRANCH
    branches = {
        numbers(f.windows if host.os == "Windows" else f.linux)[0]: f.cuda
        for f in recipes.torch.floor
    }
    for branch in sorted(branches):
        with_it = replace(host, driver=f"{branch}.999", cuda=f"{branches[branch]}.0")
        if branch <= last and cuda_pairs(recipes, with_it, python, [part]):
            return branch
    return None


def least_branch(recipes: Recipes, host: Host, python: str | None, parts: Sequence[str]) -> int:
    """Return the least branch that has a wheel for each of some parts; 0 where none has.

    Args:
        recipes: wheels, and the branches that they need.
        host: system, processor and C library.
        python: the one that was asked for; None: any of the stacks.
        parts: compute capabilities.
    """
    pythons = [python] if python else sorted({p for s in recipes.stacks.stack for p in s.python})
    found = [
        min((b for p in pythons if (b := needed_branch(recipes, host, p, part))), default=0)
        for part in parts
    ]
    return max(found, default=0)


def _by_system(recipes: Recipes, host: Host, python: str, parts: Sequence[str], names: str) -> None:
    """Raise where a newer system or another Python is the remedy."""
    if host.glibc and cuda_pairs(recipes, replace(host, glibc=None), python, parts):
        raise SetupError("glibc_too_old", glibc=host.glibc, gpu=names)
    complete = any(within(python, stack.python) for stack in recipes.stacks.stack)
    for stack in recipes.stacks.stack:
        for other in reversed(stack.python):
            if cuda_pairs(recipes, host, other, parts):
                if not complete:
                    raise SetupError("python_incomplete", python=python, other=other)
                raise SetupError("python_unfit", python=python, gpu=names, other=other)


def _by_driver(
    recipes: Recipes, host: Host, python: str, cards: Sequence[Card], names: str
) -> None:
    """Raise `driver_too_old` where another driver is the remedy, and still drives the cards."""
    needed = [needed_branch(recipes, host, python, c.part) for c in cards]
    if any(n is None for n in needed):
        return
    least = max(n for n in needed if n is not None)
    here = numbers(host.driver)[0] if host.driver else 0
    if least > here or (least == here and _below_floor(recipes, host, here)):
        ends = [b for c in cards if (b := last_branch(recipes.torch, c.part)) is not None]
        best = min([*ends, max(least, _CURRENT_BRANCH)])
        raise SetupError(
            "driver_too_old",
            driver=host.driver or host.cuda or "?",
            gpu=names,
            branch=max(best, least),
        )


def _below_floor(recipes: Recipes, host: Host, branch: int) -> bool:
    """Whether the driver is of a floor's branch, but older than the floor: 450.51 for 450.80."""
    floors = [f.windows if host.os == "Windows" else f.linux for f in recipes.torch.floor]
    return any(
        numbers(f)[0] == branch and host.driver and not at_least(host.driver, f) for f in floors
    )


def _by_part(recipes: Recipes, host: Host, card: Card) -> None:
    jetson = recipes.torch.jetson
    if card.part in jetson.only_own:
        raise SetupError("gpu_jetson", gpu=card.name, part=card.part)
    codes = [
        code
        for release in recipes.torch.release
        for build in release.builds
        for name in (build.x86_64, build.aarch64)
        if name and cuda_of(build.tag)
        for code in recipes.torch.kernels[name]
    ]
    if numbers(card.part) < min(numbers(c) for c in codes):
        raise SetupError("gpu_too_old", gpu=card.name, part=card.part)
    raise SetupError("gpu_no_kernels", gpu=card.name, part=card.part, platform=host.platform)


def no_usable_gpu(gpus: Sequence[Gpu], host: Host, recipes: Recipes) -> NoReturn:
    """Raise why none of the NVIDIA GPUs that are there can be used.

    Raises:
        SetupError: always.
    """
    names = ", ".join(dict.fromkeys(g.name for g in gpus))
    if all(g.mig == "on" for g in gpus):
        raise SetupError("mig_empty", gpu=names)
    nameless = any(g.usable and g.mig != "on" and g.compute_capability is None for g in gpus)
    answered = nameless and not any(g.kernel_driver for g in gpus)
    if host.driver is None and host.cuda is None and not answered:
        parts = [g.compute_capability for g in gpus if g.compute_capability]
        ends = [b for p in parts if (b := last_branch(recipes.torch, p)) is not None]
        raise SetupError("driver_missing", gpu=names, branch=min([*ends, _CURRENT_BRANCH]))
    if nameless:
        raise SetupError("gpu_unknown", gpu=names)
    notes = "; ".join(dict.fromkeys(g.note for g in gpus if g.note)) or "-"
    raise SetupError("gpu_unusable", gpu=names, reason=notes)
