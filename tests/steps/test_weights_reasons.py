"""Each error of the client has a reason; none of its own texts is needed for it."""

from __future__ import annotations

import errno
import socket

import pytest

from setup_assistant.steps.inside.reasons import NO_ANSWER, explain


class NetworkError(ConnectionError):
    """As the client's."""


class ServerError(Exception):
    """As the client's."""

    status_code = 503


class NotExistError(Exception):
    """As the client's."""

    status_code = 404


class PermissionDeniedError(Exception):
    """As the client's."""

    status_code = 403


class RequestException(OSError):  # noqa: N818 - the name that requests gave it
    """As requests'."""


class JSONDecodeError(RequestException, ValueError):
    """As requests'."""


class FileSizeMismatchError(Exception):
    """As the client's, below."""


class FileIntegrityError(FileSizeMismatchError):
    """As the client's."""


def chained(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "reason", "detail", "again"),
    [
        (
            chained(NetworkError("失败"), ConnectionRefusedError(errno.ECONNREFUSED, "x")),
            "unreachable",
            "connection refused",
            True,
        ),
        (
            # urllib3 keeps the cause among the arguments.
            NetworkError(RequestException(socket.gaierror(-2, "x"))),
            "unreachable",
            "the host name is not known",
            True,
        ),
        (chained(NetworkError("x"), TimeoutError()), "unreachable", NO_ANSWER, True),
        (NetworkError("x"), "unreachable", "the connection broke off", True),
        (ServerError("x"), "unreachable", "HTTP 503", True),
        (NotExistError("x"), "not_found", "HTTP 404", False),
        (PermissionDeniedError("x"), "denied", "HTTP 403", False),
        (FileIntegrityError("x\ny"), "size_lies", "FileIntegrityError: x", False),
        (JSONDecodeError("x"), "not_a_hub", "JSONDecodeError: x", False),
        (OSError(errno.ENOSPC, "x"), "no_space", "No space left on device", False),
        (
            chained(NetworkError("x"), OSError(errno.EROFS, "x")),
            "not_writable",
            "Read-only file system",
            False,
        ),
        (RuntimeError("x"), "broken", "RuntimeError: x", False),
    ],
)
def test_reason(error: Exception, reason: str, detail: str, again: bool) -> None:
    failure, try_again = explain(error)
    assert (failure.reason, failure.detail, try_again) == (reason, detail, again)


def test_a_circle_of_causes_ends() -> None:
    first, second = NetworkError("a"), NetworkError("b")
    first.__cause__, second.__cause__ = second, first
    assert explain(first)[0].reason == "unreachable"
