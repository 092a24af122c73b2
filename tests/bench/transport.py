"""Downloads beside each other: ours, the stock clients, curl, and what the machine can do.

    python -m tests.bench.transport --modelscope PREFIX/bin/modelscope --hf PREFIX/bin/hf

Each brings the same model from a server on this machine, once without a limit and once with
50 MB/s for each connection; ours is verified while it comes, the others as they do it. Prints
MB/s, the ratio to the stock ModelScope client and the peak memory of each client.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setup_assistant.mirror import server as mirror
from setup_assistant.mirror.shelf import Shelf

ROOT = Path(__file__).resolve().parents[2]
MODEL = "Bench/Model"
SHARD = "model.safetensors"
_LIMIT_CODE = """
import os, socket, sys, threading
from urllib.parse import urlsplit
url, path, size, count = urlsplit(sys.argv[1]), sys.argv[2], int(sys.argv[3]), 8
out = os.open(path, os.O_RDWR | os.O_CREAT)
os.truncate(out, size)
def part(i):
    first, last = size * i // count, size * (i + 1) // count - 1
    line = socket.create_connection((url.hostname, url.port))
    line.sendall(f"GET {url.path}?{url.query} HTTP/1.1\\r\\nHost: x\\r\\n"
                 f"Range: bytes={first}-{last}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    buffer, at = bytearray(1 << 20), first
    view = memoryview(buffer)
    got = line.recv(1 << 16)
    body = got[got.index(b"\\r\\n\\r\\n") + 4:]
    at += os.pwrite(out, body, at)
    while at <= last:
        n = line.recv_into(view)
        at += os.pwrite(out, view[:n], at)
threads = [threading.Thread(target=part, args=(i,)) for i in range(count)]
[t.start() for t in threads]
[t.join() for t in threads]
"""


class _Handler(mirror._Handler):
    """The mirror, with a limit for each connection."""

    per_second: int | None = None

    def _send(self, file: Path, first: int, length: int) -> None:
        if not self.per_second:
            super()._send(file, first, length)
            return
        block, began, sent = 1 << 19, time.monotonic(), 0
        with file.open("rb") as stream:
            while sent < length:
                sent += self.connection.sendfile(stream, first + sent, min(block, length - sent))
                time.sleep(max(0.0, began + sent / self.per_second - time.monotonic()))


def serve(folder: Path, per_second: int | None) -> None:
    """Serve until killed; prints the port."""
    _Handler.per_second = per_second
    server = mirror.MirrorServer(("127.0.0.1", 0), Shelf(folder))
    server.RequestHandlerClass = _Handler
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    server.serve_forever()


def _die_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


@contextmanager
def served(folder: Path, per_second: int | None) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.transport", "--serve", str(folder)]
    command += ["--per-second", str(per_second or 0)]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(child.stdout.readline())}"
    finally:
        child.kill()
        child.wait()


def measured(command: list[str], env: dict[str, str], folder: Path = ROOT) -> tuple[float, float]:
    """Return seconds and peak memory (MB) of a command that runs in a folder."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, env=env, stdout=said, stderr=said, cwd=folder)
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        if child.returncode:
            said.seek(0)
            sys.exit(f"{command} failed:\n{said.read().decode(errors='replace')[-3000:]}")
    return seconds, usage.ru_maxrss / 1000


def clients(url: str, to: Path, size: int, options: argparse.Namespace) -> dict[str, list[str]]:
    file = f"{url}/api/v1/models/{MODEL}/repo?Revision=master&FilePath={SHARD}"
    found = {
        "ours": [sys.executable, "-m", "setup_assistant.cli.app", "download", MODEL, "--to",
                 str(to), "--endpoint", url, "--json"],
        "limit": [sys.executable, "-c", _LIMIT_CODE, file, str(to / SHARD), str(size)],
    }  # fmt: skip
    if shutil.which("curl"):
        found["curl"] = ["curl", "-sS", "-o", str(to / SHARD), file]
    if options.modelscope:
        found["modelscope"] = [options.modelscope, "download", MODEL, "--local_dir", str(to)]
    if options.hf:
        found["hf"] = [options.hf, "download", MODEL, "--local-dir", str(to)]
    return found


def environment(url: str, home: Path) -> dict[str, str]:
    ours = {"SETUP_ASSISTANT_CACHE": str(home / "cache"), "PYTHONPATH": str(ROOT)}
    theirs = {"MODELSCOPE_ENDPOINT": url, "MODELSCOPE_DOMAIN": url.split("//")[1],
              "MODELSCOPE_CACHE": str(home / "ms"), "HF_ENDPOINT": url, "HF_HOME": str(home / "hf"),
              "HF_HUB_DISABLE_XET": "1"}  # fmt: skip
    return {**os.environ, **ours, **theirs, "HOME": str(home), "NO_PROXY": "127.0.0.1"}


def compare(folder: Path, scratch: Path, size: int, options: argparse.Namespace) -> None:
    for per_second in (None, 50_000_000):
        say = sys.stdout.write
        say(f"\n{'no limit' if per_second is None else '50 MB/s for each connection'}\n")
        rows: dict[str, tuple[float, float]] = {}
        with served(folder, per_second) as url:
            names = clients(url, scratch / "to", size, options)
            for name in names:
                runs = [one(url, name, scratch, size, options) for _ in range(options.rounds)]
                rows[name] = min(runs)
        stock = rows.get("modelscope", (0.0, 0.0))[0]
        for name, (seconds, memory) in sorted(rows.items(), key=lambda r: r[1][0]):
            ratio = f"{stock / seconds:5.2f} x modelscope" if stock else ""
            say(f"  {name:11} {size / seconds / 1e6:7.0f} MB/s  {seconds:6.2f} s"
                f"  {memory:5.0f} MB peak  {ratio}\n")  # fmt: skip
        sys.stdout.flush()


def one(
    url: str, name: str, scratch: Path, size: int, options: argparse.Namespace
) -> tuple[float, float]:
    to, home = scratch / "to", scratch / "home"
    for path in (to, home):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    try:
        found = measured(clients(url, to, size, options)[name], environment(url, home))
        assert (to / SHARD).stat().st_size == size, name
    finally:
        shutil.rmtree(to)
    return found


def room(folder: Path, scratch: Path, size: int) -> None:
    """Eight of ours at once from one mirror, and one alone: the sum of what they reach."""
    with served(folder, None) as url:
        totals = {}
        for count in (1, 8):
            commands = [
                [sys.executable, "-m", "setup_assistant.cli.app", "download", MODEL, "--to",
                 str(scratch / f"to{i}"), "--endpoint", url, "--json"] for i in range(count)
            ]  # fmt: skip
            began = time.monotonic()
            children = [
                subprocess.Popen(c, cwd=ROOT, env=environment(url, scratch / "home"),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for c in commands
            ]  # fmt: skip
            assert sum(c.wait() for c in children) == 0
            totals[count] = count * size / (time.monotonic() - began) / 1e6
            for i in range(count):
                shutil.rmtree(scratch / f"to{i}")
    sys.stdout.write(f"\none {totals[1]:.0f} MB/s, eight together {totals[8]:.0f} MB/s: "
                     f"{totals[8] / totals[1]:.2f}\n")  # fmt: skip


def rerun(scratch: Path) -> None:
    """Run again on a complete folder in the shape of 16 GB, beside a bare interpreter."""
    folder = scratch / "sixteen"
    folder.mkdir()
    from setup_assistant.weights.folder_record import Kept, Manifest, save

    kept = []
    for i in range(12):
        path = folder / f"model-{i:05}-of-00012.safetensors"
        with path.open("wb") as stream:
            stream.truncate(16_000_000_000 // 12)
        stat = path.stat()
        kept.append(
            Kept(path=path.name, size=stat.st_size, sha256="0" * 64, mtime=stat.st_mtime_ns)
        )
    # The note that the record is this account's own lies in the cache that the client uses.
    os.environ["SETUP_ASSISTANT_CACHE"] = str(scratch / "home" / "cache")
    save(folder, Manifest(model=MODEL, source="bench", complete=True, files=tuple(kept)))
    env = environment("http://127.0.0.1:9", scratch / "home")
    ours = [sys.executable, "-m", "setup_assistant.cli.app", "download", MODEL, "--to", str(folder)]

    def best(command: list[str]) -> float:
        return min(measured(command, env)[0] for _ in range(5))

    bare = best([sys.executable, "-c", "pass"])
    sys.stdout.write(f"\nrerun on 16 GB: {best(ours) - bare:.3f} s over a bare interpreter\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modelscope", help="the stock client's program")
    parser.add_argument("--hf", help="Hugging Face's program")
    parser.add_argument("--megabytes", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--room-megabytes", type=int, default=200)
    parser.add_argument("--only", choices=["compare", "room", "rerun"])
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--per-second", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.per_second)
        return
    with tempfile.TemporaryDirectory(prefix="transport-") as temporary:
        scratch = Path(temporary)
        (scratch / "home").mkdir()
        if options.only in (None, "rerun"):
            rerun(scratch)
        for name, megabytes in (("room", options.room_megabytes), ("compare", options.megabytes)):
            if options.only not in (None, name):
                continue
            folder, size = scratch / f"shelf-{name}", megabytes * 1_000_000
            write(folder / MODEL, size)
            if name == "compare":
                compare(folder, scratch, size, options)
            else:
                room(folder, scratch, size)
            shutil.rmtree(folder)


def write(folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    block = random.Random(0).randbytes(1_000_000)
    with (folder / SHARD).open("wb") as stream:
        for number in range(size // len(block)):
            stream.write(number.to_bytes(8, "little") + block[8:])


if __name__ == "__main__":
    main()
