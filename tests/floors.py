"""`python -m tests.floors`: hold each room to the share of its lines and branches that tests run.

Reads what `pytest --cov` has left. A floor is raised when the tests reach higher, and lowered by
nobody: a room below it lost a test, or got code without one.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from coverage import Coverage
from coverage.exceptions import CoverageException

PACKAGE = "setup_assistant"
# Percent of lines and branches in the process of the tests itself, by the everyday part alone:
# what only a process of its own runs is held by that process's test.
FLOORS = {
    "": 90, "agent": 26, "bundle": 71, "catalog": 94, "choose": 94, "cli": 37, "doctor": 83,
    "errors": 95, "fleet": 57, "host": 88, "machine": 83, "maintain": 74, "mirror": 89,
    "report": 92, "site": 76, "steps": 71, "verify": 72, "weights": 91,
}  # fmt: skip


def shares(data: Coverage) -> dict[str, float]:
    """Return room → percent of its lines and branches that were run."""
    run: Counter[str] = Counter()
    there: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        data.json_report(outfile=str(report))
        files: dict[str, Any] = json.loads(report.read_bytes())["files"]
    for name, found in files.items():
        room, _, rest = name.split(f"{PACKAGE}/", 1)[1].partition("/")
        summary = found["summary"]
        run[room if rest else ""] += summary["covered_lines"] + summary["covered_branches"]
        there[room if rest else ""] += summary["num_statements"] + summary["num_branches"]
    return {room: 100 * run[room] / there[room] for room in sorted(there) if there[room]}


def main() -> int:
    """Print each room with its floor; fail where one lies below, or is not in the table."""
    data = Coverage()
    try:
        data.load()
        found = shares(data)
    except CoverageException as error:
        sys.stderr.write(f"{error}\nFirst: python3 -m tests -m 'not e2e' --cov --cov-report=\n")
        return 2
    told = io.StringIO()
    for room, share in found.items():
        low = "" if share >= FLOORS.get(room, 101) else "  BELOW ITS FLOOR"
        told.write(f"{room or '(foot)':10} {share:5.1f} %  floor {FLOORS.get(room, '-')}{low}\n")
    told.write("".join(f"{room:10} was not measured\n" for room in sorted(FLOORS.keys() - found)))
    sys.stdout.write(told.getvalue())
    return int("BELOW" in told.getvalue() or "was not measured" in told.getvalue())


if __name__ == "__main__":
    sys.exit(main())
