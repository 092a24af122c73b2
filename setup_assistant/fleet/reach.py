"""A second look at a host whose connection broke: is it gone, is its SSH server, or neither?"""

from __future__ import annotations

import shlex
import socket
from dataclasses import dataclass, replace
from typing import Literal

from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.safe import Host
from setup_assistant.host import run

_SECONDS = 4.0
State = Literal["answers", "refuses", "silent", "unknown"]


@dataclass(frozen=True)
class Target:
    """Where ssh goes for a host, by its own configuration; `direct`: not through another."""

    host: str
    port: int
    direct: bool


def target(host: Host) -> Target:
    """Return where ssh would go, asking ssh itself (`ssh -G` connects to nothing)."""
    name = host.address or host.name
    port = ["-p", str(host.port)] if host.port else []
    command = ["ssh", "-G", *shlex.split(host.ssh_args), *port, "--", name]
    said = dict(
        line.split(" ", 1) for line in run.run(command, deadline=10).out.splitlines() if " " in line
    )
    jumps = said.get("proxyjump", "none") != "none" or said.get("proxycommand", "none") != "none"
    number = said.get("port", "22")
    return Target(
        host=said.get("hostname", name),
        port=int(number) if number.isdigit() else 22,
        direct=not jumps,
    )


def look(place: Target) -> State:
    """Return whether an SSH server greets at a place."""
    if not place.direct:
        return "unknown"
    try:
        with socket.create_connection((place.host, place.port), _SECONDS) as connection:
            connection.settimeout(_SECONDS)
            return "answers" if connection.recv(4) == b"SSH-" else "refuses"
    except ConnectionError:
        return "refuses"
    except OSError:
        return "silent"


def second_look(host: Host, known: Fault) -> Fault:
    """Return what a broken connection turns out to be; `known` where that cannot be told."""
    state = look(target(host))
    said = {
        "silent": fault("connection_lost", host=host.name),
        "refuses": fault("ssh_stopped", host=host.name),
    }.get(state, known)
    return replace(said, again=state in {"answers", "unknown"})
