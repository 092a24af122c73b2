"""A host of the room that serves the others, for as long as it is asked whether it still does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from setup_assistant.agent.inside.answer import MARKER
from setup_assistant.errors import SetupError
from setup_assistant.fleet import causes, engine, reach
from setup_assistant.fleet.answers import noted, outcome_of
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.playbook import Job, write
from setup_assistant.fleet.run import folders

Tell = Callable[[float, "float | None", str], None]


class _Over(Exception):  # noqa: N818 - nothing went wrong: the room is done
    """Ends the play."""


class _Server:
    """What is known of the serving host: its port, or why it does not serve."""

    def __init__(self, host: Host, nonce: str, tell: Tell) -> None:
        self.port = 0
        self._tell = tell
        self.failed: tuple[str, str] | None = None
        self.over = threading.Event()
        self.known = threading.Event()
        self._host, self._nonce = host, nonce

    def hear(self, event: Event) -> None:
        """Take in what the engine tells."""
        if event.event == "running":
            said = noted(event, self._nonce)
            port, done, total = (said.get(k) for k in ("port", "done", "total"))
            if isinstance(done, (int, float)) and isinstance(total, (int, float)):
                self._tell(done, total, "")
            if isinstance(port, int) and 0 < port < 65536:
                self.port = port
                self.known.set()
        elif event.event != "ok" or event.task == "Start" or MARKER in event.out:
            self._fail(event)

    def _fail(self, event: Event) -> None:
        if event.event == "unreachable":
            place = reach.target(self._host)
            found: object = causes.of_connection(event, place, contacted=False)
        elif event.task == "Look":
            found = causes.of_look(event)
        else:
            found = outcome_of(event, self._nonce)
        reason, remedy = getattr(found, "reason", None), getattr(found, "remedy", None)
        if isinstance(found, Fault) or reason:
            self.failed = str(reason or ""), str(remedy or "")
        self.known.set()

    def tick(self) -> None:
        """End the play once the room is done."""
        if self.over.is_set():
            raise _Over


@contextmanager
def serving_from(host: Host, job: Job, tell: Tell) -> Iterator[int]:
    """Have a host serve while the block runs; yields its port.

    It ends by itself soon after nobody asks any more, however this process ends.

    Args:
        host: the host.
        job: what it is to do.
        tell: how many bytes it has fetched, of how many.

    Raises:
        SetupError: `server_failed`.
    """
    with folders() as (folder, control):
        written = write(folder, job, [host], str(control))
        server = _Server(host, written.nonces[host.name], tell)

        def play() -> None:
            with suppress(_Over):
                engine.play(folder, hosts=[host.name], forks=1, secrets=written.secrets,
                            on_event=server.hear, on_tick=server.tick)  # fmt: skip
            server.known.set()

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        try:
            # In slices, so that Ctrl-C is heard.
            while not server.known.wait(0.5):
                pass
            if not server.port:
                detail, remedy = server.failed or ("?", "")
                raise SetupError("server_failed", host=host.name, detail=detail, remedy=remedy)
            yield server.port
        finally:
            server.over.set()
            thread.join(10)
