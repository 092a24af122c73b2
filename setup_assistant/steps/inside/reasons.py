"""What the errors of the ModelScope client mean: a reason for programs, a detail for people.

The client's own texts are partly Chinese and partly Python; only their kind is used.
"""

from __future__ import annotations

import errno
import os
import socket

NO_ANSWER = "no answer in time"


class FailedError(Exception):
    """The end of a request: a reason for programs, a detail for people."""

    def __init__(self, reason: str, detail: str, path: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.path = path


# Names of the client's (and its libraries') errors, the first that fits → reason.
_BY_NAME = (
    ({"AuthenticationError", "PermissionDeniedError"}, "denied"),
    ({"NotExistError"}, "not_found"),
    ({"FileIntegrityError"}, "size_lies"),
    # A page that is not JSON; AttributeError and TypeError: JSON of another shape.
    ({"JSONDecodeError", "AttributeError", "TypeError"}, "not_a_hub"),
    ({"InvalidURL", "MissingSchema", "InvalidSchema"}, "broken"),
    ({"NetworkError", "ServerError", "RateLimitError", "RequestException"}, "unreachable"),
)
_BY_NUMBER = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EACCES: "not_writable",
    errno.EROFS: "not_writable",
}


def explain(error: BaseException) -> tuple[FailedError, bool]:
    """Return what an error means, and whether trying again may help."""
    for link in _chain(error):
        if isinstance(link, OSError) and link.errno in _BY_NUMBER:
            return FailedError(_BY_NUMBER[link.errno], os.strerror(link.errno)), False
    names = {kind.__name__ for kind in type(error).__mro__}
    reason = next((r for known, r in _BY_NAME if names & known), "broken")
    status = getattr(error, "status_code", None)
    if reason == "unreachable":
        return FailedError(reason, _network_detail(error, status)), True
    first = (str(error).strip().splitlines() or [""])[0][:200]
    detail = f"HTTP {status}" if status else f"{type(error).__name__}: {first}"
    return FailedError(reason, detail), False


def _network_detail(error: BaseException, status: object) -> str:
    if status:
        return f"HTTP {status}"
    for link in reversed(_chain(error)):
        if isinstance(link, socket.gaierror):
            return "the host name is not known"
        if isinstance(link, (TimeoutError, socket.timeout)) or "Timeout" in type(link).__name__:
            return NO_ANSWER
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
