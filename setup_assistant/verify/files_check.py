"""The canary's files against their recorded sums, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog.canary import Canary
from setup_assistant.host import clock
from setup_assistant.messages import Value
from setup_assistant.verify.results import Check
from setup_assistant.weights.hashing import sum_of


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

    def __add__(self, other: FilesReport) -> FilesReport:
        """Return both reports as one."""
        return FilesReport(
            checks=self.checks + other.checks,
            blames={**self.blames, **other.blames},
            stops=self.stops or other.stops,
        )


def canary_files(canary: Canary) -> FilesReport:
    """Compare the canary's model, pictures and clips with their recorded sums."""
    model = {n: s for n, s in canary.sums.items() if n.startswith("model/")}
    other = {n: s for n, s in canary.sums.items() if n not in model}
    weights = timed("weights", lambda: _changed_weights(canary.folder, model))
    fixtures = timed("fixtures", lambda: _changed_fixtures(canary.folder, other))
    return report(canary.folder, (weights, fixtures))


def report(folder: Path, timed: tuple[tuple[Check, list[Fault]], ...]) -> FilesReport:
    """Return the report of some checks, each with what it found."""
    faults = [f for _check, found in timed for f in found]
    return FilesReport(
        checks=tuple(check for check, _found in timed),
        blames={str(folder / name): f for f in faults for name in f.touched},
        stops=next((f.cause for f in faults if f.stops), None),
    )


def timed(name: str, body: Callable[[], list[Fault]]) -> tuple[Check, list[Fault]]:
    """Run a check on files; return it as a value, and all that it found."""
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


def _changed_weights(folder: Path, sums: Mapping[str, str]) -> list[Fault]:
    found = []
    for name, wanted in sums.items():
        held = sum_of(folder / name)
        if held is None:
            found.append(_missing(name, stops=True))
        elif held != wanted:
            values: dict[str, Value] = {"file": str(folder / name)}
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
    held = {name: sum_of(folder / name) for name in sums}
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
                found.append(_swapped(name, other))
        else:
            evidence = f"{name}: sha256 {content[:12]}…, recorded {sums[name][:12]}…"
            also = (f"it holds the content of {other}",) if other else ()
            found.append(
                Fault(
                    cause="fixture-changed",
                    touched=(name,),
                    evidence=(evidence, *also),
                    values={"file": name},
                )
            )
    return sorted(found, key=lambda f: f.cause != "fixtures-swapped")


def _swapped(first: str, second: str) -> Fault:
    return Fault(
        cause="fixtures-swapped",
        touched=(first, second),
        evidence=(f"{first} has the sha256 of {second}", f"{second} has the sha256 of {first}"),
        values={"first": first, "second": second},
    )


def _missing(name: str, *, stops: bool = False) -> Fault:
    return Fault(
        cause="canary-file-missing",
        touched=(name,),
        values={"file": name},
        stops=stops,
    )
