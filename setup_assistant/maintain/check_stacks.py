"""The rules of `stacks.toml`, `mirrors.toml` and `models/`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from setup_assistant.catalog import torch
from setup_assistant.catalog.mirrors import Mirror
from setup_assistant.catalog.models import Model
from setup_assistant.catalog.stacks import Proof, Stack, Stacks
from setup_assistant.errors import SetupError
from setup_assistant.host.file_sum import is_sha256
from setup_assistant.maintain.fault import Fault, bad_range, numbers, repeated, unordered

STACKS, MIRRORS, MODELS = "stacks.toml", "mirrors.toml", "models"
_FORMS = {
    "packages": {"index"},
    "torch": {"index", "find-links"},
    "conda": {"channel"},
    "weights": {"hub"},
}


def stack_faults(file: Stacks) -> list[Fault]:
    """Return what is wrong: the newest stack first, exact versions, real ranges."""
    found = [
        *repeated(STACKS, "stack.id", [s.id for s in file.stack]),
        *unordered(
            STACKS, "stack.transformers", [s.transformers for s in file.stack], up=False, equal=True
        ),
    ]
    for stack in file.stack:
        place = f"stack({stack.id})"
        found += bad_range(STACKS, f"{place}.python", stack.python)
        for key, version in {**stack.pins, "torch_min": stack.torch_min}.items():
            found += _version(f"{place}.{key}", version)
    for decoder in file.decoder:
        place = f"decoder({decoder.package})"
        found += bad_range(STACKS, f"{place}.python", decoder.python)
        found += _version(f"{place}.version", decoder.version)
    for row in file.quantizer:
        found += bad_range(STACKS, "quantizer.python", row.python)
    for packages in (r.packages for rows in (file.quantizer, file.companion) for r in rows):
        for package, version in packages.items():
            found += _version(f"packages.{package}", version)
    return found


def mirror_faults(rows: Sequence[Mirror]) -> list[Fault]:
    """Return what is wrong: each leg has an official source, each torch source a build."""
    official = {m.leg for m in rows if m.region == "official"}
    return [
        *repeated(MIRRORS, "mirror.name", [f"{m.leg}/{m.name}" for m in rows]),
        *(
            Fault(file=MIRRORS, key="mirror", what=f"no official source of {leg}")
            for leg in _FORMS
            if leg not in official
        ),
        *(fault for mirror in rows for fault in _addresses(mirror)),
    ]


def _addresses(mirror: Mirror) -> Iterator[Fault]:
    place = f"mirror({mirror.leg}/{mirror.name})"
    for key in ("url", "probe", "sample"):
        if key == "sample" and not mirror.sample:
            continue
        if not re.match(r"https://[\w.-]+(?:/|$)", getattr(mirror, key)):
            yield Fault(file=MIRRORS, key=f"{place}.{key}", what="no https address")
    if mirror.form not in _FORMS[mirror.leg]:
        yield Fault(file=MIRRORS, key=f"{place}.form", what="another leg's form")
    if ("{build}" in mirror.url) != (mirror.leg == "torch"):
        yield Fault(file=MIRRORS, key=f"{place}.url", what="{build} belongs to torch, only there")


def model_faults(models: Sequence[Model]) -> list[Fault]:
    """Return what is wrong: shapes that hang together, and sizes that they allow."""
    found = list(repeated(MODELS, "size.variants.id", [m.id for m in models]))
    for model in models:
        found += [Fault(file=MODELS, key=model.id, what=what) for what in _contradictions(model)]
    return found


def _contradictions(model: Model) -> Iterator[str]:
    shapes = model.shapes
    if shapes.heads % shapes.kv_heads:
        yield "heads is not a multiple of kv_heads"
    if shapes.params_vision + shapes.params_lang_linear > shapes.params_total:
        yield "its parts have more parameters than the whole"
    if model.quantization == "none" and model.weights_bytes != 2 * shapes.params_total:
        yield "16-bit weights are two bytes per parameter"
    if model.quantization != "none" and model.weights_bytes >= 2 * shapes.params_total:
        yield "quantized weights are smaller than 16-bit ones"
    if not numbers(model.min_transformers):
        yield f"{model.min_transformers!r} is no version"


def _version(key: str, version: str) -> Iterator[Fault]:
    if not numbers(version):
        yield Fault(file=STACKS, key=key, what=f"{version!r} is no version")


def sum_faults(models: Sequence[Model]) -> list[Fault]:
    """Return what is wrong with the sums of the models."""
    found = []
    for model in models:
        for path, digest in model.sha256.items():
            key = f"sums.{model.id}.{path}"
            if not is_sha256(digest):
                found.append(Fault(file="models", key=key, what=f"{digest!r} is no sha256"))
            if not path.endswith(".safetensors"):
                what = "owners mend such files: a new one would be refused"
                found.append(Fault(file="models", key=key, what=what))
        if len(set(model.sha256.values())) != len(model.sha256):
            key = f"sums.{model.id}"
            found.append(Fault(file="models", key=key, what="two files have one sha256"))
    return found


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
    wanted = {"torch": proof.torch, **(stack.pins if stack else {})}
    if release:
        wanted["torchvision"] = release.torchvision
    for name, version in wanted.items():
        had = found.packages.get(name, "").partition("+")[0]
        if had != version:
            what = f"proved with {had or 'nothing'}, now {version}; {again}"
            yield _fault(proof, f"found.packages.{name}", what)


def _fault(proof: Proof, key: str, what: str) -> Fault:
    return Fault(file=STACKS, key=f"proof({proof.name}).{key}", what=what)
