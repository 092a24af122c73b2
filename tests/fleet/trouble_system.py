"""What the system of a host, or its owner, spoils; each done for real to a host of the rig."""

from __future__ import annotations

from tests.fleet.rig import USER
from tests.fleet.trouble import HOME, Trouble, inside, shell, sshd
from tests.fleet.trouble_login import STDLIB, bashrc

_OURS = f"{HOME}/.cache/setup-assistant/fleet"
# The head of a program for aarch64, as a share for all machines may hold it first.
_FOREIGN = "head -c 64 /usr/bin/python3 > python3; printf '\\267' | dd of=python3 bs=1 seek=18"
# A disk that takes nothing more, as a dead share does; it goes on by itself, whatever happens.
_HANGS = f"""truncate -s 60M /run/disk; mkfs.ext4 -q -F /run/disk; mkdir -p /mnt/disk
mount -o loop /run/disk /mnt/disk && chown {USER} /mnt/disk && rm -rf {HOME}/.cache
ln -s /mnt/disk {HOME}/.cache; fsfreeze -f /mnt/disk
(sleep 300; fsfreeze -u /mnt/disk) > /dev/null 2>&1 &"""
SYSTEM = (
    Trouble(name="closed for maintenance", code="login_closed",
            begin=sshd("UsePAM yes", then="echo 'Closed until Monday.' > /etc/nologin"),
            needs="chage"),
    Trouble(name="files alone", code="no_command", begin=sshd("ForceCommand internal-sftp")),
    Trouble(name="a key from elsewhere", code="login_refused",
            begin=inside(f"sed -i 's#^#from=\"192.0.2.7\" #' {HOME}/.ssh/authorized_keys")),
    Trouble(name="a locked account", code="login_refused",
            begin=inside(f"sed -i 's/^{USER}:[*]/{USER}:!/' /etc/shadow")),
    Trouble(name="a login shell that is not installed", code="login_refused",
            begin=shell("/opt/zsh/bin/zsh")),
    Trouble(name="a ~/.ssh/rc that waits", code="host_stuck",
            begin=inside(f"echo 'sleep 600' > {HOME}/.ssh/rc")),
    Trouble(name="a .bashrc that goes into another program", code="no_command",
            begin=bashrc("exec sh -c 'echo open terminal failed: not a terminal; exit 1'")),
    Trouble(name="a .bashrc that reads all", code="push_cut", begin=bashrc("cat > /dev/null")),
    Trouble(name="a cache that cannot be changed", code="home_not_writable",
            begin=inside(f"rm -rf {HOME}/.cache; mkdir {HOME}/.cache",
                         f"chown {USER} {HOME}/.cache; chattr +i {HOME}/.cache"),
            mend=inside(f"chattr -i {HOME}/.cache"), needs="chattr"),
    Trouble(name="jobs that are root's", code="home_not_writable",
            begin=inside(f"mkdir -p {_OURS}; chown -R {USER} {HOME}/.cache",
                         f"mkdir -m 755 {_OURS}/jobs")),
    Trouble(name="an agent's folder that is root's", code="home_not_writable",
            begin=inside(f"mkdir -p {_OURS}; chown {USER} {HOME}/.cache {HOME}/.cache/*")),
    Trouble(name="a home folder that is nowhere", code="home_not_writable",
            begin=bashrc("export HOME=/scratch/lab")),
    Trouble(name="a disk that hangs", code="host_stuck", begin=inside(_HANGS),
            mend=inside("fsfreeze -u /mnt/disk"), needs="fsfreeze"),
    Trouble(name="a Python for a group", code="python_partial",
            begin=inside("chmod 750 $(readlink -f /usr/bin/python3*)")),
    Trouble(name="a Python without zlib", code="python_partial",
            begin=inside(STDLIB, "rm -f $place/sitecustomize.py", "echo 'import sys; "
                         "sys.modules[\"zlib\"] = None' > $place/sitecustomize.py")),
    # These work all the same.
    Trouble(name="a .bashrc that asks", code="",
            begin=bashrc("read -p 'Which project today? ' project")),
    Trouble(name="a Python for another processor", code="",
            begin=inside("cd /usr/local/bin", f"{_FOREIGN} conv=notrunc 2> /dev/null",
                         "chmod 755 python3")),
    Trouble(name="a Python of pyenv that is not there", code="",
            begin=inside("cd /usr/local/bin; printf '#!/bin/sh\\necho none >&2; exit 1' > python3",
                         "chmod 755 python3")),
    Trouble(name="a home folder with a space", code="",
            begin=inside("mkdir '/home/Lab Ü'", f"cp -a {HOME}/. '/home/Lab Ü/'",
                         f"chown -R {USER} '/home/Lab Ü'",
                         f"sed -i 's#:{HOME}:#:/home/Lab Ü:#' /etc/passwd")),
    Trouble(name="one session for a login", code="",
            begin=inside("sed -i 's/^MaxStartups.*/MaxSessions 1/' /etc/ssh/rig_config",
                         "kill -HUP $(cat /run/rig.pid); sleep 0.5")),
    Trouble(name="a /tmp that is full, and root's", code="",
            begin=inside("dd if=/dev/zero of=/tmp/x bs=1M 2> /dev/null; chmod 755 /tmp")),
    Trouble(name="no /proc", code="", begin=inside("mount -t tmpfs tmpfs /proc")),
)  # fmt: skip
