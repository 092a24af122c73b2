"""The order of the rooms: a room imports only rooms below it, and no imports go in a circle.

The order stands here and nowhere else; `.github/ARCHITECTURE.md` says what each room is for.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAME = "setup_assistant"
# From the top floor down. What stands in one line is on one floor.
ORDER = (
    ("__main__",),
    ("cli",),
    ("maintain", "fleet"),
    ("bundle",),
    ("agent", "mirror", "doctor"),
    ("steps",),
    ("site",),
    ("report",),
    ("verify",),
    ("weights",),
    ("choose",),
    ("machine",),
    ("catalog",),
    ("frozen_json",),
    ("host",),
    ("errors",),
    ("relative_name", "times_text"),
    ("messages",),
    ("terminal_text", "units_text", "versions"),
    ("_bootstrap",),
    ("_bootstrap_make", "_bootstrap_newer"),
    ("_bootstrap_state",),
    ("_bootstrap_words", "__init__"),
)
FLOOR = {room: number for number, rooms in enumerate(ORDER) for room in rooms}
# Programs of their own: they start the command line, or come before it.
STARTS = {
    ("setup_assistant.agent.inside.start", "cli"),
    ("setup_assistant.agent.inside.job", "cli"),
    # The first start asks the person's pip settings for the index.
    ("setup_assistant._bootstrap_make", "host"),
    # What the door for deleting refuses.
    ("setup_assistant._bootstrap_make", "errors"),
}
# Rooms without a door to files, network or processes.
PURE = ("choose", "report")


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in sorted((ROOT / NAME).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Iterable[str]) -> set[str]:
    """Return the modules of this package that a file imports, at its head or later."""
    names, known = set(), set(known)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(NAME):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names.add(full if full in known else str(node.module))
        elif isinstance(node, ast.Import):
            names.update(a.name for a in node.names if a.name.startswith(NAME + "."))
    return names


def room(module: str) -> str:
    """Return the room of a module: the folder, or the file at the top."""
    return [*module.split("."), "__init__"][1]


def upward(graph: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield every import that leads to a floor above, or to another room of the same floor."""
    for module, targets in graph.items():
        here = room(module)
        for target in sorted(targets):
            there = room(target)
            if here != there and FLOOR[there] <= FLOOR[here] and (module, there) not in STARTS:
                yield f"{module} -> {target}"


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return one circle of imports, empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@functools.cache
def imported() -> dict[str, set[str]]:
    """Return which modules of this package each one imports."""
    known = modules()
    # A package's own `__init__` is no circle with what lies in it.
    return {m: {t for t in imports(p, known) if not f"{m}.".startswith(f"{t}.")}
            for m, p in known.items()}  # fmt: skip


@pytest.fixture
def graph() -> dict[str, set[str]]:
    return imported()


def test_every_room_has_a_floor() -> None:
    assert {room(m) for m in modules()} == set(FLOOR)


def test_a_room_imports_only_rooms_below(graph: dict[str, set[str]]) -> None:
    assert list(upward(graph)) == []


def test_imports_go_in_no_circle(graph: dict[str, set[str]]) -> None:
    assert circle(graph) == []


def test_pure_rooms_have_no_door(graph: dict[str, set[str]]) -> None:
    doors = [f"{m} -> {t}" for m, ts in graph.items() if room(m) in PURE
             for t in ts if room(t) == "host"]  # fmt: skip
    assert doors == []


def test_only_the_verb_recipes_imports_what_maintains_them(graph: dict[str, set[str]]) -> None:
    users = {m for m, ts in graph.items() if any(room(t) == "maintain" for t in ts)}
    outside = {m for m in users if room(m) != "maintain"}
    assert outside
    assert all(m.startswith("setup_assistant.cli.recipes") for m in outside)


def test_planted_faults_are_found() -> None:
    up = {"setup_assistant.choose.plan": {"setup_assistant.cli.app"}}
    assert list(upward(up)) == ["setup_assistant.choose.plan -> setup_assistant.cli.app"]
    beside = {"setup_assistant.mirror.server": {"setup_assistant.doctor.check"}}
    assert len(list(upward(beside))) == 1
    a, b = "setup_assistant.host.run", "setup_assistant.host.files"
    assert circle({a: {b}, b: {a}})
