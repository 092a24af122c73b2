"""The models in question, in order of preference, and what may run each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.purposes import Floor
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import Quantizer
from setup_assistant.choose.memory import Setting
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.torch_builds import Pair
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.versions import at_least, numbers, within

CANARY = "canary"
# What this tool is made for, and what follows it.
FAMILY, NEWER = "qwen2-vl", ("qwen2.5-vl", "qwen3-vl")
_RANK = {"none": 0, "nf4": 1, "awq": 2, "gptq-int4": 3, "gptq-int8": 4, "fp8": 5}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What every candidate is judged on; `disk` is the room for weights, None if unknown."""

    recipes: Recipes
    host: Host
    pair: Pair
    family: str = FAMILY
    disk: int | None = None

    def sizes(self, family: str = "") -> list[list[Model]]:
        """Return the sizes of the family in question, or of another one, largest first."""
        transformers = self.pair.stack.transformers
        return automatic(self.recipes, family or self.family, transformers)

    def floor(self, purpose: str) -> Floor:
        """Return the least that a purpose needs."""
        return next(f for name, f in self.recipes.purposes.floor.items() if name == purpose)

    def count(self, purpose: str) -> int:
        """Return how many pictures of full size one question may hold."""
        return self.floor(purpose).pictures

    def quantizer(self, model: Model, cards: Sequence[Card]) -> Quantizer | None:
        """Return the packages that run a quantized model here, None where none are known to."""
        for row in self.recipes.stacks.quantizer:
            known = model.quantization in row.quantizations and 0 < len(cards) <= row.cards
            if known and self._installs(row, cards):
                return row
        return None

    def proved(self, model: Model) -> bool:
        """Whether a canary answered in this quantization with this stack."""
        return model.quantization == "none" or model.quantization in self.pair.stack.proved

    def by_itself(self, model: Model, cards: Sequence[Card]) -> bool:
        """Whether the automatic choice may take it: proved, and nothing to be compiled."""
        if model.quantization == "none":
            return True
        row = self.quantizer(model, cards)
        return row is not None and not row.compiles and self.proved(model)

    def _installs(self, row: Quantizer, cards: Sequence[Card]) -> bool:
        return (
            self.host.os in row.systems
            and within(self.pair.python, row.python)
            and at_least(self.pair.torch, row.torch_min)
            and at_least(self.pair.stack.transformers, row.transformers_min)
            and all(at_least(c.part, row.compute_capability_min) for c in cards)
        )

    def setting(self, model: Model, cards: Sequence[Card]) -> Setting:
        """Return how a model runs on these cards; no cards means the CPU."""
        return Setting(
            dtype=dtype(model, cards),
            part=min((c.part for c in cards), key=numbers) if cards else None,
            transformers=self.pair.stack.transformers,
            torch=self.pair.torch,
            gpus=max(1, len(cards)),
        )


def dtype(model: Model, cards: Sequence[Card]) -> str:
    """Return the dtype on these cards.

    The kernels of AWQ and GPTQ compute in float16. Below compute capability 8.0 bfloat16 is
    emulated, so float16 it is, for all cards if one of them is such a card.
    """
    if model.quantization not in {"none", "nf4"}:
        return "float16"
    return "bfloat16" if all(at_least(c.part, "8.0") for c in cards) else "float16"


def automatic(recipes: Recipes, family: str, transformers: str) -> list[list[Model]]:
    """Return the sizes of a family, largest first; in each the 16-bit model, then quantized.

    Models that a transformers does not know are left out.
    """
    sizes: dict[str, list[Model]] = {}
    for model in recipes.models:
        if model.family == family and at_least(transformers, model.min_transformers):
            sizes.setdefault(f"{model.family} {model.size}", []).append(model)
    ordered = sorted(sizes.values(), key=lambda ms: -max(m.shapes.params_total for m in ms))
    return [sorted(models, key=lambda m: _RANK[m.quantization]) for models in ordered]
