"""ModelScope as a source, through the target environment's own client.

The client runs as a child of its own, isolated, and writes nothing outside the target and a
working folder. It is asked for single attempts and no hashing (see `steps/inside/fetch.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import files, log
from setup_assistant.host.file_sum import RemoteFile
from setup_assistant.host.run import Outcome, clean_environment, run
from setup_assistant.messages import msg
from setup_assistant.steps.backends.base import last_words
from setup_assistant.steps.download.failures import error_of
from setup_assistant.weights.listing import checked

REVISION = "master"
CONNECTIONS = 4
_SCRIPT = Path(__file__).parents[1] / "inside" / "fetch.py"
# Longer than all attempts of the listing together can take (inside/fetch.py).
_LIST_SECONDS = 120.0
# The client's own switches. These hold whatever the person set, because retries, partial files
# and their sizes are reckoned with here:
_ALWAYS = {
    "MODELSCOPE_DOWNLOAD_MAX_RETRIES": "0",
    "MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS": "1",
    "MODELSCOPE_DOWNLOAD_PARALLEL_WORKERS": "1",
    "TQDM_DISABLE": "1",
}
# These only where the person set none: no total limit (the client's hour per file fails slow
# lines), and half a minute of silence on a connection counts as broken.
_UNLESS_SET = {
    "MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT": str(30 * 24 * 3600),
    "MODELSCOPE_DOWNLOAD_TIMEOUT": "30",
    "MODELSCOPE_DOWNLOAD_LOW_SPEED_WINDOW_SECONDS": "30",
}

# What the child says most often, in words that are translated.
_DETAILS = {
    m.english: m
    for m in (
        msg("no answer in time"),
        msg("the host name is not known"),
        msg("the connection broke off"),
        msg("connection refused"),
        msg("connection reset by peer"),
        msg("network is unreachable"),
        msg("no route to host"),
    )
}


@dataclass(frozen=True, kw_only=True)
class ModelScope:
    """One model on one ModelScope hub.

    `name` is the hub's address, `python` the interpreter of an environment that has the client,
    `work` a folder for the client's locks, `resume` the command that goes on later, `flag` the
    option that chooses the target folder.
    """

    model: str
    name: str
    python: Path
    work: Path
    resume: str
    flag: str

    def list(self) -> tuple[RemoteFile, ...]:
        """Return the model's files; see `Source.list`."""
        answer = self._ask({"action": "list"}, deadline=_LIST_SECONDS)
        if answer.failed:
            raise self._error(answer.failed, "weights_unreachable")
        return checked(answer.files or [], self.model)

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:
        """Return what an earlier run left of a file, under the client's name for it."""
        with contextlib.suppress(OSError):
            return min(file.size, (folder / f"{file.path}.incomplete").stat().st_size)
        return 0

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],  # noqa: ARG002 - the client reckons no sums
    ) -> None:
        """Bring files; see `Source.get`."""
        request = {
            "action": "get",
            "folder": str(folder),
            "files": [{"path": f.path, "size": f.size} for f in wanted],
            "workers": CONNECTIONS,
        }
        answer = self._ask(request, deadline=None, on_bytes=on_bytes)
        if answer.failed:
            raise self._error(answer.failed, "weights_interrupted", folder)

    def _ask(
        self,
        request: dict[str, Any],
        *,
        deadline: float | None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> _Answer:
        request |= {"model": self.model, "revision": REVISION, "endpoint": self.name}
        answer = _Answer()
        with _folder(self.work):
            outcome = run(
                [self.python, "-I", "-B", _SCRIPT],
                deadline=deadline,
                env=self._environment(),
                stdin=json.dumps(request),
                on_out=answer.take,
                # Told from this thread: a line may be drawn only by the one who draws.
                on_tick=(lambda: on_bytes(answer.done_bytes)) if on_bytes else None,
            )
        log.debug("client: %s", last_words(outcome) if outcome.err else "silent")
        if not answer.ended:
            answer.failed = _died(outcome)
        elif on_bytes:
            on_bytes(answer.done_bytes)
        return answer

    def _environment(self) -> dict[str, str]:
        """Return the child's environment: the person's proxies, CA and token stay in it."""
        ours = {"MODELSCOPE_CACHE": str(self.work), "MODELSCOPE_HOME": str(self.work / "home")}
        unset = {k: v for k, v in _UNLESS_SET.items() if k not in os.environ}
        return clean_environment({**_ALWAYS, **unset, **ours, "MODELSCOPE_ENDPOINT": self.name})

    def _error(
        self, failed: dict[str, str], unreachable: str, folder: Path | None = None
    ) -> SetupError:
        """Return the error for a reason that `inside/reasons.py` names."""
        reason, detail = failed.get("reason", ""), failed.get("detail", "")
        detail = str(_DETAILS.get(detail, detail))
        if reason == "no_client":
            return SetupError("client_missing", python=str(self.python))
        return error_of(
            reason,
            detail,
            url=self.name,
            model=self.model,
            where=str(folder or self.work),
            flag=self.flag,
            resume=self.resume,
            variable="MODELSCOPE_API_TOKEN",
            unreachable=unreachable,
            path=failed.get("path", "?"),
        )


class _Answer:
    """What the child said, line by line."""

    def __init__(self) -> None:
        self.files: list[Any] | None = None
        self.done_bytes = 0
        self.failed: dict[str, str] | None = None
        self.ended = False

    def take(self, line: str) -> None:
        """Take one line of its standard output."""
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, TypeError, KeyError):
            return
        if kind == "listing":
            self.files = event.get("files")
        elif kind == "progress":
            self.done_bytes = int(event.get("done_bytes", 0))
        elif kind in ("done", "failed"):
            self.ended = True
            if kind == "failed":
                self.failed = {k: str(v) for k, v in event.items()}


def _died(outcome: Outcome) -> dict[str, str]:
    if outcome.timed_out:
        return {"reason": "unreachable", "detail": "no answer in time"}
    if outcome.code == 127:
        return {"reason": "no_client"}
    return {"reason": "broken", "detail": last_words(outcome, lines=1)}


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Keep a folder for the client's locks while it runs."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(
            "not_writable",
            path=str(path),
            detail=error.strerror or str(error),
            flag="SETUP_ASSISTANT_CACHE",
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            files.remove(path)
