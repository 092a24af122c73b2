"""Which packages go together around torch, from `recipes/stacks.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from setup_assistant.catalog.folder import Sourced, read
from setup_assistant.catalog.torch import Size

Range = tuple[str, str]
# The packages that a stack pins; the key of each has "_" for "-".
PINNED = ("transformers", "accelerate", "qwen-vl-utils", "modelscope")


@dataclass(frozen=True, kw_only=True)
class Stack(Sourced):
    """Pins that go together; `torch_min` is transformers' own floor.

    `proved` are the quantizations in which a canary was loaded with these pins, no weight
    missing and none unexpected, and answered; `proved_source` says how and when.
    """

    id: str
    transformers: str
    accelerate: str
    qwen_vl_utils: str
    modelscope: str
    torch_min: str
    python: Range
    proved: tuple[str, ...] = ()
    proved_source: str = ""

    @property
    def pins(self) -> dict[str, str]:
        """Package → version."""
        return {name: getattr(self, name.replace("-", "_")) for name in PINNED}


@dataclass(frozen=True, kw_only=True)
class DecoderRow(Sourced):
    """A video decoder and where its wheels install. `platforms` are "System-arch"."""

    package: str
    version: str
    reader: str
    platforms: tuple[str, ...]
    python: Range
    glibc: str
    torch_max: str = ""


@dataclass(frozen=True, kw_only=True)
class Quantizer(Sourced):
    """The packages that run a kind of quantized model, and where they are known to install.

    `compiles`: the kernels for GPUs are compiled at first use, by a C++ compiler and the CUDA
    toolkit. `cards`: the most cards that such a model is spread over.
    """

    quantizations: tuple[str, ...]
    packages: dict[str, str]
    torch_min: str
    python: Range
    systems: tuple[str, ...]
    transformers_min: str
    compute_capability_min: str
    compiles: bool
    download: int
    installed: int
    cards: int = 64


@dataclass(frozen=True, kw_only=True)
class Companion(Sourced):
    """Packages that torch up to a release line needs pinned."""

    torch_max: str
    packages: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Server(Sourced):
    """The packages that an OpenAI-compatible server needs beside a stack, pinned exactly."""

    stack: str
    packages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What `recipes prove` found: the environment that was built, and what the canary said.

    `build` is the torch build that was installed, which may be another than the row is for.
    `checks` were made and `passed` of them passed; `logits_distance` is the greatest
    difference from the recorded logits. Seconds are those of this one run.
    """

    status: Literal["ok", "fail"]
    checks: int
    passed: int
    logits_distance: float
    build: str
    device: str
    dtype: str
    python: str
    platform: str
    environment_seconds: float
    canary_seconds: float
    source: str
    date: str
    packages: dict[str, str]
    cause: str = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One torch release on one stack, to be proved with `recipes prove NAME`.

    `build` is the CUDA build that machines of this kind get; `python` the minor to build with.
    """

    name: str
    stack: str
    torch: str
    build: str
    python: str
    why: str
    found: Found | None = None


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """The whole recipe; stacks and decoders in order of preference. `rest`: all but torch."""

    stack: tuple[Stack, ...]
    decoder: tuple[DecoderRow, ...]
    quantizer: tuple[Quantizer, ...]
    companion: tuple[Companion, ...]
    rest: Size
    proof: tuple[Proof, ...] = ()
    server: tuple[Server, ...] = ()


def compiled_on_arrival(stacks: Stacks, quantization: str) -> bool:
    """Whether a package that runs such models exists as source only."""
    return any(q.compiles and quantization in q.quantizations for q in stacks.quantizer)


load = partial(read, "stacks.toml", Stacks)
