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

import errno
import importlib
import json
import os
import socket
import sys
import threading

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

# Attempts in a row that bring no byte; any progress starts the count again.
_ATTEMPTS = 6
_LIST_ATTEMPTS = 4
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_RETRY_AFTER = 60.0
_TELL_EVERY_SECONDS = 0.3


class Failed(Exception):
    """The end of a request: a reason for programs, a detail for people."""

    def __init__(self, reason: str, detail: str, path: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.path = path


class Lines:
    """Writes events to the real standard output; whatever a library prints goes to stderr."""

    def __init__(self) -> None:
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, event: str, **fields: Any) -> None:
        """Write one event."""
        with self._lock:
            self._out.write(json.dumps({"event": event, **fields}) + "\n")
            self._out.flush()


class Counter:
    """Adds up what all connections received, and tells it now and then."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._lock = threading.Lock()
        self._bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def add(self, size: int) -> None:
        """Count `size` more bytes; negative where a file starts again."""
        with self._lock:
            self._bytes += size

    def close(self) -> None:
        """Tell the last figure."""
        self._ended.set()
        self._thread.join()
        self._lines.send("progress", done_bytes=self._bytes)

    def _tell(self) -> None:
        told = -1
        while not self._ended.wait(_TELL_EVERY_SECONDS):
            if self._bytes != told:
                told = self._bytes
                self._lines.send("progress", done_bytes=told)

    def callback(self) -> type:
        """Return a progress class of the kind the client wants, one instance per file."""
        add = self.add

        class Callback:
            def __init__(self, name: str, size: int) -> None:
                self._sum = 0

            def update(self, size: int) -> None:
                self._sum += size
                add(size)

            def end(self) -> None:
                # An attempt that failed is counted again, from the bytes on disk, by the next.
                if sys.exc_info()[0] is not None:
                    add(-self._sum)

        return Callback


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
    except Failed as failure:
        lines.send("failed", reason=failure.reason, detail=failure.detail, path=failure.path)
        return 1
    lines.send("done")
    return 0


def _client(endpoint: str) -> Any:  # noqa: ANN401 - the client has no types
    try:
        api = importlib.import_module("modelscope_hub.api")
        config = importlib.import_module("modelscope_hub.config")
    except ImportError as error:
        raise Failed("no_client", str(error)) from error
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
        except Exception as error:  # noqa: BLE001 - each is given its reason
            failure, again = explain(error)
            attempt += 1
            if not again or attempt >= _LIST_ATTEMPTS:
                raise failure from error
            _pause(error, attempt, threading.Event())
        else:
            return found


def _get(api: Any, request: dict[str, Any], lines: Lines) -> None:  # noqa: ANN401
    counter = Counter(lines)
    stop = threading.Event()
    callback = counter.callback()

    def one(file: dict[str, Any]) -> None:
        try:
            _get_one(api, request, file, callback, stop)
        except Failed as failure:
            if failure.reason != "stopped":
                # The rest cannot succeed either, or would only hide what went wrong first.
                stop.set()
            raise

    with ThreadPoolExecutor(request.get("workers", 4)) as pool:
        futures = [pool.submit(one, file) for file in request["files"]]
    counter.close()
    failures = [e for f in futures if isinstance(e := f.exception(), Exception)]
    for failure in failures:
        if not (isinstance(failure, Failed) and failure.reason == "stopped"):
            raise failure


def _get_one(
    api: Any,  # noqa: ANN401
    request: dict[str, Any],
    file: dict[str, Any],
    callback: type,
    stop: threading.Event,
) -> None:
    target = Path(request["folder"], file["path"])
    attempt = 0
    while True:
        if stop.is_set():
            raise Failed("stopped", "")
        before = _partial_bytes(target)
        try:
            api.download_repo(
                request["model"],
                "model",
                revision=request["revision"],
                local_dir=request["folder"],
                file_list=[{"Path": file["path"], "Size": file["size"]}],
                max_workers=1,
                progress_callbacks=[callback],
            )
        except Exception as error:  # noqa: BLE001 - each is given its reason
            cause = _cause_for(error, file["path"])
            failure, again = explain(cause)
            failure.path = file["path"]
            attempt = 1 if _partial_bytes(target) > before else attempt + 1
            if not again or attempt >= _ATTEMPTS:
                raise failure from error
            _pause(cause, attempt, stop)
        else:
            return


def _partial_bytes(target: Path) -> int:
    """Return how much of a file has come so far (the client's name for it)."""
    try:
        return target.with_name(target.name + ".incomplete").stat().st_size
    except OSError:
        return 0


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


def explain(error: BaseException) -> tuple[Failed, bool]:
    """Return what an error means, and whether trying again may help."""
    names = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    for link in _chain(error):
        number = getattr(link, "errno", None)
        if isinstance(link, OSError) and number in (errno.ENOSPC, errno.EDQUOT):
            return Failed("no_space", os.strerror(number)), False
        if isinstance(link, OSError) and number in (errno.EACCES, errno.EROFS, errno.EPERM):
            return Failed("not_writable", os.strerror(number)), False
    if names & {"AuthenticationError", "PermissionDeniedError"}:
        return Failed("denied", f"HTTP {status}"), False
    if "NotExistError" in names:
        return Failed("not_found", f"HTTP {status}"), False
    if "FileIntegrityError" in names:
        return Failed("size_lies", _first_line(error)), False
    if names & {"NetworkError", "ServerError", "RateLimitError", "RequestException"} and not (
        names & {"JSONDecodeError", "InvalidURL", "MissingSchema"}
    ):
        return Failed("unreachable", _network_detail(error, status)), True
    if "JSONDecodeError" in names or isinstance(error, (AttributeError, TypeError)):
        return Failed("not_a_hub", "the answer is not a file list"), False
    if status:
        return Failed("refused", f"HTTP {status}"), False
    return Failed("broken", f"{type(error).__name__}: {_first_line(error)}"), False


def _network_detail(error: BaseException, status: object) -> str:
    if status:
        return f"HTTP {status}"
    for link in reversed(_chain(error)):
        if isinstance(link, socket.gaierror):
            return "the host name is not known"
        if isinstance(link, (TimeoutError, socket.timeout)) or "Timeout" in type(link).__name__:
            return "no answer in time"
        if isinstance(link, OSError) and link.errno:
            return os.strerror(link.errno).lower()
    return "the connection broke off"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and all that led to it, the outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            # requests and urllib3 keep the cause among the arguments, or as `reason`.
            waiting += [link.__cause__, link.__context__, getattr(link, "reason", None)]
            waiting += list(link.args)
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]


if __name__ == "__main__":
    sys.exit(main())
