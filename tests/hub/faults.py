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
# Those below are answers of their own (`odd`):
# denied   403 for a file, as of a signed address that has expired
# later    429 with the Retry-After header `text`
# status   the status `after`
# shifted  a range that begins `after` bytes behind the one that was asked for
# total    a range of a file that is `after` bytes longer
# page     a web page in place of the file
# empty    an answer without a body
# hangup   the connection is closed before any answer
# nonsense bytes that are no HTTP at all
# chunked  the body in chunks, without a length
# torn     the body in chunks, one of which is none
# packed   the body packed, unasked
# loop     a redirect to itself
# other    the right head, and as many bytes of something else
# early    103 before the answer
# Those of `lies`:
# whole    the whole file with 200 for a range; partial: a range with 206 for the whole
# no_range 416 for a range that exists; portal: a page of just the file's length
# stranger a redirect to where nobody listens; relative: one to the same place, in short
# scheme   one to an address that is no web address; nowhere: one without an address
# old      HTTP/1.0, no length, closed at the end; twice: two lengths; figure: one that is none
# huge     a head without end; head: the connection ends within the head
# gone     410; nothing: 204; who: 407 from a server that is no proxy
# parts    a range as one of several parts; trailers: chunks with extensions and trailers
# etag     another ETag each time; squeezed: packed in a way that is none; double: more follows
Kind = Literal[
    "reset", "fin", "short", "busy", "stall", "flip", "long", "drops", "denied", "later", "status",
    "shifted", "total", "page", "empty", "hangup", "nonsense", "chunked", "torn", "packed", "loop",
    "other", "early",
    "whole", "partial", "no_range", "portal", "stranger", "relative", "scheme", "nowhere", "old",
    "twice", "figure", "huge", "head", "gone", "nothing", "who", "parts", "trailers", "etag",
    "squeezed", "double",
]  # fmt: skip


@dataclass
class Fault:
    """One fault. `times` counts down, None means for ever; an empty `path` means any file."""

    kind: Kind
    path: str = ""
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    text: str = ""


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
