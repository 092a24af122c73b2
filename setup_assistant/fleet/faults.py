"""What can go wrong with a host: every fault by its name, with a sentence and a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.messages import Message, Value, msg


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
    "ssh_filtered": (
        msg("{host} is there, but nothing comes back from its port {port}: a firewall."),
        msg("Let SSH through to it (sudo ufw allow ssh), or correct ansible_port."),
    ),
    "ssh_hangs": (
        msg("The SSH server of {host} takes connections but says nothing: the machine hangs."),
        msg(
            "Look at its screen: too little memory, a dead disk or network folder. Restart it, "
            "then run it again."
        ),
    ),
    "jump_failed": (
        msg("The way to {host} leads over {jump}, which cannot be passed: {detail}"),
        msg("Mend the way to {jump} first; by hand: {command}"),
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
    "no_command": (
        msg("{host} lets this account in but runs no commands for it: {detail}"),
        msg("Give the account an ordinary login shell there (sudo chsh -s /bin/bash NAME)."),
    ),
    "host_stuck": (
        msg("{host} lets this account in but does not get done with a simple command."),
        msg("Look whether its home folder lies on a dead network share, or restart it."),
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
    "python_partial": (
        msg("The Python of {host} lacks a part of its own library: {detail}"),
        msg("Install the whole of it there, e.g.: sudo apt install python3-full"),
    ),
    "disk_full": (
        msg("The disk of {host} is full."),
        msg("Free some space in the home folder there, then run it again."),
    ),
    "home_not_writable": (
        msg("Nothing can be written to the home folder on {host}: {detail}"),
        msg("Give the account a home folder of its own there."),
    ),
    "home_noexec": (
        msg("Programs must not run from the home folder of {host} (it is mounted noexec)."),
        msg("Have it mounted without noexec, or give the account a home folder elsewhere."),
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
    "job_stopped": (
        msg("The job on {host} was stopped by somebody and stands still."),
        msg("Let it go on there (pkill -CONT -f setup-assistant/fleet), then run it again."),
    ),
    "answer_foreign": (
        msg("The answer for {host} is not one to the question that was put to it."),
        msg("Run it again. If it stays, do not trust this host or the way to it."),
    ),
    "sudo_refused": (
        msg("{host} asks for a password before anything can be done as root."),
        msg("Leave out --become, or allow this account sudo without a password."),
    ),
    "sudo_missing": (
        msg("{host} has no sudo, so that nothing can be done as root there."),
        msg("Leave out --become, or log in as root: -u root"),
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
