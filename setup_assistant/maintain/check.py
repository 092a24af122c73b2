"""Whether the recipes are true to themselves: schema, sources, dates and order of every row.

The loaders refuse what has a wrong shape; here is what a shape cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path

from setup_assistant.catalog import (
    causes,
    checks,
    cuda_results,
    drivers,
    gpus,
    import_names,
    mirrors,
    models,
    purposes,
    resolved,
    smoke,
    stacks,
    torch,
)
from setup_assistant.catalog.folder import read, recipes
from setup_assistant.errors import SetupError
from setup_assistant.maintain import check_causes, check_gpus, check_stacks, check_torch
from setup_assistant.maintain.fault import Fault, first

# Recipes are collected from this year on; an earlier date is a typing error.
_FIRST_YEAR = 2024


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was looked at: files, rows (tables with a source of their own), and what is wrong."""

    files: tuple[str, ...]
    rows: int
    faults: tuple[Fault, ...]


def check(folder: Path | None = None) -> Checked:
    """Check every recipe of `folder`, by default those this tool came with."""
    home = recipes(folder)
    faults: list[Fault] = []
    rows = 0
    for name, load, rules in _plan(home):
        try:
            found = load(home)
        except SetupError as error:
            faults.append(
                Fault(file=name, key=_key(error), what=str(error.args_.get("detail", error)))
            )
            continue
        mine = list(_rows(found))
        rows += len(mine)
        faults += [f for place, row in mine for f in _signed(name, place, row)]
        faults += rules(found)
    return Checked(files=tuple(n for n, _, _ in _plan(home)), rows=rows, faults=tuple(faults))


def _plan(home: Path) -> list[tuple[str, Callable[[Path], object], Callable[..., Iterable[Fault]]]]:
    """Return each file with its loader and its rules."""

    def of_stacks(found: stacks.Stacks) -> list[Fault]:
        return check_stacks.stack_faults(found) + check_stacks.proof_faults(found, home)

    def of_models(found: tuple[models.Model, ...]) -> list[Fault]:
        return check_stacks.model_faults(found) + check_stacks.sum_faults(found)

    def nothing(_found: object) -> list[Fault]:
        return []

    return [
        ("torch.toml", torch.load, check_torch.faults),
        ("stacks.toml", stacks.load, of_stacks),
        ("mirrors.toml", mirrors.load, check_stacks.mirror_faults),
        ("models", models.load, of_models),
        ("purposes.toml", purposes.load, nothing),
        ("smoke.toml", smoke.load, nothing),
        ("checks.toml", checks.load, check_causes.check_faults),
        ("cuda_results.toml", cuda_results.load, check_causes.result_faults),
        ("drivers.toml", drivers.load, check_gpus.driver_faults),
        ("gpus.toml", gpus.load, check_gpus.gpu_faults),
        ("import_names.toml", import_names.load, nothing),
        ("resolved.toml", resolved.load, nothing),
        ("causes", _causes, check_causes.cause_faults),
    ]


def _causes(home: Path) -> tuple[tuple[str, causes.CauseFile], ...]:
    return tuple(
        (name, read(f"causes/{name}.toml", causes.CauseFile, home)) for name in causes.NAMES
    )


def _rows(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield everything in `value` that names a source, with the place where it stands."""
    if is_dataclass(value) and not isinstance(value, type):
        if hasattr(value, "source"):
            yield place, value
        for field in fields(value):
            yield from _rows(getattr(value, field.name), f"{place}.{field.name}".lstrip("."))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _rows(item, f"{place}[{index}]{first(item)}")


def _signed(file: str, place: str, row: object) -> Iterator[Fault]:
    """Yield what is wrong with a row's source and date."""
    where = f"{place}." if place else ""
    if not str(getattr(row, "source", "")).strip():
        yield Fault(file=file, key=f"{where}source", what="it is empty")
    day = getattr(row, "date", None)
    if day is None:
        return
    try:
        year = date.fromisoformat(day).year if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else 0
    except ValueError:
        year = 0
    if year < _FIRST_YEAR:
        yield Fault(file=file, key=f"{where}date", what=f"{day!r} is no date such as 2026-11-22")


def _key(error: SetupError) -> str:
    """Return the key in the text of a loader's failure: "… - at `$.release[0].torch`"."""
    found = re.search(r"`\$\.?([^`]*)`", str(error))
    return found[1] if found else ""


def problems(faults: Sequence[Fault], home: Path) -> list[SetupError]:
    """Return each fault as a failure that names file and key."""
    return [
        SetupError(
            "recipe_invalid",
            file=str(home / fault.file),
            detail=f"{fault.key}: {fault.what}" if fault.key else fault.what,
        )
        for fault in faults
    ]
