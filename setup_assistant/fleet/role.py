"""The Ansible collection with the role that does a job on a host, and a playbook that uses it.

A fleet's own runs use the same role as a stock `ansible-playbook`: what it believes of a host is
said once.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from setup_assistant import messages
from setup_assistant.agent.build import ARCHS, Agent, build

_COLLECTION = Path(__file__).with_name("collection")
_INSIDE = Path("collections/ansible_collections/setup_assistant/room")
_ROLE = "roles/setup_assistant"
_PLAYBOOK = """\
---
- name: {title}
  hosts: all
  gather_facts: false
  strategy: free
{become}  roles:
    - role: setup_assistant.room.setup_assistant
"""
_CONFIG = """\
[defaults]
host_key_checking = True
forks = 40
interpreter_python = auto_silent
retry_files_enabled = False

[ssh_connection]
pipelining = True
"""


def write_role(folder: Path, title: str, agents: dict[str, Agent], *, become: bool) -> Path:
    """Write collection, agents and playbook into a folder; return the playbook.

    Args:
        folder: exists.
        title: name of the play.
        agents: by processor, `any` for all others.
        become: work as root there.
    """
    target = folder / _INSIDE
    # Bytecode names the folder that it was made in.
    shutil.copytree(_COLLECTION, target, dirs_exist_ok=True, copy_function=shutil.copyfile,
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    files = target / _ROLE / "files"
    files.mkdir(exist_ok=True)
    for agent in {a.name: a for a in agents.values()}.values():
        shutil.copyfile(agent.path, files / agent.name)
    _default(target, "agents", {arch: agent.name for arch, agent in agents.items()})
    playbook = folder / "site.yml"
    text = _PLAYBOOK.format(title=title, become="  become: true\n" if become else "")
    playbook.write_text(text, encoding="utf-8")
    return playbook


def export(
    folder: Path, verb: str, options: Sequence[str], site: str, *, become: bool, tool: bool = False
) -> Path:
    """Write what a stock `ansible-playbook` needs; return the playbook.

    Args:
        folder: is made where it is missing.
        verb: what the role does where nothing else is said.
        options: wishes of plan and apply.
        site: folder of the deployment on the hosts; empty: the default.
        become: work as root there.
        tool: leave the tool there under its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    agents = {arch: build(arch) for arch in ARCHS}
    agents["any"] = agents[ARCHS[0]]
    playbook = write_role(folder, "Setup Assistant", agents, become=become)
    target = folder / _INSIDE
    language = messages.language()
    for name, value in (("verb", verb), ("options", list(options)), ("site", site),
                        ("language", "" if language == "en" else language)):  # fmt: skip
        _default(target, name, value)
    if tool:
        _default(target, "install_tool", tool)
    (folder / "ansible.cfg").write_text(_CONFIG, encoding="utf-8")
    shutil.copyfile(target / "README.md", folder / "README.md")
    return playbook


def _default(target: Path, name: str, value: object) -> None:
    """Give a variable of the role another default; no text of it is a template."""
    path = target / _ROLE / "defaults/main.yml"
    key, kept, inside = f"setup_assistant_{name}:", [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        inside = line.startswith(key) or (inside and line.startswith(" "))
        if line.startswith(key):
            kept += _yaml(key, value)
        elif not inside:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def _yaml(key: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [key, *(f"  {k}: {v}" for k, v in value.items())]
    if isinstance(value, list) and value:
        return [key, *(f"  - {_scalar(v)}" for v in value)]
    return [f"{key} {'[]' if value == [] else _scalar(value)}"]


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = json.dumps(str(value), ensure_ascii=False)
    return f"!unsafe {text}" if "{" in text else text
