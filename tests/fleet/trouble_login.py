"""What goes wrong between a login and the first answer, each done for real to a host of the rig."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.fleet.rig import USER, Host, Lab
from tests.fleet.trouble import BASH, HOME, Act, Trouble, inside, nothing, shell, sshd


def bashrc(*lines: str) -> Act:
    """Return what gives the account bash, and these lines at each of its starts."""
    text = "\n".join(lines)
    return inside(f"cat > {HOME}/.bashrc <<'END'\n{text}\nEND", BASH)


def key(name: str, *, mode: int = 0o600, passphrase: str = "") -> Act:
    """Return what lays a copy of the lab's key beside it."""

    def act(lab: Lab, _host: Host) -> None:
        path = Path(shutil.copy(lab.key, lab.folder / name))
        path.chmod(0o600)
        change = ["ssh-keygen", "-q", "-p", "-P", "", "-N", passphrase, "-f", str(path)]
        subprocess.run(change, check=True, stdout=subprocess.DEVNULL)
        path.chmod(mode)

    return act


def revoke(lab: Lab, host: Host) -> None:
    """Mark the host's key as one that is to be trusted no more."""
    lines = lab.known_hosts.read_text().splitlines()
    marked = [f"@revoked {n}" if n.startswith(f"{host.address} ") else n for n in lines]
    lab.known_hosts.write_text("\n".join(marked) + "\n")


def settings(name: str, line: str) -> Act:
    """Return what writes settings of ssh here, such as a program that leads to the host."""

    def act(lab: Lab, _host: Host) -> None:
        path = lab.folder / name
        path.write_text(f"{line}\nUserKnownHostsFile {lab.known_hosts}\n")
        path.chmod(0o600)

    return act


STDLIB = "place=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path(\"stdlib\"))')"
_OURS = f"{HOME}/.cache/setup-assistant/fleet"
_KEY, _ARGUMENTS = "ansible_ssh_private_key_file", "ansible_ssh_common_args"
_DAMAGES = """setsid /usr/bin/python3 -c "import os, socket
s = socket.create_server(('', 22))
while True:
    c = s.accept()[0]
    try:
        c.sendall(b'SSH-2.0-switch' + bytes([13, 10])); c.recv(999)
        c.sendall(bytes([255]) * 400); c.recv(9999)
    except OSError: pass
    c.close()
" > /dev/null 2>&1"""
_VERSION_1 = """setsid /usr/bin/python3 -c "import socket, time
s = socket.create_server(('', 22))
while True:
    c = s.accept()[0]; c.sendall(b'SSH-1.5-switch' + bytes([10])); time.sleep(0.3); c.close()
" > /dev/null 2>&1"""
# What a machine does that lets nothing of an account go on after its logout.
_REAPS = """setsid /usr/bin/python3 -c "import os, time
def ours():
    for pid in filter(str.isdigit, os.listdir('/proc')):
        stat = open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()
        if os.stat(f'/proc/{pid}').st_uid == 4711 and stat[1] == '1': os.kill(int(pid), 9)
while True:
    try: ours()
    except OSError: pass
    time.sleep(0.1)" > /dev/null 2>&1 &"""
LOGIN = (
    Trouble(name="umask 777", code="umask_closed", begin=bashrc("umask 777")),
    Trouble(name="8 open files", code="host_limit", begin=bashrc("ulimit -n 8")),
    Trouble(name="a small stack", code="host_limit", begin=bashrc("ulimit -s 64")),
    Trouble(name="no files of any size", code="host_limit", begin=bashrc("ulimit -f 0")),
    Trouble(name="a password that must be changed", code="password_expired",
            begin=sshd("UsePAM yes",
                       then=f"sed -i 's/^{USER}:.*/{USER}:*:0:0:99999:7:::/' /etc/shadow"),
            needs="chage"),
    Trouble(name="an account that PAM refuses", code="login_closed",
            begin=sshd("UsePAM yes",
                       then=f"sed -i 's/^{USER}:.*/{USER}:*:19000:0:99999:7::1:/' /etc/shadow"),
            needs="chage"),
    Trouble(name="an old key exchange alone", code="ssh_no_method",
            begin=sshd("KexAlgorithms diffie-hellman-group1-sha1")),
    Trouble(name="a login that opens brackets", code="",
            begin=bashrc("echo '[lab] welcome'", "echo '{ no json'")),
    Trouble(name="a login that prints bytes", code="",
            begin=bashrc("seq 40000 | tr '0-9' '\\\\200-\\\\211'", "echo '{'")),
    Trouble(name="a /dev/null of root", code="null_device",
            begin=inside("touch /run/no", "chmod 600 /run/no", "mount --bind /run/no /dev/null")),
    Trouble(name="a file in the place of a folder", code="home_blocked",
            begin=inside(f"mkdir -p {HOME}/.cache; rm -rf {HOME}/.cache/*",
                         f"touch {HOME}/.cache/setup-assistant; chown -R {USER} {HOME}/.cache")),
    Trouble(name="a second factor", code="login_refused",
            begin=sshd("PasswordAuthentication yes", "AuthenticationMethods publickey,password")),
    Trouble(name="a key that all may read", code="key_unusable", begin=key("open", mode=0o644),
            variables={_KEY: "{folder}/open"}),
    Trouble(name="a key with a passphrase", code="key_unusable",
            begin=key("locked", passphrase="secret"), variables={_KEY: "{folder}/locked"}),
    Trouble(name="the public half of a key", code="key_unusable", begin=nothing,
            variables={_KEY: "{folder}/id.pub"}),
    Trouble(name="a folder of ours that is read-only", code="home_not_writable",
            begin=inside(f"mkdir -p {_OURS}; chown -R {USER} {HOME}/.cache",
                         f"mount --bind {_OURS} {_OURS}; mount -o remount,bind,ro {_OURS}")),
    Trouble(name="a folder of Ansible's that is root's", code="",
            begin=inside(f"rm -rf {HOME}/.ansible; mkdir -m 755 {HOME}/.ansible")),
    Trouble(name="a web server on the port", code="no_ssh_server",
            begin=inside("cd /srv; setsid python3 -m http.server 2222 > /dev/null 2>&1 & sleep 1"),
            variables={"ansible_port": "2222"}),
    Trouble(name="an address that is not let in", code="ssh_closes",
            begin=inside("echo 'sshd: ALL' > /etc/hosts.deny; echo > /etc/hosts.allow")),
    Trouble(name="a root without a shell", code="no_command", begin=sshd("ChrootDirectory /srv")),
    Trouble(name="a shell for git alone", code="no_command", begin=shell("/usr/bin/git-shell"),
            needs="git-shell"),
    Trouble(name="little memory for a process", code="host_limit", begin=bashrc("ulimit -v 60000")),
    Trouble(name="no time of the processor", code="host_limit", begin=bashrc("ulimit -t 0")),
    Trouble(name="no home folder", code="home_unknown", begin=bashrc("unset HOME")),
    Trouble(name="a command for the key alone", code="login_script",
            begin=inside(f"sed -i 's#^#command=\"/bin/true\" #' {HOME}/.ssh/authorized_keys")),
    Trouble(name="too many logins", code="host_limit",
            begin=sshd("UsePAM yes",
                       then=f"echo '{USER} - maxlogins 0' > /etc/security/limits.conf"),
            needs="chage"),
    Trouble(name="a revoked key of the host", code="host_key_refused", begin=revoke),
    Trouble(name="a program on the way that is missing", code="jump_failed",
            begin=settings("missing", "ProxyCommand no-such-program %h %p"),
            variables={_ARGUMENTS: "'-F {folder}/missing'"}),
    Trouble(name="a program on the way that waits", code="host_down",
            begin=settings("waits", "ProxyCommand sleep 600"),
            variables={_ARGUMENTS: "'-F {folder}/waits'"}),
    Trouble(name="settings of ssh that are wrong", code="ssh_settings",
            begin=settings("wrong", "ProxyComand nc %h %p"),
            variables={_ARGUMENTS: "'-F {folder}/wrong'"}),
    Trouble(name="a cache that leads to itself", code="home_blocked",
            begin=inside(f"rm -rf {HOME}/.cache; ln -s .cache {HOME}/.cache")),
    Trouble(name="an SSH server of version 1", code="ssh_no_method",
            begin=inside("kill -9 $(cat /run/rig.pid)", f"{_VERSION_1} & sleep 1")),
    Trouble(name="a Python that waits", code="host_stuck",
            begin=inside(STDLIB, "rm -f $place/sitecustomize.py",
                         "echo 'import time; time.sleep(600)' > $place/sitecustomize.py")),
    Trouble(name="nothing after the logout", code="job_died", begin=inside(_REAPS)),
    Trouble(name="a root that is the account's own", code="session_closed",
            begin=sshd(f"ChrootDirectory {HOME}")),
    Trouble(name="packets that are damaged", code="ssh_garbled",
            begin=inside("kill -9 $(cat /run/rig.pid)", f"{_DAMAGES} & sleep 1")),
    # These work all the same.
    Trouble(name="a login of four seconds", code="", begin=bashrc("sleep 4")),
    Trouble(name="a Python that greets", code="",
            begin=inside(STDLIB, "rm -f $place/sitecustomize.py",
                         "echo 'print(\"Lab image\")' > $place/sitecustomize.py")),
    Trouble(name="processes that hide", code="",
            begin=inside("mount -o remount,hidepid=2 /proc")),
)  # fmt: skip
