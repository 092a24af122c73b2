"""Hubs and web folders as sources, through our own connections: no environment is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host.connections import Address, address_of
from setup_assistant.host.http import Http, WebError, silence_seconds
from setup_assistant.host.secrets import redact
from setup_assistant.host.tokens import Keys
from setup_assistant.host.transfer.engine import CONNECTIONS, Transfer
from setup_assistant.host.transfer.file_progress import Patience, TransferError
from setup_assistant.host.transfer.part import kept_bytes
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.wait import Wait
from setup_assistant.messages import _
from setup_assistant.steps.download.hubs import Hub
from setup_assistant.weights.listing import checked


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


@dataclass(frozen=True, kw_only=True)
class WebSource:
    """One model on one hub.

    `resume` is the command that goes on later, `flag` the option that chooses the target folder.
    `logins` are names and passwords for single addresses; `revision` is the wished one, "" for the
    hub's usual one.
    """

    model: str
    hub: Hub
    resume: str
    flag: str
    patience: Patience = field(default_factory=Patience)
    connections: int = CONNECTIONS
    logins: Mapping[Address, str] = field(default_factory=dict, repr=False)
    revision: str = ""

    @property
    def name(self) -> str:
        """The hub's address, without a password that may stand in it."""
        return redact(self.hub.base)

    @cached_property
    def _http(self) -> Http:
        return Http(
            Keys(self.hub.token, self.logins),
            silence=silence_seconds(),
            connections=self.connections,
        )

    def hear(self, on_wait: Callable[[Wait], None]) -> None:
        """Tell of waits; see `Source.hear`."""
        self._http.on_wait = on_wait

    def list(self) -> tuple[RemoteFile, ...]:
        """Return the model's files; see `Source.list`."""
        try:
            return checked(self.hub.entries(self._http, self.model), self.model)
        except WebError as error:
            raise self._error(error, "weights_unreachable") from error

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:
        """Return what an earlier run left of a file."""
        return kept_bytes(folder, file, self._origin)

    @property
    def _origin(self) -> str:
        """What files without a sha256 are held to be one state of."""
        return f"{self.name}@{self.revision}" if self.revision else self.name

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],
    ) -> None:
        """Bring files; see `Source.get`."""
        transfer = Transfer(
            self._http,
            patience=self.patience,
            on_bytes=on_bytes,
            on_file=on_file,
            connections=self.connections,
        )
        addresses = [(f, self.hub.url(self.model, f.path)) for f in wanted]
        try:
            transfer.run(folder, addresses, self._origin)
        except TransferError as error:
            found = self._error(error.cause, "weights_interrupted", folder, error.path)
            raise FileError(found, error.path) from error
        finally:
            self._http.close()

    def _error(
        self, error: WebError, unreachable: str, folder: Path | None = None, path: str = "?"
    ) -> SetupError:
        keys = self._http.keys
        if error.reason == "denied" and keys.withheld(self.hub.base):
            scheme, host, port = address_of(self.hub.base)
            return SetupError(
                "weights_token", url=self.name, model=self.model, variable=keys.variable,
                address=f"{scheme}://{host}:{port}",
            )  # fmt: skip
        return error_of(
            error.reason,
            str(error.detail),
            url=self.name,
            model=self.model,
            where=str(folder or ""),
            flag=self.flag,
            resume=self.resume,
            variable=keys.variable or "HF_TOKEN",
            unreachable=unreachable,
            path=path,
        )
