"""One question to the model, along the tutorial's road with its mistakes corrected."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inside.explain import explain
from inside.lines import JSON, Fault
from inside.quantized import quantized_loading
from inside.versions import release
from inside.within import beyond, read_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor
    from transformers import PreTrainedModel

# The first release that takes `dtype=`; before, it was `torch_dtype=`.
_DTYPE_SINCE = (4, 56)


class Chat:
    """A loaded model and its processor."""

    def __init__(
        self,
        folder: str,
        device: str,
        dtype: str,
        max_memory: dict[str, int] | None = None,
        quantization: str = "none",
    ) -> None:
        """Load them; `max_memory` maps GPU index to bytes where the model spans several."""
        import torch
        import transformers
        from transformers import AutoProcessor

        keyword = "dtype" if release(transformers.__version__) >= _DTYPE_SINCE else "torch_dtype"
        where = {"device_map": {"": "cuda:0" if device == "cuda" else "cpu"}}
        if max_memory and len(max_memory) > 1:
            where = {"device_map": "auto", "max_memory": {int(k): v for k, v in max_memory.items()}}
        number = getattr(torch, dtype)
        kind = model_class(folder)
        more = quantized_loading(folder, quantization, number)
        self.model, info = kind.from_pretrained(
            folder, **{keyword: number}, **where, **more, output_loading_info=True
        )
        self.model.eval()
        self.processor = AutoProcessor.from_pretrained(folder)
        self.dtype = dtype
        self.device = device
        # What the last question came to: tokens, and grids as "steps x height x width".
        self.seen: JSON = {}
        self._refuse(info)

    def _refuse(self, info: JSON) -> None:
        """Stop where weights were made up or dropped, or lie outside the GPU."""
        missing = sorted(str(name) for name in info["missing_keys"])
        if missing:
            raise Fault(
                "weights-incomplete",
                f"not in the files: {', '.join(missing[:5])}",
                count=len(missing),
                first=missing[0],
            )
        dropped = sorted(str(n) for n in info.get("unexpected_keys", ()) if not _harmless(str(n)))
        if dropped:
            raise Fault(
                "weights-dropped",
                f"in the files, but not in the model: {', '.join(dropped[:5])}",
                count=len(dropped),
                first=dropped[0],
            )
        places = sorted({p.device.type for p in self.model.parameters()})
        if self.device == "cuda" and places != ["cuda"]:
            raise Fault("offloaded", f"weights lie on {', '.join(places)}")

    @property
    def positions(self) -> int:
        """How long prompt and answer may be together."""
        config = self.model.config
        text = getattr(config, "text_config", None) or config
        return int(getattr(text, "max_position_embeddings", 0) or 2**31)

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        return sum(p.numel() for p in self.model.parameters())

    def ask(
        self,
        kind: str,
        files: list[str],
        question: str,
        *,
        max_new_tokens: int,
        limits: JSON,
        within: JSON,
    ) -> tuple[str, list[int], Tensor]:
        """Ask about files or URLs.

        `limits` holds what goes into the message beside the file (max_pixels, fps, ...), `within`
        the most pixels of all files together and the most tokens of the prompt.

        Returns:
            The answer, its token ids (list of int), and the float32 logits on the CPU, one row
            per generated token: (tokens, vocabulary).
        """
        import torch

        part = "video" if kind == "video" else "image"
        content = [{"type": part, part: path, **limits} for path in files]
        inputs = self.inputs(content, question, within, max_new_tokens)
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

    def inputs(self, content: list[JSON], question: str, within: JSON, max_new_tokens: int) -> JSON:
        """Return what `generate` takes for a question about pictures and clips.

        `content` holds their parts of the message, each with its limits beside it; `within` the
        most pixels of all files together, and the most tokens of the prompt.

        Raises:
            Fault: `prompt-too-long` for what cannot be kept within that.
        """
        messages = [{"role": "user", "content": [*content, {"type": "text", "text": question}]}]
        text = self.processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        most = within.get("pixels", 2**62)
        images, videos, thinned = read_within(_reader(within), messages, most)
        inputs = self.processor(
            text=[text], images=images, videos=videos, padding=True, return_tensors="pt"
        )
        self.seen = {"prompt_tokens": inputs["input_ids"].shape[1], "grids": _grids(inputs)}
        if thinned:
            self.seen["thinned"] = "; ".join(thinned)
        longest = min(within.get("tokens", 2**31), self.positions - max_new_tokens)
        if over := beyond(inputs, within.get("patch", 14), most, longest):
            raise Fault("prompt-too-long", f"{over[0]} > {over[1]}", count=over[0], most=over[1])
        return inputs.to(self.model.device)


def _reader(within: JSON) -> Callable[..., tuple[Any, Any, JSON]]:
    """Return `process_vision_info`; its older releases tell no rates of frames."""
    from qwen_vl_utils import process_vision_info

    names = inspect.signature(process_vision_info).parameters
    patch = within.get("patch", 14)
    options = {"image_patch_size": patch} if "image_patch_size" in names else {}

    def read(messages: list[JSON], **more: bool) -> tuple[Any, Any, JSON]:
        if "return_video_kwargs" in names:
            return process_vision_info(messages, **more, **options)
        return (*process_vision_info(messages), {"fps": []})

    return read


def _harmless(name: str) -> bool:
    """Whether a tensor may be in the files for nothing: a tied head, and old rotary tables."""
    return name.endswith(("lm_head.weight", "rotary_emb.inv_freq"))


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
