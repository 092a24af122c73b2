"""Ask NVML in a child process: the library can hang where a driver is broken.

Time alone is no evidence: an interpreter on a busy computer starts slowly, and so does a driver
with eight cold cards. `Course` therefore follows what the child says it is doing. Only a call
that was entered and did not return is a hang; every sign of life moves the limit.

Imports next to nothing, so that the child runs while the rest of this package is loading.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.host import clock, lenient, run

_CHILD = Path(__file__).with_name("nvml_child.py")
# One call may take this share of the person's deadline (40 s of 8): eight cards without
# persistence mode take 20 s to wake, and an emulated or throttled computer has its own pace.
CALL_SHARE = 5.0
# The program itself may take as long to start.
START_SHARE = 5.0


@dataclass
class Course:
    """What the child is doing. Written by one thread, read by others."""

    deadline: float
    began: float = field(default_factory=clock.monotonic)
    started: float | None = None
    call: str | None = None
    card: int | None = None
    last_sign: float = 0.0
    ended: bool = False
    slow: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Count from now."""
        self.last_sign = self.began

    def heard(self, line: str) -> None:
        """Take in one line of the child's."""
        self.last_sign = clock.monotonic()
        if self.started is None:
            self.started = self.last_sign
        said = lenient.parsed(line)
        kind = said.get("kind")
        if kind == "call":
            self.call, self.card = str(said.get("call")), said.get("card")
        elif kind == "done" and self.call:
            name = self.call if self.card is None else f"{self.call} (GPU {self.card})"
            self.slow[name] = max(self.slow.get(name, 0.0), float(said.get("seconds") or 0))
            self.call = None

    @property
    def ends(self) -> float:
        """When, by the monotonic clock, waiting ends if nothing more is heard."""
        share = START_SHARE if self.started is None else CALL_SHARE
        return self.last_sign + share * self.deadline

    @property
    def waited(self) -> float:
        """Seconds since the last sign of life."""
        return clock.monotonic() - self.last_sign

    def limit(self) -> float:
        """Return the seconds from the child's start that it may take as things stand."""
        return self.ends - self.began


def ask(deadline: float, course: Course | None = None) -> run.Outcome | None:
    """Return what the child said, or None where nvidia-ml-py is not installed."""
    course = course or Course(deadline)
    library = _pynvml()
    if library is None:
        return None
    argv = [sys.executable, "-I", "-S", str(_CHILD), str(library)]
    return run.run(argv, deadline=course.limit, on_out=course.heard)


def _pynvml() -> Path | None:
    """Return nvidia-ml-py's one file, even where the deprecated package `pynvml` shadows it."""
    try:
        spec = importlib.util.find_spec("pynvml")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return origin
    beside = origin.parent.parent / "pynvml.py"
    return beside if beside.is_file() else None
