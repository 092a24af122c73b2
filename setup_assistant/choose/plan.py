"""The plan: exact versions, sources, sizes and steps, with one reason per line.

Frozen values only. `Reason.message` keeps template and values apart, so that one plan reads in
any language; in JSON the reasons are English sentences, with the parts beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from setup_assistant.messages import Message

Compatibility = Literal["native", "minor-version", "cpu", "default-build"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why one line of the plan is as it is. `about` is the plan's field, e.g. `torch`."""

    about: str
    message: Message


@dataclass(frozen=True, kw_only=True)
class Torch:
    """The chosen torch wheel.

    `build` is a CUDA tag such as "cu126", or "cpu". `index_url` is where the wheel comes from;
    `find_links` is set instead for mirrors of that form. `compatibility` is "native" (build not
    above the driver's CUDA), "minor-version" (above, same major), "cpu", or "default-build"
    (the package index's default wheel, because nothing else can be reached).
    """

    version: str
    build: str
    index_url: str
    compatibility: Compatibility
    find_links: str | None = None
    download_bytes: int | None = None
    installed_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Package:
    """A pinned package, e.g. transformers 5.23.0."""

    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Decoder:
    """The video decoder: package, and its name for FORCE_QWENVL_VIDEO_READER."""

    package: str
    version: str
    reader: str


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """The model and how it will run. `max_pixels` caps every image and video frame.

    `pictures` of that size fit into one question. `video_total_pixels` caps all frames of a
    video together, `video_max_frames` their number (each step of two frames has at least 128
    tokens, whatever the cap). `max_prompt_tokens` is the longest prompt, text and pictures
    together; 0 where an older plan does not say. `kept_free_bytes` of the budget stay free.
    """

    id: str
    modelscope_id: str
    quantization: str
    dtype: str
    max_pixels: int
    video_total_pixels: int
    need_bytes: int
    download_bytes: int
    budget_bytes: int | None = None
    terms: dict[str, int] | None = None
    video_max_frames: int = 768
    pictures: int = 1
    max_prompt_tokens: int = 0
    kept_free_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where the weights go: `device` is "cuda" or "cpu"; `gpus` are UUIDs (or indices).

    `max_memory_bytes` is one limit per GPU in the same order; empty means a single device.
    """

    device: Literal["cuda", "cpu"]
    gpus: tuple[str, ...] = ()
    max_memory_bytes: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another choice and what it would cost: `what` is a model or wheel; `kind` says which.

    `proved` is false for what nobody has tried with these packages, or without a compiler.
    """

    kind: Literal["model", "wheel"]
    what: str
    fits: bool
    need_bytes: int | None
    download_bytes: int | None
    message: Message
    proved: bool = True


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """Another source of a leg, to go on with where the chosen one fails while building."""

    leg: Literal["packages", "torch"]
    url: str
    form: str


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The chosen source of every leg, as URLs. `extra_index_urls` are the person's own.

    `with_credentials` are those among them whose password only the person's setting knows.
    `unanswered` are the legs of which no source answered; `left_out` the person's further
    indexes that do not answer.
    """

    packages: str
    conda: str
    weights: str
    weights_reachable: bool
    extra_index_urls: tuple[str, ...] = ()
    with_credentials: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    fallbacks: tuple[Fallback, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Bytes to download and to keep on disk, and the estimated seconds of the road."""

    packages_download_bytes: int
    packages_installed_bytes: int
    weights_bytes: int
    expected_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What a plan is for: system, processor and, on Linux, the C library, e.g. "2.35"."""

    os: str = ""
    arch: str = ""
    glibc: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Machine + recipes + wishes → what will be done."""

    torch: Torch
    torchvision: Package
    transformers: Package
    accelerate: Package
    qwen_vl_utils: Package
    modelscope: Package
    decoder: Decoder
    extra_packages: tuple[Package, ...]
    model: ModelChoice
    placement: Placement
    backend: str
    python: str
    sources: Sources
    sizes: Sizes
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    left_out: tuple[str, ...] = ()
    stack: str = ""
    platform: Platform = Platform()
    schema: str = "setup-assistant/plan/1"

    @property
    def packages(self) -> tuple[Package, ...]:
        """All packages but torch itself and the video decoder."""
        own = (self.torchvision, self.transformers, self.accelerate, self.qwen_vl_utils)
        return (*own, self.modelscope, *self.extra_packages)

    @property
    def versions(self) -> dict[str, str]:
        """Package → version of everything that the plan names."""
        named = {"torch": self.torch.version, **{p.name: p.version for p in self.packages}}
        return {**named, self.decoder.package: self.decoder.version}
