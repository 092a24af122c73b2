"""What one run of a fleet is written to: the role, its hosts, its job, settings of the engine."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.agent.build import ARCHS, Agent, build
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.role import write_role
from setup_assistant.host import files

# Seconds that one question waits on the host before it is asked again.
WAIT_SECONDS = 5
# A connection must stand within 8 s, and a silent host is noticed after 3 x 3 s.
SSH_ARGS = (
    "-o ControlMaster=auto -o ControlPersist=20s -o StrictHostKeyChecking=yes "
    "-o ConnectTimeout=8 -o ConnectionAttempts=1 -o ServerAliveInterval=3 "
    "-o ServerAliveCountMax=3 -o TCPKeepAlive=yes -o PermitLocalCommand=no"
)

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
    the job. `become`: as root, by sudo. `tool`: leave the tool there under its name.
    `env` are variables for the commands.
    `timeout`: seconds after which a host is given up; its job goes on there.
    """

    title: str
    commands: tuple[tuple[str, ...], ...]
    needs_uv: bool = False
    stop: bool = True
    become: bool = False
    tool: bool = False
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
    asked = {
        "run": secrets.token_hex(8),
        "commands": [list(c) for c in job.commands],
        "env": dict(job.env),
        "stop": job.stop,
        "tool": job.tool,
        "wait": WAIT_SECONDS,
    }
    write_role(folder, job.title, _agents(job), become=job.become)
    # Given as extra variables, which the role's own cannot outdo; the job is no template.
    variables = {
        "__setup_assistant_job": base64.b64encode(json.dumps(asked).encode()).decode(),
        "__setup_assistant_nonce": "{{ nonce }}",
        "setup_assistant_timeout": round(job.timeout),
    }
    files.write_json(folder / "job.json", variables)
    (folder / "ansible.cfg").write_text(
        _CONFIG.format(folder=folder, ssh_args=SSH_ARGS, control=control), encoding="utf-8"
    )
    nonces = {h.name: secrets.token_hex(16) for h in hosts}
    hidden: dict[str, str] = {}
    entries = {h.name: _entry(h, nonces[h.name], hidden, become=job.become) for h in hosts}
    files.write_json(folder / "hosts.json", {"all": {"hosts": entries}})
    return Written(folder=folder, nonces=nonces, secrets=hidden)


def _agents(job: Job) -> dict[str, Agent]:
    """Return the agents by processor; only those that carry uv differ by it."""
    if not job.needs_uv:
        return {"any": build()}
    built = {arch: build(arch) for arch in ARCHS}
    return {**built, "any": built[ARCHS[0]]}


def _entry(host: Host, nonce: str, hidden: dict[str, str], *, become: bool) -> dict[str, object]:
    """Return the variables of one host; every value was checked, none is a template.

    Passwords go to `hidden`, by the variable that holds them in this process's environment.
    """
    entry: dict[str, object] = {"nonce": nonce}
    if host.local:
        entry["ansible_connection"] = "local"
    said = {
        "ansible_host": host.address,
        "ansible_port": host.port,
        "ansible_user": host.user,
        "ansible_ssh_private_key_file": host.key,
        "ansible_ssh_extra_args": host.ssh_args,
        "setup_assistant_python": host.python,
    }
    entry.update((key, value) for key, value in said.items() if value)
    if become:
        root = host.become
        said = {"ansible_become_user": root.user, "ansible_become_method": root.method}
        entry.update((key, value) for key, value in said.items() if value)
        if root.password:
            entry["ansible_become_password"] = _hide(root.password, hidden)
    if host.password:
        entry["ansible_password"] = _hide(host.password, hidden)
    else:
        # Without a password nothing is asked for, so that nobody waits for an answer.
        entry["ansible_ssh_common_args"] = "-o BatchMode=yes"
    return entry


def _hide(password: str, hidden: dict[str, str]) -> str:
    """Return what stands in a file for a password: the name of a variable."""
    name = f"SETUP_ASSISTANT_SECRET_{len(hidden)}"
    hidden[name] = password
    return f"{{{{ lookup('env', '{name}') }}}}"
