"""How soon a fleet tells what is wrong: seconds from the fault to the line in the table.

    python -m tests.bench.fleet_faults [BUSY]

Every trouble of `tests.fleet.trouble` is done for real to a host of its own (network namespaces
on this machine, each with its own sshd), all at once. Before a run the clock starts with the run;
in the middle of one with the fault. BUSY processes keep this machine's processors busy meanwhile.
Last, the control process is killed in the middle, and the same command is given again.
Needs root, as the tests of the fleet do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from setup_assistant.fleet import engine, inventory, jobs, run
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.record import Record
from setup_assistant.messages import Message
from tests.fleet import trouble
from tests.fleet.rig import Lab, why_not
from tests.fleet.trouble import Trouble

ROOT = Path(__file__).parents[2]
BUSY = "while True: pass"


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Told:
    """Listens to a run: when each host was told of, and as what."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.code: dict[str, str] = {}

    def tell(self, name: str, outcome: Outcome | None, _doing: Message | None) -> None:
        """Keep what is told of a host at its end."""
        if outcome is not None:
            self.at[name], self.code[name] = time.monotonic(), outcome.code


def main() -> int:
    """Print the tables."""
    reason = why_not() or ("" if engine.available() else "Ansible is not installed")
    if reason:
        say(f"not measured: {reason}")
        return 1
    busy = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    before = [t for t in trouble.BEFORE if t.possible()]
    middle = [t for t in trouble.MIDDLE if t.possible()]
    count = max(len(before), len(middle)) + 1
    with tempfile.TemporaryDirectory(prefix="fleet-faults-") as name:
        os.environ["SETUP_ASSISTANT_CACHE"] = f"{name}/cache"
        lab = Lab(Path(name) / "lab", [f"pc{i:02}" for i in range(count)])
        load = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
        try:
            for host in lab.hosts.values():
                host.size = "100m"
            lab.start()
            worst = max(_before(lab, Path(name), before), _middle(lab, Path(name), middle))
            _killed(lab, Path(name))
        finally:
            for process in load:
                process.kill()
            lab.close()
    say(f"the latest word of a fault came after {worst:.1f} s ({busy} busy processes beside)")
    return 0


def _probe(path: Path, limit: str = "", told: Told | None = None) -> None:
    found, record = inventory.read(str(path), limit), Record((str(path),))
    job = jobs.job_of("probe", {}, check=False, become=False, timeout=600)
    run.run(found, job, forks=40, record=record, tell=(told or Told()).tell)


def _before(lab: Lab, folder: Path, troubles: list[Trouble]) -> float:
    by_name = dict(zip(lab.hosts, troubles, strict=False))
    path = trouble.inventory(lab, folder / "before.ini", by_name)
    for name, found in by_name.items():
        found.begin(lab, lab.hosts[name])
    told, started = Told(), time.monotonic()
    _probe(path, told=told)
    worst = _show("before a run", by_name, told, dict.fromkeys(by_name, started))
    trouble.mend(lab, by_name)
    return worst


def _middle(lab: Lab, folder: Path, troubles: list[Trouble]) -> float:
    names = list(lab.hosts)[: len(troubles) + 1]
    by_name = dict(zip(names, troubles, strict=False))
    path = lab.inventory(folder / "middle.ini", names)
    _probe(path)
    for name in names:
        trouble.hold(lab.hosts[name])
    told, begun = Told(), {}
    running = threading.Thread(target=_probe, args=(path,), kwargs={"told": told})
    running.start()
    trouble.wait_until_at_work(lab.hosts[n] for n in names)
    for name, found in by_name.items():
        begun[name] = time.monotonic()
        found.begin(lab, lab.hosts[name])
    trouble.go_on(lab.hosts.values())
    running.join()
    worst = _show("in the middle", by_name, told, begun)
    trouble.mend(lab, by_name)
    return worst


def _show(
    title: str, troubles: Mapping[str, Trouble], told: Told, begun: Mapping[str, float]
) -> float:
    """Print what was told of each fault, and how soon; return the longest time."""
    say(f"{title:26}{'told as':20}{'seconds':>8}")
    taken = []
    for name, found in troubles.items():
        seconds, code = told.at[name] - begun[name], told.code[name]
        wrong = "" if code == found.code else f"  WRONG, it is {found.code or 'nothing'}"
        if found.code:
            taken.append(seconds)
        say(f"  {found.name:24}{code or 'ok':20}{seconds:>8.1f}{wrong}")
    healthy = [n for n in told.code if n not in troubles]
    say(f"  {'healthy hosts':24}{', '.join({told.code[n] or 'ok' for n in healthy})}")
    return max(taken)


def _killed(lab: Lab, folder: Path) -> None:
    """Kill the control process in the middle, and give the same command again."""
    names = list(lab.hosts)[:3]
    path = lab.inventory(folder / "killed.ini", names)
    command = [sys.executable, "-m", "setup_assistant.cli.app", "fleet", "probe", "-i", str(path),
               "--json"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    _probe(path)
    for name in names:
        trouble.hold(lab.hosts[name])
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    trouble.wait_until_at_work(lab.hosts[n] for n in names)
    process.send_signal(signal.SIGKILL)
    process.wait()
    trouble.go_on(lab.hosts.values())
    started = time.monotonic()
    done = subprocess.run([*command, "--limit", "@failed"], env=env, capture_output=True, text=True,
                          check=False)  # fmt: skip
    codes = {h["code"] or "ok" for h in json.loads(done.stdout)["data"]["hosts"]}
    say(f"control process killed: the rerun says {', '.join(codes)} for {len(names)} hosts after "
        f"{time.monotonic() - started:.1f} s")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
