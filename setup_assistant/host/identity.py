"""Who and where: what a report that is handed on must not say.

The computer knows more of its people than any text tells: accounts and their full names, who git
says writes here, which computers ssh went to, numbers of its own.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host import lenient

_ACCOUNTS = ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "SLURM_JOB_USER", "SLURM_JOB_ACCOUNT",
             "PBS_O_LOGNAME", "JUPYTERHUB_USER", "GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME",
             "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", "EMAIL", "DEBFULLNAME",
             "DEBEMAIL")  # fmt: skip
_COMPUTERS = ("HOSTNAME", "HOST", "COMPUTERNAME", "USERDOMAIN", "USERDNSDOMAIN", "SLURMD_NODENAME",
              "PBS_O_HOST", "SLURM_SUBMIT_HOST", "NODE_NAME")  # fmt: skip
_GIT = re.compile(r"(?m)^\s*(?:name|email)\s*=\s*\"?([^\"\n]+?)\"?\s*$")
_SSH = re.compile(r"(?mi)^[ \t]*(host(?:name)?|user)[ \t=]+(.+?)[ \t]*$")
# What tells a name of a computer from a word: `gpu-3`, `lab.example`.
_NUMBERED = re.compile(r"(?=.*[\d.-])[A-Za-z][\w.-]{2,}")
# "Default string" is none.
_NUMBER = re.compile(r"(?=.*\d)[\w-]{5,64}")
_OF_THE_BOARD = ("product_serial", "product_uuid", "board_serial", "chassis_serial")
_NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt")
_FIRST_PERSON, _NOBODY = 1000, 65534
_MOST_CHARS, _MOST = 262144, 500


@dataclass(frozen=True)
class Known:
    """What this computer knows of itself: accounts and people, computers, numbers."""

    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def names() -> tuple[str, str, str]:
    """Return the account, the computer and the home folder; empty where one is not known."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # no account for this number, as in containers
        user = ""
    return user, platform.node(), str(Path.home())


def known() -> Known:
    """Return whatever this computer can tell of its people, its neighbours and itself."""
    user, host, home = names()
    told = gathered(os.environ, Path(home), Path("/"))
    return Known(
        users=(user, *told.users),
        hosts=(host, host.partition(".")[0], socket.gethostname(), *told.hosts),
        numbers=told.numbers,
    )


def gathered(environ: Mapping[str, str], home: Path, root: Path) -> Known:
    """Return what variables, the files below a home folder and those of the system tell.

    Args:
        environ: the variables.
        home: whose settings of git and ssh are read.
        root: where `etc`, `sys` and `proc` lie.
    """
    ssh = _text(home / ".ssh/config")
    users = [*(environ.get(n, "") for n in _ACCOUNTS), *_people(_text(root / "etc/passwd"))]
    users += [m[2] for m in _SSH.finditer(ssh) if m[1].lower() == "user"]
    for path in (home / ".gitconfig", home / ".config/git/config"):
        users += _GIT.findall(_text(path))
    hosts = [environ.get(n, "") for n in _COMPUTERS]
    hosts += [_text(root / "etc/hostname"), *_neighbours(root), *_visited(ssh, home)]
    return Known(*(tuple(dict.fromkeys(filter(None, t)))[:_MOST]
                   for t in (users, hosts, list(_numbers(root)))))  # fmt: skip


def _text(path: Path) -> str:
    return lenient.text(path)[:_MOST_CHARS]


def _people(passwd: str) -> Iterator[str]:
    """Yield the accounts of people and their full names."""
    for line in passwd.splitlines():
        parts = line.split(":")
        person = len(parts) > 6 and parts[2].isdigit() and not parts[6].endswith(_NO_LOGIN)
        if person and _FIRST_PERSON <= int(parts[2]) < _NOBODY:
            yield from (parts[0], parts[4].partition(",")[0])


def _neighbours(root: Path) -> Iterator[str]:
    """Yield the names in `/etc/hosts` and the domain of this network."""
    for line in _text(root / "etc/hosts").splitlines():
        address, *said = line.partition("#")[0].split()[:8] or ("",)
        if address and not address.startswith(("127.", "::1", "ff", "fe00")):
            yield from _shaped(said)
    for line in _text(root / "etc/resolv.conf").splitlines():
        if line.startswith(("search ", "domain ")):
            yield from _shaped(line.split()[1:])


def _visited(ssh: str, home: Path) -> Iterator[str]:
    """Yield the computers that ssh knows."""
    for found in _SSH.finditer(ssh):
        if found[1].lower() != "user":
            yield from _shaped(found[2].split())
    for line in _text(home / ".ssh/known_hosts").splitlines():
        said = line.split(None, 1)[0] if line.strip() else ""
        yield from _shaped(re.sub(r"\[|\](?::\d+)?", "", said).split(","))


def _shaped(said: Iterable[str]) -> Iterator[str]:
    return (name for name in said if _NUMBERED.fullmatch(name))


def _numbers(root: Path) -> Iterator[str]:
    """Yield what numbers this computer alone: of itself, of its board, of its network cards."""
    board = root / "sys/class/dmi/id"
    for path in (root / "etc/machine-id", *(board / name for name in _OF_THE_BOARD)):
        if _NUMBER.fullmatch(number := _text(path)):
            yield number
    for path in sorted((root / "sys/class/net").glob("*/address"))[:64]:
        address = _text(path)
        if set(address) - set("0:f"):
            # With marks it is known by its form.
            yield address.replace(":", "")
