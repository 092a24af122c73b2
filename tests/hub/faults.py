"""What a hub does wrong, how often, and to which file."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

# reset    the connection is reset after `after` bytes of the body
# fin      the connection is closed in order after `after` bytes of the announced body
# short    only `after` bytes are announced and sent
# busy     503 with Retry-After `seconds`
# stall    nothing more comes for `seconds` after `after` bytes
# flip     one byte in the middle of the file is another
# drops    after `after` bytes they come one by one, `seconds` apart
# long     `after` bytes more are announced than there are
Kind = Literal["reset", "fin", "short", "busy", "stall", "flip", "long", "drops"]


@dataclass
class Fault:
    """One fault. `times` counts down, None means for ever; an empty `path` means any file."""

    kind: Kind
    path: str = ""
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0


class Faults:
    """The faults that are left, shared by all connections."""

    def __init__(self) -> None:
        self._left: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._left.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._left.clear()

    def take(self, kind: Kind, path: str) -> Fault | None:
        """Return a fault of this kind that is due for this path, and count it."""
        with self._lock:
            for fault in self._left:
                if fault.kind == kind and fault.path in ("", path) and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None
