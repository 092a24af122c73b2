"""What an inventory may say. Everything else is refused by name before anything runs.

Values reach ssh's command line and Ansible's templates: a host called `-oProxyCommand=…` is an
option to ssh, `{{ … }}` a program to Ansible. So only what can be part of an address, a name or
a path is let through, and of ssh's options only those that cannot run a command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from setup_assistant.fleet.ssh_arguments import ADDRESS, PATH, USER, UnfitError, arguments
from setup_assistant.messages import Message, msg

_NAME = re.compile(r"\w[\w.:@+-]{0,252}")
# As people write it: a path, a name, or env with a name.
_PROGRAM = re.compile(r"(?:(?:/[\w.-]+)*/env )?[\w/~][\w./+-]{0,1000}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Become:
    """How an inventory has work done as somebody else: `wanted` by it, as whom, and how."""

    wanted: bool = False
    user: str = ""
    method: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Host:
    """One machine of the inventory. Empty means: as ssh's own configuration says."""

    name: str
    address: str = ""
    port: int | None = None
    user: str = ""
    key: str = ""
    ssh_args: str = ""
    python: str = ""
    local: bool = False
    groups: tuple[str, ...] = ()
    password: str = field(default="", repr=False)
    become: Become = field(default_factory=Become)


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A host whose entry cannot be used, why, and what helps where that is not the usual."""

    name: str
    reason: Message
    remedy: Message | None = None


def is_name(text: str) -> bool:
    """Whether a text can be the name of a host, and is no pattern or option."""
    return _NAME.fullmatch(text) is not None


def host_of(name: str, said: Mapping[str, object], groups: tuple[str, ...]) -> Host | Refused:
    """Return a host from what the inventory says of it, or why it is refused."""
    shown = printable(name)
    if not is_name(name):
        return Refused(name=shown, reason=msg("this is no name of a host: {value}", value=shown))
    try:
        return Host(
            local=_connection(said) == "local",
            name=name,
            address=_address(said),
            port=_port(said),
            user=_checked(said, ("ansible_user", "ansible_ssh_user"), USER),
            key=_checked(said, ("ansible_private_key_file", "ansible_ssh_private_key_file"), PATH),
            ssh_args=arguments(said),
            python=_checked(said, ("ansible_python_interpreter",), _PROGRAM, ("auto",)),
            groups=groups,
            password=_password(said, _PASSWORDS),
            become=_become(said),
        )
    except UnfitError as unfit:
        return Refused(
            name=shown,
            reason=msg(
                "{key} in the inventory has a value that is not let through: {value}",
                key=unfit.key,
                value=printable(str(unfit.value)),
            ),
            remedy=unfit.remedy,
        )


def printable(text: str) -> str:
    """Return text that cannot move the cursor, at most 80 characters of it."""
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= 80 else shown[:79] + "…"


def _checked(
    said: Mapping[str, object],
    keys: tuple[str, ...],
    pattern: re.Pattern[str],
    absent: tuple[str, ...] = (),
    remedy: Message | None = None,
) -> str:
    for key in keys:
        value = said.get(key)
        if value is None or value == "" or (isinstance(value, str) and value.startswith(absent)):
            continue
        # Ansible reads digits in an ini file as a number: a user may be called 1234.
        if isinstance(value, (str, int)) and pattern.fullmatch(str(value)):
            return str(value)
        raise UnfitError(key, value, remedy)
    return ""


def _address(said: Mapping[str, object]) -> str:
    """Return a host's address: ssh takes the whole of it for a name."""
    found = _checked(said, ("ansible_host", "ansible_ssh_host"), ADDRESS, remedy=_ALONE)
    if found.count(":") == 1:
        # One of IPv6 has two at least.
        raise UnfitError("ansible_host", found, _ALONE)
    return found


def _port(said: Mapping[str, object]) -> int | None:
    text = _checked(said, ("ansible_port", "ansible_ssh_port"), re.compile(r"\d{1,5}"))
    if text and not 0 < int(text) < 65536:
        raise UnfitError("ansible_port", text)
    return int(text) if text else None


def _connection(said: Mapping[str, object]) -> str:
    value = said.get("ansible_connection") or "ssh"
    kind = str(value).rpartition(".")[2]
    if kind == "local":
        return kind
    if kind in {"ssh", "smart", "paramiko", "paramiko_ssh", "libssh"}:
        return "ssh"
    if kind in {"winrm", "psrp"}:
        raise UnfitError("ansible_connection", value, _WINDOWS)
    raise UnfitError("ansible_connection", value, _OTHER)


_ALONE = msg(
    "Give the address alone: a port belongs into ansible_port, an account into ansible_user."
)
_WINDOWS = msg(
    "A fleet works over SSH with Linux. Leave Windows out (--limit 'all:!windows') and run the "
    "wizard there by hand."
)
_OTHER = msg(
    "A fleet works over SSH with Linux: leave this host out with --limit, or give it "
    "ansible_connection: ssh."
)
_PASSWORDS = ("ansible_password", "ansible_ssh_password", "ansible_ssh_pass")
_METHOD = re.compile(r"(?:ansible\.builtin\.)?(?:sudo|su)|(?:community\.general\.)?doas")


def _password(said: Mapping[str, object], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = said.get(key)
        if isinstance(value, (str, int)) and str(value):
            if "\n" in str(value):
                raise UnfitError(key, "***")
            return str(value)
        if value:
            raise UnfitError(key, "***")
    return ""


def _become(said: Mapping[str, object]) -> Become:
    wanted = str(said.get("ansible_become") or "").lower() in {"true", "yes", "1", "on"}
    if "ansible_become" in said and not wanted:
        return Become()  # what stands there is for the other hosts
    return Become(
        wanted=wanted,
        user=_checked(said, ("ansible_become_user",), USER),
        method=_checked(said, ("ansible_become_method",), _METHOD),
        password=_password(said, ("ansible_become_password", "ansible_become_pass")),
    )


def template_refused(name: str, key: str, text: str) -> Refused:
    """Return a host whose template could run a program when it is worked out."""
    return Refused(
        name=printable(name),
        reason=msg("{key} in the inventory is a template that could run a program: {value}",
                   key=key, value=printable(text)),
        remedy=_value_itself(key),
    )  # fmt: skip


def not_worked_out(name: str, key: str, said: str, *, in_vault: bool) -> Refused:
    """Return a host with a value that Ansible could not work out."""
    if in_vault:
        reason = msg("{key} in the inventory is in a vault that was not opened", key=key)
        remedy = msg("Give the vault's password with --vault-password-file FILE or "
                     "--ask-vault-pass.")  # fmt: skip
        return Refused(name=printable(name), reason=reason, remedy=remedy)
    return Refused(
        name=printable(name),
        reason=msg("{key} in the inventory is a template without a value here: {detail}",
                   key=key, detail=printable(said or "?")),
        remedy=_value_itself(key),
    )  # fmt: skip


def _value_itself(key: str) -> Message:
    return msg("Write the value itself there, or give it for this run: -e {key}=VALUE", key=key)
