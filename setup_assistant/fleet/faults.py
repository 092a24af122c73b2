"""What can go wrong with a host: every fault by its name, with a sentence and a remedy.

The words looked for are those of OpenSSH (ssh.c, sshconnect.c, readconf.c) and of the C
library, in English, since the engine runs with LC_ALL=C.UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from setup_assistant.fleet.engine import Event
from setup_assistant.words import Message, Value, msg


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one host. `again` tells that another attempt may succeed at once."""

    code: str
    reason: Message
    remedy: Message
    again: bool = False


_ROWS: dict[str, tuple[Message, Message]] = {
    "host_down": (
        msg("{host} does not answer: it is off, or not on this network."),
        msg("Switch it on, check its cable and its address in the inventory, then run it again."),
    ),
    "no_ssh_server": (
        msg("{host} is there, but no SSH server listens on port {port}."),
        msg("Start it there (sudo systemctl start ssh), or correct ansible_port."),
    ),
    "name_unknown": (
        msg("{host} has no address: the name cannot be resolved."),
        msg("Correct the name, or give its address with ansible_host in the inventory."),
    ),
    "host_key_unknown": (
        msg("The key of {host} is not known here, so nothing proves that it is this machine."),
        msg("Fetch it, compare it with the one shown at the machine, then keep it: {command}"),
    ),
    "host_key_changed": (
        msg(
            "{host} shows another key than before: it was installed anew, or something else "
            "answers in its place. Nothing was sent to it."
        ),
        msg("If it was installed anew, forget the old key: {command}"),
    ),
    "login_refused": (
        msg("{host} does not let this account in: {detail}"),
        msg("Copy your key there with ssh-copy-id, or name account and key in the inventory."),
    ),
    "connection_lost": (
        msg("The connection to {host} went dead in the middle: cable, switch or power."),
        msg("Check the cable and the machine. What was done there is kept: run it again."),
    ),
    "ssh_stopped": (
        msg("The SSH server of {host} stopped in the middle; the machine itself is still there."),
        msg("Start it there (sudo systemctl start ssh). What was done is kept: run it again."),
    ),
    "connection_broke": (
        msg("The connection to {host} broke off, though it can be reached again."),
        msg("Run it again: the job goes on where it is."),
    ),
    "ssh_failed": (
        msg("ssh could not connect to {host}: {detail}"),
        msg("Try it by hand: {command}"),
    ),
    "python_missing": (
        msg("{host} has no Python 3."),
        msg("Install it there, e.g.: sudo apt install python3"),
    ),
    "python_too_old": (
        msg("{host} has Python {found} only; the agent needs 3.10 or newer."),
        msg(
            "Install a newer one beside it (e.g. python3.12), or name it with "
            "ansible_python_interpreter."
        ),
    ),
    "disk_full": (
        msg("The disk of {host} is full."),
        msg("Free some space in the home folder there, then run it again."),
    ),
    "home_not_writable": (
        msg("Nothing can be written to the home folder on {host}: {detail}"),
        msg("Give the account a home folder of its own there."),
    ),
    "agent_unfit": (
        msg("The agent has no packages for the Python of {host}: {detail}"),
        msg("Connect this machine to a package index once, so that it can fetch them."),
    ),
    "agent_failed": (
        msg("The agent did not work on {host}: {detail}"),
        msg("Run it again; if it stays, look into {log} there."),
    ),
    "job_died": (
        msg("The job on {host} was ended from outside: a restart, or too little memory."),
        msg("Run it again: it goes on where it was."),
    ),
    "answer_foreign": (
        msg("The answer for {host} is not one to the question that was put to it."),
        msg("Run it again. If it stays, do not trust this host or the way to it."),
    ),
    "sudo_refused": (
        msg("{host} asks for a password before anything can be done as root."),
        msg("Leave out --become, or allow this account sudo without a password."),
    ),
    "timed_out": (
        msg("{host} was not ready within {seconds} s; its job goes on there."),
        msg("Run it again later to fetch the answer, or allow more time with --timeout."),
    ),
    "engine_failed": (
        msg("Ansible ended before {host} was asked: {detail}"),
        msg("Run it again with --verbose; the log has every line."),
    ),
    "value_refused": (
        msg("{host}: {detail}"),
        msg(
            "Correct it in the inventory. What runs a command, such as ProxyCommand, belongs "
            "into your ~/.ssh/config, which counts here."
        ),
    ),
    "verb_failed": (msg("{detail}"), msg("{remedy}")),
}


def fault(code: str, /, *, again: bool = False, **args: Value) -> Fault:
    """Return a fault with its sentence and remedy filled in."""
    reason, remedy = _ROWS[code]
    return Fault(
        code=code,
        reason=Message(reason.template, args),
        remedy=Message(remedy.template, args),
        again=again,
    )


def codes() -> tuple[str, ...]:
    """Return every fault by its name."""
    return tuple(_ROWS)


_FULL = re.compile(r"No space left on device|Errno 28|Disk quota exceeded|Errno 122")
# Order matters: a changed key also says that verification failed.
_BEFORE = (
    (r"HOST IDENTIFICATION HAS CHANGED", "host_key_changed"),
    (r"host key is known for|Host key verification failed", "host_key_unknown"),
    (r"Could not resolve hostname", "name_unknown"),
    (r"Permission denied|Too many authentication failures|No supported authentication",
     "login_refused"),
    (r"Connection refused", "no_ssh_server"),
    (r"timed out|No route to host|Network is unreachable|Host is down|not responding",
     "host_down"),
)  # fmt: skip
_SUDO = re.compile(r"password is required|Missing sudo password|Incorrect sudo password|"
                   r"may not run sudo|not in the sudoers", re.IGNORECASE)  # fmt: skip


def of_connection(event: Event, *, port: int, target: str, contacted: bool) -> Fault:
    """Return why ssh failed.

    Args:
        event: what Ansible said.
        port: where the SSH server was looked for.
        target: how ssh names the host, for commands that can be pasted.
        contacted: whether the host had answered in this run before.
    """
    text = f"{event.msg}\n{event.err}\n{event.out}"
    host, detail = event.host, _last(event.msg)
    if _FULL.search(text):
        return fault("disk_full", host=host)
    if _SUDO.search(text):
        return fault("sudo_refused", host=host)
    if "Failed to create temporary directory" in text:
        return fault("home_not_writable", host=host, detail=detail)
    code = next((c for p, c in _BEFORE if re.search(p, text)), "ssh_failed")
    if contacted and code in {"no_ssh_server", "host_down", "ssh_failed"}:
        # Which of the three a second look tells; see `reach`.
        return fault("connection_broke", host=host, again=True)
    bracketed = f"[{target}]:{port}" if port != 22 else target
    command = {
        "host_key_unknown": f"ssh-keyscan -p {port} {target} >> ~/.ssh/known_hosts",
        "host_key_changed": f'ssh-keygen -R "{bracketed}"',
    }.get(code, f"ssh -p {port} {target}")
    return fault(code, host=host, port=port, detail=detail, command=command,
                 again=code == "ssh_failed")  # fmt: skip


def of_look(event: Event) -> Fault:
    """Return why the first look at a host failed: no Python, an old one, no room."""
    text = f"{event.out}\n{event.err}\n{event.msg}"
    host = event.host
    if _SUDO.search(text):
        return fault("sudo_refused", host=host)
    if _FULL.search(text):
        return fault("disk_full", host=host)
    if event.rc == 9:
        return fault("home_not_writable", host=host, detail=_last(event.err or event.out))
    found = re.findall(r"^found=([\d.]+)", event.out, re.MULTILINE)
    if found:
        return fault("python_too_old", host=host, found=", ".join(dict.fromkeys(found)))
    return fault("python_missing", host=host)


def of_task(event: Event) -> Fault:
    """Return why pushing or starting the agent failed."""
    text = f"{event.out}\n{event.err}\n{event.msg}"
    host = event.host
    if _FULL.search(text):
        return fault("disk_full", host=host)
    if found := re.search(r"no packages for this Python: (\S+)", text):
        return fault("agent_unfit", host=host, detail=found[1])
    detail = _last(event.err) or _last(event.msg) or _last(event.out)
    return fault("agent_failed", host=host, detail=detail, log="~/.cache/setup-assistant/logs")


def _last(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(c if c.isprintable() else "?" for c in lines[-1][:300]) if lines else ""
