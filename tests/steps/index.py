"""A package index on loopback whose wheels hold nothing, with faults; and runs against it.

The environment step does everything as ever (resolving, locking, downloading, installing), in a
second instead of minutes, because no wheel is larger than it is told to be.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from setup_assistant.catalog.recipes import load_all
from tests.built import ROOT

PIP = {"pip": {"26.0"}, "setuptools": {"80.0"}, "wheel": {"0.45"}}


def wheel(name: str, version: str, size: int = 0, needs: tuple[str, ...] = ()) -> tuple[str, bytes]:
    """Return the file name and the bytes of a wheel with one module and `size` bytes of ballast."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    members = {
        f"{module}/__init__.py": f"__version__ = {version!r}\n",
        f"{module}/ballast": "x" * size,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = (
        "".join(f"{path},,{len(text)}\n" for path, text in members.items()) + f"{info}/RECORD,,\n"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in {**members, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{module}-{version}-py3-none-any.whl", out.getvalue()


def versions(recipes: Path) -> dict[str, set[str]]:
    """Return every package that a plan from these recipes can pin, name → versions."""
    found: dict[str, set[str]] = {name: set(some) for name, some in PIP.items()}

    def add(name: str, version: str) -> None:
        found.setdefault(name, set()).add(version)

    loaded = load_all(recipes)
    for release in loaded.torch.release:
        add("torch", release.torch)
        add("torchvision", release.torchvision)
    for stack in loaded.stacks.stack:
        add("transformers", stack.transformers)
        add("accelerate", stack.accelerate)
        add("qwen-vl-utils", stack.qwen_vl_utils)
        add("modelscope", stack.modelscope)
    for decoder in loaded.stacks.decoder:
        add(decoder.package, decoder.version)
    return found


@dataclass
class Index:
    """A running index. What is in `stalled` is begun and never ended, until `go` is set.

    What is in `dying` breaks off in the middle, each time. `sources` are releases without a
    wheel.
    """

    packages: dict[str, set[str]]
    sizes: dict[str, int] = field(default_factory=dict)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stalled: set[str] = field(default_factory=set)
    dying: set[str] = field(default_factory=set)
    sources: dict[str, str] = field(default_factory=dict)
    url: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def page(self, name: str) -> bytes:
        """Return the page of one package."""
        lines = []
        for version in sorted(self.packages.get(name, ())):
            file, data = wheel(name, version, self.sizes.get(name, 0), self.needs.get(name, ()))
            sum_ = hashlib.sha256(data).hexdigest()
            href = f"/files/{name}/{version}/{file}#sha256={sum_}"
            lines.append(f'<a href="{href}" data-core-metadata="true">{file}</a>')
        if version := self.sources.get(name):
            file = f"{name.replace('-', '_')}-{version}.tar.gz"
            lines.append(f'<a href="/files/{name}/{version}/{file}">{file}</a>')
        return f"<!DOCTYPE html><html><body>{''.join(lines)}</body></html>".encode()

    def save(self, folder: Path) -> Path:
        """Write every wheel into a folder: a wheelhouse."""
        folder.mkdir(parents=True)
        for name, some in self.packages.items():
            for version in some:
                file, data = wheel(name, version, self.sizes.get(name, 0), self.needs.get(name, ()))
                (folder / file).write_bytes(data)
        return folder


def _answer(index: Index, parts: list[str]) -> bytes | None:
    if parts[0] == "simple" and len(parts) == 2:
        return index.page(parts[1])
    if parts[0] != "files" or len(parts) != 4:
        return None
    data = wheel(parts[1], parts[2], index.sizes.get(parts[1], 0), index.needs.get(parts[1], ()))[1]
    if not parts[3].endswith(".metadata"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return next(archive.read(n) for n in archive.namelist() if n.endswith("/METADATA"))


@contextmanager
def serving(recipes: Path) -> Iterator[Index]:
    """Serve what the recipes can pin until the block ends."""
    index = Index(versions(recipes))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = self.path.strip("/").split("/")
            data = _answer(index, parts)
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if parts[0] == "simple" else "x/wheel")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "HEAD":
                return
            half = len(data) // 2
            self.wfile.write(data[:half])
            self.wfile.flush()
            if f"{parts[0]}/{parts[1]}" in index.stalled and not self.path.endswith(".metadata"):
                index.reached.set()
                index.go.wait()
            if f"{parts[0]}/{parts[1]}" in index.dying and not self.path.endswith(".metadata"):
                self.close_connection = True
                return
            self.wfile.write(data[half:])

        do_HEAD = do_GET  # noqa: N815 - as the server looks for it

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A killed client is part of the test."""

    server = Server(("127.0.0.1", 0), Handler)
    index.url = f"http://127.0.0.1:{server.server_address[1]}/simple"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield index
    finally:
        index.go.set()
        server.shutdown()
        server.server_close()


def small_recipes(folder: Path, **changes: str) -> Path:
    """Copy the recipes with tiny sizes (nothing is refused for want of space), texts replaced."""
    shutil.copytree(ROOT / "recipes", folder, dirs_exist_ok=True)
    for path in (folder / "torch.toml", folder / "stacks.toml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        text = "\n".join(_small(line) for line in lines)
        for old, new in changes.items():
            text = text.replace(old, new)
        path.write_text(text + "\n", encoding="utf-8")
    return folder


def _small(line: str) -> str:
    if "download = " in line and "installed = " in line:
        return f"{line.partition('{')[0]}{{ download = 1000, installed = 1000 }}"
    name = line.partition(" ")[0]
    return f"{name} = 1000" if name in ("download", "installed") else line


def tree(prefix: Path) -> dict[str, tuple[int, int]]:
    """Return every file of an environment with its size and time: what "untouched" means."""
    found = {}
    for root, _folders, names in os.walk(prefix):
        for name in names:
            path = Path(root) / name
            if "__pycache__" not in path.parts:
                stat = path.lstat()
                found[str(path.relative_to(prefix))] = (stat.st_size, stat.st_mtime_ns)
    return found


def arguments(site: Path, index: Index, *more: str) -> tuple[str, ...]:
    """Return the arguments of a run against the index."""
    return ("up", "--yes", "--model", "canary", "--gpus", "none", "--backend", "uv",
            "--mirror", index.url, "--site", str(site), *more)  # fmt: skip
