"""A second look at a host that ssh failed with: is it gone, is its SSH server, or neither?"""

from __future__ import annotations

import re
import shlex
import socket
from dataclasses import dataclass, replace
from typing import Literal

from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.host import run

_SECONDS, _SHORT_SECONDS = 3.0, 2.0
# Where nothing listens (tcpmux): a machine that is there says so at once.
_UNUSED_PORT = 1
_BY_HAND = ("BatchMode=yes", "ConnectTimeout=5", "ConnectionAttempts=1", "ControlPath=none",
            "StrictHostKeyChecking=yes", "PermitLocalCommand=no")  # fmt: skip
_BY_HAND_SECONDS = 7.0
# What OpenSSH says in place of a greeting where it lets nobody else in for now (sshd.c).
_NOT_NOW = (b"Exceeded MaxStartups", b"Not allowed at this time")
State = Literal["answers", "stalls", "refuses", "closes", "hangs", "filtered", "silent", "unknown"]
# What a look shows, for a host that had not answered before and for one that had.
_AT_FIRST = {"silent": "host_down", "filtered": "ssh_filtered", "hangs": "ssh_hangs",
             "stalls": "ssh_stalls", "refuses": "no_ssh_server",
             "closes": "ssh_closes"}  # fmt: skip
_IN_THE_MIDDLE = {**_AT_FIRST, "silent": "connection_lost", "refuses": "ssh_stopped"}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Where ssh goes for a host, by its own configuration.

    `direct`: not through another, which is `jump` where it is one by SSH; `program` is the one
    that leads there otherwise, without its arguments, which may hold a password. `alias` and
    `known_hosts` are the name and the file under which its key is kept; empty: as usual.
    """

    host: str
    port: int = 22
    direct: bool = True
    jump: str = ""
    alias: str = ""
    known_hosts: str = ""
    program: str = ""


def target(host: Host) -> Target:
    """Return where ssh would go, asking ssh itself (`ssh -G` connects to nothing)."""
    name = host.address or host.name
    port = ["-p", str(host.port)] if host.port else []
    command = ["ssh", "-G", *shlex.split(host.ssh_args), *port, "--", name]
    said = dict(
        line.split(" ", 1) for line in run.run(command, deadline=10).out.splitlines() if " " in line
    )
    jump = re.sub(r"\[([^\]:]+)\]", r"\1", said.get("proxyjump", "none").partition(",")[0])
    jump = "" if jump == "none" else jump
    number = said.get("port", "22")
    kept = said.get("userknownhostsfile", "").partition(" ")[0]
    proxy = said.get("proxycommand", "none")
    return Target(
        host=said.get("hostname", name),
        port=int(number) if number.isdigit() else 22,
        direct=not jump and proxy == "none",
        jump=jump,
        alias=said.get("hostkeyalias", "none").replace("none", ""),
        known_hosts="" if kept.endswith("/.ssh/known_hosts") else kept,
        program="" if proxy == "none" else _program(proxy),
    )


def _program(line: str) -> str:
    """Return the program of a line of shell: neither a variable before it, nor what follows."""
    return next((word for word in line.split() if "=" not in word and word != "exec"), "")


def by_hand(host: Host) -> str | None:
    """Return what ssh says of a host, the one that goes the whole way; None: it gets through.

    Ansible's own ssh keeps a connection for later, and then says nothing of a jump host.
    """
    given = (("-l", host.user), ("-i", host.key), ("-p", str(host.port or "")))
    said = [word for flag, value in given if value for word in (flag, value)]
    outcome = run.run(
        ["ssh", "-T", "-n", *(w for o in _BY_HAND for w in ("-o", o)), *said,
         *shlex.split(host.ssh_args), "--", host.address or host.name, "exit 0"],
        deadline=_BY_HAND_SECONDS,
        env=run.clean_environment({"LC_ALL": "C.UTF-8"}),
    )  # fmt: skip
    if outcome.timed_out:
        return f"{outcome.err}\nConnection timed out"
    return outcome.err if outcome.code == 255 else None


def look(place: Target) -> State:
    """Return whether an SSH server greets at a place and goes on; if not, what is there."""
    if not place.direct:
        return "unknown"
    try:
        with socket.create_connection((place.host, place.port), _SECONDS) as connection:
            connection.settimeout(_SECONDS)
            return _greeting(connection)
    except ConnectionError:
        return "refuses"
    except OSError:
        return "filtered" if _is_there(place.host) else "silent"


def _greeting(connection: socket.socket) -> State:
    """Return what a server that took a connection does with it."""
    try:
        said = connection.recv(64)
    except TimeoutError:
        return "refuses" if _speaks_otherwise(connection) else "hangs"
    except OSError:
        said = b""
    if not said or said.startswith(_NOT_NOW):
        return "closes"
    return _after_greeting(connection) if said.startswith(b"SSH-") else "refuses"


def _speaks_otherwise(connection: socket.socket) -> bool:
    """Whether a server that does not greet answers to a line, as those of the web do."""
    try:
        connection.sendall(b"SSH-2.0-look\r\n\r\n")
        said = connection.recv(64)
    except OSError:
        return False
    return said != b"" and not said.startswith(b"SSH-")


def _after_greeting(connection: socket.socket) -> State:
    """Return whether a server that greeted sends its first packet, which is a large one."""
    try:
        connection.sendall(b"SSH-2.0-look\r\n")
        while (heard := connection.recv(256)) and heard.endswith(b"\n"):
            pass
    except TimeoutError:
        return "stalls"
    except OSError:
        pass
    return "answers"


def _is_there(host: str) -> bool:
    """Whether a machine refuses what nobody has a use for: one that is off does not."""
    try:
        with socket.create_connection((host, _UNUSED_PORT), _SHORT_SECONDS):
            return True
    except ConnectionError:
        return True
    except OSError:
        return False


def second_look(host: Host, place: Target, known: Fault, *, contacted: bool) -> Fault:
    """Return what a failed connection turns out to be.

    Args:
        host: the host.
        place: where ssh goes for it.
        known: what it seems to be, which stays where more cannot be told.
        contacted: whether it had answered in this run before.
    """
    state = look(place)
    # A server that asks for names before it refuses takes longer for that than a look waits.
    state = "closes" if state == "hangs" and known.code == "ssh_closes" else state
    code = (_IN_THE_MIDDLE if contacted else _AT_FIRST).get(state)
    if code is not None:
        # An SSH server that an update starts anew is back in a moment, and a busy one lets in.
        moment = code in {"ssh_stopped", "ssh_closes"}
        return fault(code, again=moment, host=host.name, port=place.port)
    # It answers after all: a moment's flap, or a busy machine; its slow login stays slow.
    again = state == "answers" and known.code != "login_slow"
    return replace(known, again=again or known.again)


def to_jump(jump: str) -> str:
    """Return the command that goes to a host on the way, as ssh's settings name it."""
    host, colon, port = jump.rpartition(":")
    apart = colon and port.isdigit() and ":" not in host
    return f"ssh -p {port} {host}" if apart else f"ssh {jump}"


def look_at_jump(host: Host, place: Target, known: Fault) -> Fault:
    """Return whether a silent host is silent because the one on the way to it is."""
    found = re.fullmatch(r"(?:.*@)?\[?([^\]]+?)\]?(?::(\d+))?", place.jump)
    if found is None:
        return known
    port = int(found[2]) if found[2] else None
    state = look(target(replace(host, address=found[1], port=port)))
    if state in {"answers", "unknown"}:
        return known
    detail = "Connection refused" if state == "refuses" else "Connection timed out"
    return fault("jump_failed", host=host.name, jump=found[1], detail=detail,
                 command=to_jump(place.jump))  # fmt: skip


def in_the_middle(host: Host, found: Fault) -> Fault:
    """Return what a fault is called where the host had answered before."""
    code = {_AT_FIRST[k]: _IN_THE_MIDDLE[k] for k in _AT_FIRST}.get(found.code)
    return fault(code, host=host.name) if code in {"connection_lost", "ssh_stopped"} else found
