"""The rules of the proofs in `stacks.toml`: each stack has one, and it is of today's pins."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.catalog import torch
from setup_assistant.catalog.stacks import Found, Proof, Stack, Stacks
from setup_assistant.errors import SetupError
from setup_assistant.maintain.check_stacks import STACKS
from setup_assistant.maintain.fault import Fault, numbers, repeated


def proof_faults(file: Stacks, home: Path) -> list[Fault]:
    """Return what is wrong with the proofs.

    Args:
        file: the recipe.
        home: the folder of the recipes, for the torch releases.
    """
    known = {stack.id: stack for stack in file.stack}
    releases: dict[str, torch.Release] = {}
    with contextlib.suppress(SetupError):  # torch.toml has its own faults
        releases = {r.torch: r for r in torch.load(home).release}
    found = [*repeated(STACKS, "proof.name", [p.name for p in file.proof])]
    found += [
        Fault(file=STACKS, key=f"stack({id_})", what="no proof stands for it")
        for id_ in known
        if not any(p.stack == id_ for p in file.proof)
    ]
    for proof in file.proof:
        found += _fits(proof, known.get(proof.stack), releases)
        found += _is_proved(proof, known.get(proof.stack), releases.get(proof.torch))
    return found


def _fits(proof: Proof, stack: Stack | None, releases: dict[str, torch.Release]) -> Iterator[Fault]:
    """Yield where a row asks for what cannot be: unknown, or outside of the stack's ranges."""
    if stack is None:
        yield _fault(proof, "stack", f"there is no stack {proof.stack!r}")
        return
    if numbers(proof.torch) < numbers(stack.torch_min):
        yield _fault(proof, "torch", f"{stack.id} needs torch {stack.torch_min}")
    ends = [stack.python]
    release = releases.get(proof.torch)
    if release:
        ends.append(release.python)
    elif releases:
        yield _fault(proof, "torch", f"torch.toml has no release {proof.torch!r}")
    if any(not numbers(low) <= numbers(proof.python) <= numbers(high) for low, high in ends):
        yield _fault(proof, "python", f"there are no packages for Python {proof.python}")
    if release and proof.build not in {b.tag for b in release.builds}:
        yield _fault(proof, "build", f"torch {proof.torch} has no build {proof.build!r}")


def _is_proved(proof: Proof, stack: Stack | None, release: torch.Release | None) -> Iterator[Fault]:
    """Yield why a row is not proved: never, without success, or with other pins than today's."""
    again = f"run: setup-assistant recipes prove {proof.name} --write"
    found = proof.found
    if found is None:
        yield _fault(proof, "found", f"it is not proved yet; {again}")
        return
    if found.status != "ok" or found.passed != found.checks:
        yield _fault(proof, "found.status", f"{found.passed} of {found.checks} passed; {again}")
    wanted = {"torch": proof.torch}
    if stack:
        wanted |= {
            "transformers": stack.transformers,
            "accelerate": stack.accelerate,
            "qwen-vl-utils": stack.qwen_vl_utils,
            "modelscope": stack.modelscope,
        }
    if release:
        wanted["torchvision"] = release.torchvision
    for name, version in wanted.items():
        had = _installed(found, name)
        if had != version:
            what = f"proved with {had or 'nothing'}, now {version}; {again}"
            yield _fault(proof, f"found.packages.{name}", what)


def _installed(found: Found, name: str) -> str:
    return found.packages.get(name, "").partition("+")[0]


def _fault(proof: Proof, key: str, what: str) -> Fault:
    return Fault(file=STACKS, key=f"proof({proof.name}).{key}", what=what)
