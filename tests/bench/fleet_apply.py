"""A room of ten (or HOSTS) is set up for real, twice: the second `fleet apply` against the first.

    python -m tests.bench.fleet_apply [HOSTS [SITE CACHE]]

The hosts are those of the tests of the fleet, with different (stubbed) GPUs; torch, transformers
and the canary are real and answer on the CPU. SITE is a site of `up --model canary` and CACHE the
package cache it was made with; without them both are made first, which downloads 2.8 GB. The
packages are cached for the first run too: what is measured is linking, proving, and looking again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from setup_assistant.fleet import engine
from tests.fleet import real
from tests.fleet.machines import MACHINES
from tests.fleet.rig import Lab, why_not

ROOT = Path(__file__).parents[2]
FORKS = "3"


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Print the times and their ratio."""
    reason = why_not() or ("" if engine.available() else "Ansible is not installed")
    with tempfile.TemporaryDirectory(prefix="fleet-apply-", dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        if reason := reason or real.no_room(folder, real.TEN_BYTES):
            say(f"not measured: {reason}")
            return 1
        names = list(MACHINES)[: int(sys.argv[1]) if sys.argv[1:] else None]
        site, cache = (Path(a) for a in sys.argv[2:4]) if sys.argv[3:] else _made(folder)
        lab = Lab(folder / "lab", names)
        try:
            (folder / "volume").mkdir()
            real.share(cache / "uv", site / "requirements.lock", folder / "volume")
            real.switch_on(lab, folder / "volume", names)
            _measure(lab, folder)
        finally:
            lab.close()
    return 0


def _measure(lab: Lab, folder: Path) -> None:
    inventory = str(lab.inventory(folder / "hosts.ini"))
    seconds = []
    for word in ("first", "second"):
        before = real.tree(folder / "volume")
        value, spent = _apply(folder, inventory)
        written = real.changes(before, real.tree(folder / "volume"))
        seconds.append(spent)
        hosts = value["data"]["hosts"]
        verified = sum(h["status"] == "ok" for h in hosts)
        say(f"{word} apply: {spent:.1f} s, {verified} of {len(hosts)} verified, "
            f"{len(value['data']['changed'])} changed, {len(written)} files written; "
            f"a host took {_range(hosts)} s")  # fmt: skip
    say(f"the first takes {seconds[0] / seconds[1]:.1f} times as long as the second")


def _range(hosts: list[dict[str, Any]]) -> str:
    spent = [h["seconds"] for h in hosts if h["seconds"] is not None]
    return f"{min(spent):.1f} to {max(spent):.1f}" if spent else "-"


def _apply(folder: Path, inventory: str) -> tuple[dict[str, Any], float]:
    command = [sys.executable, "-m", "setup_assistant.cli.app", "fleet", "apply", "-i", inventory,
               "--forks", FORKS, *real.FROM_VOLUME, "--json"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SETUP_ASSISTANT_CACHE": str(folder / "control")}
    started = time.monotonic()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    spent = time.monotonic() - started
    value: dict[str, Any] = json.loads(done.stdout)
    if value["errors"]:
        say(json.dumps(value["errors"]))
    return value, spent


def _made(folder: Path) -> tuple[Path, Path]:
    """Make a site with the real command, to take cache and lock from."""
    site, cache = folder / "site", folder / "cache"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SETUP_ASSISTANT_CACHE": str(cache)}
    env = {k: v for k, v in env.items() if not k.startswith("UV_")}
    command = [sys.executable, "-m", "setup_assistant.cli.app", "up", "--yes", "--model", "canary",
               "--site", str(site)]  # fmt: skip
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return site, cache


if __name__ == "__main__":
    sys.exit(main())
