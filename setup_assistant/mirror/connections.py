"""Connections of a server: how many there may be, and how long a request may take to arrive."""

from __future__ import annotations

import io
import socket
import threading
from collections import Counter
from typing import Any

from setup_assistant.host import clock

# A room of a hundred machines with eight connections each fits; one that holds lines open does not.
MOST, MOST_OF_ONE = 1024, 512
_LONGEST_HEAD = 32 << 10


class Places:
    """The places that a server has for connections, in all and for one address."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Take a place for a connection from an address; False where there is none."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[address] >= self._most_of_one:
                return False
            self._taken[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Give a place back."""
        with self._lock:
            self._taken[address] -= 1
            if self._taken[address] <= 0:
                del self._taken[address]


class Head(io.RawIOBase):
    """Reads requests from a connection, each within a time and a length that are counted in all.

    A limit for each read alone would let a client hold its line with one byte a minute.
    """

    def __init__(self, connection: socket.socket) -> None:
        super().__init__()
        self._connection = connection
        self._end = 0.0
        self._left = _LONGEST_HEAD

    def expect(self, seconds: float, *, afresh: bool = False) -> None:
        """Give what is read from now on so many seconds; `afresh`: a new request begins."""
        self._end = clock.monotonic() + seconds
        if afresh:
            self._left = _LONGEST_HEAD

    def readable(self) -> bool:
        """Whether it can be read from."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as inherited
        """Read what is there.

        Raises:
            TimeoutError: the time is over, or the request is too long.
        """
        left = self._end - clock.monotonic()
        if left <= 0 or self._left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
