"""What a reason for a failed listing or transfer becomes for the person."""

from __future__ import annotations

from collections.abc import Callable

from setup_assistant.errors import SetupError
from setup_assistant.messages import _


class FileError(SetupError):
    """A failure at one file; `path` is its name in the listing."""

    def __init__(self, error: SetupError, path: str) -> None:
        super().__init__(error.code, **error.args_)
        self.path = path


def error_of(
    reason: str,
    detail: str,
    *,
    url: str,
    model: str,
    where: str,
    flag: str,
    resume: str,
    variable: str,
    unreachable: str,
    path: str = "?",
) -> SetupError:
    """Return the error for a reason; `unreachable` is the code where a rerun goes on."""
    listing = {
        "not_a_hub": _("{url} does not answer as a hub does", url=url),
        "too_large": _("{url} sends a list without end", url=url),
    }
    errors: dict[str, Callable[[], SetupError]] = {
        "unreachable": lambda: SetupError(
            unreachable, url=url, model=model, detail=detail, command=resume
        ),
        "denied": lambda: SetupError("weights_denied", url=url, model=model, variable=variable),
        "not_found": lambda: (
            SetupError("weights_unknown", url=url, model=model)
            if path in ("", "?")
            else SetupError("weights_incomplete", model=model, missing=path)
        ),
        "size_lies": lambda: SetupError("weights_size", path=path, url=url),
        "range": lambda: SetupError("weights_size", path=path, url=url),
        "no_space": lambda: SetupError("disk_filled", path=where),
        "not_writable": lambda: SetupError("not_writable", path=where, detail=detail, flag=flag),
    }
    if reason in listing:
        return SetupError("weights_listing", model=model, detail=listing[reason])
    known = errors.get(reason)
    return known() if known else SetupError("weights_failed", url=url, detail=detail)
