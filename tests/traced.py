"""Which test runs which line: a plugin of pytest, and what it leaves, read back.

`tests.mutation` runs the everyday part once with it, and judges a fault by the tests of its line.
A command in a process of its own (`tests.forked`) counts as a part of the test that started it.
"""

from __future__ import annotations

import ast
import atexit
import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "SETUP_ASSISTANT_TEST_TRACES"  # where each process leaves its part
_PASSED: dict[str, float] = {}
_TRACER: list[Coverage] = []


def start(test: str = "") -> Coverage | None:
    """Trace this process where tracing was asked for; `test` is what its lines belong to."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    os.environ["COVERAGE_CORE"] = "ctrace"  # the newer ones know no contexts
    from coverage import Coverage

    tracer = Coverage(
        data_file=f"{folder}/.coverage", data_suffix=True, config_file=False, context=test or None,
        source=[str(ROOT / "setup_assistant")], messages=False,
    )  # fmt: skip
    tracer.start()
    return tracer


def trace_command(folder: str, test: str) -> None:
    """Trace a forked command, whose environment is another, to its end."""
    os.environ[FOLDER] = folder
    tracer = start(test.rpartition(" (")[0])
    del os.environ[FOLDER], os.environ["COVERAGE_CORE"]
    if tracer:
        atexit.register(lambda: (tracer.stop(), tracer.save()))


def pytest_configure(config: pytest.Config) -> None:
    """Begin where the tests run: in each worker."""
    if not config.getoption("numprocesses", None):
        _TRACER.extend(filter(None, [start()]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let what is run belong to this test."""
    for tracer in _TRACER:
        tracer.switch_context(item.nodeid)
    done: Any = yield
    for tracer in _TRACER:
        tracer.switch_context("")
    return done


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how long a test took that passed."""
    if report.when == "call" and report.passed:
        _PASSED[report.nodeid] = round(report.duration, 3)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the lines, and where the workers report to, the times."""
    for tracer in _TRACER:
        tracer.stop()
        tracer.save()
    if not hasattr(session.config, "workerinput"):
        target = Path(os.environ[FOLDER], "passed.json")
        target.write_text(json.dumps(_PASSED), encoding="utf-8")


@dataclass(frozen=True)
class Traces:
    """What the everyday part ran."""

    seconds: dict[str, float]  # of each test that passed
    lines: dict[str, dict[int, list[str]]]  # module → line → tests
    texts: dict[str, str]  # module → digest of what was traced

    def of(self, root: Path, module: str, line: int) -> list[str]:
        """Return the tests that run the statement of a line, records and the quickest first.

        What runs as a module is imported, and what has changed since, has those of the module.
        """
        known = self.lines.get(module, {})
        text = (root / module).read_text(encoding="utf-8")
        told = statement(ast.parse(text), line) if digest(text) == self.texts.get(module) else known
        tests = {t for n in told for t in known.get(n, ())}
        # What compares whole answers sees more than it takes time.
        return sorted(tests, key=lambda t: ("recorded" not in t, self.seconds[t], t))

    def at_import(self, module: str, line: int) -> bool:
        """Whether no test runs a line itself, as those that run once when a module is imported."""
        return not self.lines.get(module, {}).get(line)


def statement(tree: ast.Module, line: int) -> Iterable[int]:
    """Return the lines of the innermost statement: of a compound one its head, of a `def` all."""
    body: list[ast.stmt] = tree.body
    inside = False
    while True:
        node = next((n for n in body if _first(n) <= line <= (n.end_lineno or 0)), None)
        if node is None:
            return range(1, 10**6)
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        blocks = [b for name in ("body", "orelse", "finalbody") for b in getattr(node, name, ())]
        blocks += [s for h in getattr(node, "handlers", ()) for s in (*h.body,)]
        blocks += [s for c in getattr(node, "cases", ()) for s in c.body]
        if any(_first(n) <= line <= (n.end_lineno or 0) for n in blocks):
            body = blocks
        elif not inside:
            return range(1, 10**6)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Try | ast.Match):
            return range(node.lineno, (node.end_lineno or 0) + 1)
        else:
            last = min((_first(n) for n in blocks), default=(node.end_lineno or 0) + 1)
            return range(node.lineno, max(last, node.lineno + 1))


def _first(node: ast.stmt) -> int:
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])


def digest(text: str) -> str:
    """Return what a text is told from another by."""
    return hashlib.sha256(text.encode()).hexdigest()


def gather(folder: Path, target: Path) -> None:
    """Write what the processes left in a folder as one file."""
    from coverage import CoverageData

    seconds: dict[str, float] = json.loads((folder / "passed.json").read_bytes())
    number = {test: n for n, test in enumerate(seconds)}
    lines: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for part in folder.glob(".coverage*"):
        data = CoverageData(str(part))
        data.read()
        for path in data.measured_files():
            of_file = lines[Path(path).relative_to(ROOT).as_posix()]
            for line, tests in data.contexts_by_lineno(path).items():
                of_file[line].update(number[t] for t in tests if t in number)
        data.close()
    told = {
        "seconds": seconds,
        "lines": {p: {n: sorted(t) for n, t in found.items()} for p, found in lines.items()},
        "texts": {p: digest((ROOT / p).read_text(encoding="utf-8")) for p in lines},
    }
    target.write_text(json.dumps(told), encoding="utf-8")


def read(path: Path) -> Traces:
    """Return what `gather` has written."""
    told = json.loads(path.read_bytes())
    names = list(told["seconds"])
    lines = {
        module: {int(n): [names[t] for t in tests] for n, tests in found.items()}
        for module, found in told["lines"].items()
    }
    return Traces(told["seconds"], lines, told["texts"])
