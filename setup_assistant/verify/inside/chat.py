"""One question to the model, along the tutorial's road with its mistakes corrected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from inside.explain import explain
from inside.lines import JSON, Fault
from inside.versions import release

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

# The first release that takes `dtype=`; before, it was `torch_dtype=`.
_DTYPE_SINCE = (4, 56)


class Chat:
    """A loaded model and its processor."""

    def __init__(
        self, folder: str, device: str, dtype: str, max_memory: dict[str, int] | None = None
    ) -> None:
        """Load them; `max_memory` maps GPU index to bytes where the model spans several."""
        import torch
        import transformers
        from transformers import AutoProcessor

        keyword = "dtype" if release(transformers.__version__) >= _DTYPE_SINCE else "torch_dtype"
        where = {"device_map": {"": "cuda:0" if device == "cuda" else "cpu"}}
        if max_memory and len(max_memory) > 1:
            where = {"device_map": "auto", "max_memory": {int(k): v for k, v in max_memory.items()}}
        self.model, info = model_class(folder).from_pretrained(
            folder, **{keyword: getattr(torch, dtype)}, **where, output_loading_info=True
        )
        self.model.eval()
        self.processor = AutoProcessor.from_pretrained(folder)
        self.dtype = dtype
        self.device = device
        # What the last question came to: tokens, and grids as "steps x height x width".
        self.seen: JSON = {}
        self._refuse(info)

    def _refuse(self, info: JSON) -> None:
        """Stop where weights were missing (made up at random) or lie outside the GPU."""
        missing = sorted(str(name) for name in info["missing_keys"])
        if missing:
            raise Fault(
                "weights-incomplete",
                f"not in the files: {', '.join(missing[:5])}",
                count=len(missing),
                first=missing[0],
            )
        places = sorted({p.device.type for p in self.model.parameters()})
        if self.device == "cuda" and places != ["cuda"]:
            raise Fault("offloaded", f"weights lie on {', '.join(places)}")

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        return sum(p.numel() for p in self.model.parameters())

    def ask(
        self, kind: str, files: list[str], question: str, *, max_new_tokens: int, limits: JSON
    ) -> tuple[str, list[int], Tensor]:
        """Ask about files or URLs.

        `limits` holds what goes into the message beside the file (max_pixels, fps, ...).

        Returns:
            The answer, its token ids (list of int), and the float32 logits on the CPU, one row
            per generated token: (tokens, vocabulary).
        """
        import torch

        part = "video" if kind == "video" else "image"
        inputs = self.inputs([{"type": part, part: path, **limits} for path in files], question)
        with torch.inference_mode():
            made = self.model.generate(
                **inputs,
                max_new_tokens=max_new_tokens,
                do_sample=False,
                return_dict_in_generate=True,
                output_logits=True,
            )
        new = made.sequences[:, inputs["input_ids"].shape[1] :]
        answer = self.processor.batch_decode(
            new, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )[0]
        logits = torch.cat([step.float().cpu() for step in made.logits])
        return answer, new[0].tolist(), logits

    def inputs(self, content: list[JSON], question: str) -> JSON:
        """Return what `generate` takes for a question about pictures and clips.

        `content` holds their parts of the message, each with its limits beside it.
        """
        from qwen_vl_utils import process_vision_info

        messages = [{"role": "user", "content": [*content, {"type": "text", "text": question}]}]
        text = self.processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        images, videos = process_vision_info(messages)
        inputs = self.processor(
            text=[text], images=images, videos=videos, padding=True, return_tensors="pt"
        ).to(self.model.device)
        self.seen = {"prompt_tokens": inputs["input_ids"].shape[1], "grids": _grids(inputs)}
        return inputs


def _grids(inputs: JSON) -> str:
    """Return what the vision tower was given, e.g. "1x98x146 1x98x146" for two pictures."""
    found = (inputs.get(name) for name in ("image_grid_thw", "video_grid_thw"))
    rows = [row for grid in found if grid is not None for row in grid.tolist()]
    return " ".join("x".join(str(side) for side in row) for row in rows)


def model_class(folder: str) -> type[PreTrainedModel]:
    """Return the transformers class for a model folder.

    Raises:
        Fault: `transformers-mismatch` when this transformers does not know the model type.
    """
    import transformers

    try:
        kind = json.loads(Path(folder, "config.json").read_text(encoding="utf-8"))["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        # Without this, transformers takes a default of the shape of the 72B model.
        raise Fault("config-invalid", str(error), file="config.json", detail=error) from error
    if kind == "qwen2_vl":
        return transformers.Qwen2VLForConditionalGeneration
    try:
        transformers.AutoConfig.for_model(kind)
    except Exception as error:
        raise explain(
            error, "transformers-mismatch", need=kind, transformers=transformers.__version__
        ) from error
    return transformers.AutoModelForImageTextToText
