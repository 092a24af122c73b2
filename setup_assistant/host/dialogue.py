"""A child that is asked again and again: one JSON line for each message, in both directions."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from setup_assistant.host import lenient, log, run

_LAST_LINES = 40
# For the last words of a child that has ended.
_WORDS_SECONDS = 2.0


class Dialogue:
    """A running child; `close` it, so that it does not outlive what it is for."""

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
    ) -> None:
        """Start the child.

        Raises:
            OSError: the program is missing or cannot be run.
        """
        self._errors: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._child = run.start([os.fspath(a) for a in argv], env, cwd, feed=True)
        self._draining = threading.Thread(target=self._drain, daemon=True)
        self._draining.start()

    def close(self) -> None:
        """End the child."""
        with contextlib.suppress(OSError, ValueError):
            assert self._child.stdin is not None  # noqa: S101 - asked for in `start`
            self._child.stdin.close()
        run.stop(self._child)
        assert self._child.stdout is not None  # noqa: S101 - asked for in `start`
        self._child.stdout.close()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message; a child that is gone is noticed by `replies`."""
        assert self._child.stdin is not None  # noqa: S101 - asked for in `start`
        with contextlib.suppress(OSError, ValueError):
            self._child.stdin.write(json.dumps(message).encode() + b"\n")
            self._child.stdin.flush()

    def replies(self) -> Iterator[dict[str, Any]]:
        """Yield what the child says until it ends; what is no JSON object is left out."""
        assert self._child.stdout is not None  # noqa: S101 - asked for in `start`
        for raw in self._child.stdout:
            if value := lenient.parsed(raw):
                yield value
            else:
                log.debug("not a message: %r", raw[:200])

    def last_words(self) -> str:
        """Return the last line of its standard error, for the case that it died."""
        # They may still be under way; whatever it has started may hold the pipe open.
        self._draining.join(_WORDS_SECONDS)
        return next((line for line in reversed(self._errors) if line.strip()), "")

    def _drain(self) -> None:
        assert self._child.stderr is not None  # noqa: S101 - asked for in `start`
        with contextlib.suppress(OSError, ValueError), self._child.stderr as stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self._errors.append(line)
                log.debug("child: %s", line)
