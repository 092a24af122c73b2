"""What goes wrong in rooms, each done for real to a host of the rig, and what must be told of it.

Used by the tests (what is told, and that a rerun heals) and by the bench (how soon).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet.rig import USER, Host, Lab

HOME = f"/home/{USER}"
# In each interpreter of a host: the job waits before it probes, until it is told to go on.
HOLD = """\
import os, sys, time

class Hold:
    def find_spec(self, name, path=None, target=None):
        while name == "setup_assistant.machine.probe" and os.path.exists("/run/hold"):
            open("/tmp/at-work", "a").close()
            time.sleep(0.1)

sys.meta_path.insert(0, Hold())
"""
Act = Callable[[Lab, Host], object]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One fault. `code` is what must be told; empty: that it works all the same.

    `needs` is a program without which it cannot be tried; `variables` stand in the inventory,
    with the lab's `{folder}` filled in.
    `mend` takes it away again; without it the host is switched off and on, as it was.
    """

    name: str
    code: str
    begin: Act
    mend: Act | None = None
    needs: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    def possible(self) -> bool:
        """Whether it can be tried on this machine."""
        return not self.needs or shutil.which(self.needs) is not None


def inside(*lines: str) -> Act:
    """Return what runs lines of shell in the host, as root."""
    return lambda _lab, host: host.inside("\n".join(lines))


def sshd(*settings: str, then: str = "true") -> Act:
    """Return what gives the host's SSH server other settings, before its own."""
    lines = "\\n".join(settings)
    return inside(
        f"printf '{lines}\\n' | cat - /etc/ssh/rig_config > /etc/ssh/new",
        "mv /etc/ssh/new /etc/ssh/rig_config",
        "kill -HUP $(cat /run/rig.pid)",
        then,
        "sleep 0.5",
    )


def shell(path: str) -> Act:
    """Return what gives the account another login shell."""
    return inside(f"sed -i 's#^{USER}:\\(.*\\):/bin/sh$#{USER}:\\1:{path}#' /etc/passwd")


def nothing(_lab: Lab, _host: Host) -> None:
    """Do nothing: the trouble is in the inventory."""


def reinstall(lab: Lab, host: Host) -> None:
    """Install it anew: another key, an empty disk."""
    host.stop()
    host.start(lab.key)
    lab.wait_for(host)


def forget(lab: Lab, host: Host) -> None:
    """Forget its key here."""
    lines = lab.known_hosts.read_text().splitlines()
    kept = [line for line in lines if not line.startswith(host.address + " ")]
    lab.known_hosts.write_text("\n".join(kept) + "\n")


def pull(_lab: Lab, host: Host) -> None:
    """Pull its cable."""
    host.pull_cable()


def plug(_lab: Lab, host: Host) -> None:
    """Plug it in again."""
    host.plug_cable()


def switch_off(_lab: Lab, host: Host) -> None:
    """Take its power away: nothing of it answers, not even its network card."""
    host.pull_cable()
    host.stop()


_KEYS = "AuthorizedKeysFile /etc/ssh/rig_keys"
_COPY_KEYS = f"cp {HOME}/.ssh/authorized_keys /etc/ssh/rig_keys"
BASH = f"sed -i 's#^{USER}:\\(.*\\):/bin/sh$#{USER}:\\1:/bin/bash#' /etc/passwd"
CLOSES = """setsid python3 -c "import socket; s = socket.create_server(('', 22))
while True: s.accept()[0].close()" > /dev/null 2>&1"""
FILLS = """setsid python3 -c "import re, socket, time
place = re.search('ListenAddress (.*):22', open('/etc/ssh/rig_config').read())[1]
kept = [socket.create_connection((place, 22)) for _ in range(3)]
time.sleep(600)" > /dev/null 2>&1"""
OLD = "#!/bin/sh\\necho /usr/bin/python3 3 8\\n"

BEFORE = (
    Trouble(name="off", code="host_down", begin=pull, mend=plug),
    Trouble(name="installed anew", code="host_key_changed", begin=reinstall),
    Trouble(name="first contact", code="host_key_unknown", begin=forget),
    Trouble(name="no SSH server", code="no_ssh_server",
            begin=inside("kill -9 $(cat /run/rig.pid)")),
    Trouble(name="port not let through", code="ssh_filtered",
            begin=inside("ip rule add pref 10 ipproto tcp sport 22 blackhole"),
            mend=inside("ip rule del pref 10")),
    Trouble(name="SSH server hangs", code="ssh_hangs", begin=inside("pkill -STOP sshd"),
            mend=inside("pkill -CONT sshd")),
    Trouble(name="unknown name", code="name_unknown", begin=nothing,
            variables={"ansible_host": "no-such-machine.invalid"}),
    Trouble(name="wrong account", code="login_refused", begin=nothing,
            variables={"ansible_user": "nobody-here"}),
    Trouble(name="account expired", code="login_refused",
            begin=inside(f"sed -i 's/^{USER}:.*/{USER}:*:19000:0:99999:7::1:/' /etc/shadow")),
    Trouble(name="no login", code="no_command",
            begin=shell("/usr/sbin/nologin")),
    Trouble(name="a forced command", code="no_command",
            begin=sshd('ForceCommand echo "This host is for backups only"')),
    Trouble(name="a .bashrc that exits", code="login_script",
            begin=inside(f"printf 'exit 1' > {HOME}/.bashrc", BASH)),
    Trouble(name="a .bashrc that sleeps", code="host_stuck",
            begin=inside(f"printf 'sleep 600' > {HOME}/.bashrc", BASH)),
    Trouble(name="a limit of processes", code="host_limit",
            begin=inside(f"printf 'ulimit -u 1' > {HOME}/.bashrc", BASH)),
    Trouble(name="a login that waits", code="login_slow",
            begin=sshd("AuthorizedKeysCommand /usr/bin/wait", "AuthorizedKeysCommandUser root",
                       "AuthorizedKeysFile none",
                       then="printf '#!/bin/sh\\nsleep 20' > /usr/bin/wait; "
                            "chmod 755 /usr/bin/wait")),
    Trouble(name="a server that closes", code="ssh_closes",
            begin=inside("kill -9 $(cat /run/rig.pid)", f"{CLOSES} & sleep 0.5")),
    Trouble(name="a restricted shell", code="no_command", begin=shell("/bin/rbash")),
    Trouble(name="disk full", code="disk_full",
            begin=inside(f"dd if=/dev/zero of={HOME}/big bs=1M 2>/dev/null"),
            mend=inside(f"rm {HOME}/big")),
    Trouble(name="disk nearly full", code="disk_full",
            begin=inside(f"dd if=/dev/zero of={HOME}/big bs=1M 2>/dev/null",
                         f"truncate -s -12M {HOME}/big"),
            mend=inside(f"rm {HOME}/big")),
    Trouble(name="home read-only", code="home_not_writable",
            begin=inside(f"mount --bind {HOME} {HOME}", f"mount -o remount,bind,ro {HOME}")),
    Trouble(name="home missing", code="home_not_writable",
            begin=sshd(_KEYS, then=f"{_COPY_KEYS}; mv {HOME} /root/away")),
    Trouble(name="no Python", code="python_missing", begin=inside("rm -f /usr/bin/python3*")),
    Trouble(name="Python too old", code="python_too_old",
            begin=inside(f"rm -f /usr/bin/python3.1*; printf '{OLD}' > /usr/bin/python3.new",
                         "mv /usr/bin/python3.new /usr/bin/python3; chmod 755 /usr/bin/python3")),
    Trouble(name="a Python that crashes", code="python_partial",
            begin=inside("rm -f /usr/bin/python3*; cd /usr/bin",
                         "printf '#!/bin/sh\\nkill -SEGV $$\\n' > python3; chmod 755 python3")),
    Trouble(name="no sessions", code="no_command", begin=sshd("MaxSessions 0")),
    Trouble(name="part of Python", code="python_partial",
            begin=inside("rm -rf /usr/lib/python3*/ctypes /usr/lib/python3*/zipfile*",
                         "rm -rf /usr/lib/python3*/__pycache__/zipfile*")),
    Trouble(name="home noexec", code="",
            begin=inside(f"mount --bind {HOME} {HOME}",
                         f"mount -o remount,bind,noexec,nosuid {HOME}")),
    # These work all the same.
    Trouble(name="/tmp noexec", code="",
            begin=inside("mount -o remount,noexec,nosuid,nodev /tmp")),
    Trouble(name="a chatty login", code="",
            begin=inside(
                f"printf 'echo Welcome to the lab; echo arch=none; printf found=none' "
                f"> {HOME}/.bashrc", f"printf 'echo bye' > {HOME}/.bash_logout",
                BASH,
                "sed -i 's#internal-sftp#/usr/lib/openssh/sftp-server#' /etc/ssh/rig_config",
                "kill -HUP $(cat /run/rig.pid); sleep 0.5")),
    Trouble(name="PYTHONHOME for all", code="",
            begin=inside("sed -i 's#^SetEnv .*#SetEnv PYTHONHOME=/none PYTHONPATH=/none#' "
                         "/etc/ssh/rig_config; kill -HUP $(cat /run/rig.pid); sleep 0.5")),
    Trouble(name="a banner", code="",
            begin=sshd("Banner /etc/ssh/banner", "PrintMotd yes",
                       then="echo 'Permission denied to strangers. No space left on device.' "
                            "> /etc/ssh/banner")),
    Trouble(name="no file transfer", code="",
            begin=inside("sed -i /Subsystem/d /etc/ssh/rig_config; rm -f /usr/bin/scp",
                         "kill -HUP $(cat /run/rig.pid); sleep 0.5")),
    Trouble(name="as many logins as it takes", code="ssh_closes",
            begin=inside("sed -i 's/^MaxStartups.*/MaxStartups 1:100:1/' /etc/ssh/rig_config",
                         "kill -HUP $(cat /run/rig.pid); sleep 1", f"{FILLS} & sleep 1")),
    Trouble(name="a home for all to write", code="login_refused",
            begin=inside(f"chmod 777 {HOME}")),
    Trouble(name="a cache that is root's", code="home_not_writable",
            begin=inside(f"rm -rf {HOME}/.cache; mkdir -m 755 {HOME}/.cache")),
    Trouble(name="a cache that leads nowhere", code="home_blocked",
            begin=inside(f"rm -rf {HOME}/.cache; ln -s /scratch/gone {HOME}/.cache")),
    Trouble(name="no inodes", code="disk_full",
            begin=inside(f"rm -rf {HOME}/.cache; mkdir {HOME}/.cache",
                         f"mount -t tmpfs -o nr_inodes=3,mode=777 tmpfs {HOME}/.cache")),
    Trouble(name="a PATH that leads nowhere", code="no_command",
            begin=inside(f"printf 'export PATH=/opt/none' > {HOME}/.bashrc", BASH)),
    Trouble(name="fish", code="", begin=shell("/usr/bin/fish"), needs="fish"),
    Trouble(name="zsh", code="", begin=shell("/usr/bin/zsh"), needs="zsh"),
    Trouble(name="tcsh", code="", begin=shell(shutil.which("tcsh") or "tcsh"), needs="tcsh"),
)  # fmt: skip


def hold(host: Host) -> None:
    """Have its jobs stop in the middle and wait, however fast or slow the machine is."""
    host.inside(
        "place=$(/usr/bin/python3 -c 'import site; print(site.getsitepackages()[-1])')\n"
        "mkdir -p $place\n"
        f"cat > $place/hold.py <<'END'\n{HOLD}END\n"
        "echo import hold > $place/hold.pth; rm -f /tmp/at-work; touch /run/hold"
    )


def go_on(hosts: Iterable[Host]) -> None:
    """Let what waits go on, on all that are switched on."""
    for host in hosts:
        if host.process and host.process.poll() is None:
            host.inside("rm -f /run/hold")


def at_work(host: Host) -> bool:
    """Whether its job is in the middle."""
    return host.inside("test -e /tmp/at-work && echo yes") == "yes\n"


def flap(_lab: Lab, host: Host) -> None:
    """Pull its cable for three seconds; the host itself plugs it in again."""
    host.flap(3)


_JOB = f"-s $(cat {HOME}/.cache/setup-assistant/fleet/jobs/*/session)"
MIDDLE = (
    Trouble(name="cable pulled", code="connection_lost", begin=pull, mend=plug),
    Trouble(name="sshd killed", code="ssh_stopped", begin=lambda _lab, host: host.kill_sshd()),
    Trouble(name="sshd hangs", code="ssh_hangs", begin=inside("pkill -STOP sshd"),
            mend=inside("pkill -CONT sshd")),
    Trouble(name="switched off", code="connection_lost", begin=switch_off),
    Trouble(name="job killed", code="job_died", begin=inside(f"pkill -KILL {_JOB}")),
    Trouble(name="job stopped", code="job_stopped", begin=inside(f"pkill -STOP {_JOB}"),
            mend=inside(f"pkill -CONT {_JOB}")),
    Trouble(name="sshd started anew", code="",
            begin=inside("pkill -KILL sshd; sleep 0.5; /usr/sbin/sshd -f /etc/ssh/rig_config")),
    Trouble(name="a flap of 3 s", code="", begin=flap),
    Trouble(name="sessions cut", code="", begin=inside("pkill -KILL -f '^sshd: lab'")),
    Trouble(name="disk filled", code="disk_full",
            begin=inside(f"dd if=/dev/zero of={HOME}/big bs=1M 2>/dev/null; true")),
    Trouble(name="all of the account killed", code="job_died",
            begin=inside(f"pkill -KILL -u {USER}")),
    Trouble(name="key taken away", code="login_withdrawn",
            begin=inside(f"rm {HOME}/.ssh/authorized_keys; pkill -KILL -f '^sshd: {USER}'")),
)  # fmt: skip


def wait_until_at_work(hosts: Iterable[Host]) -> None:
    """Wait until the jobs of all are in the middle."""
    for host in hosts:
        ends = time.monotonic() + 600
        while not at_work(host):
            assert time.monotonic() < ends, f"the job of {host.name} never started"
            time.sleep(0.1)


def mend(lab: Lab, troubles: Mapping[str, Trouble]) -> None:
    """Take every trouble away, as somebody does who reads its remedy."""
    begun = []
    for name, trouble in troubles.items():
        host = lab.hosts[name]
        if trouble.mend:
            trouble.mend(lab, host)
        elif not trouble.variables:
            host.plug_cable()
            host.stop()
            host.start(lab.key)
            begun.append(host)
    for host in begun:
        lab.wait_for(host)
    lab.trust()


def inventory(lab: Lab, path: Path, troubles: Mapping[str, Trouble]) -> Path:
    """Write the inventory of the lab, with what stands there for each trouble."""
    lab.inventory(path)
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        trouble = troubles.get(line.partition(" ")[0])
        for key, value in trouble.variables.items() if trouble else ():
            kept = [w for w in lines[number].split() if not w.startswith(f"{key}=")]
            lines[number] = " ".join([*kept, f"{key}={value.format(folder=lab.folder)}"])
    path.write_text("\n".join(lines) + "\n")
    return path
