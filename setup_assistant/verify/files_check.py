"""Checks of files from outside, before anything is loaded: what is there, whole and unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog.canary import Canary
from setup_assistant.host import clock, files
from setup_assistant.verify.values import Check
from setup_assistant.words import Value

# Without one of each, transformers invents a default, or stops with a misleading error.
_NEEDED = (
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "vocab.json"),
)
_INDEX = "model.safetensors.index.json"
_LARGEST_HEADER = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with files. `stops` says that loading the model is of no use."""

    cause: str
    touched: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    values: Mapping[str, Value] | None = None
    stops: bool = False


@dataclass(frozen=True, kw_only=True)
class FilesReport:
    """The checks on files, and what they mean for the checks that follow.

    `blames` maps the absolute path of a damaged file to the cause and the values of its sentence.
    """

    checks: tuple[Check, ...]
    blames: Mapping[str, Fault]
    stops: str | None = None


def canary_files(canary: Canary) -> FilesReport:
    """Compare the canary's model, pictures and clips with their recorded sums."""
    model = {n: s for n, s in canary.sums.items() if n.startswith("model/")}
    rest = {n: s for n, s in canary.sums.items() if n not in model}
    restore = f"git checkout -- {canary.folder}"
    weights = _timed("weights", lambda: _changed_weights(canary.folder, model, restore))
    fixtures = _timed("fixtures", lambda: _changed_fixtures(canary.folder, rest))
    return _report(canary.folder, (weights, fixtures))


def model_files(folder: Path, *, trust_unchanged: bool = False) -> FilesReport:
    """Check a model folder: complete, whole, and as its download recorded it.

    Args:
        folder: the model folder.
        trust_unchanged: do not read again a file whose size and time are as recorded.
    """

    def body() -> list[Fault]:
        found = _structure(folder)
        return found or _recorded(folder, trust_unchanged)

    return _report(folder, (_timed("weights", body),))


def _report(folder: Path, timed: tuple[tuple[Check, list[Fault]], ...]) -> FilesReport:
    faults = [f for _check, found in timed for f in found]
    return FilesReport(
        checks=tuple(check for check, _found in timed),
        blames={str(folder / name): f for f in faults for name in f.touched},
        stops=next((f.cause for f in faults if f.stops), None),
    )


def _timed(name: str, body: Callable[[], list[Fault]]) -> tuple[Check, list[Fault]]:
    started = clock.monotonic()
    found = body()
    seconds = round(clock.monotonic() - started, 4)
    if not found:
        return Check(name=name, kind="files", status="ok", seconds=seconds), []
    first = found[0]
    return (
        Check(
            name=name,
            kind="files",
            status="fail",
            seconds=seconds,
            cause=first.cause,
            values=dict(first.values or {}),
            files=tuple(n for f in found for n in f.touched),
            evidence=tuple(line for f in found for line in f.evidence),
        ),
        found,
    )


def _changed_weights(folder: Path, sums: Mapping[str, str], command: str) -> list[Fault]:
    found = []
    for name, wanted in sums.items():
        held = _sum(folder / name)
        if held is None:
            found.append(_missing(name, stops=True))
        elif held != wanted:
            values: dict[str, Value] = {"file": str(folder / name), "command": command}
            found.append(
                Fault(
                    cause="weights-changed",
                    touched=(name,),
                    values=values,
                    evidence=(f"{name}: sha256 {held[:12]}…, recorded {wanted[:12]}…",),
                    stops=name == "model/config.json",
                )
            )
    return found


def _changed_fixtures(folder: Path, sums: Mapping[str, str]) -> list[Fault]:
    held = {name: _sum(folder / name) for name in sums}
    owner = {wanted: name for name, wanted in sums.items()}
    changed = [name for name, wanted in sums.items() if held[name] != wanted]
    found: list[Fault] = []
    for name in changed:
        content = held[name]
        other = owner.get(content or "")
        if content is None:
            found.append(_missing(name))
        elif other in changed and owner.get(held[other] or "") == name:
            if other > name:  # a pair is one fault
                found.append(_swapped(folder, name, other))
        else:
            evidence = f"{name}: sha256 {content[:12]}…, recorded {sums[name][:12]}…"
            also = (f"it holds the content of {other}",) if other else ()
            found.append(
                Fault(
                    cause="fixture-changed",
                    touched=(name,),
                    evidence=(evidence, *also),
                    values={"file": name, "folder": str(folder)},
                )
            )
    return sorted(found, key=lambda f: f.cause != "fixtures-swapped")


def _swapped(folder: Path, first: str, second: str) -> Fault:
    return Fault(
        cause="fixtures-swapped",
        touched=(first, second),
        evidence=(f"{first} has the sha256 of {second}", f"{second} has the sha256 of {first}"),
        values={"first": first, "second": second, "folder": str(folder)},
    )


def _missing(name: str, *, stops: bool = False) -> Fault:
    return Fault(cause="canary-file-missing", touched=(name,), values={"file": name}, stops=stops)


def _sum(path: Path) -> str | None:
    try:
        return files.sha256(path)
    except OSError:
        return None


def _structure(folder: Path) -> list[Fault]:
    """Return what no model folder can do without; it stops at the first."""
    if not (folder / "config.json").is_file():
        return [_lacks(folder, "config.json", "config-missing")]
    for name in ("config.json", _INDEX):
        if (folder / name).exists() and not _mapping(folder / name):
            values: dict[str, Value] = {"file": str(folder / name), "folder": str(folder)}
            detail = {"detail": "not a JSON object"}
            return [Fault(cause="config-invalid", touched=(name,), stops=True,
                          values={**values, **detail})]  # fmt: skip
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


def _lacks(folder: Path, name: str, cause: str = "model-file-missing") -> Fault:
    values: dict[str, Value] = {"file": name, "folder": str(folder)}
    return Fault(cause=cause, touched=(name,), values=values, stops=True)


def _mapping(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _shards(folder: Path) -> list[str]:
    if (folder / _INDEX).is_file():
        names = _mapping(folder / _INDEX).get("weight_map", {})
        return sorted(set(names.values())) if isinstance(names, dict) else []
    return sorted(path.name for path in folder.glob("*.safetensors"))


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
    from setup_assistant.steps.download import manifest

    record = manifest.load(folder)
    found = []
    for kept in record.files if record else ():
        if trust_unchanged and manifest.untouched(folder, kept):
            continue
        held = _sum(folder / kept.path)
        if held is None:
            found.append(_lacks(folder, kept.path))
        elif held != kept.sha256:
            again = f"setup-assistant download {record.model if record else ''} --to {folder}"
            found.append(
                Fault(
                    cause="weights-changed",
                    touched=(kept.path,),
                    values={"file": str(folder / kept.path), "command": again},
                    evidence=(f"{kept.path}: sha256 {held[:12]}…, recorded {kept.sha256[:12]}…",),
                )
            )
    return found
