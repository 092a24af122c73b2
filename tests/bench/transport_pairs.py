"""One download in pairs: this checkout beside another, and beside itself without any sync.

    python -m tests.bench.transport_pairs --against OTHER_CHECKOUT

The runs of one round follow each other on the same machine and server, in turned order each
second round. Prints the ratios of each round and their medians: `pace` is the other checkout's
seconds by ours (1 is as fast), `sync` our seconds by ours without sync (1 costs nothing); with
`processor` the same of processor seconds, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench import transport

_CLIENT = ["-m", "setup_assistant.cli.app"]
_WITHOUT_SYNC = ["-c", """
import os, sys
from setup_assistant.host import durable
os.fsync = lambda handle: None
durable.begin_sync = durable.sync_disk = lambda *arguments: None
from setup_assistant.cli import app
sys.exit(app.main())
"""]  # fmt: skip


def seconds(
    checkout: Path, program: list[str], url: str, scratch: Path, size: int
) -> tuple[float, float]:
    """Return how long one download of `size` bytes took, and its processor seconds."""
    to, home = scratch / "to", scratch / "home"
    for path in (to, home):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    env = {**transport.environment(url, home), "PYTHONPATH": str(checkout)}
    command = [sys.executable, *program, "download", transport.MODEL, "--to", str(to),
               "--endpoint", url, "--json"]  # fmt: skip
    os.sync()
    before = os.times()
    taken = transport.measured(command, env, checkout)[0]
    after = os.times()
    assert (to / transport.SHARD).stat().st_size == size
    used = after.children_user + after.children_system
    return taken, used - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    parser.add_argument("--megabytes", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    size = options.megabytes * 1_000_000
    runs = {"ours": (transport.ROOT, _CLIENT), "free": (transport.ROOT, _WITHOUT_SYNC)}
    if options.against:
        runs["other"] = (options.against.resolve(), _CLIENT)
    ratios: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="transport-") as temporary:
        scratch = Path(temporary)
        transport.write(scratch / "shelf" / transport.MODEL, size)
        with transport.served(scratch / "shelf", None) as url:
            for number in range(options.rounds):
                names = sorted(runs, reverse=bool(number % 2))
                took = {n: seconds(*runs[n], url, scratch, size) for n in names}
                for kind, of in (("", 0), (" processor", 1)):
                    ours = took["ours"][of]
                    ratios.setdefault(f"sync{kind}", []).append(ours / took["free"][of])
                    if "other" in took:
                        ratios.setdefault(f"pace{kind}", []).append(took["other"][of] / ours)
                sys.stdout.write(f"{took}\n")
                sys.stdout.flush()
    for name, found in ratios.items():
        sys.stdout.write(f"{name}: median {statistics.median(found):.3f}, {min(found):.3f} to "
                         f"{max(found):.3f}\n")  # fmt: skip


if __name__ == "__main__":
    main()
