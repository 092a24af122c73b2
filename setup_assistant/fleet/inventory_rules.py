"""What an inventory may say. Everything else is refused by name before anything runs.

Values reach ssh's command line and Ansible's templates: a host called `-oProxyCommand=…` is an
option to ssh, `{{ … }}` a program to Ansible. So only what can be part of an address, a name or
a path is let through, and of ssh's options only those that cannot run a command.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.messages import Message, msg

_NAME = re.compile(r"\w[\w.:@+-]{0,252}")
_ADDRESS = re.compile(r"[A-Za-z0-9:_][A-Za-z0-9.:%_-]{0,252}", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}", re.ASCII)
_PATH = re.compile(r"[\w./~][\w./~+@:=, -]{0,1000}")
_PROGRAM = re.compile(r"/[\w./+-]{1,1000}", re.ASCII)
_VALUE = re.compile(r"[\w./~][\w./~+@:=,*%-]{0,1000}")
# Options of ssh(1) and ssh_config(5) that an inventory may give: none of them runs a command.
_FLAGS = {"-4", "-6", "-C", "-q"}
_WITH_VALUE = {"-i": _PATH, "-J": _VALUE, "-l": _USER, "-p": re.compile(r"\d{1,5}")}
_OPTIONS = {
    "addressfamily", "batchmode", "bindaddress", "bindinterface", "checkhostip", "ciphers",
    "compression", "connectionattempts", "connecttimeout", "controlmaster", "controlpath",
    "controlpersist", "globalknownhostsfile", "gssapiauthentication", "hostkeyalgorithms",
    "hostkeyalias", "hostname", "identitiesonly", "identityfile", "ipqos", "kexalgorithms",
    "loglevel", "macs", "numberofpasswordprompts", "passwordauthentication", "port",
    "preferredauthentications", "proxyjump", "pubkeyacceptedalgorithms", "pubkeyauthentication",
    "serveralivecountmax", "serveraliveinterval", "tcpkeepalive", "updatehostkeys", "user",
    "userknownhostsfile",
    # Without effect: keys are checked whatever an inventory says, since ssh obeys what comes first.
    "stricthostkeychecking",
}  # fmt: skip


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


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A host whose entry cannot be used, and why."""

    name: str
    reason: Message


class _UnfitError(Exception):
    def __init__(self, key: str, value: object) -> None:
        super().__init__(key)
        self.key, self.value = key, value


def host_of(name: str, said: Mapping[str, object], groups: tuple[str, ...]) -> Host | Refused:
    """Return a host from what the inventory says of it, or why it is refused."""
    shown = printable(name)
    if not _NAME.fullmatch(name):
        return Refused(name=shown, reason=msg("this is no name of a host: {value}", value=shown))
    try:
        return Host(
            name=name,
            address=_checked(said, ("ansible_host", "ansible_ssh_host"), _ADDRESS),
            port=_port(said),
            user=_checked(said, ("ansible_user", "ansible_ssh_user"), _USER),
            key=_checked(said, ("ansible_private_key_file", "ansible_ssh_private_key_file"), _PATH),
            ssh_args=_arguments(said),
            python=_checked(said, ("ansible_python_interpreter",), _PROGRAM, ("auto",)),
            local=_connection(said) == "local",
            groups=groups,
            password=_password(said),
        )
    except _UnfitError as unfit:
        return Refused(
            name=shown,
            reason=msg(
                "{key} in the inventory has a value that is not let through: {value}",
                key=unfit.key,
                value=printable(str(unfit.value)),
            ),
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
) -> str:
    for key in keys:
        value = said.get(key)
        if value is None or value == "" or (isinstance(value, str) and value.startswith(absent)):
            continue
        # Ansible reads digits in an ini file as a number: a user may be called 1234.
        if isinstance(value, (str, int)) and pattern.fullmatch(str(value)):
            return str(value)
        raise _UnfitError(key, value)
    return ""


def _port(said: Mapping[str, object]) -> int | None:
    text = _checked(said, ("ansible_port", "ansible_ssh_port"), re.compile(r"\d{1,5}"))
    if text and not 0 < int(text) < 65536:
        raise _UnfitError("ansible_port", text)
    return int(text) if text else None


def _connection(said: Mapping[str, object]) -> str:
    value = said.get("ansible_connection") or "ssh"
    if value not in {"ssh", "smart", "local"}:
        raise _UnfitError("ansible_connection", value)
    return str(value)


def _password(said: Mapping[str, object]) -> str:
    for key in ("ansible_password", "ansible_ssh_password", "ansible_ssh_pass"):
        value = said.get(key)
        if isinstance(value, (str, int)) and str(value):
            if "\n" in str(value):
                raise _UnfitError(key, "***")
            return str(value)
        if value:
            # Out of a vault, which this tool has no key to.
            raise _UnfitError(key, "***")
    return ""


def _arguments(said: Mapping[str, object]) -> str:
    found: list[str] = []
    for key in ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args"):
        value = said.get(key)
        if value:
            found += _options(key, str(value))
    return shlex.join(found)


def _options(key: str, text: str) -> list[str]:
    """Return ssh's arguments one by one; those that could run a command are not let through."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise _UnfitError(key, text) from None
    found: list[str] = []
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            found.append(word)
            continue
        letter, value = word[:2], word[2:] or (words.pop(0) if words else "")
        if not _harmless(letter, value):
            raise _UnfitError(key, text)
        found += [letter, value]
    return found


def _harmless(letter: str, value: str) -> bool:
    if letter == "-F":
        return _PATH.fullmatch(value) is not None and _own(Path(value).expanduser())
    pattern = _WITH_VALUE.get(letter)
    return pattern.fullmatch(value) is not None if pattern else letter == "-o" and _option(value)


def _own(path: Path) -> bool:
    """Whether nobody but this person (or root) wrote a file: a configuration may run commands."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return stat.st_uid in {0, os.getuid()} and not stat.st_mode & 0o022


def _option(text: str) -> bool:
    found = re.fullmatch(r"([A-Za-z]+)(?:\s*=\s*|\s+)(.+)", text)
    return (
        found is not None
        and found[1].lower() in _OPTIONS
        and _VALUE.fullmatch(found[2]) is not None
    )
