"""One log file per run, rotated; passwords and tokens never reach it."""

from __future__ import annotations

import contextlib
import logging
import os
from io import TextIOWrapper
from pathlib import Path

from setup_assistant.host import clock, own_folders, paths, removal
from setup_assistant.host.removal_proofs import named
from setup_assistant.host.secrets import redact
from setup_assistant.terminal_text import harmless

KEPT = 20
# What the logs of runs are called: when, which verb, which process.
NAMES = f"{'[0-9]' * 8}T{'[0-9]' * 6}*-*-*[0-9].log"
_logger = logging.getLogger("setup_assistant")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False
_file: Path | None = None


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(redact(harmless(super().format(record))))


def start(verb: str) -> Path | None:
    """Open this run's log; return its path, or None where no log can be written."""
    global _file  # noqa: PLW0603 - one run, one log
    folder = paths.log_folder()
    stamp = clock.now().replace(":", "").replace("-", "")
    path = folder / f"{stamp}-{verb}-{os.getpid()}.log"
    try:
        # A log that a link would lead elsewhere is not written.
        own_folders.make_below(paths.cache_folder(), folder)
        handler = _Quiet(path, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(_Redacting("%(relativeCreated)8d ms %(levelname)s %(message)s"))
    _logger.addHandler(handler)
    _logger.setLevel(logging.DEBUG)
    _file = path
    _rotate(folder)
    return path


class _Quiet(logging.FileHandler):
    """A file of detail. A disk that is full has been told of already, in one sentence."""

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):  # it is opened with its first line
            super().emit(record)

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(self.baseFilename, flags, 0o644), "a", encoding=self.encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its contract
        """Say nothing."""


def current() -> Path | None:
    """Return this run's log file, if one was opened."""
    return _file


def stop() -> None:
    """Close this run's log."""
    global _file  # noqa: PLW0603
    for handler in list(_logger.handlers):
        if isinstance(handler, logging.FileHandler):
            _logger.removeHandler(handler)
            with contextlib.suppress(OSError):  # what it holds back does not fit on the disk
                handler.close()
    _file = None


def debug(text: str, *args: object) -> None:
    """Write a line of detail to the log."""
    _logger.debug(text, *args)


def exception(text: str, error: BaseException) -> None:
    """Write an error with its trace to the log."""
    _logger.error(text, exc_info=error)


def _rotate(folder: Path) -> None:
    # The folder may hold somebody else's logs too.
    for old in sorted(folder.glob(NAMES))[:-KEPT]:
        removal.tidy(old, under=paths.cache_folder(), proof=named(NAMES))
