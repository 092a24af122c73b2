"""Stand-ins for quantized layers: their exact memory, without their kernels.

A checkpoint of AWQ or GPTQ packs the linear layers of the language model in groups of 128: whole
numbers of 4 or 8 bits, and for each group a 16-bit scale and a zero point of as many bits. In NF4
each group of 64 has a scale of 8 bits, and 256 of those one of 32; a weight is unpacked as a whole
while it is used. The
vision tower, the embeddings and the head stay in 16 bits. The kernels that unpack on the fly keep
nothing else, so that the memory of a call is the real one; its answer and its speed are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

GROUP = 128
# Weights that share a scale in NF4, and scales that share one of their own.
NESTED = (64, 256)


class Packed(nn.Module):
    """The memory of one quantized layer; its output is zero."""

    def __init__(self, layer: nn.Linear, bits: int, *, nested: bool) -> None:
        """Take the place of `layer`, whose weight is (out, in); `nested` is NF4."""
        super().__init__()
        count, self.out = layer.weight.numel(), layer.out_features
        place = {"device": "meta"}
        self.register_buffer("qweight", torch.empty(count * bits // 32, dtype=torch.int32, **place))
        scales = count // NESTED[0] + 4 * (count // (NESTED[0] * NESTED[1]))
        if not nested:
            scales = 2 * (count // GROUP) + count // GROUP * bits // 8
        self.register_buffer("scales", torch.empty(scales, dtype=torch.int8, **place))
        self.unpacked = tuple(layer.weight.shape) if nested else (0,)
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        """Return zeros of the right shape: (..., in) to (..., out)."""
        weight = x.new_empty(self.unpacked)
        made = x.new_zeros((*x.shape[:-1], self.out))
        del weight
        return made


def pack(model: PreTrainedModel, bits: int, *, nested: bool = False) -> None:
    """Put stand-ins in the place of the language model's linear layers."""
    wanted = [
        (name, layer)
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and "visual" not in name and "lm_head" not in name
    ]
    for name, layer in wanted:
        above, _, own = name.rpartition(".")
        setattr(model.get_submodule(above), own, Packed(layer, bits, nested=nested))
