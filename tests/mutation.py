"""`python3 -m tests.mutation ROOM [--sample N] [--seed S]`: would the tests notice?

Plants small faults in a copy of this tree, one at a time, runs the tests nearest to its module, and
prints each fault that no test noticed. The operators are cosmic-ray's; what is chosen of them, and
how the tests run, is this module's: a sample, few tests, never the working tree itself.
"""

from __future__ import annotations

import sys

from setup_assistant import _bootstrap

if __name__ == "__main__":
    _bootstrap.main("tests.mutation", ("mutation", "test"))

import argparse
import difflib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "setup_assistant"
# Nothing that runs: what is written there changes no behaviour, or only how a value may be used.
_INERT = ("annassign", "tfpdef", "decorator", "import_from", "import_name")
_PYTEST = (
    "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:randomly", "-p", "no:cacheprovider",
    "-m", "not e2e", "-W", "ignore",
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One change of one line."""

    path: str
    line: int
    operator: str
    occurrence: int
    column: int


def modules(root: Path, room: str) -> list[str]:
    """Return the modules of a room, or of one file of it, as paths inside the tree."""
    place = root / PACKAGE / room
    found = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    if not all(p.is_file() for p in found) or not found:
        sys.exit(f"no room or module of this name: {PACKAGE}/{room}")
    return [str(p.relative_to(root)) for p in found]


def nearest(root: Path, module: str) -> list[str]:
    """Return the tests of a module: first those that name it, then all of its room's folder."""
    parts = Path(module).with_suffix("").parts
    home = root / "tests" / parts[0]
    dotted = ".".join((PACKAGE, *parts))
    taken = f"from {dotted.rpartition('.')[0]} import "
    named = [
        p
        for p in sorted((root / "tests").rglob("test_*.py"))
        if "e2e" not in p.parts and _names(p.read_text(encoding="utf-8"), dotted, taken, parts[-1])
    ]
    return [str(p.relative_to(root)) for p in [*named, *([home] if home.is_dir() else [])]]


def _names(text: str, dotted: str, taken: str, name: str) -> bool:
    lines = (line for line in text.splitlines() if line.startswith(taken))
    return dotted in text or any(name in line.removeprefix(taken) for line in lines)


def faults(path: Path, name: str) -> Iterator[Fault]:
    """Yield every fault that can be planted in a module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for operator_name in operator_names():
        kind = get_operator(operator_name)
        if kind.arguments():
            continue  # a rule of one project
        operator = kind()
        seen = 0
        for node in nodes:
            for (line, column), _end in operator.mutation_positions(node):
                if not _inert(node):
                    yield Fault(name, line, operator_name, seen, column)
                seen += 1


def _inert(node: Any) -> bool:
    while node is not None:
        before = node.get_previous_sibling() if node.parent is not None else None
        returned = before is not None and getattr(before, "value", "") == "->"
        if node.type in _INERT or returned:
            return True
        node = node.parent
    return False


def choose(found: list[Fault], count: int, seed: int) -> list[Fault]:
    """Return a sample: places first, so that one that can be changed in many ways counts once."""
    places: dict[tuple[str, int, int], list[Fault]] = {}
    for fault in found:
        places.setdefault((fault.path, fault.line, fault.column), []).append(fault)
    dice = random.Random(seed)
    chosen = dice.sample(sorted(places), min(count, len(places)))
    return [dice.choice(places[p]) for p in sorted(chosen)]


def copy_tree(target: Path) -> None:
    """Copy what git knows or would add; `.venv` stays where it is."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run(root: Path, tests: list[str], limit: float) -> tuple[bool, str]:
    """Run tests in the copy; return whether they passed within the limit, and what was said."""
    env = {**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(root.parent)}
    command = [sys.executable, *_PYTEST, f"--basetemp={root.parent / 'tests'}", *tests]
    with subprocess.Popen(
        command, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            said, _ = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return False, "no end"
    return child.returncode == 0, said.decode("utf-8", "replace")


def planted(root: Path, fault: Fault) -> Iterator[str]:
    """Plant a fault, yield its difference, and take it out again."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    path = root / fault.path
    before = path.read_text(encoding="utf-8")
    after = mutate_code(before, get_operator(fault.operator)(), fault.occurrence)
    # Python looks at a compiled file's time in whole seconds, and at the size.
    compiled = Path(cache_from_source(str(path)))
    try:
        path.write_text(after, encoding="utf-8")
        compiled.unlink(missing_ok=True)
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        yield "\n".join("    " + text for text in list(lines)[3:])
    finally:
        path.write_text(before, encoding="utf-8")
        compiled.unlink(missing_ok=True)


def main() -> int:
    """Plant the sample; the exit status tells whether a fault lived."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutation", description=__doc__)
    parser.add_argument("room", help="a folder or module of the package: doctor, host/removal")
    parser.add_argument("--sample", type=int, default=20, help="how many faults (20)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="which ones")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        root = Path(folder, "tree")
        root.mkdir()
        copy_tree(root)
        names = modules(root, asked.room)
        sample = choose([f for n in names for f in faults(root / n, n)], asked.sample, asked.seed)
        return _plant_all(root, sample, asked.seed)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _plant_all(root: Path, sample: list[Fault], seed: int) -> int:
    _say(f"seed {seed}: {len(sample)} faults")
    limits: dict[tuple[str, ...], float] = {}
    lived = 0
    for fault in sample:
        tests = nearest(root, fault.path.removeprefix(f"{PACKAGE}/"))
        if tuple(tests) not in limits:
            begin = time.monotonic()
            fine, said = run(root, tests, 3600)
            if not fine:
                _say(f"{said[-3000:]}\n{' '.join(tests)}: they fail without any fault.")
                return 2
            # A loaded machine is several times slower a minute later.
            limits[tuple(tests)] = max(120.0, 5 * (time.monotonic() - begin))
        for difference in planted(root, fault):
            survives, said = run(root, tests, limits[tuple(tests)])
            lived += survives
            by = next((s for s in said.splitlines() if s.startswith("FAILED")), said[-100:])
            place = f"{fault.path}:{fault.line}"
            _say(f"LIVED  {place}\n{difference}" if survives else f"killed {place} {by[:160]}")
    _say(f"{lived} of {len(sample)} lived")
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
