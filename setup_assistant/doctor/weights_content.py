"""The model's files, continued: what they hold, and whether it belongs together."""

from __future__ import annotations

from collections import Counter

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.redownload import again, removed
from setup_assistant.messages import Message, msg
from setup_assistant.weights.model_folder import INDEX, ModelFolder, tokenizer_fault

layer = Layered("weights")
_SOUND = ("weights-missing", "weights-truncated", "weights-swapped", "config-invalid")
_WHOLE_FILE = "model.safetensors"
_TEXTS = ("config.json", INDEX, "tokenizer.json", "tokenizer_config.json", "vocab.json",
          "preprocessor_config.json", "generation_config.json")  # fmt: skip
_DTYPES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}


@layer.check("weights-pickled", needs=("folder-wrong", "config-missing"))
def weights_pickled(case: Case) -> Trouble | NotHere | None:
    """Look for pickled weights where there are no others."""
    if case.model is None:
        return NOT_HERE
    found = case.model.pickled()
    if case.model.shards or not found:
        return None
    return trouble((case.model.path / found, "pickle"), file=found, commands=again(case.model))


@layer.check("weights-stale", needs=("folder-wrong", "config-invalid"))
def weights_stale(case: Case) -> Trouble | NotHere | None:
    """Look for one whole file beside an index: transformers takes it before it reads the index."""
    if case.model is None or not case.model.index:
        return NOT_HERE
    if _WHOLE_FILE in case.model.index.values() or not case.model.has(_WHOLE_FILE):
        return None
    return trouble((case.model.path / _WHOLE_FILE, msg("there")), (INDEX, msg("other files")),
                   file=_WHOLE_FILE, index=INDEX,
                   commands=removed(case.model, _WHOLE_FILE)[:1])  # fmt: skip


@layer.check("weights-zeros", needs=_SOUND)
def weights_zeros(case: Case) -> Trouble | NotHere | None:
    """Look for blocks of zeros, which a power cut or a full disk leaves."""
    return _flaw(case, "zeros")


@layer.check("weights-not-finite", needs=_SOUND)
def weights_not_finite(case: Case) -> Trouble | NotHere | None:
    """Look for numbers in the weights that no answer can come from."""
    return _flaw(case, "not-finite")


def _flaw(case: Case, kind: str) -> Trouble | NotHere | None:
    if case.model is None or not case.model.headers:
        return NOT_HERE
    for flaw in case.model.content.flaws:
        if flaw.kind == kind:
            return trouble((case.model.path / flaw.file, _read(case.model)), file=flaw.file,
                           tensor=ascii(flaw.tensor)[1:-1], offset=flaw.offset,
                           commands=removed(case.model, flaw.file))  # fmt: skip
    return None


def _read(folder: ModelFolder) -> Message:
    seen = folder.content
    if seen.whole:
        return msg("all bytes were read")
    return msg("{read} of {total} bytes were read, in windows over all tensors",
               read=seen.read_bytes, total=seen.total_bytes)  # fmt: skip


@layer.check(
    "tokenizer-foreign",
    needs=("folder-wrong", "config-missing", "config-invalid", "model-file-missing"),
)
def tokenizer_foreign(case: Case) -> Trouble | NotHere | None:
    """Compare the numbers of words in the tokenizer with those in config.json."""
    if case.model is None:
        return NOT_HERE
    said = tokenizer_fault(case.model.path, case.model.config)
    name = "tokenizer.json" if case.model.has("tokenizer.json") else "vocab.json"
    return trouble((case.model.path / name, said), detail=str(said),
                   commands=removed(case.model, name)) if said else None  # fmt: skip


@layer.check("weights-dtype", needs=_SOUND)
def weights_dtype(case: Case) -> Trouble | NotHere | None:
    """Compare the type of most numbers with the one in config.json."""
    if case.model is None or not case.model.headers:
        return NOT_HERE
    config = case.model.config
    wanted = config.get("dtype") or config.get("torch_dtype")
    sizes: Counter[str] = Counter()
    for header in case.model.headers.values():
        for tensor in header.tensors.values():
            sizes[tensor.dtype] += tensor.end - tensor.begin
    held = sizes.most_common(1)[0][0] if sizes else ""
    known = isinstance(wanted, str) and wanted in _DTYPES and held in _DTYPES.values()
    # Packed weights are of types of their own.
    if not known or config.get("quantization_config") or _DTYPES[str(wanted)] == held:
        return None
    return trouble(("config.json", str(wanted)), (min(case.model.headers), held), held=held,
                   wanted=str(wanted), commands=again(case.model), status="warn")  # fmt: skip


@layer.check("file-converted", needs=("folder-wrong", "config-invalid"))
def file_converted(case: Case) -> Trouble | NotHere | None:
    """Look for what editors and converters leave in JSON files and in lists of words."""
    if case.model is None:
        return NOT_HERE
    for name in _TEXTS:
        if case.model.has(name) and (doubts := case.model.read(name).doubts):
            return trouble((case.model.path / name, doubts[0]), file=name, detail=str(doubts[0]),
                           commands=removed(case.model, name), status="warn")  # fmt: skip
    if b"\r\n" in case.model.start("merges.txt"):
        said = msg("its lines end as on Windows (CRLF): it was converted")
        return trouble((case.model.path / "merges.txt", said), file="merges.txt",
                       detail=str(said), commands=removed(case.model, "merges.txt"))  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
