"""Inventories as they lie in public repositories: read as Ansible reads them, or refused by name.

Each has the shape of what people publish; the names and addresses are our own.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.fleet import engine, inventory
from setup_assistant.fleet.inventory_rules import Host
from setup_assistant.fleet.inventory_sources import Source

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not engine.available(), reason="Ansible is not installed: .[fleet]"),
]
PASSWORD = "correct horse"
JUMP = "-o 'ProxyCommand=ssh -o StrictHostKeyChecking=yes -i '\"'\"'../key file'\"'\"' -q -W [%h]:%p ec2-user@10.1.0.9'"  # noqa: E501

OLD = "-o PubkeyAcceptedKeyTypes=+ssh-rsa -o HostKeyAlgorithms=+ssh-rsa -o KexAlgorithms=-curve25519-sha256 -o MACs=+hmac-sha1"  # noqa: E501


@dataclass(frozen=True, kw_only=True)
class Case:
    """Files by name (those that end in `.sh` or `.py` are programs), and what is read of them.

    `secret` files are encrypted. `values` are fields of hosts; `refused` are words of the reason or
    the remedy by host.
    """

    name: str
    files: Mapping[str, str]
    paths: tuple[str, ...] = ("hosts",)
    extra: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


# Ways around: another name for a lookup, names that are worked out, other hosts' and files' texts.
ODD = (
    "{% set f = lookup %}{{ f('pipe', 'touch ran') }}",
    "{{ (query)('pipe', 'touch ran') }}",
    "{{ {'f': lookup}.f('pipe', 'touch ran') }}",
    "{{ lookup('env', 'HOME', lookup('pipe', 'touch ran')) }}",
    "{{ ''['_' ~ '_class_' ~ '_'] }}",
    "{{ ''['\\x5f_class_\\x5f'] }}",
    "{{ [''] | map(attribute='_' ~ '_class_' ~ '_') | first }}",
    "{% include 'run.j2' %}",
    "{{ hostvars['p2'].hidden }}",
    "{{ hostvars['p2'].values() | join }}",
    "{{ hostvars['p2']['hid' ~ 'den'] }}",
)
CASES = (
    Case(
        name="ranges, groups of groups, a port and a user",
        files={"hosts": "[web]\nweb[01:03].lab.example ansible_port=2222\n[gpu]\nnode[a:b]\n"
               "[room:children]\nweb\ngpu\n[room:vars]\nansible_user=deploy\n"
               "ansible_ssh_common_args='-o StrictHostKeyChecking=no "
               "-o UserKnownHostsFile=/dev/null -o ForwardAgent=yes -A'\n"},
        values={"web02.lab.example": {"port": 2222, "user": "deploy", "ssh_args": ""},
                "nodea": {"port": None, "groups": ("gpu",)}, "nodeb": {}, "web01.lab.example": {},
                "web03.lab.example": {}},
    ),
    Case(
        name="templates over group variables",
        files={"hosts": "all:\n  children:\n    lab:\n      hosts:\n        pc1: {id: 11}\n"
               "        pc2: {id: 12, ansible_host: 10.9.9.9}\n",
               "group_vars/all.yml": "domain: lab.example\nnet: 10.0.0\n"
               "ansible_host: '{{ net }}.{{ id }}'\nansible_user: \"{{ lookup('env', 'NOBODY') | "
               "default('tech', true) }}\"\nansible_python_interpreter: /usr/bin/env python3\n"},
        values={"pc1": {"address": "10.0.0.11", "user": "tech", "python": "/usr/bin/env python3"},
                "pc2": {"address": "10.9.9.9"}},
    ),
    Case(
        name="passwords in a vault's file",
        files={"hosts": "[lab]\npc1 ansible_host=10.0.0.1\n",
               "group_vars/lab/vars.yml": "ansible_user: root\nansible_become: true\n"
               "ansible_password: '{{ vault_ssh }}'\nansible_become_password: '{{ vault_sudo }}'\n",
               "group_vars/lab/vault.yml": "vault_ssh: s3cret!\nvault_sudo: su d0\n"},
        secret=("group_vars/lab/vault.yml",),
        values={"pc1": {"password": "s3cret!", "user": "root"}},
    ),
    Case(
        name="Windows beside Linux",
        files={"hosts": "[windows]\ndc01 ansible_host=192.168.56.10\n[linux]\npc1\n[windows:vars]\n"
               "ansible_connection=winrm\nansible_winrm_transport=ntlm\nansible_port=5986\n"
               "ansible_winrm_server_cert_validation=ignore\nansible_password=StrongPass!\n"},
        values={"pc1": {}},
        refused={"dc01": "Leave Windows out"},
    ),
    Case(
        name="a jump host in the words of Terraform's guides",
        files={"hosts": "[private]\nnode1 ansible_host=10.0.1.5\n[odd]\nnode2\n[private:vars]\n"
               "ansible_ssh_common_args='-o ProxyCommand=\"ssh -i \\'../key file\\' -W %h:%p -q "
               "-o StrictHostKeyChecking=no ec2-user@10.1.0.9\"'\n[odd:vars]\n"
               "ansible_ssh_common_args='-o ProxyCommand=\"sh -c nc\"'\n"},
        values={"node1": {"ssh_args": JUMP}},
        refused={"node2": "-J user@gate"},
    ),
    Case(
        name="a program that prints it",
        files={"inventory.py": "#!/usr/bin/env python3\nimport json\nprint(json.dumps({'gpu': "
               "{'hosts': ['a', 'b'], 'vars': {'ansible_user': 'x'}}, '_meta': {'hostvars': "
               "{'a': {'ansible_host': '10.0.0.3'}}}}))\n"},
        paths=("inventory.py",),
        values={"a": {"address": "10.0.0.3", "user": "x"}, "b": {"address": ""}},
    ),
    Case(
        name="a plugin over a second inventory",
        files={"hosts": "n1 role=gpu\nn2 role=disk\n",
               "made.constructed.yml": "plugin: ansible.builtin.constructed\nstrict: true\n"
               "groups: {cards: role == 'gpu'}\ncompose: {ansible_user: \"'u-' ~ role\"}\n"},
        paths=("hosts", "made.constructed.yml"),
        values={"n1": {"user": "u-gpu", "groups": ("cards",)}, "n2": {"user": "u-disk"}},
    ),
    Case(
        name="a folder of several, with variables of hosts",
        files={"inv/01-static.ini": "[racks]\nr1\nr2\n",
               "inv/02-made.sh": "#!/bin/sh\necho '{\"racks\": [\"r3\"]}'\n",
               "inv/host_vars/r2.yml": "ansible_host: fd00::2\n"},
        paths=("inv",),
        values={"r1": {}, "r2": {"address": "fd00::2"}, "r3": {}},
    ),
    Case(
        name="this machine, a container, a switch",
        files={"hosts": "localhost ansible_connection=local "
               "ansible_python_interpreter='{{ ansible_playbook_python }}'\n"
               "box ansible_connection=community.docker.docker\n"
               "sw ansible_connection=ansible.netcommon.network_cli ansible_network_os=ios\n"},
        values={"localhost": {"local": True}},
        refused={"box": "ansible_connection", "sw": "leave this host out"},
    ),
    Case(
        name="a cluster's, with a bastion for those behind it",
        files={"hosts.yaml": "all:\n  hosts:\n    node1: {ansible_host: 10.3.0.1, ip: 10.3.0.1}\n"
               "    node2: {ip: 10.3.0.2}\n    bastion: {ansible_host: 203.0.113.9, ansible_user: "
               "cloud}\n  children:\n    kube_node: {hosts: {node1: , node2: }}\n    etcd: {hosts: "
               "{node1: }}\n    calico_rr: {hosts: {}}\n    cluster: {children: {kube_node: , "
               "etcd: }}\n",
               "group_vars/cluster/way.yml": "ansible_host: '{{ ip | string }}'"
               "\nansible_ssh_common_args: \"{% if 'bastion' in groups['all'] %}-o ProxyJump="
               "{{ hostvars['bastion']['ansible_user'] }}@{{ hostvars['bastion'].ansible_host }}"
               '{% endif %}"\n'},
        paths=("hosts.yaml",),
        values={"bastion": {"user": "cloud", "ssh_args": ""},
                "node1": {"address": "10.3.0.1", "groups": ("etcd", "kube_node"),
                          "ssh_args": "-o ProxyJump=cloud@203.0.113.9"},
                "node2": {"address": "10.3.0.2"}},
    ),
    Case(
        name="TOML, with groups in groups",
        files={"hosts.toml": '[all.vars]\nansible_user = "lab"\n[web]\nchildren = ["apache"]\n'
               '[web.vars]\nansible_port = 2022\n[apache.hosts]\ntomcat1 = {}\n'
               'tomcat2 = { ansible_host = "10.7.0.2" }\n[ungrouped.hosts]\nlonely = {}\n'},
        paths=("hosts.toml",),
        values={"tomcat1": {"port": 2022, "user": "lab", "groups": ("apache",)},
                "tomcat2": {"address": "10.7.0.2", "port": 2022}, "lonely": {"port": None}},
    ),
    Case(
        name="old servers and virtual machines, as their guides spell them",
        files={"hosts": "default ansible_host=127.0.0.1 ansible_port=2222 ansible_user='vagrant' "
               "ansible_ssh_private_key_file='/home/u/my boxes/private_key'\n[old]\nc6\n"
               f"[old:vars]\nansible_ssh_common_args='{OLD}'\n[away]\nbehind\n[away:vars]\n"
               "ansible_ssh_common_args='-F ssh-bastion.conf'\n"},
        values={"default": {"key": "/home/u/my boxes/private_key", "port": 2222},
                "c6": {"ssh_args": OLD}},
        refused={"behind": "A file of ssh's settings"},
    ),
    Case(
        name="a value for this run, one that runs a program, one without a value",
        files={"hosts": "p1 ansible_host='{{ site }}-1'\np2 ansible_host=\"{{ hidden }}\" "
               "hidden=\"{{ lookup('pipe', 'touch ran') }}\"\np3 ansible_user='{{ nobody_said }}'\n"
               "p4 ansible_host=\"{{ ''.__class__ }}\"\n"
               "q1 ansible_host=\"{{ hostvars['p1'].net | replace('x', '1') }}.{{ [7, 8][0] }}\"\n"
               "q2 ansible_user='CORP\\lab'\n[all:vars]\nnet=10.x.2\n",
               "odd": "".join(f'r{n} ansible_host="{text}"\n' for n, text in enumerate(ODD)),
               "run.j2": "{{ lookup('pipe', 'touch ran') }}"},
        paths=("hosts", "odd"),
        extra=("site=berlin",),
        values={"p1": {"address": "berlin-1"}, "q1": {"address": "10.1.2.7"},
                "q2": {"user": "CORP\\lab"}},
        refused={"p2": "could run a program", "p3": "without a value", "p4": "could run",
                 **{f"r{n}": "could run" for n in range(len(ODD))}},
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_it_is_read_as_ansible_reads_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay(case)
    vaults = ("password",) if case.secret else ()
    source = Source(paths=case.paths, extra=case.extra, vaults=vaults)
    found = inventory.read(source)
    hosts = {h.name: h for h in found.hosts}
    listed = subprocess.run(
        [*engine.program("ansible-inventory"), *source.arguments(None), "--list"],
        env=engine.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = {
        h for group in json.loads(listed.stdout).values() for h in group.get("hosts", ())
    }  # fmt: skip
    refused = {r.name: f"{r.reason} {r.remedy}" for r in found.refused}
    assert {*hosts, *refused} == theirs
    assert set(hosts) == set(case.values)
    for name, values in case.values.items():
        host = hosts[name]
        assert {k: getattr(host, k) for k in values} == values
    assert set(refused) == set(case.refused)
    for name, words in case.refused.items():
        assert words in refused[name]
    assert not Path("ran").exists()


def lay(case: Case) -> None:
    """Write the files of a case here; secret ones are encrypted."""
    Path("password").write_text(PASSWORD + "\n")
    for name, text in case.files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix in {".sh", ".py"}:
            path.chmod(0o755)
    for name in case.secret:
        command = [*engine.program("ansible-vault"), "encrypt", "--vault-id", "password", name]
        subprocess.run(command, env=engine.environment(), capture_output=True, check=True)


def test_a_vault_opens_with_what_is_typed_and_says_so_where_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (case,) = (c for c in CASES if c.secret)
    lay(case)
    with pytest.raises(SetupError) as caught:
        inventory.read("hosts")
    assert caught.value.code == "inventory_vault"
    (host,) = inventory.read(Source(paths=("hosts",), vault_password=PASSWORD)).hosts
    assert isinstance(host, Host)
    assert (host.become.wanted, host.become.password) == (True, "su d0")
    assert "s3cret" not in repr(host) + repr(host.become)
    # One value of an inventory that is a vault of its own.
    inline = subprocess.run(
        [*engine.program("ansible-vault"), "encrypt_string", "--vault-id", "password", "s3cret!",
         "--name", "ansible_password"],
        env=engine.environment(), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = "\n".join(f"      {line}" for line in inline.splitlines())
    Path("inline.yml").write_text(f"all:\n  hosts:\n    pc1:\n{lines}\n    pc2:\n")
    locked = inventory.read("inline.yml")
    assert [h.name for h in locked.hosts] == ["pc2"]
    assert "ansible_password" in str(locked.refused[0].reason)
    assert "--vault-password-file" in str(locked.refused[0].remedy)
    opened = inventory.read(Source(paths=("inline.yml",), vaults=("password",)))
    assert [h.password for h in opened.hosts] == ["s3cret!", ""]
