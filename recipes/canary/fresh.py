"""Ask the canary about freshly drawn scenes, along the same way that users' files take.

Files on disk go through process_vision_info and AutoProcessor to generate. The last line is one
JSON object; the exit status is 1 when less than the wanted share of answers is right.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# decord is the one reader that needs neither a system FFmpeg nor an old torchvision. The choice
# is read when qwen_vl_utils is imported, so it is made first.
os.environ.setdefault("FORCE_QWENVL_VIDEO_READER", "decord")

import scenes
import torch
from qwen_vl_utils import process_vision_info
from transformers import AutoProcessor, Qwen2VLForConditionalGeneration

VIDEO_PIXELS = 360 * 420
VIDEO_FPS = 1.0


class Asker:
    """A loaded checkpoint that answers questions about files."""

    def __init__(self, folder: Path, device: str = "cpu", attention: str | None = None) -> None:
        """Load the checkpoint in float32; `attention` picks an attention implementation."""
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = (
            Qwen2VLForConditionalGeneration.from_pretrained(
                folder, dtype=torch.float32, attn_implementation=attention
            )
            .to(device)
            .eval()
        )

    def prepare(self, kind: str, files: Sequence[Path], question: str) -> dict[str, torch.Tensor]:
        """Return the model's inputs for one question, batch size 1."""
        content: list[dict[str, object]] = []
        for path in files:
            if kind == "video":
                content.append(
                    {
                        "type": "video",
                        "video": str(path),
                        "max_pixels": VIDEO_PIXELS,
                        "fps": VIDEO_FPS,
                    }
                )
            else:
                content.append({"type": "image", "image": str(path)})
        content.append({"type": "text", "text": question})
        messages = [{"role": "user", "content": content}]
        text = self.processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        images, videos = process_vision_info(messages)
        inputs = self.processor(
            text=[text], images=images, videos=videos, padding=True, return_tensors="pt"
        )
        return inputs.to(self.model.device)

    def ask(self, kind: str, files: Sequence[Path], question: str) -> str:
        """Return the greedy answer to one question."""
        inputs = self.prepare(kind, files, question)
        with torch.inference_mode():
            made = self.model.generate(**inputs, max_new_tokens=32, do_sample=False)
        new = made[:, inputs["input_ids"].shape[1] :]
        return self.processor.batch_decode(
            new, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )[0]

    def logits(self, kind: str, files: Sequence[Path], question: str) -> torch.Tensor:
        """Return float32 logits (vocabulary,) of the first answer token."""
        inputs = self.prepare(kind, files, question)
        with torch.inference_mode():
            return self.model(**inputs).logits[0, -1].float().cpu()


def run(asker: Asker, count: int, seed: int, show_wrong: bool) -> dict[str, object]:
    """Ask about `count` scenes, kinds and languages in turn, and return the shares right."""
    right: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            kind = scenes.KINDS[number % 3]
            language = scenes.LANGUAGES[number // 3 % 2]
            scene = scenes.fresh_scene(seed * 1_000_000 + number, Path(folder), kind, language)
            answer = asker.ask(kind, scene.files, scene.question)
            for group in (f"{kind}-{language}", kind, "all"):
                right.setdefault(group, []).append(answer == scene.answer)
            if show_wrong and answer != scene.answer:
                print(
                    f"{kind} seed {seed * 1_000_000 + number}: {answer!r}, "
                    f"should be {scene.answer!r}"
                )
            for path in scene.files:
                path.unlink()
    shares = {group: round(sum(hits) / len(hits), 4) for group, hits in sorted(right.items())}
    return {"scenes": count, "seed": seed, "accuracy": shares.pop("all"), "groups": shares}


def main() -> int:
    """Run from the command line."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=here / "model", help="checkpoint folder")
    parser.add_argument("--scenes", type=int, default=200, help="how many scenes (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="which scenes (default: 0)")
    parser.add_argument("--minimum", type=float, default=0.95, help="share wanted (default: 0.95)")
    parser.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    parser.add_argument("--attention", choices=("eager", "sdpa"), help="attention implementation")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: torch's)")
    parser.add_argument("--show-wrong", action="store_true", help="print each wrong answer")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    begun = time.time()
    asker = Asker(options.model, options.device, options.attention)
    result = run(asker, options.scenes, options.seed, options.show_wrong)
    for group, share in result["groups"].items():
        print(f"{group:16} {share:7.1%}")
    print(json.dumps({**result, "seconds": round(time.time() - begun, 1)}))
    return 0 if result["accuracy"] >= options.minimum else 1


if __name__ == "__main__":
    sys.exit(main())
