"""Real SSH hosts on one machine: each a network namespace with its own sshd, key, home and root.

A host is an overlay over this system's root whose upper layer is a tmpfs (or, for gigabytes, a
disk image) of a given size, so that its disk can be filled, its Python taken away and its
nvidia-smi replaced. Needs root, iproute2, util-linux, e2fsprogs and openssh-server.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

USER = "lab"
_SSHD = "/usr/sbin/sshd"
_NEEDED = ("ip", "unshare", "mount", "chroot", "ssh", "ssh-keygen")

_BOOT = """\
set -e
mount --make-rprivate /
{disk}
cd {base}/disk
mkdir upper work
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay {base}/root
cd {base}/root
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs -o size={tmp},mode=1777 tmpfs tmp
{volume}
mkdir -p run/sshd {home}/.ssh
hostname {name}
echo {machine} > etc/machine-id
echo '127.0.0.1 localhost {name}' > etc/hosts
echo '{user}:x:4711:4711::/{home}:/bin/sh' >> etc/passwd
echo '{user}:*:19000:0:99999:7:::' >> etc/shadow
echo '{user}:x:4711:' >> etc/group
cp {base}/authorized_keys {home}/.ssh/authorized_keys
cp {base}/host_key etc/ssh/rig_key
chmod 600 etc/ssh/rig_key
rm -rf {home}/.cache
cp -r {base}/files/. .
chown -R 4711:4711 {home}
chmod 755 {home}
ip link set lo up
{extra}
exec chroot . sh -c '{sshd} -E /run/sshd.log -f /etc/ssh/rig_config; exec sleep infinity'
"""
_CONFIG = """\
ListenAddress {address}:22
HostKey /etc/ssh/rig_key
UsePAM no
PasswordAuthentication no
PidFile /run/rig.pid
MaxStartups 200
PrintMotd no
Subsystem sftp internal-sftp
SetEnv {variables}
"""
_MEMORY = "mount -t tmpfs -o size={size} tmpfs {base}/disk"
_IMAGE = """\
truncate -s {size} {base}/disk.img
mkfs.ext4 -q -F -m 0 -O ^has_journal {base}/disk.img
mount -o loop,discard {base}/disk.img {base}/disk"""


def why_not() -> str:
    """Return why no hosts can be made here; empty where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "hosts of network namespaces need Linux and root"
    missing = [p for p in _NEEDED if shutil.which(p) is None]
    if not Path(_SSHD).exists():
        missing.append(_SSHD)
    if missing:
        return f"not installed: {', '.join(missing)}"
    name = f"sa-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        return f"no network namespaces here: {made.stderr.decode().strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return ""


@dataclass
class Host:
    """One host. `files` maps absolute paths to executable text, `extra` are lines of shell.

    `on_disk`: its disk is a sparse file, not memory. `volume`: a folder that it shares with
    others at `/srv/room`; its home then lies there, in a folder with its name, so that files can
    be linked. `variables` are those of every session.
    """

    name: str
    address: str
    namespace: str
    link: str
    base: Path
    size: str = "300m"
    files: dict[str, str] = field(default_factory=dict)
    extra: str = ""
    on_disk: bool = False
    volume: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, key: Path) -> None:
        """Start it (again) with an empty disk."""
        shutil.rmtree(self.base, ignore_errors=True)
        for folder in ("disk", "root", "files/etc/ssh"):
            (self.base / folder).mkdir(parents=True)
        self.rekey()
        shutil.copy(key.with_suffix(".pub"), self.base / "authorized_keys")
        variables = " ".join(f"{k}={v}" for k, v in {"LANG": "C.UTF-8", **self.variables}.items())
        config = _CONFIG.format(address=self.address, variables=variables)
        (self.base / "files/etc/ssh/rig_config").write_text(config)
        for path, text in self.files.items():
            file = self.base / "files" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        script = _BOOT.format(
            base=self.base, user=USER, name=self.name, extra=self.extra, sshd=_SSHD,
            home=self.home.lstrip("/"), tmp="256m" if self.on_disk else self.size,
            disk=(_IMAGE if self.on_disk else _MEMORY).format(size=self.size, base=self.base),
            volume=f"mkdir -p srv/room; mount --bind {self.volume} srv/room" if self.volume else "",
            machine=f"{abs(hash((self.name, self.base))):032x}"[:32],
        )  # fmt: skip
        with (self.base / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, "unshare", "--mount", "--uts", "--ipc",
                 "--pid", "--fork", "--kill-child", "sh", "-c", script],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def rekey(self) -> None:
        """Make a new host key, as an installation does."""
        path = self.base / "host_key"
        path.unlink(missing_ok=True)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", str(path))

    @property
    def home(self) -> str:
        return f"/srv/room/{self.name}" if self.volume else f"/home/{USER}"

    @property
    def public_key(self) -> str:
        return " ".join((self.base / "host_key.pub").read_text().split()[:2])

    def stop(self) -> None:
        """Switch it off: every process in it is gone at once."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def pull_cable(self) -> None:
        _run("ip", "link", "set", self.link, "down")

    def plug_cable(self) -> None:
        _run("ip", "link", "set", self.link, "up")

    def flap(self, seconds: float) -> None:
        """Pull the cable, and plug it in again after some seconds; returns at once."""
        self.pull_cable()
        threading.Timer(seconds, self.plug_cable).start()

    def inside(self, command: str) -> str:
        """Run a line of shell in the host, as root."""
        pid = self.init()
        done = subprocess.run(
            ["nsenter", "-t", str(pid), "-m", "-u", "-n", "-p", "-r", "-w", "sh", "-c", command],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def init(self) -> int:
        """Return the process id of its first process."""
        assert self.process is not None
        for line in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = line.read_text()
            except OSError:
                continue
            parent = int(text.rpartition(")")[2].split()[1])
            if parent == self.process.pid:
                return int(line.parent.name)
        raise AssertionError(f"{self.name} does not run: {(self.base / 'log').read_text()}")

    def kill_sshd(self) -> None:
        """Kill the SSH server with all its sessions; the machine itself stays."""
        self.inside("pkill -KILL sshd; true")


class Lab:
    """Some hosts behind one bridge; this machine is their control machine."""

    _made = itertools.count()

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # A process may have several rooms at once: each has names and addresses of its own.
        made = next(self._made)
        self.tag = f"{os.getpid() % 100000}{chr(ord('a') + made % 26)}"
        self.bridge = f"sab{self.tag}"
        self.address = f"10.{213 + made % 40}.{os.getpid() % 200 + 20}.1"
        self.key = folder / "id"
        self.known_hosts = folder / "known_hosts"
        self.config = folder / "ssh_config"
        if not self.key.exists():
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        _run("ip", "link", "add", "name", self.bridge, "type", "bridge")
        _run("ip", "address", "add", f"{self.address}/24", "dev", self.bridge)
        _run("ip", "link", "set", self.bridge, "up")
        self.hosts = {n: self._wire(i, n) for i, n in enumerate(names)}

    def _wire(self, number: int, name: str) -> Host:
        tag = f"{self.tag}{number}"
        namespace, link, inner = f"sa{tag}", f"sv{tag}", f"si{tag}"
        address = self.address.rsplit(".", 1)[0] + f".{number + 10}"
        _run("ip", "netns", "add", namespace)
        _run("ip", "link", "add", link, "type", "veth", "peer", "name", inner)
        _run("ip", "link", "set", inner, "netns", namespace)
        _run("ip", "link", "set", link, "master", self.bridge, "up")
        _run("ip", "-n", namespace, "address", "add", f"{address}/24", "dev", inner)
        _run("ip", "-n", namespace, "link", "set", inner, "up")
        return Host(name, address, namespace, link, self.folder / "hosts" / name)

    def start(self, wait: bool = True) -> None:
        for host in self.hosts.values():
            host.start(self.key)
        if wait:
            for host in self.hosts.values():
                self.wait_for(host)
        self.trust()

    def wait_for(self, host: Host) -> None:
        ends = time.monotonic() + 300
        while time.monotonic() < ends:
            done = subprocess.run(["ssh-keyscan", "-T", "1", host.address], capture_output=True,
                                  text=True, check=False)  # fmt: skip
            if "ssh-" in done.stdout:
                return
            assert host.process is not None
            assert host.process.poll() is None, (host.base / "log").read_text()
            time.sleep(0.1)
        raise AssertionError(f"{host.name} never came up: {(host.base / 'log').read_text()}")

    def trust(self) -> None:
        """Write down every host's key, as it is now."""
        known = [h for h in self.hosts.values() if h.base.exists()]
        lines = [f"{h.address} {h.public_key}" for h in known]
        self.known_hosts.write_text("\n".join(lines) + "\n")

    def inventory(self, path: Path, names: Iterable[str] = (), **variables: str) -> Path:
        """Write an ini inventory of some hosts (all if none is named)."""
        wanted = tuple(names) or tuple(self.hosts)
        extra = "".join(f" {k}={v}" for k, v in variables.items())
        lines = [f"{n} ansible_host={self.hosts[n].address}{extra}" for n in wanted]
        path.write_text("\n".join([
            "[room]", *lines, "", "[room:vars]", f"ansible_user={USER}",
            f"ansible_ssh_private_key_file={self.key}",
            f"ansible_ssh_common_args='-o UserKnownHostsFile={self.known_hosts}'", "",
        ]))  # fmt: skip
        return path

    def close(self) -> None:
        for host in self.hosts.values():
            host.stop()
            subprocess.run(["ip", "netns", "del", host.namespace], check=False)
            subprocess.run(["ip", "link", "del", host.link], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self.bridge], check=False)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
