"""Everything that goes wrong in rooms, done for real to hosts, is told for what it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import trouble, trouble_login
from tests.fleet.rig import Lab
from tests.fleet.trouble import Trouble

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Fleet = Callable[..., dict[str, Any]]
Command = Callable[..., "subprocess.Popen[str]"]
BEFORE = tuple(t for t in trouble.BEFORE if t.possible())
LOGIN = tuple(t for t in trouble_login.LOGIN if t.possible())
MIDDLE = tuple(t for t in trouble.MIDDLE if t.possible())


@pytest.fixture
def ward(_rig: None, tmp_path: Path) -> Iterator[Lab]:
    """One host for every trouble, and a healthy one; new for each test, which breaks some."""
    count = max(len(BEFORE), len(MIDDLE)) + 1
    lab = Lab(tmp_path / "ward", [f"pc{i:02}" for i in range(count)])
    try:
        for host in lab.hosts.values():
            host.size = "100m"
        lab.start()
        yield lab
    finally:
        lab.close()


def _codes(told: dict[str, Any]) -> dict[str, str]:
    return {h["name"]: h["code"] for h in told["data"]["hosts"]}


def _expected(troubles: dict[str, Trouble], lab: Lab) -> dict[str, str]:
    return {n: troubles[n].code if n in troubles else "" for n in lab.hosts}


def test_what_is_wrong_before_a_run(ward: Lab, fleet: Fleet, tmp_path: Path) -> None:
    troubles = dict(zip(ward.hosts, BEFORE, strict=False))
    inventory = trouble.inventory(ward, tmp_path / "hosts.ini", troubles)
    for name, found in troubles.items():
        found.begin(ward, ward.hosts[name])
    told = fleet("probe", "-i", str(inventory))
    assert _codes(told) == _expected(troubles, ward)
    by_code = {h["code"]: h for h in told["data"]["hosts"]}
    assert "3.8" in by_code["python_too_old"]["reason"]
    changed, unknown = by_code["host_key_changed"], by_code["host_key_unknown"]
    kept = ward.known_hosts
    address = ward.hosts[changed["name"]].address
    assert f'ssh-keygen -R "{address}" -f {kept}' in changed["remedy"]
    address = ward.hosts[unknown["name"]].address
    assert f"ssh-keyscan -p 22 {address} >> {kept}" in unknown["remedy"]
    refused = [h["reason"] for h in told["data"]["hosts"] if h["code"] == "no_command"]
    assert any("backups only" in reason for reason in refused)
    assert any("restricted" in reason for reason in refused)
    trouble.mend(ward, troubles)
    ward.inventory(inventory)
    healed = fleet("probe", "-i", str(inventory), "--limit", "@failed")
    assert healed["exit_code"] == 0, _codes(healed)
    assert set(healed["by_name"]) == {n for n, t in troubles.items() if t.code}


def test_what_a_login_spoils(ward: Lab, fleet: Fleet, tmp_path: Path) -> None:
    names = list(ward.hosts)[: len(LOGIN) + 1]
    troubles = dict(zip(names, LOGIN, strict=False))
    for name, found in troubles.items():
        found.begin(ward, ward.hosts[name])
    every = trouble.inventory(ward, tmp_path / "hosts.ini", troubles)
    told = fleet("probe", "-i", str(every), "--limit", ",".join(names))
    assert _codes(told) == {n: troubles[n].code if n in troubles else "" for n in names}
    said = {troubles[n].name: f"{h['reason']} {h['remedy']} {h['notes']}"
            for n, h in told["by_name"].items() if n in troubles}  # fmt: skip
    for name, word in {
        "umask 777": "umask 0777",
        "8 open files": "ulimit -n: 8",
        "a small stack": "ulimit -s: 64",
        "no files of any size": "ulimit -f: 0",
        "an account that PAM refuses": "expired",
        "an old key exchange alone": "diffie-hellman-group1-sha1",
        "a login that opens brackets": "[lab] welcome",
        "a /dev/null of root": "mknod",
        "a file in the place of a folder": f"{trouble.HOME}/.cache/setup-assistant",
        "a second factor": "AuthenticationMethods",
        "a key that all may read": f"chmod 600 {ward.folder}/open",
        "a key with a passphrase": f"ssh-add {ward.folder}/locked",
        "the public half of a key": f"most likely {ward.folder}/id (",
        "a folder of Ansible's that is root's": f"chown -R NAME {trouble.HOME}/.ansible",
        "a root without a shell": "ChrootDirectory",
        "little memory for a process": "ulimit -v: 60000",
        "no home folder": "HOME=",
        "a command for the key alone": "command=",
        "too many logins": "too many logins",
        "a revoked key of the host": f"@revoked in {ward.known_hosts}",
        "a program on the way that is missing": "no-such-program: not found",
        "a program on the way that waits": "through the program sleep",
        "settings of ssh that are wrong": "line 1: Bad configuration option: proxycomand",
        "an SSH server of version 1": "2 vs. 1",
        "a root that is the account's own": "ChrootDirectory",
        "packets that are damaged": "Bad packet length",
        "a login of four seconds": "s before each command",
        "a Python that waits": "its Python (python3)",
        "nothing after the logout": "enable-linger",
    }.items():
        assert name not in said or word in said[name], said[name]
    trouble.mend(ward, troubles)
    ward.inventory(every)
    healed = fleet("probe", "-i", str(every), "--limit", "@failed")
    assert healed["exit_code"] == 0, _codes(healed)


def test_what_breaks_in_the_middle(
    ward: Lab, command: Command, fleet: Fleet, tmp_path: Path
) -> None:
    names = list(ward.hosts)[: len(MIDDLE) + 1]
    troubles = dict(zip(names, MIDDLE, strict=False))
    inventory = str(ward.inventory(tmp_path / "hosts.ini", names))
    fleet("probe", "-i", inventory)
    for name in names:
        trouble.hold(ward.hosts[name])
    process = command("probe", "-i", inventory, "--json")
    trouble.wait_until_at_work(ward.hosts[n] for n in names)
    for name, found in troubles.items():
        found.begin(ward, ward.hosts[name])
    trouble.go_on(ward.hosts.values())
    told = json.loads(process.communicate(timeout=900)[0])
    assert _codes(told) == {n: troubles[n].code if n in troubles else "" for n in names}
    trouble.mend(ward, troubles)
    healed = fleet("probe", "-i", inventory, "--limit", "@failed")
    assert healed["exit_code"] == 0, _codes(healed)
    assert set(healed["by_name"]) == {n for n, t in troubles.items() if t.code}


def test_a_host_behind_another(ward: Lab, fleet: Fleet, tmp_path: Path) -> None:
    gate, far = (ward.hosts[n] for n in ("pc00", "pc01"))
    far.inside(f"ip route add blackhole {ward.address}/32")
    config = tmp_path / "ssh_config"
    config.write_text(
        f"Host {far.address}\n  ProxyJump lab@{gate.address}\n"
        f"Host *\n  IdentityFile {ward.key}\n  UserKnownHostsFile {ward.known_hosts}\n"
    )
    config.chmod(0o600)
    path = ward.inventory(tmp_path / "hosts.ini", (far.name,))
    text = path.read_text().replace(f"-o UserKnownHostsFile={ward.known_hosts}", f"-F {config}")
    path.write_text(text)

    def code() -> str:
        host: dict[str, str] = fleet("probe", "-i", str(path))["by_name"][far.name]
        return host["code"] + (f" {gate.address}" if gate.address in host["reason"] else "")

    assert code() == ""
    far.inside("kill -9 $(cat /run/rig.pid)")
    assert code() == "no_ssh_server"
    far.pull_cable()
    assert code() == "host_down"
    gate.pull_cable()
    assert code() == f"jump_failed {gate.address}"


def test_a_host_cannot_make_the_engine_run_anything(
    ward: Lab, fleet: Fleet, tmp_path: Path
) -> None:
    mark, host = tmp_path / "mark", ward.hosts["pc02"]
    evil = f"{{{{ lookup('pipe', 'touch {mark}') }}}}"
    lines = ("", "found=3.11", f"python=/{evil}", f"arch={evil}", f"folder=/home/lab/{evil}")
    script = "#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n"
    host.inside(f"cat > /usr/local/bin/evil <<'EVIL'\n{script}EVIL\nchmod 755 /usr/local/bin/evil")
    trouble.shell("/usr/local/bin/evil")(ward, host)
    inventory = ward.inventory(tmp_path / "hosts.ini", ("pc02", "pc03"))
    told = fleet("probe", "-i", str(inventory))
    assert _codes(told) == {"pc02": "agent_failed", "pc03": ""}
    assert not mark.exists()
