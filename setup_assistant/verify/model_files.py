"""A model folder from outside: complete, whole, and as its download recorded it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from setup_assistant.catalog.models import known_sums
from setup_assistant.messages import Value
from setup_assistant.verify.files_check import Fault, FilesReport, report, timed
from setup_assistant.weights.hashing import sum_of
from setup_assistant.weights.model_folder import INDEX, ModelFolder, tokenizer_fault
from setup_assistant.weights.tensors import misplaced

# Without one of each, transformers invents a default, or stops with a misleading error.
_NEEDED = (
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "vocab.json"),
)


def model_files(folder: Path, *, trust_unchanged: bool = False) -> FilesReport:
    """Check a model folder: complete, whole, and as its download recorded it.

    Args:
        folder: the model folder.
        trust_unchanged: do not read again a file whose size and time are as recorded.
    """

    def body() -> list[Fault]:
        found = _structure(folder)
        return found or _recorded(folder, trust_unchanged)

    return report(folder, (timed("weights", body),))


def compared_with(folder: Path) -> str:
    """Return what the sums of the weights come from: "recipe", this account's "record", or "".

    Without any, another model's shards of the same names and shapes cannot be told.
    """
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder)
    shards = {k.path: k.sha256 for k in record.files} if record else {}
    known = known_sums(record.model) if record else {}
    wanted = ModelFolder(folder).shards
    if wanted and all(name in shards and name in known for name in wanted):
        return "recipe"
    own = folder_record.own(folder) is not None
    return "record" if own and all(name in shards for name in wanted) else ""


def _structure(folder: Path) -> list[Fault]:
    """Return what no model folder can do without; it stops at the first."""
    model = ModelFolder(folder)
    absent = _absent(model)
    return [absent] if absent else list(_content(model))


def _absent(model: ModelFolder) -> Fault | None:
    """Return the first thing that is missing, or that is no file of its kind."""
    folder = model.path
    if not (folder / "config.json").exists():
        return _lacks(folder, "config.json", "config-missing")
    for name in ("config.json", INDEX):
        if (folder / name).exists() and (said := model.read(name).fault):
            return _wrong(folder, "config-invalid", name, str(said), stops=True)
    if model.astray:
        return _wrong(folder, "config-invalid", INDEX, ": ".join(model.astray), stops=True)
    shards = model.shards or ("model.safetensors",)
    for choices in (*_NEEDED, *((name,) for name in shards)):
        if not model.has(*choices):
            if choices[0] in shards and (pickled := model.pickled()):
                return _wrong(folder, "weights-pickled", pickled, pickled, stops=True)
            return _lacks(folder, choices[0])
    return None


def _lacks(folder: Path, name: str, cause: str = "model-file-missing") -> Fault:
    values: dict[str, Value] = {"file": name, "folder": str(folder)}
    return Fault(cause=cause, touched=(name,), values=values, stops=True)


def _content(model: ModelFolder) -> Iterator[Fault]:
    """Yield what is wrong inside files that are there: headers, order, numbers, tokenizer."""
    folder = model.path
    for name, header in model.headers.items():
        if header.fault:
            yield _wrong(folder, "weights-truncated", name, str(header.fault), stops=True)
    sound = {name: header for name, header in model.headers.items() if not header.fault}
    if found := misplaced(model.index, sound):
        yield _wrong(folder, "weights-swapped", found[1], ascii(found[0])[1:-1], stops=True)
    for flaw in model.content.flaws:
        where = f"{ascii(flaw.tensor)[1:-1]}, byte {flaw.offset}"
        cause = "weights-zeros" if flaw.kind == "zeros" else "weights-not-finite"
        yield _wrong(folder, cause, flaw.file, where)
    if said := tokenizer_fault(folder, model.config):
        yield _wrong(folder, "tokenizer-foreign", "tokenizer.json", str(said))


def _wrong(folder: Path, cause: str, name: str, detail: str, *, stops: bool = False) -> Fault:
    values: dict[str, Value] = {
        "file": str(folder / name), "detail": detail, "folder": str(folder),
    }  # fmt: skip
    return Fault(cause=cause, touched=(name,), stops=stops, evidence=(detail,), values=values)


def _recorded(folder: Path, trust_unchanged: bool) -> list[Fault]:
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder)
    # Sizes and times count only in a record that this account wrote.
    trust_unchanged = trust_unchanged and folder_record.own(folder) is not None
    known = known_sums(record.model) if record else {}
    found = []
    for kept in record.files if record else ():
        if trust_unchanged and folder_record.untouched(folder, kept):
            continue
        held = sum_of(folder / kept.path)
        if held is None:
            found.append(_lacks(folder, kept.path))
        elif held != (wanted := known.get(kept.path, kept.sha256)):
            found.append(
                Fault(
                    cause="weights-changed",
                    touched=(kept.path,),
                    values={"file": str(folder / kept.path)},
                    evidence=(f"{kept.path}: sha256 {held[:12]}…, expected {wanted[:12]}…",),
                )
            )
    return found
