"""Models: exact shapes and sizes, from `recipes/models/*.toml`.

A file holds one family; each size lists its variants (16-bit and quantized), which share its
shapes but for what a variant overrides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from setup_assistant import frozen_json
from setup_assistant.catalog.folder import Sourced, recipes
from setup_assistant.errors import SetupError

Quantization = Literal["none", "nf4", "awq", "gptq-int4", "gptq-int8", "fp8"]


@dataclass(frozen=True, kw_only=True)
class Vision:
    """How pictures become tokens: patch side in pixels, patches merged per side, frames.

    `least_tokens` is what the processor makes of the smallest picture (its `min_pixels`);
    `linear` the most that a layer holds at once per patch, in widths of the tower of 16 bits.
    With `steps_apart` a video's time steps have markers and timestamps of their own; the outputs
    of `deepstack` layers go to the language model beside the last one's.
    """

    patch: int
    merge: int
    temporal: int
    least_tokens: int = 4
    linear: float = 34.5
    steps_apart: bool = False
    deepstack: int = 0

    @property
    def factor(self) -> int:
        """The side of one token in pixels (28 for Qwen2-VL)."""
        return self.patch * self.merge


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """What decides memory: layer sizes of the language model and of the vision tower."""

    params_total: int
    params_vision: int
    params_lang_linear: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    max_position_embeddings: int
    tie_word_embeddings: bool
    vit_depth: int
    vit_dim: int
    vit_heads: int
    vit_mlp: int
    active_experts: int = 1


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What a family's configuration says beside the shapes, for building it without a download.

    `text` and `vision` are keys of transformers' configuration, `tokens` the ids of markers and
    placeholders.
    """

    model_type: str
    tokens: dict[str, int]
    text: dict[str, Any] = field(default_factory=dict)
    vision: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sums(Sourced):
    """The sha256 of a checkpoint's weight files, by path: no source may contradict them.

    Files that owners mend now and then (configuration, templates, README) are left out.
    """

    id: str
    files: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One checkpoint of a size. `weights` are bytes on the GPU, `download` bytes of its files.

    `base` is set where the checkpoint of another variant is quantized while it is loaded.
    """

    id: str
    quantization: Quantization
    weights: int
    download: int
    params_total: int | None = None
    params_lang_linear: int | None = None
    intermediate: int | None = None
    base: str = ""


@dataclass(frozen=True, kw_only=True)
class Size(Shapes):
    """One size of a family with its variants."""

    name: str
    licence: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True, kw_only=True)
class Model(Sourced):
    """One checkpoint, complete."""

    id: str
    family: str
    size: str
    quantization: Quantization
    weights_bytes: int
    download_bytes: int
    min_transformers: str
    auto: bool
    licence: str
    vision: Vision
    shapes: Shapes
    architecture: Architecture
    sums: Sums | None = None
    base: str = ""

    @property
    def sha256(self) -> dict[str, str]:
        """The sha256 that are known of its files, by path."""
        return self.sums.files if self.sums else {}

    @property
    def modelscope_id(self) -> str:
        """The checkpoint's name on ModelScope, that of 16 bits where it is quantized at load."""
        return self.base or self.id


@dataclass(frozen=True, kw_only=True)
class _File(Sourced):
    family: str
    min_transformers: str
    auto: bool
    vision: Vision
    architecture: Architecture
    size: tuple[Size, ...]
    sums: tuple[Sums, ...] = ()


def load(folder: Path | None = None) -> tuple[Model, ...]:
    """Return every model, sizes in the order of their files.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    found: list[Model] = []
    for path in sorted((recipes(folder) / "models").glob("*.toml")):
        file = frozen_json.load_toml(path, _File)
        mine = [_model(file, size, variant) for size in file.size for variant in size.variants]
        if stray := {s.id for s in file.sums} - {m.id for m in mine}:
            detail = f"no variant has this id - at `$.sums.{min(stray)}`"
            raise SetupError("recipe_invalid", file=str(path), detail=detail)
        found += mine
    return tuple(found)


def checkpoint(model: str, folder: Path | None = None) -> str:
    """Return the checkpoint whose files a model is loaded from; itself where that is not known."""
    return next((m.modelscope_id for m in load(folder) if m.id == model), model)


def known_sums(model: str, folder: Path | None = None) -> dict[str, str]:
    """Return the sha256 that the recipes know of a model's files; {} for other models."""
    return next((m.sha256 for m in load(folder) if m.modelscope_id == model), {})


def _model(file: _File, size: Size, variant: Variant) -> Model:
    return Model(
        id=variant.id,
        family=file.family,
        size=size.name,
        quantization=variant.quantization,
        weights_bytes=variant.weights,
        download_bytes=variant.download,
        min_transformers=file.min_transformers,
        auto=file.auto,
        licence=size.licence,
        vision=file.vision,
        architecture=file.architecture,
        shapes=_shapes(size, variant),
        source=file.source,
        date=file.date,
        sums=next((s for s in file.sums if s.id == (variant.base or variant.id)), None),
        base=variant.base,
    )


def _shapes(size: Size, variant: Variant) -> Shapes:
    """Return the shapes of a size, with what a variant has of its own."""
    own = (getattr(variant, f.name, None) or getattr(size, f.name) for f in fields(Shapes))
    return Shapes(**dict(zip((f.name for f in fields(Shapes)), own, strict=True)))
