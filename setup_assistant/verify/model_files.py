"""A model folder from outside: complete, whole, and as its download recorded it."""

from __future__ import annotations

import json
from pathlib import Path

from setup_assistant.messages import Value
from setup_assistant.verify.files_check import Fault, FilesReport, report, sum_of, timed
from setup_assistant.weights.listing import path_fault

# Without one of each, transformers invents a default, or stops with a misleading error.
_NEEDED = (
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "vocab.json"),
)
_INDEX = "model.safetensors.index.json"
_LARGEST_HEADER = 100_000_000


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


def _structure(folder: Path) -> list[Fault]:
    """Return what no model folder can do without; it stops at the first."""
    if not (folder / "config.json").is_file():
        return [_lacks(folder, "config.json", "config-missing")]
    if invalid := _invalid(folder):
        return [invalid]
    for choices in _NEEDED:
        if not any((folder / name).is_file() for name in choices):
            return [_lacks(folder, choices[0])]
    shards = _shards(folder)
    if not shards:
        return [_lacks(folder, "model.safetensors")]
    for name in shards:
        if not (folder / name).is_file():
            return [_lacks(folder, name)]
    broken = ((name, _broken_header(folder / name)) for name in shards)
    return [
        Fault(
            cause="weights-truncated",
            touched=(name,),
            stops=True,
            evidence=(why,),
            values={"file": str(folder / name), "detail": why, "folder": str(folder)},
        )
        for name, why in broken
        if why
    ]


def _invalid(folder: Path) -> Fault | None:
    """Return the first JSON file that is none, or an index that leads out of the folder."""
    details = {
        name: "not a JSON object"
        for name in ("config.json", _INDEX)
        if (folder / name).exists() and not _mapping(folder / name)
    }
    if not details and (astray := _astray(folder)):
        details[_INDEX] = astray
    for name, detail in details.items():
        values: dict[str, Value] = {"file": str(folder / name), "folder": str(folder)}
        values["detail"] = detail
        return Fault(cause="config-invalid", touched=(name,), stops=True, values=values)
    return None


def _lacks(folder: Path, name: str, cause: str = "model-file-missing") -> Fault:
    values: dict[str, Value] = {"file": name, "folder": str(folder)}
    return Fault(cause=cause, touched=(name,), values=values, stops=True)


def _mapping(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _shards(folder: Path) -> list[str]:
    if (folder / _INDEX).is_file():
        names = _mapping(folder / _INDEX).get("weight_map", {})
        return sorted({str(n) for n in names.values()}) if isinstance(names, dict) else []
    return sorted(path.name for path in folder.glob("*.safetensors"))


def _astray(folder: Path) -> str | None:
    """Return a file that the index names outside of the folder, and what is wrong with it."""
    names = _mapping(folder / _INDEX).get("weight_map")
    for name in names.values() if isinstance(names, dict) else ():
        if fault := path_fault(name):
            return f"{ascii(name)[:80]}: {fault}"
    return None


def _broken_header(path: Path) -> str | None:
    """Return why a safetensors file is not whole; its header says how long it must be."""
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > min(size, _LARGEST_HEADER):
                return f"{size} bytes, but its header claims {length}"
            header = json.loads(stream.read(length))
        ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
        wanted = 8 + length + max(ends, default=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return f"its header cannot be read: {error}"
    return None if wanted == size else f"{size} bytes, its header says {wanted}"


def _recorded(folder: Path, trust_unchanged: bool) -> list[Fault]:
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder)
    found = []
    for kept in record.files if record else ():
        if trust_unchanged and folder_record.untouched(folder, kept):
            continue
        held = sum_of(folder / kept.path)
        if held is None:
            found.append(_lacks(folder, kept.path))
        elif held != kept.sha256:
            found.append(
                Fault(
                    cause="weights-changed",
                    touched=(kept.path,),
                    values={"file": str(folder / kept.path)},
                    evidence=(f"{kept.path}: sha256 {held[:12]}…, recorded {kept.sha256[:12]}…",),
                )
            )
    return found
