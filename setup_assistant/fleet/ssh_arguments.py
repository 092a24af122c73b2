"""Arguments of ssh that an inventory may give: none of them runs a command.

ssh obeys what comes first, and ours come before: keys are checked whatever an inventory says.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from setup_assistant.messages import Message, msg

ADDRESS = re.compile(r"[A-Za-z0-9:_][A-Za-z0-9.:%_-]{0,252}", re.ASCII)
# With the domain before it, as hosts of an Active Directory have it.
USER = re.compile(r"(?:[A-Za-z0-9_.-]+\\)?[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}", re.ASCII)
PATH = re.compile(r"[\w./~][\w./~+@:=, -]{0,1000}")
_VALUE = re.compile(r"[\w./~][\w./~+@:=,*%-]{0,1000}")
# A list of algorithms may add to the usual ones, take from them, or go before them.
_LIST = re.compile(rf"[+^-]?{_VALUE.pattern}")
_ONWARD = {"%h:%p", "[%h]:%p"}
_JUMP = msg(
    "Give the host on the way as a jump host: ansible_ssh_common_args='-J user@gate'. Another "
    "program belongs into your ~/.ssh/config, which counts here."
)
_CONFIG = msg(
    "A file of ssh's settings counts where it is there and only you can write it; yours in "
    "~/.ssh/config count anyway."
)
# Options of ssh(1) and ssh_config(5) that an inventory may give: none of them runs a command.
_FLAGS = {"-4", "-6", "-C", "-q", "-v", "-T", "-n", "-K"}
# Left out: nothing here needs the person's agent or screen on a host.
_IDLE = {"-A", "-a", "-X", "-x", "-Y", "-t", "-tt"}
_WITH_VALUE = {"-i": PATH, "-J": _VALUE, "-l": USER, "-p": re.compile(r"\d{1,5}")}
_OPTIONS = {
    "addressfamily", "batchmode", "bindaddress", "bindinterface", "checkhostip", "ciphers",
    "compression", "connectionattempts", "connecttimeout", "controlmaster", "controlpath",
    "controlpersist", "globalknownhostsfile", "gssapiauthentication", "hostkeyalgorithms",
    "hostkeyalias", "hostname", "identitiesonly", "identityfile", "ipqos", "kexalgorithms",
    "loglevel", "macs", "numberofpasswordprompts", "passwordauthentication", "port",
    "preferredauthentications", "proxyjump", "pubkeyacceptedalgorithms", "pubkeyauthentication",
    "serveralivecountmax", "serveraliveinterval", "tcpkeepalive", "updatehostkeys", "user",
    "userknownhostsfile",
    "addkeystoagent", "canonicalizehostname", "certificatefile", "identityagent", "requesttty",
    "gssapidelegatecredentials", "hashknownhosts", "kbdinteractiveauthentication", "rekeylimit",
    "sendenv", "visualhostkey",
    # Their names in older releases, and what old servers need.
    "casignaturealgorithms", "challengeresponseauthentication", "clearallforwardings",
    "compressionlevel", "fingerprinthash", "hostbasedacceptedalgorithms",
    "hostbasedauthentication", "hostbasedkeytypes", "protocol", "pubkeyacceptedkeytypes",
    "requiredrsasize",
}  # fmt: skip
# Without effect: keys are always checked, and the person's agent and screen stay here.
_LEFT_OUT = {"forwardagent", "forwardx11", "forwardx11trusted", "stricthostkeychecking"}


class UnfitError(Exception):
    """A value that is not let through, by its key; `remedy` where it is not the usual one."""

    def __init__(self, key: str, value: object, remedy: Message | None = None) -> None:
        super().__init__(key)
        self.key, self.value, self.remedy = key, value, remedy


def arguments(said: Mapping[str, object]) -> str:
    """Return what an inventory gives ssh besides, one shell's line.

    Raises:
        UnfitError: for what could run a command or weaken the check of host keys.
    """
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
        raise UnfitError(key, text) from None
    found: list[str] = []
    while words:
        word = words.pop(0)
        if word in _FLAGS:
            found.append(word)
        if word in _FLAGS | _IDLE:
            continue
        letter, value = word[:2], word[2:] or (words.pop(0) if words else "")
        if letter == "-o" and (jump := _jump(value)):
            found += ["-o", f"ProxyCommand={jump}"]
        elif _is_idle(letter, value):
            continue
        elif not _harmless(letter, value):
            proxy = letter == "-o" and value.lower().startswith("proxycommand")
            remedy = _JUMP if proxy else _CONFIG if letter == "-F" else None
            raise UnfitError(key, text, remedy)
        else:
            found += [letter, value]
    return found


def _jump(value: str) -> str:
    """Return the usual way over a jump host, `ProxyCommand=ssh -W %h:%p …`, spelled anew.

    A shell runs it: each word is one of ssh's own harmless arguments, or the host. Empty: it is
    something else.
    """
    found = re.fullmatch(r"(?i)proxycommand\s*[=\s]\s*(?:/usr/bin/)?ssh\s+(.*)", value)
    try:
        words = shlex.split(found[1]) if found else []
        ways = [i for i, w in enumerate(words[:-1]) if w == "-W" and words[i + 1] in _ONWARD]
        if len(ways) != 1:
            return ""
        del words[ways[0] : ways[0] + 2]
        hosts = [i for i, _w in enumerate(words) if _is_host(words, i)]
        if len(hosts) != 1:
            return ""
        host = words.pop(hosts[0])
        rest = _options("ProxyCommand", shlex.join(words))
    except (ValueError, UnfitError):
        return ""
    # What comes first counts for ssh: a key that is not known is not taken on the way either.
    return f"ssh -o StrictHostKeyChecking=yes {shlex.join(rest)} -W [%h]:%p {shlex.quote(host)}"


def _is_host(words: list[str], place: int) -> bool:
    user, at, address = words[place].rpartition("@")
    if place and words[place - 1] in {"-o", "-F", *_WITH_VALUE}:
        return False
    return ADDRESS.fullmatch(address) is not None and (not at or USER.fullmatch(user) is not None)


def _is_idle(letter: str, value: str) -> bool:
    """Whether an option is without effect here, and left out."""
    name, _equals, said = re.sub(r"\s*=\s*|\s+", "=", value.strip(), count=1).partition("=")
    nowhere = name.lower() in {"userknownhostsfile", "globalknownhostsfile"} and said == "/dev/null"
    return letter == "-o" and (nowhere or name.lower() in _LEFT_OUT)


def _harmless(letter: str, value: str) -> bool:
    if letter == "-F":
        return PATH.fullmatch(value) is not None and _own(Path(value).expanduser())
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
        found is not None and found[1].lower() in _OPTIONS and _LIST.fullmatch(found[2]) is not None
    )
