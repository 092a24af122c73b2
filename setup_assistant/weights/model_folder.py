"""A model folder read from outside: JSON files, headers of weights, and whether it is whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.messages import Message, msg
from setup_assistant.weights.bad_numbers import Look, look
from setup_assistant.weights.json_file import JsonFile, kind_fault, read_object
from setup_assistant.weights.listing import path_fault
from setup_assistant.weights.tensors import Header, read_header

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
# What says which other files there must be; fetched before them.
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


_START = 512


class ModelFolder:
    """The files of one model. Every property is read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, JsonFile] = {}

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.json`, or nothing where it cannot be read."""
        return self.mapping("config.json")

    @cached_property
    def index(self) -> dict[str, str]:
        """Tensor → file, as the index has it; empty where there is none."""
        return {k: str(v) for k, v in self._weight_map.items() if not path_fault(v)}

    @cached_property
    def astray(self) -> tuple[str, str] | None:
        """A file that the index names and that no index may, and why: it came from a stranger."""
        faults = ((ascii(v)[:80], path_fault(v)) for v in self._weight_map.values())
        return next(((name, fault) for name, fault in faults if fault), None)

    @cached_property
    def _weight_map(self) -> dict[str, object]:
        found = self.mapping(INDEX).get("weight_map")
        return {str(k): v for k, v in found.items()} if isinstance(found, dict) else {}

    @cached_property
    def shards(self) -> tuple[str, ...]:
        """The files of weights: those that the index names, else those that are there."""
        if self.index:
            return tuple(sorted(set(self.index.values())))
        return tuple(sorted(p.name for p in self.path.glob("*.safetensors")))

    @cached_property
    def headers(self) -> dict[str, Header]:
        """The header of every file of weights that is there."""
        there = (n for n in self.shards if (self.path / n).is_file())
        return {name: read_header(self.path / name) for name in there}

    @cached_property
    def content(self) -> Look:
        """What the bytes of the weights show by themselves."""
        return look(self.path, self.headers)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a JSON object in the folder, or nothing where it cannot be read."""
        return self.read(name).value

    def read(self, name: str) -> JsonFile:
        """Return a JSON file of the folder, or what is wrong with it; each is read once."""
        if name not in self._read:
            self._read[name] = read_object(self.path / name)
        return self._read[name]

    def start(self, name: str) -> bytes:
        """Return the first bytes of a file."""
        if kind_fault(self.path / name):
            return b""
        try:
            with (self.path / name).open("rb") as stream:
                return stream.read(_START)
        except OSError:
            return b""

    def pickled(self) -> str | None:
        """Return a file of pickled weights; None where there is none."""
        found = (p.name for p in sorted(self.path.iterdir()) if p.suffix in PICKLED)
        return next((n for n in found if self.has(n)), None)

    def has(self, *names: str) -> bool:
        """Whether any of these files is there."""
        return any((self.path / name).is_file() for name in names)
