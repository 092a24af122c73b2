"""What a person's own Ansible settings say of the way to the hosts; what does not count is told.

Looked for as Ansible does: ANSIBLE_CONFIG, ansible.cfg here, ~/.ansible.cfg, /etc/ansible; the
variables of the environment win over the file. Values pass the same gate as an inventory's.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.fleet.inventory import Inventory
from setup_assistant.fleet.inventory_rules import Host, Refused, host_of
from setup_assistant.messages import Message, msg

# Variable of the environment → section and key of the file, for all that counts here.
_READ = {
    "ANSIBLE_INVENTORY": ("defaults", "inventory"),
    "ANSIBLE_FORKS": ("defaults", "forks"),
    "ANSIBLE_REMOTE_USER": ("defaults", "remote_user"),
    "ANSIBLE_REMOTE_PORT": ("defaults", "remote_port"),
    "ANSIBLE_PRIVATE_KEY_FILE": ("defaults", "private_key_file"),
    "ANSIBLE_HOST_KEY_CHECKING": ("defaults", "host_key_checking"),
    "ANSIBLE_SSH_ARGS": ("ssh_connection", "ssh_args"),
    "ANSIBLE_SSH_COMMON_ARGS": ("ssh_connection", "ssh_common_args"),
    "ANSIBLE_SSH_EXTRA_ARGS": ("ssh_connection", "ssh_extra_args"),
}
# What somebody may count on, and would miss.
_UNUSED = {
    "ANSIBLE_ASK_PASS": ("defaults", "ask_pass"),
    "ANSIBLE_TRANSPORT": ("defaults", "transport"),
    "ANSIBLE_REMOTE_TMP": ("defaults", "remote_tmp"),
    "ANSIBLE_PYTHON_INTERPRETER": ("defaults", "interpreter_python"),
    "ANSIBLE_BECOME": ("privilege_escalation", "become"),
    "ANSIBLE_BECOME_METHOD": ("privilege_escalation", "become_method"),
    "ANSIBLE_BECOME_USER": ("privilege_escalation", "become_user"),
    "ANSIBLE_SSH_EXECUTABLE": ("ssh_connection", "ssh_executable"),
}
_PATHS = {"inventory", "private_key_file"}
_OFF = {"false", "no", "off", "0", "n", "f"}
_WRITABLE_BY_ALL = 0o002


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What counts, and what does not (`unused`, by key). `path` is the file; empty: none.

    `login` holds account, key, port and ssh's arguments for hosts that name none.
    """

    path: str = ""
    inventory: str = ""
    forks: int | None = None
    login: Host = field(default_factory=lambda: Host(name="all"))
    checks_keys: bool = True
    unused: tuple[str, ...] = ()

    def notes(self) -> Iterator[Message]:
        """Say what a person would not expect."""
        place = self.path or "ANSIBLE_*"
        if not self.checks_keys:
            yield msg("{path} switches off the check of host keys; here they are checked all the "
                      "same.", path=place)  # fmt: skip
        if self.unused:
            yield msg("Of {path} these do not count here: {names}.", path=place,
                      names=", ".join(self.unused))  # fmt: skip


def read() -> Settings:
    """Return the settings of the person who asks, from where they are.

    Raises:
        SetupError: `settings_invalid`.
    """
    path = _found()
    file = _parsed(path) if path else configparser.ConfigParser(interpolation=None)
    said = {place[1]: _value(name, place, file, path) for name, place in _READ.items()}
    where = str(path or "ANSIBLE_*")
    login = host_of("all", {
        "ansible_user": said["remote_user"],
        "ansible_port": said["remote_port"],
        "ansible_private_key_file": said["private_key_file"],
        "ansible_ssh_common_args": " ".join(
            said[k] for k in ("ssh_args", "ssh_common_args", "ssh_extra_args") if said[k]
        ),
    }, ())  # fmt: skip
    if isinstance(login, Refused):
        raise SetupError("settings_invalid", path=where, detail=str(login.reason))
    forks = said["forks"]
    if forks and not (forks.isdigit() and 0 < int(forks) <= 500):
        raise SetupError("settings_invalid", path=where, detail=f"forks = {forks[:80]!r}")
    return Settings(
        path=str(path or ""),
        inventory=said["inventory"],
        forks=int(forks) if forks else None,
        login=login,
        checks_keys=said["host_key_checking"].lower() not in _OFF,
        unused=tuple(p[1] for n, p in _UNUSED.items() if _value(n, p, file, None)),
    )


def logging_in(inventory: Inventory, user: str, key: str, settings: Settings) -> Inventory:
    """Return an inventory whose hosts are entered as was said elsewhere, where it says nothing.

    Args:
        inventory: what it names itself wins.
        user: account given for this run.
        key: file of the key given for this run.
        settings: what counts after these.
    """
    login = settings.login
    hosts = tuple(
        replace(
            h,
            user=h.user or user or login.user,
            key=h.key or key or login.key,
            port=h.port or login.port,
            ssh_args=f"{h.ssh_args} {login.ssh_args}".strip(),
        )
        for h in inventory.hosts
    )
    return replace(inventory, hosts=hosts)


def _found() -> Path | None:
    given = os.environ.get("ANSIBLE_CONFIG")
    here = Path.cwd()
    places = [Path(given).expanduser()] if given else []
    # As Ansible: in a folder where everybody may write, anybody may have written it.
    if not here.stat().st_mode & _WRITABLE_BY_ALL:
        places.append(here / "ansible.cfg")
    places += [Path.home() / ".ansible.cfg", Path("/etc/ansible/ansible.cfg")]
    for place in places:
        file = place / "ansible.cfg" if place.is_dir() else place
        if file.is_file() and os.access(file, os.R_OK):
            return file.absolute()
    return None


def _parsed(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(
        interpolation=None, strict=False, inline_comment_prefixes=(";",)
    )
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error) as error:
        detail = " ".join(str(error).split())
        raise SetupError("settings_invalid", path=str(path), detail=detail) from error
    return parser


def _value(
    name: str, place: tuple[str, str], file: Mapping[str, Mapping[str, str]], path: Path | None
) -> str:
    """Return a setting as it was said; a path in the file is meant from the file's folder."""
    if name in os.environ:
        return os.environ[name].strip()
    section, key = place
    text = str(file[section].get(key, "")).strip() if section in file else ""
    if not text or key not in _PATHS or path is None or "," in text:
        return text
    text = text.replace("{{CWD}}", str(Path.cwd()))
    return str(path.parent / Path(text).expanduser())
