"""Whether a folder holds a whole model: its configuration, and every shard its index names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.messages import Message, msg
from setup_assistant.weights.json_file import read_object
from setup_assistant.weights.tensors import read_header

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
# What says which other files there must be; fetched before them.
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
HEADS = (CONFIG, INDEX)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


def check_listed(listed: Collection[str], model: str) -> None:
    """Check, before anything is fetched, that a listing can be a model.

    Raises:
        SetupError: `weights_incomplete`.
    """
    if CONFIG not in listed:
        # Without it transformers builds a default of 72 billion parameters.
        raise SetupError("weights_incomplete", model=model, missing=CONFIG)
    if INDEX not in listed and not any(path.endswith(_WEIGHTS) for path in listed):
        raise SetupError("weights_incomplete", model=model, missing="*.safetensors")


def check_heads(folder: Path, listed: Collection[str], model: str) -> None:
    """Check, once the heads are there, that every shard they name is listed too.

    Raises:
        SetupError: `weights_incomplete`, or `file_invalid` for a head that is no JSON object.
    """
    _object(folder / CONFIG)
    if INDEX not in listed:
        return
    shards = _object(folder / INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise SetupError("file_invalid", path=str(folder / INDEX), detail="weight_map")
    missing = sorted({str(s) for s in shards.values()} - set(listed))
    if missing:
        raise SetupError("weights_incomplete", model=model, missing=", ".join(missing[:3]))


def unreadable(folder: Path, listed: Collection[str]) -> list[str]:
    """Return the safetensors files whose header cannot be read, or does not fit their size."""
    shards = (p for p in listed if p.endswith(".safetensors"))
    return [p for p in shards if read_header(folder / p).fault]


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SetupError("file_missing", path=str(path), flag=path.name)
    found = read_object(path)
    if found.fault:
        raise SetupError("file_invalid", path=str(path), detail=str(found.fault))
    return found.value


_MARKS = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


def tokenizer_fault(folder: Path, config: Mapping[str, Any]) -> Message | None:
    """Return how the tokenizer contradicts config.json; None where it does not, or cannot tell."""
    words = _words(folder)
    text = config.get("text_config")
    size = config.get("vocab_size") or (text.get("vocab_size") if isinstance(text, dict) else None)
    if not words or type(size) is not int:
        return None
    largest = max(words)
    if largest >= size:
        return msg("it has a word {word}, config.json only {size} words", word=largest, size=size)
    for mark in _MARKS:
        number = config.get(mark)
        if type(number) is int and number not in words:
            return msg("it lacks the word {word} of {key}", word=number, key=mark)
        wanted = "vision" if mark.startswith("vision") else mark.partition("_")[0]
        if type(number) is int and words[number] and wanted not in words[number]:
            there = ascii(words[number])[:80]
            return msg("{key} is {word}, which is {text} there", key=mark, word=number, text=there)
    return None


def _words(folder: Path) -> dict[int, str]:
    """Return the words by number, from tokenizer.json or what older tokenizers have."""
    whole = read_object(folder / "tokenizer.json").value
    model = whole.get("model")
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(vocabulary, dict):
        vocabulary = read_object(folder / "vocab.json").value
    words = {n: str(w) for w, n in vocabulary.items() if type(n) is int}
    added = whole.get("added_tokens")
    for entry in added if isinstance(added, list) else ():
        if isinstance(entry, dict) and type(entry.get("id")) is int:
            words[entry["id"]] = str(entry.get("content"))
    decoder = read_object(folder / "tokenizer_config.json").value.get("added_tokens_decoder")
    for number, entry in decoder.items() if isinstance(decoder, dict) and words else ():
        if str(number).isdecimal() and isinstance(entry, dict):
            words.setdefault(int(number), str(entry.get("content")))
    return words
