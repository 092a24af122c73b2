"""Make the tokenizer, train the canary on freshly drawn scenes and save it in the hub's format.

Scenes are drawn in memory, so no picture is seen twice. The forward pass used here batches the
vision tower over pictures of one size; it is checked against the real model before training.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scenes
import torch
import torch.distributed
import torch.multiprocessing
from safetensors.torch import load_file, save_file
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, Qwen2VLConfig, Qwen2VLForConditionalGeneration
from transformers.integrations.sdpa_attention import sdpa_attention_forward

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
# How Qwen2 splits text before byte-pair encoding.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}"
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}"
    "{{ message['content'] }}<|im_end|>\n{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}"
    "Picture {{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif content['type'] == 'video' or 'video' in content %}"
    "{% set video_count.value = video_count.value + 1 %}{% if add_vision_id %}"
    "Video {{ video_count.value }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Chinese has no spaces, so its words are listed one by one; byte pairs never join across them.
CHINESE_WORDS = (
    "描述",
    "找出",
    "这张",
    "这些",
    "这段",
    "图片",
    "视频",
    "的",
    "相似之处",
    "一个",
    "都是",
    "没有",
    "共同点",
    "向",
    "移动",
    "左",
    "右",
    "上",
    "下",
    "。",
)
CHAT_WORDS = ("system", "user", "assistant", "You are a helpful assistant.", "\n")
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
PATCH, MERGE, TEMPORAL = 14, 2, 2
IGNORED = -100


def build_tokenizer(folder: Path) -> Tokenizer:
    """Train the byte-level vocabulary on every question and answer and write its four files."""
    lines = [word for _, word, _ in scenes.COLOURS] + [word for *_, word in scenes.SHAPES]
    lines += [*CHINESE_WORDS, *CHAT_WORDS]
    for (kind, language), question in scenes.QUESTIONS.items():
        if language == "en":
            lines += [question, *all_answers(kind, language)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        min_frequency=1,
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True, normalized=False) for t in SPECIAL_TOKENS]
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.model.save(str(folder))  # vocab.json and merges.txt
    added = {
        str(tokenizer.token_to_id(token)): {
            "content": token,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": True,
        }
        for token in SPECIAL_TOKENS
    }
    write_json(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "added_tokens_decoder": added,
            "additional_special_tokens": list(SPECIAL_TOKENS[1:]),
            "bos_token": None,
            "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False,
            "eos_token": "<|im_end|>",
            "errors": "replace",
            "model_max_length": 4096,
            "pad_token": "<|endoftext|>",
            "split_special_tokens": False,
            "tokenizer_class": "Qwen2Tokenizer",
            "unk_token": None,
        },
    )
    return tokenizer


def all_answers(kind: str, language: str) -> list[str]:
    """Return every answer that can be right for this kind of question."""
    colours, shapes = range(len(scenes.COLOURS)), range(len(scenes.SHAPES))
    found = set()
    for colour in colours:
        for shape in shapes:
            for turn in range(4):
                other = ((colour + turn % 2) % len(colours), (shape + turn // 2) % len(shapes))
                found.add(
                    scenes.describe(kind, language, (colour, other[0]), (shape, other[1]), turn)
                )
    return sorted(found)


def write_json(path: Path, content: object) -> None:
    """Write readable JSON with a final newline."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_configs(folder: Path, tokenizer: Tokenizer, options: argparse.Namespace) -> None:
    """Write the configuration files, laid out as in the Qwen2-VL repositories."""
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
    head = options.hidden // options.heads
    third = head // 8 * 3 // 2
    write_json(
        folder / "config.json",
        {
            "architectures": ["Qwen2VLForConditionalGeneration"],
            "attention_dropout": 0.0,
            "bos_token_id": ids["<|endoftext|>"],
            "eos_token_id": ids["<|im_end|>"],
            "vision_start_token_id": ids["<|vision_start|>"],
            "vision_end_token_id": ids["<|vision_end|>"],
            "vision_token_id": ids["<|vision_pad|>"],
            "image_token_id": ids["<|image_pad|>"],
            "video_token_id": ids["<|video_pad|>"],
            "hidden_act": "silu",
            "hidden_size": options.hidden,
            "initializer_range": 0.02,
            "intermediate_size": options.mlp,
            "max_position_embeddings": 4096,
            "max_window_layers": options.layers,
            "model_type": "qwen2_vl",
            "num_attention_heads": options.heads,
            "num_hidden_layers": options.layers,
            "num_key_value_heads": options.heads // 2,
            "rms_norm_eps": 1e-6,
            "rope_theta": 10000.0,
            "sliding_window": 4096,
            "tie_word_embeddings": True,
            "torch_dtype": "float16",
            "use_cache": True,
            "use_sliding_window": False,
            "vision_config": {
                "depth": options.vision_depth,
                "embed_dim": options.vision_dim,
                "mlp_ratio": 4,
                "num_heads": options.vision_heads,
                "in_chans": 3,
                "hidden_size": options.hidden,
                "patch_size": PATCH,
                "spatial_merge_size": MERGE,
                "spatial_patch_size": PATCH,
                "temporal_patch_size": TEMPORAL,
            },
            "rope_scaling": {
                "type": "mrope",
                "mrope_section": [head // 2 - 2 * third, third, third],
            },
            "vocab_size": tokenizer.get_vocab_size(),
        },
    )
    write_json(
        folder / "generation_config.json",
        {
            "bos_token_id": ids["<|endoftext|>"],
            "do_sample": False,
            "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
            "max_new_tokens": 32,
            "pad_token_id": ids["<|endoftext|>"],
        },
    )
    write_json(
        folder / "preprocessor_config.json",
        {
            "min_pixels": 3136,
            "max_pixels": 12845056,
            "patch_size": PATCH,
            "temporal_patch_size": TEMPORAL,
            "merge_size": MERGE,
            "image_mean": list(MEAN),
            "image_std": list(STD),
            "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": "Qwen2VLProcessor",
        },
    )
    write_json(folder / "chat_template.json", {"chat_template": CHAT_TEMPLATE})


@dataclass
class Kind:
    """What is the same for every scene of one kind.

    `grids` is (pictures, 3): patch counts over time, height and width for each picture.
    """

    name: str
    size: tuple[int, int]
    grids: Tensor
    pictures: int
    frames: int


@dataclass
class Batch:
    """B scenes of one kind; `patches` is (B, pictures, time, patches, 1176)."""

    kind: Kind
    patches: Tensor
    input_ids: Tensor  # (B, L)
    labels: Tensor  # (B, L), IGNORED outside the answer
    colours: Tensor  # (B, pictures)
    shapes: Tensor  # (B, pictures)
    directions: Tensor  # (B,)


def make_kinds() -> dict[str, Kind]:
    """Return the three kinds by name."""
    kinds = {}
    for name in scenes.KINDS:
        size = scenes.CLIP_SIZE if name == "video" else scenes.IMAGE_SIZE
        frames = len(scenes.SAMPLED_FRAMES) if name == "video" else 1
        pictures = 2 if name == "multi-image" else 1
        grid = [max(frames // TEMPORAL, 1), size[0] // PATCH, size[1] // PATCH]
        kinds[name] = Kind(name, size, torch.tensor([grid] * pictures), pictures, frames)
    return kinds


class Drawer:
    """Draws batches of fresh scenes straight into patches."""

    def __init__(self, tokenizer: Tokenizer, seed: list[int]) -> None:
        """Cache the token ids of every prompt; `seed` fixes all that is drawn."""
        self.rng = np.random.default_rng(seed)
        self.tokenizer = tokenizer
        self.kinds = make_kinds()
        # Drawing normal noise costs more than all else here, so one long strip is reused.
        self.noise = self.rng.standard_normal(1 << 23, dtype=np.float32)
        self.encoded: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """Tokenize once, then remember."""
        if text not in self.encoded:
            self.encoded[text] = self.tokenizer.encode(text).ids
        return self.encoded[text]

    def prompt(self, kind: Kind, language: str) -> list[int]:
        """Return the prompt's token ids as the processor would make them."""
        pad = "<|video_pad|>" if kind.name == "video" else "<|image_pad|>"
        text = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
        for grid in kind.grids:
            text += "<|vision_start|>" + pad * (int(grid.prod()) // MERGE**2) + "<|vision_end|>"
        text += scenes.QUESTIONS[kind.name, language] + "<|im_end|>\n<|im_start|>assistant\n"
        return self.encode(text)

    def patchify(self, covered: np.ndarray) -> np.ndarray:
        """Turn (N, F, H, W) into (N, time, patches, 2, 14, 14), merged neighbours together."""
        count, frames, height, width = covered.shape
        if frames == 1:
            covered = np.repeat(covered, TEMPORAL, axis=1)
        split = covered.reshape(
            count,
            -1,
            TEMPORAL,
            height // PATCH // MERGE,
            MERGE,
            PATCH,
            width // PATCH // MERGE,
            MERGE,
            PATCH,
        )
        order = split.transpose(0, 1, 3, 6, 4, 7, 2, 5, 8)
        return order.reshape(count, order.shape[1], -1, TEMPORAL, PATCH, PATCH)

    def colour_in(self, objects: scenes.Objects, covered: np.ndarray) -> np.ndarray:
        """Return normalised, slightly noisy patches (N, time, patches, 1176)."""
        mean, std = np.array(MEAN) * 255, np.array(STD) * 255
        paper = ((objects.paper - mean) / std).astype(np.float32)
        ink = ((objects.rgb - mean) / std).astype(np.float32)
        cover = self.patchify(covered)[:, :, :, None]
        out = (
            paper[:, None, None, :, None, None, None]
            + cover * ((ink - paper)[:, None, None, :, None, None, None])
        )
        # Compression leaves traces of up to a few grey levels; one level is about 0.015 here.
        size = out[0].size
        for item in range(len(out)):
            start = int(self.rng.integers(len(self.noise) - size))
            strip = self.noise[start : start + size].reshape(out.shape[1:])
            out[item] += strip * np.float32(self.rng.uniform(0, 0.05))
        return out.reshape(*out.shape[:3], -1)

    def draw(self, name: str, count: int, language: str | None = None) -> Batch:
        """Draw `count` scenes of one kind, in random languages unless one is given."""
        kind = self.kinds[name]
        colours, shapes = scenes.sample_pairs(self.rng, count)
        colours, shapes = colours[:, : kind.pictures], shapes[:, : kind.pictures]
        directions = self.rng.integers(len(scenes.DIRECTIONS), size=count)
        moving = name == "video"
        times = [n / (scenes.CLIP_FRAMES - 1) for n in scenes.SAMPLED_FRAMES] if moving else [0.0]
        objects = scenes.place(
            self.rng,
            colours.reshape(-1),
            shapes.reshape(-1),
            kind.size,
            directions if moving else None,
            times,
        )
        patches = self.colour_in(objects, scenes.coverage(objects, kind.size))
        ids, labels = self.texts(kind, colours, shapes, directions, language)
        return Batch(
            kind,
            torch.from_numpy(patches).unflatten(0, (count, kind.pictures)),
            ids,
            labels,
            torch.from_numpy(colours),
            torch.from_numpy(shapes),
            torch.from_numpy(directions),
        )

    def texts(
        self,
        kind: Kind,
        colours: np.ndarray,
        shapes: np.ndarray,
        directions: np.ndarray,
        language: str | None,
    ) -> tuple[Tensor, Tensor]:
        """Return padded token ids and labels, (B, L) each."""
        end = self.encode("<|im_end|>")
        pad = self.encode("<|endoftext|>")[0]
        rows = []
        for colour, shape, direction in zip(colours, shapes, directions, strict=True):
            chosen = language or scenes.LANGUAGES[int(self.rng.integers(2))]
            answer = scenes.describe(kind.name, chosen, colour, shape, int(direction))
            rows.append((self.prompt(kind, chosen), self.encode(answer) + end))
        length = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids = torch.full((len(rows), length), pad)
        labels = torch.full((len(rows), length), IGNORED)
        for row, (prompt, answer) in enumerate(rows):
            whole = torch.tensor(prompt + answer)
            ids[row, : len(whole)] = whole
            labels[row, len(prompt) : len(whole)] = whole[len(prompt) :]
        return ids, labels


def vision_rotary(grid: Tensor, head: int, theta: float = 10000.0) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (patches, head) of one temporal step, in merged order."""
    height, width = int(grid[1]), int(grid[2])
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([rows, columns], dim=-1)
    places = places.view(height // MERGE, MERGE, width // MERGE, MERGE, 2).transpose(1, 2)
    speed = theta ** -(torch.arange(0, head // 2, 2) / (head // 2))
    angles = (places.reshape(-1, 2, 1) * speed).flatten(1)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(states: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Apply rotary positions to (N, heads, patches, head)."""
    first, second = states.chunk(2, dim=-1)
    return states * turn[0] + torch.cat([-second, first], dim=-1) * turn[1]


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Full attention over (N, heads, patches, head); written out when computing in bfloat16.

    The fused kernel is three times slower than this in bfloat16 on a CPU.
    """
    if not torch.is_autocast_enabled("cpu"):
        return functional.scaled_dot_product_attention(query, key, value)
    with torch.autocast("cpu", enabled=False):
        query, key, value = query.bfloat16(), key.bfloat16(), value.bfloat16()
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        return scores.softmax(-1) @ value


def text_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: object,
) -> tuple[Tensor, None]:
    """Attention of the language model, in float32 whatever the rest is computed in."""
    with torch.autocast("cpu", enabled=False):
        return sdpa_attention_forward(
            module, query.float(), key.float(), value.float(), attention_mask, **kwargs
        )


def see(visual: nn.Module, patches: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Run the vision tower on (N, patches, 1176), N temporal steps that see only themselves."""
    convolution = visual.patch_embed.proj
    states = functional.linear(patches, convolution.weight.flatten(1))
    for block in visual.blocks:
        heads = block.attn.num_heads
        mixed = block.attn.qkv(block.norm1(states)).unflatten(-1, (3, heads, -1))
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        seen = attend(rotate(query, turn), rotate(key, turn), value)
        states = states + block.attn.proj(seen.transpose(1, 2).flatten(2))
        states = states + block.mlp(block.norm2(states))
    merger = visual.merger
    return merger.mlp(merger.ln_q(states).unflatten(1, (-1, MERGE**2)).flatten(2))


def text_positions(ids: Tensor, kind: Kind, pads: set[int]) -> Tensor:
    """Return (3, 1, L): time, height and width positions; the same for the whole batch."""
    row, out, now, at, picture = ids[0].tolist(), [], 0, 0, 0
    while at < len(row):
        if row[at] not in pads:
            out.append(torch.full((3, 1), now))
            now, at = now + 1, at + 1
            continue
        steps, height, width = (int(n) for n in kind.grids[picture] // torch.tensor([1, 2, 2]))
        place = torch.meshgrid(
            torch.arange(steps), torch.arange(height), torch.arange(width), indexing="ij"
        )
        out.append(torch.stack(place).flatten(1) + now)
        now, at, picture = now + max(height, width), at + steps * height * width, picture + 1
    return torch.cat(out, dim=1)[:, None]


class Trainee(nn.Module):
    """The model with a quick forward pass and helper heads that are thrown away afterwards.

    The helper heads read colour, shape and direction from the mean of the vision features, which
    teaches the vision tower long before the language model knows where to look.
    """

    def __init__(self, model: Qwen2VLForConditionalGeneration) -> None:
        """Wrap `model`, which is trained in place."""
        super().__init__()
        self.model = model
        width = model.config.vision_config.hidden_size
        self.colour = nn.Linear(width, len(scenes.COLOURS))
        self.shape = nn.Linear(width, len(scenes.SHAPES))
        self.direction = nn.Linear(width, len(scenes.DIRECTIONS))
        self.pads = {model.config.image_token_id, model.config.video_token_id}
        vision = model.config.vision_config
        head = vision.embed_dim // vision.num_heads
        self.turns = {
            name: vision_rotary(kind.grids[0], head) for name, kind in make_kinds().items()
        }

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return states (B, L, hidden) before the output layer and vision features.

        The features are (B, pictures, tokens, hidden).
        """
        inner = self.model.model
        count, pictures = batch.patches.shape[:2]
        features = see(inner.visual, batch.patches.flatten(0, 2), self.turns[batch.kind.name])
        features = features.reshape(count, pictures, -1, features.shape[-1])
        embeds = inner.language_model.embed_tokens(batch.input_ids)
        start, pieces = 0, []
        row = batch.input_ids[0].tolist()
        for picture in range(pictures):
            tokens = features.shape[2]
            at = next(n for n in range(start, len(row)) if row[n] in self.pads)
            pieces += [embeds[:, start:at], features[:, picture].to(embeds.dtype)]
            start = at + tokens
        embeds = torch.cat([*pieces, embeds[:, start:]], dim=1)
        positions = text_positions(batch.input_ids, batch.kind, self.pads).expand(-1, count, -1)
        out = inner.language_model(inputs_embeds=embeds, position_ids=positions, use_cache=False)
        return out.last_hidden_state, features

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the answer loss per scene, the helper loss and the share of right answers."""
        states, features = self(batch)
        targets = batch.labels[:, 1:]
        asked = targets != IGNORED
        logits = self.model.lm_head(states[:, :-1][asked]).float()
        answer = functional.cross_entropy(logits, targets[asked], reduction="sum") / len(targets)
        wrong = torch.zeros_like(asked)
        wrong[asked] = logits.argmax(-1) != targets[asked]
        right = (~wrong.any(dim=1)).float().mean()
        mean = features.float().mean(dim=2)
        helper = functional.cross_entropy(self.colour(mean).flatten(0, 1), batch.colours.flatten())
        helper += functional.cross_entropy(self.shape(mean).flatten(0, 1), batch.shapes.flatten())
        if batch.kind.name == "video":
            helper += functional.cross_entropy(self.direction(mean[:, 0]), batch.directions)
        return answer, helper, right


def initialise(model: nn.Module) -> None:
    """Scale the first weights to their inputs: the usual 0.02 is far too small at this width."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv3d):
            nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.1)
    model.tie_weights()


def check_forward(trainee: Trainee, drawer: Drawer) -> None:
    """Stop unless the quick forward pass equals the real one for every kind of scene."""
    for name in scenes.KINDS:
        for language in scenes.LANGUAGES:
            batch = drawer.draw(name, 2, language)
            with torch.no_grad():
                quick = trainee.model.lm_head(trainee(batch)[0])
                real = real_logits(trainee.model, batch)
            length = int((batch.labels != IGNORED).nonzero()[:, 1].min())
            worst = float((quick - real)[:, :length].abs().max())
            if worst > 1e-3:
                raise SystemExit(f"{name}: the quick forward pass is off by {worst}")


def real_logits(model: Qwen2VLForConditionalGeneration, batch: Batch) -> Tensor:
    """Return (B, L, vocabulary) from the model's own forward pass."""
    video = batch.kind.name == "video"
    grids = batch.kind.grids.repeat(len(batch.input_ids), 1)
    pixels = batch.patches.flatten(0, 3)
    kinds = torch.zeros_like(batch.input_ids)
    kinds[batch.input_ids == model.config.image_token_id] = 1
    kinds[batch.input_ids == model.config.video_token_id] = 2
    named = (
        {"pixel_values_videos": pixels, "video_grid_thw": grids}
        if video
        else {"pixel_values": pixels, "image_grid_thw": grids}
    )
    return model(
        input_ids=batch.input_ids,
        attention_mask=torch.ones_like(batch.input_ids),
        mm_token_type_ids=kinds,
        **named,
    ).logits


def save_weights(model: nn.Module, folder: Path) -> None:
    """Write float16 weights under the names used in the hub's Qwen2-VL repositories."""
    out = {}
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight":
            continue  # tied to the embedding
        stored = name.removeprefix("model.")
        if stored.startswith("language_model."):
            stored = "model." + stored.removeprefix("language_model.")
        out[stored] = weight.detach().to(torch.float16).contiguous()
    part = folder / "model.safetensors.part"
    save_file(out, part, metadata={"format": "pt"})
    part.chmod(0o644)
    part.replace(folder / "model.safetensors")


def load_weights(model: nn.Module, path: Path) -> None:
    """Read weights written by save_weights, in float32."""
    named = {}
    for name, weight in load_file(path).items():
        inner = (
            "model." + name
            if name.startswith("visual.")
            else "model.language_model." + name.removeprefix("model.")
        )
        named[inner] = weight.float()
    model.load_state_dict(named, strict=False)


def measure(trainee: Trainee, drawer: Drawer, count: int) -> dict[str, float]:
    """Return the share of wholly right answers per kind on fresh scenes (teacher forced)."""
    shares = []
    with torch.no_grad():
        for name in scenes.KINDS:
            rounds = [trainee.losses(drawer.draw(name, 25))[2] for _ in range(count // 25)]
            shares.append(torch.stack(rounds).mean())
    found = torch.stack(shares)
    torch.distributed.all_reduce(found)
    found /= torch.distributed.get_world_size()
    return dict(zip(scenes.KINDS, (round(n, 4) for n in found.tolist()), strict=True))


def make_optimisers(trainee: Trainee, rate: float) -> list[torch.optim.Optimizer]:
    """Return Muon for the inner matrices and AdamW for all else."""
    inner, other = [], []
    for name, weight in trainee.named_parameters():
        is_inner = weight.ndim == 2 and any(p in name for p in ("layers.", "blocks.", "merger."))
        (inner if is_inner else other).append(weight)
    return [
        torch.optim.AdamW(other, lr=rate, betas=(0.9, 0.98), weight_decay=0.01),
        torch.optim.Muon(inner, lr=rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
    ]


def share_gradients(trainee: Trainee, elapsed: float) -> float:
    """Average gradients, and `elapsed` too, over the workers; return the latter."""
    grads = [w.grad for w in trainee.parameters() if w.grad is not None]
    flat = torch.cat([torch.tensor([elapsed]), *(grad.flatten() for grad in grads)])
    torch.distributed.all_reduce(flat)
    flat /= torch.distributed.get_world_size()
    start = 1
    for grad in grads:
        grad.copy_(flat[start : start + grad.numel()].view_as(grad))
        start += grad.numel()
    return float(flat[0])


def rate_at(options: argparse.Namespace, step: int, share: float) -> float:
    """Return the learning rate: a short rise, then a cosine down to almost nothing."""
    rise = min(1.0, (step + 1) / options.warmup)
    return options.lr * max(rise * 0.5 * (1 + math.cos(math.pi * share)), 0.003)


def train(
    trainee: Trainee, drawer: Drawer, checker: Drawer, options: argparse.Namespace, rank: int
) -> None:
    """Train for the given number of minutes and keep the checkpoint that answers best."""
    optimisers = make_optimisers(trainee, options.lr)
    work = [("image", options.images), ("multi-image", options.pairs), ("video", options.clips)]
    begun, told, best, step, elapsed = time.time(), 0.0, -1.0, 0, 0.0
    recent: dict[str, list[float]] = {}
    while elapsed < 60 * options.minutes:
        for name, count in work:
            with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
                answer, helper, right = trainee.losses(drawer.draw(name, count))
            (answer + options.helper * helper).backward()
            for label, value in (("right", right), ("loss", answer), ("helper", helper)):
                recent.setdefault(f"{name}-{label}", []).append(float(value.detach()))
        elapsed = share_gradients(trainee, time.time() - begun)
        nn.utils.clip_grad_norm_(trainee.parameters(), 1.0)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate_at(options, step, elapsed / 60 / options.minutes)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        step += 1
        if elapsed - told < options.report and elapsed < 60 * options.minutes:
            continue
        told = elapsed
        fresh = measure(trainee, checker, 100)
        score = sum(fresh.values()) / len(fresh)
        if rank == 0:
            means = {key: round(float(np.mean(values)), 4) for key, values in recent.items()}
            line = {"minutes": round(elapsed / 60, 1), "step": step, "fresh": fresh, **means}
            print(json.dumps(line), flush=True)
            if score >= best:
                save_weights(trainee.model, options.out)
        best = max(best, score)
        recent = {}


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--minutes", type=float, default=60, help="training time (default: 60)")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each")
    parser.add_argument("--seed", type=int, default=1, help="fixes weights and scenes")
    parser.add_argument("--lr", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--warmup", type=int, default=100, help="steps of rising rate")
    parser.add_argument("--helper", type=float, default=0.5, help="weight of the helper loss")
    parser.add_argument("--images", type=int, default=8, help="images a step and worker")
    parser.add_argument("--pairs", type=int, default=8, help="pairs of images a step and worker")
    parser.add_argument("--clips", type=int, default=6, help="clips a step and worker")
    parser.add_argument("--hidden", type=int, default=128, help="width of the language model")
    parser.add_argument("--mlp", type=int, default=256, help="width inside its MLP")
    parser.add_argument("--layers", type=int, default=3, help="its layers")
    parser.add_argument("--heads", type=int, default=4, help="its attention heads")
    parser.add_argument("--vision-dim", type=int, default=96, help="width of the vision tower")
    parser.add_argument("--vision-depth", type=int, default=3, help="its layers")
    parser.add_argument("--vision-heads", type=int, default=2, help="its attention heads")
    parser.add_argument("--report", type=float, default=60, help="seconds between measurements")
    parser.add_argument("--start", type=Path, help="model.safetensors to go on from")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    return parser.parse_args()


def work(rank: int, options: argparse.Namespace, meeting: str) -> None:
    """Be one of the workers, which hold the same weights and draw different scenes."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=options.workers
    )
    torch.manual_seed(options.seed)
    tokenizer = Tokenizer.from_file(str(options.out / "tokenizer.json"))
    AttentionInterface.register("text_attention", text_attention)
    config = Qwen2VLConfig.from_pretrained(options.out)
    model = Qwen2VLForConditionalGeneration(config).float()
    model.set_attn_implementation({"text_config": "text_attention"})
    initialise(model)
    if options.start:
        load_weights(model, options.start)
    trainee = Trainee(model)
    drawer = Drawer(tokenizer, [options.seed, rank])
    check_forward(trainee, drawer)
    if rank == 0:
        count = sum(weight.numel() for weight in model.parameters())
        vocabulary = config.text_config.vocab_size
        print(json.dumps({"parameters": count, "vocabulary": vocabulary}), flush=True)
        save_weights(model, options.out)
    train(trainee, drawer, Drawer(tokenizer, [options.seed + 1, rank]), options, rank)
    torch.distributed.destroy_process_group()


def main() -> None:
    """Make the tokenizer and the configuration, then train."""
    options = parse()
    write_configs(options.out, build_tokenizer(options.out), options)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(
            work, args=(options, f"{folder}/meeting"), nprocs=options.workers
        )


if __name__ == "__main__":
    main()
