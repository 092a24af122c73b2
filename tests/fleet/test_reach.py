"""A second look: what answers at a port, and where ssh would go."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.fleet import reach
from setup_assistant.fleet.faults import fault
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.reach import Target

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed")


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port at which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def greet(door: socket.socket, text: bytes) -> threading.Thread:
    def answer() -> None:
        connection, _address = door.accept()
        with connection:
            connection.sendall(text)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n", "answers"),
        (b"SSH-2.0-x\r\n\0\0\1", "answers"),
        (b"HTTP", "refuses"),
        (b"", "closes"),
        # sshd.c, since 8.2 and since 9.8.
        (b"Exceeded MaxStartups\r\n", "closes"),
        (b"Not allowed at this time\r\n", "closes"),
    ],
)
def test_what_answers_is_told_apart(door: socket.socket, text: bytes, state: str) -> None:
    thread = greet(door, text)
    assert reach.look(Target("127.0.0.1", door.getsockname()[1])) == state
    thread.join()


def test_what_takes_connections_and_says_nothing_hangs(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_SECONDS", 0.2)
    place = Target("127.0.0.1", door.getsockname()[1])
    assert reach.look(place) == "hangs"
    down = fault("host_down", host="pc01")
    host = Host(name="pc01")
    assert reach.second_look(host, place, down, contacted=False).code == "ssh_hangs"
    # Two are in the queue already; the third greets, and says no more until it is asked to.
    waiting = [door.accept()[0] for _ in range(2)]
    said = threading.Event()

    def greet_only() -> None:
        with door.accept()[0] as connection:
            connection.sendall(b"SSH-2.0-x\r\n")
            said.wait()

    thread = threading.Thread(target=greet_only)
    thread.start()
    assert reach.second_look(host, place, down, contacted=False).code == "ssh_stalls"
    said.set()
    thread.join()
    for connection in waiting:
        connection.close()
    door.close()
    assert reach.look(place) == "refuses"
    assert reach.second_look(host, place, down, contacted=False).code == "no_ssh_server"
    stopped = reach.second_look(host, place, down, contacted=True)
    assert (stopped.code, stopped.again) == ("ssh_stopped", True)


@pytest.mark.parametrize(
    ("text", "known", "code", "again"),
    [
        (b"SSH-2.0-x\r\n", "host_down", "host_down", True),
        (b"SSH-2.0-x\r\n", "login_slow", "login_slow", False),
        # A busy one lets in later.
        (b"", "ssh_failed", "ssh_closes", True),
    ],
)
def test_a_host_that_answers_after_all_is_tried_again(
    door: socket.socket, text: bytes, known: str, code: str, again: bool
) -> None:
    thread = greet(door, text)
    place = Target("127.0.0.1", door.getsockname()[1])
    found = reach.second_look(Host(name="pc01"), place, fault(known, host="pc01"), contacted=False)
    assert (found.code, found.again) == (code, again)
    thread.join()


def test_a_server_that_waits_for_a_line_of_the_web_is_no_ssh_server(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_SECONDS", 1.0)

    def answer() -> None:
        connection, _address = door.accept()
        with connection:
            connection.recv(64)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n")

    thread = threading.Thread(target=answer)
    thread.start()
    assert reach.look(Target("127.0.0.1", door.getsockname()[1])) == "refuses"
    thread.join()


def test_a_server_that_refuses_slowly_does_not_hang(
    door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_SECONDS", 0.2)
    place = Target("127.0.0.1", door.getsockname()[1])
    closes = fault("ssh_closes", host="pc01", port=place.port)
    assert reach.second_look(Host(name="pc01"), place, closes, contacted=False) == replace(
        closes, again=True
    )


@needs_ssh
def test_ssh_itself_says_where_it_goes(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host pc01\n  HostName 10.0.0.7\n  Port 2200\n  ProxyJump me@10.0.0.1\n"
        "  HostKeyAlias lab-pc01\n  UserKnownHostsFile /etc/lab_keys\n"
        "Host pc02\n  ProxyCommand nc gate 22\n"
    )
    config.chmod(0o600)
    args = f"-F {config}"
    first = reach.target(Host(name="pc01", ssh_args=args))
    assert first == Target("10.0.0.7", 2200, False, "me@10.0.0.1", "lab-pc01", "/etc/lab_keys")
    second = reach.target(Host(name="pc02", address="10.0.0.8", ssh_args=args, port=23))
    assert (second.host, second.port, second.direct) == ("10.0.0.8", 23, True)
    over = reach.target(Host(name="pc02", ssh_args=args))
    assert (over.direct, over.program) == (False, "nc")
    config.write_text("ProxyCommand exec PASSWORD=secret /opt/lab/tunnel -k secret %h\n")
    assert reach.target(Host(name="pc02", ssh_args=args)).program == "/opt/lab/tunnel"


@needs_ssh
def test_a_jump_host_that_is_gone_is_named(door: socket.socket) -> None:
    port = door.getsockname()[1]
    place = Target("10.0.0.7", direct=False, jump=f"me@127.0.0.1:{port}")
    down = fault("host_down", host="pc01")
    thread = greet(door, b"SSH-2.0-x\r\n")
    assert reach.look_at_jump(Host(name="pc01"), place, down) == down
    thread.join()
    door.close()
    found = reach.look_at_jump(Host(name="pc01"), place, down)
    assert found.code == "jump_failed"
    assert "127.0.0.1" in str(found.reason)
    assert str(found.remedy).endswith(f"ssh -p {port} me@127.0.0.1")
    assert reach.to_jump("me@gate") == "ssh me@gate"
    assert reach.to_jump("fd53::1:22") == "ssh fd53::1:22"


@pytest.mark.parametrize(
    ("code", "later"),
    [
        ("host_down", "connection_lost"), ("no_ssh_server", "ssh_stopped"),
        ("ssh_filtered", "ssh_filtered"), ("ssh_hangs", "ssh_hangs"),
        ("ssh_stalls", "ssh_stalls"), ("ssh_closes", "ssh_closes"),
        ("login_refused", "login_refused"),
    ],
)  # fmt: skip
def test_what_a_fault_is_called_once_a_host_has_answered(code: str, later: str) -> None:
    found = fault(code, host="pc01", port=22, detail="d", command="c")
    assert reach.in_the_middle(Host(name="pc01"), found).code == later
