"""List or fetch a model's files with the environment's own ModelScope client.

One JSON request on standard input:

    {"action": "list", "model": ID, "revision": "master", "endpoint": URL}
    {"action": "get", …the same…, "folder": DIR, "files": [{"path", "size"}], "workers": 4}

One JSON line per event on standard output: `listing`, `progress` (bytes so far), then `done` or
`failed` with a reason. Paths are taken as they come: the caller has checked them.

The client's own retry budget is not renewed by progress, so each call makes one attempt and the
retries are here. Hashes are the caller's work too; the client is given none, so that no file is
hashed twice.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from setup_assistant.steps.inside.reasons import NO_ANSWER, FailedError, explain
else:
    # Isolated mode leaves a script's own folder out; at the end, so that it shadows nothing.
    sys.path.append(str(Path(__file__).parent))
    from reasons import NO_ANSWER, FailedError, explain

# Attempts in a row that bring no byte; any progress starts the count again.
_ATTEMPTS = 6
_LIST_ATTEMPTS = 4
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_RETRY_AFTER = 60.0
_TELL_EVERY_SECONDS = 0.3


class Lines:
    """Writes events to the real standard output; whatever a library prints goes to stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
        """Write one event."""
        with self._lock:
            self._out.write(json.dumps({"event": event, **fields}) + "\n")
            self._out.flush()


class Counter:
    """Adds up what all connections received, and tells it now and then.

    `best` is the highest sum so far: it grows only with bytes that were not there before, so a
    file that starts again from its beginning is no progress.
    """

    def __init__(self, lines: Lines) -> None:
        self.best = 0
        self._lines = lines
        self._lock = threading.Lock()
        self._files: dict[str, int] = {}
        self._bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def begin(self, name: str) -> None:
        """A new attempt at a file: what the last one counted, this one will count again."""
        self.add(name, -self._files.get(name, 0))

    def add(self, name: str, size: int) -> None:
        """Count `size` more bytes of a file."""
        with self._lock:
            self._files[name] = self._files.get(name, 0) + size
            self._bytes += size
            self.best = max(self.best, self._bytes)

    def close(self) -> None:
        """Tell the last figure."""
        self._ended.set()
        self._thread.join()
        self._lines.send("progress", done_bytes=self._bytes)

    def callback(self) -> type:
        """Return a progress class of the kind the client wants: one instance per attempt."""
        counter = self

        class Callback:
            def __init__(self, name: str, size: int) -> None:  # noqa: ARG002
                self._name = name
                counter.begin(name)

            def update(self, size: int) -> None:
                counter.add(self._name, size)

            def end(self) -> None:
                pass

        return Callback

    def _tell(self) -> None:
        told = -1
        while not self._ended.wait(_TELL_EVERY_SECONDS):
            if self._bytes != told:
                told = self._bytes
                self._lines.send("progress", done_bytes=told)


def main() -> int:
    """Answer the request on standard input."""
    lines = Lines()
    try:
        request = json.load(sys.stdin)
        api = _client(request["endpoint"])
        if request["action"] == "list":
            lines.send("listing", files=_listing(api, request))
        else:
            _get(api, request, lines)
    except FailedError as failure:
        lines.send("failed", reason=failure.reason, detail=failure.detail, path=failure.path)
        return 1
    lines.send("done")
    return 0


def _client(endpoint: str) -> Any:  # noqa: ANN401 - the client has no types
    try:
        api = importlib.import_module("modelscope_hub.api")
        config = importlib.import_module("modelscope_hub.config")
    except ImportError as error:
        raise FailedError("no_client", str(error)) from error
    # "" rather than None: a stored login of another hub must not travel to this one.
    token = os.environ.get("MODELSCOPE_API_TOKEN", "")
    return api.HubApi(config=config.HubConfig(endpoint=endpoint, token=token))


def _listing(api: Any, request: dict[str, Any]) -> list[Any]:  # noqa: ANN401
    attempt = 0
    while True:
        try:
            found: list[Any] = api.legacy.list_repo_files(
                request["model"], "model", revision=request["revision"], recursive=True
            )
        except Exception as error:
            failure, again = explain(error)
            # A silent host costs ten seconds each time; one more try must do.
            attempt += 2 if failure.detail == NO_ANSWER else 1
            if not again or attempt >= _LIST_ATTEMPTS:
                raise failure from error
            _pause(error, attempt, threading.Event())
        else:
            return found


def _get(api: Any, request: dict[str, Any], lines: Lines) -> None:  # noqa: ANN401
    counter = Counter(lines)
    stop = threading.Event()

    def one(file: dict[str, Any]) -> None:
        try:
            _get_one(api, request, file, counter, stop)
        except FailedError:
            # Nothing moved on any connection any more, or the disk is full: the other files
            # cannot fare better.
            stop.set()
            raise

    with ThreadPoolExecutor(request.get("workers", 4)) as pool:
        futures = [pool.submit(one, file) for file in request["files"]]
    counter.close()
    failures = [e for f in futures if (e := f.exception()) is not None]
    for failure in failures:
        if not (isinstance(failure, FailedError) and failure.reason == "stopped"):
            raise failure


def _get_one(
    api: Any,  # noqa: ANN401
    request: dict[str, Any],
    file: dict[str, Any],
    counter: Counter,
    stop: threading.Event,
) -> None:
    attempt = 0
    best = counter.best
    while not stop.is_set():
        try:
            api.download_repo(
                request["model"],
                "model",
                revision=request["revision"],
                local_dir=request["folder"],
                file_list=[{"Path": file["path"], "Size": file["size"]}],
                max_workers=1,
                progress_callbacks=[counter.callback()],
            )
        except Exception as error:
            cause = _cause_for(error, file["path"])
            failure, again = explain(cause)
            failure.path = file["path"]
            attempt = 1 if counter.best > best else attempt + 1
            best = counter.best
            if not again or attempt >= _ATTEMPTS:
                raise failure from error
            _pause(cause, attempt, stop)
        else:
            return
    raise FailedError("stopped", "")


def _pause(error: BaseException, attempt: int, stop: threading.Event) -> None:
    asked = getattr(error, "retry_after", None)
    pause = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
    if isinstance(asked, (int, float)) and asked > 0:
        pause = min(float(asked), _LONGEST_RETRY_AFTER)
    stop.wait(pause)


def _cause_for(error: BaseException, path: str) -> BaseException:
    """Return the error of one file where the client collects the errors of many."""
    failed = getattr(error, "failed_files", None) or {}
    cause = failed.get(path, error)
    return cause if isinstance(cause, BaseException) else error


if __name__ == "__main__":
    sys.exit(main())
