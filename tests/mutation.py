"""`python3 -m tests.mutation ROOM... [--sample N] [--seed S]`: would the tests notice?

Plants small faults in a copy of this tree, one at a time, runs the everyday tests that run the
changed line, and prints each fault that no test noticed. Which test runs which line is traced once,
by the whole everyday part, and kept in a file. The operators are cosmic-ray's and those of
`tests.hand_faults`; what is chosen of them, and how the tests run, is this module's: a sample, the
quickest tests first, never the working tree itself.
"""

from __future__ import annotations

import sys

from setup_assistant import _bootstrap

if __name__ == "__main__":
    _bootstrap.main("tests.mutation", ("mutation", "test"))

import argparse
import ast
import difflib
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from tests import hand_faults, traced

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "setup_assistant"
# Nothing that runs: what is written there changes no behaviour, or only how a value may be used.
_INERT = ("annassign", "tfpdef", "decorator", "import_from", "import_name")
_HAND = "by hand: "
# They look at all modules, and so at each line.
_READ = ("tests/test_limits.py", "tests/test_sentences.py")
# What no hand writes by mistake, and any test finds.
_UNLIKELY = re.compile(
    "BinaryOperator.*_(BitAnd|BitOr|BitXor|LShift|RShift|Pow|Mod)$|ExceptionReplacer|Decorator"
)
_PYTEST = (
    "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:randomly", "-p", "no:cacheprovider",
    "-p", "no:xdist", "-m", "not e2e", "-W", "ignore",
)  # fmt: skip
TRACES = ROOT / ".pytest_cache" / "traces.json"


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
    for number, change in enumerate(hand_faults.changes(path.read_text(encoding="utf-8"))):
        node = change.node
        yield Fault(name, node.lineno, f"{_HAND}{change.kind}", number, node.col_offset)
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
    for operator_name in operator_names():
        kind = get_operator(operator_name)
        if kind.arguments() or _UNLIKELY.search(operator_name):
            continue  # the former are rules of one project
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


def choose(root: Path, found: list[Fault], count: int, seed: int) -> list[Fault]:
    """Return a sample: places first, so that one that can be changed in many ways counts once.

    What another look at the text or the compiler would find at once is not planted.
    """
    places: dict[tuple[str, int, int], list[Fault]] = {}
    for fault in found:
        places.setdefault((fault.path, fault.line, fault.column), []).append(fault)
    dice = random.Random(seed)
    chosen: list[Fault] = []
    for place in dice.sample(sorted(places), len(places)):
        fault = dice.choice(places[place])
        if len(chosen) < count and _compiles((root / fault.path).read_text("utf-8"), fault):
            chosen.append(fault)
    return sorted(chosen, key=lambda f: (f.path, f.line, f.column))


def changed(text: str, fault: Fault) -> str:
    """Return the text of a module with a fault."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    if fault.operator.startswith(_HAND):
        return hand_faults.Text(text).changed(hand_faults.changes(text)[fault.occurrence])
    return str(mutate_code(text, get_operator(fault.operator)(), fault.occurrence) or text)


def _compiles(text: str, fault: Fault) -> bool:
    try:
        after = ast.parse(changed(text, fault))
        compile(after, "", "exec")
    except (SyntaxError, ValueError):
        return False
    return ast.dump(after) != ast.dump(ast.parse(text))


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
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    listed = root.parent / "listed.txt"
    listed.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, *_PYTEST, f"--basetemp={root.parent / 'tests'}", f"@{listed}"]
    with subprocess.Popen(
        command, cwd=root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, start_new_session=True,
    ) as child:  # fmt: skip
        try:
            said, _ = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return False, "no end"
    text = said.decode("utf-8", "replace")
    lost = {t for t in tests if f"not found: {root / t}" in text}
    if lost and len(lost) < len(tests):  # drawn anew by each run
        return run(root, [t for t in tests if t not in lost], limit)
    return child.returncode in (0, 5), text


def planted(root: Path, fault: Fault) -> Iterator[str]:
    """Plant a fault, yield its difference, and take it out again."""
    path = root / fault.path
    before = path.read_text(encoding="utf-8")
    after = changed(before, fault)
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


def trace(target: Path) -> None:
    """Run the everyday part once, and keep which test runs which line."""
    with tempfile.TemporaryDirectory(prefix="traces-") as folder:
        _say("Tracing the everyday part, once (minutes) ...")
        command = [
            sys.executable, "-m", "pytest", "-p", "tests.traced", "-p", "no:randomly", "-q",
            "-n", "2", "-m", "not e2e",
        ]  # fmt: skip
        env = {**os.environ, traced.FOLDER: folder}
        subprocess.run(command, cwd=ROOT, env=env, check=False, stdout=subprocess.DEVNULL)
        target.parent.mkdir(parents=True, exist_ok=True)
        traced.gather(Path(folder), target)


def main() -> int:
    """Plant the sample; the exit status tells whether a fault lived."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="+", help="folders or modules: doctor host/removal")
    parser.add_argument("--sample", type=int, default=20, help="how many faults of each (20)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="which ones")
    parser.add_argument("--seconds", type=float, default=60, help="of tests for each fault (60)")
    parser.add_argument(
        "--traces", type=Path, default=TRACES, help="where it is kept which test runs which line"
    )
    asked = parser.parse_args()
    if not asked.traces.is_file():
        trace(asked.traces)
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        root = Path(folder, "tree")
        root.mkdir()
        copy_tree(root)
        sample = [
            fault
            for room in asked.rooms
            for fault in choose(
                root,
                [f for n in modules(root, room) for f in faults(root / n, n)],
                asked.sample,
                asked.seed,
            )
        ]
        _say(f"seed {asked.seed}: {len(sample)} faults")
        lived = _plant_all(root, sample, traced.read(asked.traces), asked.seconds)
    _say(f"{lived} of {len(sample)} lived")
    return 1 if lived else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _plant_all(root: Path, sample: list[Fault], traces: traced.Traces, seconds: float) -> int:
    lived = 0
    for fault in sample:
        tests, wanted = _within(traces, traces.of(root, fault.path, fault.line), seconds)
        # What runs in an interpreter of its own leaves no traces.
        tests = tests or nearest(root, fault.path.removeprefix(f"{PACKAGE}/"))
        early = traces.at_import(fault.path, fault.line)
        tests = [*_READ[:early], *tests, *_READ[early:]]
        for difference in planted(root, fault):
            survives, said = run(root, tests, max(120.0, 5 * wanted))
            lived += survives
            by = next((s for s in said.splitlines() if s.startswith("FAILED")), said[-100:])
            place = f"{fault.path}:{fault.line} ({fault.operator})"
            count = f"  {len(tests)} tests"
            _say(
                f"LIVED  {place}{count}\n{difference}" if survives else f"killed {place} {by[:160]}"
            )
    return lived


def _within(traces: traced.Traces, tests: list[str], seconds: float) -> tuple[list[str], float]:
    """Return the first of these tests that take no longer together, and how long they take."""
    taken: list[str] = []
    total = 0.0
    for test in tests:
        if total + traces.seconds.get(test, 0.0) > seconds:
            break
        taken.append(test)
        total += traces.seconds.get(test, 0.0)
    return taken, total


if __name__ == "__main__":
    sys.exit(main())
