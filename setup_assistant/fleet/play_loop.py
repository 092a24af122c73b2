"""The course of a run: play, listen, look twice at what broke, and try that again meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from setup_assistant.agent.inside.answer import MARKER
from setup_assistant.fleet import causes, engine, own_keys, reach
from setup_assistant.fleet.answers import doing_of, outcome_of, slow_login
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.playbook import Written
from setup_assistant.host import clock
from setup_assistant.messages import Message, msg

# Called with a host's name and its outcome, or None while it is at work, and what it does then.
Tell = Callable[[str, "Outcome | None", "Message | None"], None]
# How often in a row a host is tried anew whose connection broke, though it can be reached.
_AGAIN = 2
# Hosts of one switch break off together, and are tried again together.
_PAUSE_SECONDS = 1.0
_LOOKS = 16

# The role's tasks that run there, by their first words; all others run on this machine.
_ON_HOST = frozenset({"Look", "Push", "Start"})


_UNCLEAR = frozenset(
    {"connection_broke", "host_down", "login_slow", "login_closed", "ssh_closes", "ssh_failed"}
)


class Course:
    """A run over some hosts. A host that has answered, or failed for good, is done."""

    def __init__(self, hosts: Sequence[Host], written: Written, forks: int, tell: Tell) -> None:
        self.done: dict[str, Outcome] = {}
        self._hosts = {h.name: h for h in hosts}
        self._written = written
        self._forks = forks
        self._tell = tell
        self._contacted: set[str] = set()
        # Which play a host is in; in none while its failed connection is looked at.
        self._plays: dict[str, int] = {}
        self._waiting: list[str] = []
        self._count = 0
        self._tries: dict[str, int] = {}
        self._notes: dict[str, tuple[Message, ...]] = {}
        self._looks = threading.Semaphore(_LOOKS)
        self._changed = threading.Condition(threading.RLock())

    def run(self) -> Mapping[str, Outcome]:
        """Play until every host is done; return what became of them."""
        if self._hosts:
            self._play(tuple(self._hosts))
        with self._changed:
            # In slices, so that Ctrl-C is heard.
            while len(self.done) < len(self._hosts):
                self._changed.wait(0.5)
        return self.done

    def _play(self, names: Sequence[str]) -> None:
        with self._changed:
            self._count += 1
            number = self._count
            self._plays.update(dict.fromkeys(names, number))
        try:
            outcome = engine.play(
                self._written.folder,
                hosts=names,
                forks=max(1, min(self._forks, len(names))),
                secrets=self._written.secrets,
                on_event=self._hear,
            )
            detail = outcome.last_words(600)
        except OSError as error:
            detail = str(error)
        for name in names:
            if name not in self.done and self._plays.get(name) == number:
                self._fail(self._hosts[name], fault("engine_failed", host=name, detail=detail))

    def _hear(self, event: Event) -> None:
        host = self._hosts.get(event.host)
        if host is None or host.name in self.done:
            return
        if event.event == "unreachable":
            # Aside, so that the others are heard meanwhile.
            self._plays.pop(host.name, None)
            threading.Thread(target=self._look, args=(host, event), daemon=True).start()
            return
        if event.task in _ON_HOST:
            self._contacted.add(host.name)
        if event.event in {"ok", "failed"} and (event.task == "Start" or MARKER in event.out):
            self._answered(host, event)
        elif event.event == "failed":
            found = causes.of_look(event) if event.task == "Look" else causes.of_task(event)
            self._fail(host, found)
        elif event.event == "running":
            # It got on: the next break is a first one again.
            self._tries.pop(host.name, None)
            self._say(host.name, doing_of(event, self._written.nonces[host.name]))
        elif event.task == "Look":
            self._notes[host.name] = slow_login(event)
            self._say(host.name, next(iter(self._notes[host.name]), None))

    def _answered(self, host: Host, event: Event) -> None:
        found = outcome_of(event, self._written.nonces[host.name])
        if isinstance(found, Fault):
            self._fail(host, found)
        else:
            notes = (*found.notes, *self._notes.get(host.name, ()))
            self._finish(replace(found, groups=host.groups, notes=notes))

    def _look(self, host: Host, event: Event) -> None:
        """Find out why a connection failed; try again where that may help."""
        tries = self._tries.get(host.name, 0)
        try:
            with self._looks:
                found = self._second_look(host, event)
        except OSError as error:
            command = f"ssh {host.address or host.name}"
            found = fault("ssh_failed", host=host.name, detail=str(error), command=command)
        if found.again and tries < _AGAIN:
            self._again(host.name, tries + 1)
        else:
            self._fail(host, found)

    def _second_look(self, host: Host, event: Event) -> Fault:
        place = reach.target(host)
        contacted = host.name in self._contacted
        known = causes.of_connection(event, place, contacted=contacted)
        if known.code in {"login_refused", "key_unusable"} and not host.password:
            return own_keys.unusable(host) or known
        if known.code not in _UNCLEAR:
            return known
        if place.direct:
            return reach.second_look(host, place, known, contacted=contacted)
        said = None if host.password else reach.by_hand(host)
        if said is None:
            return replace(known, again=True)
        heard = replace(event, msg=said, err="", out="")
        found = causes.of_connection(heard, place, contacted=False)
        if found.code == "host_down" and place.jump:
            found = reach.look_at_jump(host, place, found)
        return reach.in_the_middle(host, found) if contacted else found

    def _again(self, name: str, tries: int) -> None:
        """Try a host again soon, together with others that broke off at the same time."""
        with self._changed:
            first = not self._waiting
            self._tries[name] = tries
            self._waiting.append(name)
        self._say(name, msg("the connection broke; trying again"))
        if first:
            threading.Thread(target=self._play_again, daemon=True).start()

    def _play_again(self) -> None:
        clock.sleep(_PAUSE_SECONDS)
        with self._changed:
            names, self._waiting = tuple(self._waiting), []
        self._play(names)

    def _say(self, name: str, doing: Message | None) -> None:
        with self._changed:
            if name not in self.done:
                self._tell(name, None, doing)

    def _fail(self, host: Host, found: Fault) -> None:
        self._finish(failed(host, found))

    def _finish(self, outcome: Outcome) -> None:
        with self._changed:
            self.done[outcome.host] = outcome
            self._tell(outcome.host, outcome, None)
            self._changed.notify_all()


_SSH = frozenset(
    {"host_down", "no_ssh_server", "ssh_filtered", "ssh_hangs", "ssh_stalls", "ssh_closes",
     "login_slow", "name_unknown", "jump_failed", "host_key_unknown", "host_key_changed",
     "login_refused", "login_withdrawn", "login_closed", "key_unusable", "ssh_no_method",
     "ssh_settings", "ssh_garbled", "session_closed", "host_key_refused",
     "connection_lost", "ssh_stopped", "connection_broke", "ssh_failed"}
)  # fmt: skip


def failed(host: Host, found: Fault) -> Outcome:
    """Return the outcome of a host with a fault."""
    return Outcome(
        host=host.name,
        status="unreachable" if found.code in _SSH else "failed",
        code=found.code,
        reason=found.reason,
        remedy=found.remedy,
        groups=host.groups,
    )
