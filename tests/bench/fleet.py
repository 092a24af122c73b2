"""`fleet probe` on 3 and 30 hosts, against a plain Ansible playbook and pyinfra doing the same.

    python -m tests.bench.fleet [HOSTS]

All three push the same agent to the same hosts (network namespaces on this machine, each with
its own sshd), run `probe --json` there and bring the answer back, with as many hosts at once.
The playbook works with pipelining.
Cold: nothing is on the hosts; warm: the agent is there and unpacked. Needs root, as the tests of
the fleet do, and pyinfra on PATH (or in PYINFRA) for its line.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from setup_assistant.agent import build
from setup_assistant.fleet import engine
from tests.fleet.rig import USER, Lab, why_not

ROOT = Path(__file__).parents[2]
PLAIN = """\
- hosts: all
  gather_facts: false
  tasks:
    - copy: {src: agent.pyz, dest: agent.pyz, mode: "0600"}
    - command: python3 agent.pyz probe --json
      register: said
    - copy:
        content: "{{ said.stdout }}"
        dest: "answers/{{ inventory_hostname }}.json"
      delegate_to: localhost
      vars: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}
"""
DEPLOY = """\
import json
from io import StringIO
from pyinfra import host
from pyinfra.operations import files, python, server

files.put(src="agent.pyz", dest="agent.pyz", mode="600")
said = server.shell(commands=["python3 agent.pyz probe --json > answer.json"])
files.get(src="answer.json", dest=f"answers/{host.name}.json")
"""
Measure = tuple[float, float]


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Print the table."""
    reason = why_not() or ("" if engine.available() else "Ansible is not installed")
    if reason:
        say(f"not measured: {reason}")
        return 1
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        folder = Path(name)
        lab = Lab(folder / "lab", [f"pc{i:02}" for i in range(most)])
        try:
            for host in lab.hosts.values():
                host.size = "80m"
            lab.start()
            _measure(lab, folder, most)
        finally:
            lab.close()
    return 0


def _measure(lab: Lab, folder: Path, most: int) -> None:
    names = list(lab.hosts)
    shutil.copy(build.build().path, folder / "agent.pyz")
    (folder / "plain.yml").write_text(PLAIN)
    (folder / "deploy.py").write_text(DEPLOY)
    (folder / "answers").mkdir()
    ways = {"fleet probe": _ours, "plain playbook": _plain, "pyinfra": _pyinfra}
    say(f"{'':16}{'hosts':>6}{'cold s':>9}{'CPU s':>8}{'warm s':>9}{'CPU s':>8}")
    found: dict[tuple[str, int], tuple[Measure, Measure]] = {}
    for count in (3, most):
        for way, run in ways.items():
            _clean(lab)
            inventory = _inventory(lab, folder, names[:count], way)
            if (cold := run(inventory, folder, count)) is None:
                say(f"{way:16}{count:>6}  not measured")
                continue
            warm = run(inventory, folder, count) or cold
            found[way, count] = cold, warm
            say(f"{way:16}{count:>6}{cold[0]:>9.1f}{cold[1]:>8.1f}{warm[0]:>9.1f}{warm[1]:>8.1f}")
    _sum_up(found, most)


def _sum_up(found: dict[tuple[str, int], tuple[Measure, Measure]], most: int) -> None:
    ours, plain = found["fleet probe", most], found["plain playbook", most]
    say(f"ratio to the plain playbook, {most} hosts: cold {ours[0][0] / plain[0][0]:.2f}, "
          f"warm {ours[1][0] / plain[1][0]:.2f}")  # fmt: skip
    few = found["fleet probe", 3]
    for label, index in (("cold", 0), ("warm", 1)):
        grown = ours[index][0] / few[index][0]
        each = (ours[index][1] - few[index][1]) / (most - 3)
        base = few[index][1] - 3 * each
        say(f"{label}: {grown:.1f} times the time for {most / 3:.0f} times the hosts; the "
              f"controller's CPU: {base:.1f} s + {each * 1000:.0f} ms a host; extrapolated (not "
              f"measured) to 500 hosts: {base + 500 * each:.0f} s of CPU")  # fmt: skip


def _clean(lab: Lab) -> None:
    for host in lab.hosts.values():
        host.inside(f"rm -rf /home/{USER}/.cache /home/{USER}/.ansible /home/{USER}/a*")


def _inventory(lab: Lab, folder: Path, names: list[str], way: str) -> Path:
    if way != "pyinfra":
        return lab.inventory(folder / "hosts.ini", names)
    data = {"ssh_user": USER, "ssh_key": str(lab.key), "ssh_strict_host_key_checking": "yes",
            "ssh_known_hosts_file": str(lab.known_hosts)}  # fmt: skip
    hosts = [(n, {**data, "ssh_hostname": lab.hosts[n].address}) for n in names]
    path = folder / "inventory.py"
    path.write_text(f"hosts = {hosts!r}\n")
    return path


def _ours(inventory: Path, folder: Path, count: int) -> Measure | None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "setup_assistant.cli.app", "fleet", "probe", "-i",
               str(inventory), "--forks", str(count), "--json"]  # fmt: skip
    done, spent = _timed(command, env, folder)
    value = json.loads(done.stdout)
    assert value["exit_code"] == 0, value["errors"]
    assert len(value["data"]["hosts"]) == count
    return spent


def _plain(inventory: Path, folder: Path, count: int) -> Measure | None:
    env = {**os.environ, "ANSIBLE_DEPRECATION_WARNINGS": "0", "ANSIBLE_PIPELINING": "1"}
    command = [*engine.program("ansible-playbook"), "-i", str(inventory), "--forks", str(count),
               str(folder / "plain.yml")]  # fmt: skip
    done, spent = _timed(command, env, folder)
    failed = [line for line in done.stdout.splitlines() if line.startswith("fatal:")]
    assert done.returncode == 0, failed or done.stdout[-2000:]
    _check(folder, count)
    return spent


def _pyinfra(inventory: Path, folder: Path, count: int) -> Measure | None:
    program = os.environ.get("PYINFRA") or shutil.which("pyinfra")
    if program is None:
        return None
    command = [program, "--yes", "--parallel", str(count), str(inventory),
               str(folder / "deploy.py")]  # fmt: skip
    done, spent = _timed(command, dict(os.environ), folder)
    assert done.returncode == 0, done.stderr[-2000:]
    _check(folder, count)
    return spent


def _check(folder: Path, count: int) -> None:
    answers = list((folder / "answers").iterdir())
    assert len(answers) == count, answers
    for path in answers:
        assert json.loads(path.read_text())["exit_code"] == 0
        path.unlink()


def _timed(
    command: list[str], env: dict[str, str], folder: Path
) -> tuple[subprocess.CompletedProcess[str], Measure]:
    """Run a command; return it with its wall clock and the CPU that it and its children took."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True,
                          check=False, timeout=600)  # fmt: skip
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, (seconds, cpu)


if __name__ == "__main__":
    sys.exit(main())
