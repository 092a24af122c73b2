"""The generated playbook and what lies beside it: everything a stock `ansible-playbook` needs."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.agent.build import ARCHS, build
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.host import files

# Seconds that one question waits on the host before it is asked again.
WAIT_SECONDS = 5
# A connection must stand within 8 s, and a silent host is noticed after 3 x 3 s.
SSH_ARGS = (
    "-o ControlMaster=auto -o ControlPersist=20s -o StrictHostKeyChecking=yes "
    "-o ConnectTimeout=8 -o ConnectionAttempts=1 -o ServerAliveInterval=3 "
    "-o ServerAliveCountMax=3 -o TCPKeepAlive=yes -o PermitLocalCommand=no"
)

_TEMPLATE = Path(__file__).with_name("playbook.yml")
_CONFIG = """\
[defaults]
host_key_checking = True
interpreter_python = auto_silent
retry_files_enabled = False
local_tmp = {folder}/.tmp

[ssh_connection]
pipelining = True
retries = 0
usetty = False
ssh_args = {ssh_args}
control_path_dir = {control}
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What every host is to do: argument lists of this tool, one after the other.

    `needs_uv`: the agent carries uv, to make environments. `stop`: a command that fails ends
    the job. `become`: as root, by sudo. `env` are variables for the commands.
    `timeout`: seconds after which a host is given up; its job goes on there.
    """

    title: str
    commands: tuple[tuple[str, ...], ...]
    needs_uv: bool = False
    stop: bool = True
    become: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 6 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Written:
    """A written run: its folder, the nonce of each host, and the passwords by variable."""

    folder: Path
    nonces: Mapping[str, str]
    secrets: Mapping[str, str]


def write(folder: Path, job: Job, hosts: Sequence[Host], control: str) -> Written:
    """Write playbook, hosts, settings and agent into `folder`.

    Args:
        folder: exists, and only its owner can read it.
        job: what to do.
        hosts: checked; their values go into the inventory beside the playbook.
        control: folder of ssh's sockets, whose path must be short.
    """
    agents = _agents(folder, job)
    asked = {
        "run": secrets.token_hex(8),
        "commands": [list(c) for c in job.commands],
        "env": dict(job.env),
        "stop": job.stop,
        "wait": WAIT_SECONDS,
    }
    text = _filled(
        title=job.title,
        agents=json.dumps(agents),
        job=base64.b64encode(json.dumps(asked).encode()).decode(),
        retries=str(max(1, round(job.timeout / WAIT_SECONDS))),
        become="true" if job.become else "false",
        writes=" and to the folder of the deployment" if job.needs_uv else "",
        unless=" (but by sudo, as was asked for)" if job.become else "",
    )
    (folder / "playbook.yml").write_text(text, encoding="utf-8")
    (folder / "ansible.cfg").write_text(
        _CONFIG.format(folder=folder, ssh_args=SSH_ARGS, control=control), encoding="utf-8"
    )
    nonces = {h.name: secrets.token_hex(16) for h in hosts}
    hidden = {f"SETUP_ASSISTANT_SECRET_{i}": h.password for i, h in enumerate(hosts) if h.password}
    entries = {h.name: _entry(i, h, nonces[h.name]) for i, h in enumerate(hosts)}
    files.write_json(folder / "hosts.json", {"all": {"hosts": entries}})
    (folder / "answers").mkdir(exist_ok=True)
    return Written(folder=folder, nonces=nonces, secrets=hidden)


def _filled(**values: str) -> str:
    """Return the playbook with its places filled; all values are our own."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _agents(folder: Path, job: Job) -> dict[str, str]:
    """Put the agents beside the playbook; only those that carry uv differ by processor."""
    built = {a: build(a) for a in ARCHS} if job.needs_uv else {"any": build()}
    for made in built.values():
        shutil.copyfile(made.path, folder / made.name)
    named = {arch: made.name for arch, made in built.items()}
    return {**named, "any": named.get("any") or named["x86_64"]}


def _entry(number: int, host: Host, nonce: str) -> dict[str, object]:
    """Return the variables of one host; every value was checked, none is a template."""
    entry: dict[str, object] = {"nonce": nonce}
    if host.local:
        entry["ansible_connection"] = "local"
    said = {
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": host.user,
        "ansible_ssh_private_key_file": host.key,
        "ansible_ssh_extra_args": host.ssh_args,
        "host_python": host.python,
    }
    entry.update((key, value) for key, value in said.items() if value)
    if host.password:
        # A name, not the password: that stays in this process's environment.
        entry["ansible_password"] = f"{{{{ lookup('env', 'SETUP_ASSISTANT_SECRET_{number}') }}}}"
    else:
        # Without a password nothing is asked for, so that nobody waits for an answer.
        entry["ansible_ssh_common_args"] = "-o BatchMode=yes"
    return entry
