"""Downloads from the loopback hub into one folder, whatever the source is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.job import Source
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL


class Bringer:
    """Downloads from the hub into one folder, and keeps what was said."""

    def __init__(self, hub: Hub, folder: Path, source: Callable[[], Source]) -> None:
        self.hub, self.folder = hub, folder
        self.said: list[str] = []
        self._source = source

    def __call__(self, **changes: Any) -> Brought:
        job = Job(
            model=MODEL, source=self._source(), folder=self.folder, flag="--to",
            note=lambda m: self.said.append(str(m)), **changes,
        )  # fmt: skip
        return bring(job)

    def fails(self) -> SetupError:
        with pytest.raises(SetupError) as caught:
            self()
        return caught.value

    def complete(self) -> bool:
        """Whether every served byte is there, and nothing else but our record and lock."""
        served = {n: p.read_bytes() for n, p in self.hub.files(MODEL).items()}
        here = {
            p.relative_to(self.folder).as_posix(): p.read_bytes()
            for p in self.folder.rglob("*")
            if p.is_file() and not p.name.startswith(".setup-assistant")
        }
        return served == here and folder_record.intact(self.folder, MODEL)
