"""Everything that goes wrong in rooms, done for real to hosts, is told for what it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import trouble, trouble_login, trouble_system
from tests.fleet.rig import Lab
from tests.fleet.trouble import Trouble

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Fleet = Callable[..., dict[str, Any]]
Command = Callable[..., "subprocess.Popen[str]"]
BEFORE = tuple(t for t in trouble.BEFORE if t.possible())
LOGIN = tuple(t for t in trouble_login.LOGIN if t.possible())
SYSTEM = tuple(t for t in trouble_system.SYSTEM if t.possible())
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
        "a /dev/null of root": "mknod",
        "a file in the place of a folder": f"{trouble.HOME}/.cache/setup-assistant",
        "a second factor": "AuthenticationMethods",
        "a key that all may read": f"chmod 600 {ward.folder}/open",
        "a key with a passphrase": f"ssh-add {ward.folder}/locked",
        "the public half of a key": f"most likely {ward.folder}/id (",
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


def test_what_a_system_spoils(ward: Lab, fleet: Fleet, tmp_path: Path) -> None:
    names = list(ward.hosts)[: len(SYSTEM) + 1]
    troubles = dict(zip(names, SYSTEM, strict=False))
    for name, found in troubles.items():
        found.begin(ward, ward.hosts[name])
    every = str(trouble.inventory(ward, tmp_path / "hosts.ini", troubles))
    told = fleet("probe", "-i", every, "--limit", ",".join(names))
    assert _codes(told) == {n: troubles[n].code if n in troubles else "" for n in names}
    said = {troubles[n].name: f"{h['reason']} {h['remedy']} {h['notes']}"
            for n, h in told["by_name"].items() if n in troubles}  # fmt: skip
    for name, word in {
        "closed for maintenance": "Closed until Monday.",
        "files alone": "sftp connections only",
        "a key from elsewhere": "from=",
        "a locked account": "passwd -S",
        "a login shell that is not installed": "getent passwd",
        "a ~/.ssh/rc that waits": "~/.ssh/rc",
        "a .bashrc that goes into another program": "(exec)",
        "a .bashrc that reads all": "0 of ",
        "a cache that cannot be changed": "lsattr",
        "jobs that are root's": "fleet/jobs",
        "an agent's folder that is root's": "Permission denied",
        "a home folder that is nowhere": "/scratch",
        "a disk that hangs": "dead network share",
        "a Python for a group": "Let every account run python3",
        "a Python without zlib": "zlib",
    }.items():
        assert name not in said or word in said[name], said[name]
    trouble.mend(ward, troubles)
    ward.inventory(tmp_path / "hosts.ini")
    healed = fleet("probe", "-i", every, "--limit", "@failed")
    assert healed["exit_code"] == 0, _codes(healed)


def test_a_first_push_logs_in_twice_before_it_has_started_the_job(
    ward: Lab, fleet: Fleet, tmp_path: Path
) -> None:
    host = ward.hosts["pc00"]
    kinds = ("*b64decode*) echo push", "*ulimit*) echo look", "*--fleet*) echo question",
             "*) echo other")  # fmt: skip
    told = f"case $BASH_EXECUTION_STRING in {';; '.join(kinds)}; esac >> {trouble.HOME}/logins"
    trouble_login.bashrc(told)(ward, host)
    inventory = str(ward.inventory(tmp_path / "hosts.ini", ("pc00",)))

    def logins() -> list[str]:
        assert fleet("probe", "-i", inventory)["exit_code"] == 0
        return host.inside(f"cat {trouble.HOME}/logins; rm {trouble.HOME}/logins").split()

    # A job that takes its time is asked for again; nothing else is a login.
    first, second = logins(), logins()
    assert (first[:2], set(first[2:]) - {"question"}) == (["look", "push"], set())
    assert (second[:2], set(second[2:]) - {"question"}) == (["look", "question"], set())


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
