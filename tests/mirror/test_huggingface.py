"""Hugging Face's clients fetch from the mirror unchanged, and go on after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from setup_assistant.mirror import server as server_room
from setup_assistant.mirror.server import MirrorServer
from setup_assistant.mirror.shelf import Shelf
from setup_assistant.steps.download import named_source
from setup_assistant.steps.download.folder import Job, bring
from tests.hub.fixtures import MODEL, SHARDS
from tests.mirror.test_mirror import ask

API = f"/api/models/{MODEL}"
SCRIPT = """
import sys
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError
from huggingface_hub.errors import RepositoryNotFoundError
model = sys.argv[1]
print(snapshot_download(model))
assert hf_hub_download(model, "config.json", revision="main")
info = HfApi().model_info(model)
assert snapshot_download(model, revision=info.sha)
for wrong, error in (((model, "nope.json"), EntryNotFoundError),
                     (("Nobody/Nothing", "x"), RepositoryNotFoundError)):
    try:
        hf_hub_download(*wrong)
        raise SystemExit("not refused")
    except error:
        pass
try:
    snapshot_download(model, revision="v0")
    raise SystemExit("not refused")
except RevisionNotFoundError:
    pass
"""


@pytest.fixture
def large(shelf_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the shards count as large."""
    monkeypatch.setattr("setup_assistant.mirror.shelf._LARGE_BYTES", 100_000)
    return shelf_folder


def value(server: MirrorServer, path: str) -> Any:
    status, body = ask(server, path)
    assert status == 200, body
    return json.loads(body)


def head(server: MirrorServer, path: str) -> dict[str, str]:
    import http.client

    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
    line.request("HEAD", path)
    answer = line.getresponse()
    line.close()
    return {"status": str(answer.status), **{k.lower(): v for k, v in answer.getheaders()}}


def test_a_tree_names_every_file_as_git_does(large: Path, mirror: MirrorServer) -> None:
    listed = {e["path"]: e for e in value(mirror, f"{API}/tree/main?recursive=true")}
    assert listed["assets"]["type"] == "directory"
    small = (large / MODEL / "config.json").read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(small) + small).hexdigest()
    assert listed["config.json"] == {
        "type": "file", "oid": blob, "size": len(small), "path": "config.json",
    }  # fmt: skip
    shard = (large / MODEL / SHARDS[0]).read_bytes()
    assert listed[SHARDS[0]]["lfs"]["oid"] == hashlib.sha256(shard).hexdigest()
    assert listed[SHARDS[0]]["size"] == len(shard)
    top = {e["path"] for e in value(mirror, f"{API}/tree/main")}
    assert "assets/empty.txt" not in top
    assert {e["path"] for e in value(mirror, f"{API}/tree/main/assets")} == {"assets/empty.txt"}


def test_a_revision_changes_with_the_files(mirror: MirrorServer, shelf_folder: Path) -> None:
    before = value(mirror, API)["sha"]
    assert value(mirror, f"{API}/revision/main")["sha"] == before
    assert ask(mirror, f"{API}/revision/{before}")[0] == 200
    (shelf_folder / MODEL / "config.json").write_text('{"model_type": "other"}')
    after = value(mirror, API)["sha"]
    assert after != before
    assert ask(mirror, f"{API}/revision/{before}")[0] == 404


def test_a_file_has_the_headers_that_clients_want(mirror: MirrorServer, large: Path) -> None:
    said = head(mirror, f"/{MODEL}/resolve/main/{SHARDS[0]}")
    content = (large / MODEL / SHARDS[0]).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert said["status"] == "200"
    assert said["etag"] == said["x-linked-etag"] == f'"{digest}"'
    assert said["x-linked-size"] == said["content-length"] == str(len(content))
    assert said["x-repo-commit"] == value(mirror, API)["sha"]
    assert said["accept-ranges"] == "bytes"
    assert not [h for h in said if "xet" in h]
    status, part = ask(mirror, f"/{MODEL}/resolve/main/{SHARDS[0]}", Range="bytes=10-19")
    assert (status, part) == (206, content[10:20])
    assert ask(mirror, f"/{MODEL}/resolve/main/{quote('说明 readme.md')}")[0] == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/models/Nobody/Nothing", "RepoNotFound"),
        (f"{API}/revision/v9", "RevisionNotFound"),
        (f"{API}/tree/main/nowhere", "EntryNotFound"),
        (f"/{MODEL}/resolve/main/../secret", "EntryNotFound"),
        (f"/{MODEL}/resolve/main/link", "EntryNotFound"),
        (f"/{MODEL}/resolve/main/.hidden", "EntryNotFound"),
        (f"/{MODEL}/resolve/main/%2e%2e/%2e%2e/secret", "EntryNotFound"),
    ],
)
def test_what_is_not_there_has_a_code(mirror: MirrorServer, path: str, code: str) -> None:
    said = head(mirror, path)
    assert (said["status"], said["x-error-code"]) == ("404", code)


def test_a_token_is_asked_for(mirror: MirrorServer) -> None:
    mirror.token = "lab-token"
    assert ask(mirror, API)[0] == 401
    assert ask(mirror, f"/{MODEL}/resolve/main/config.json")[0] == 401
    assert ask(mirror, API, Authorization="Bearer lab-token")[0] == 200


def test_our_client_fetches_by_this_interface(
    url: str, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    source = named_source.source_of("huggingface", url, model=MODEL, resume="again", flag="--to")
    bring(Job(model=MODEL, source=source, folder=tmp_path / "w", flag="--to"))
    same(large, tmp_path / "w")


def same(shelf_folder: Path, folder: Path) -> None:
    for path in (*SHARDS, "config.json", "assets/empty.txt", "说明 readme.md"):
        assert (folder / path).read_bytes() == (shelf_folder / MODEL / path).read_bytes(), path


def environment(url: str, home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "HF_HOME": str(home / "hf"), "HF_ENDPOINT": url,
            "MODELSCOPE_ENDPOINT": url, "MODELSCOPE_DOMAIN": url.split("//")[1],
            "MODELSCOPE_CACHE": str(home / "ms"), "NO_PROXY": "127.0.0.1"}  # fmt: skip


@pytest.mark.e2e
def test_its_library_fetches_from_it(
    url: str, large: Path, tmp_path: Path, hf_python: Path
) -> None:
    done = subprocess.run(
        [hf_python, "-c", SCRIPT, MODEL], env=environment(url, tmp_path),
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    same(large, Path(done.stdout.splitlines()[0]))


class Seen:
    """What a mirror was asked for, and how it breaks off."""

    def __init__(self) -> None:
        self.ranges: list[str] = []
        self.cut: set[Path] = set()


@pytest.fixture
def slow(large: Path) -> Iterator[tuple[MirrorServer, Seen]]:
    """A mirror that needs seconds for the shards, and may cut each of them off once."""
    seen = Seen()

    class Handler(server_room._Handler):
        def send_file(self, *args: Any) -> None:
            seen.ranges.append(self.headers.get("Range", ""))
            super().send_file(*args)

        def _send(self, file: Path, first: int, length: int) -> None:
            if file in seen.cut:
                seen.cut.remove(file)
                super()._send(file, first, length * 3 // 4)
                self.close_connection = True
            else:
                super()._send(file, first, length)

    for shard in SHARDS:
        path = large / MODEL / shard
        path.write_bytes(path.read_bytes() * 40)
    with MirrorServer(("127.0.0.1", 0), Shelf(large), rate=12_000_000) as server:
        server.RequestHandlerClass = Handler
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server, seen
        server.shutdown()
        thread.join()


def hf(python: Path, to: Path) -> list[str | Path]:
    return [python.with_name("hf"), "download", MODEL, "--local-dir", to]


def modelscope(python: Path, to: Path) -> list[str | Path]:
    return [python.with_name("modelscope"), "download", MODEL, "--local_dir", to]


Command = Callable[[Path, Path], list[str | Path]]


def run(argv: list[str | Path], env: dict[str, str]) -> None:
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("command", [hf, modelscope])
def test_a_stock_client_goes_on_after_its_line_was_cut(
    slow: tuple[MirrorServer, Seen], large: Path, tmp_path: Path,
    client_python: Path, hf_python: Path, command: Command,
) -> None:  # fmt: skip
    server, seen = slow
    seen.cut = {large / MODEL / shard for shard in SHARDS}
    python = hf_python if command is hf else client_python
    env = environment(f"http://127.0.0.1:{server.server_port}", tmp_path)
    run(command(python, tmp_path / "w"), env)
    same(large, tmp_path / "w")
    assert not seen.cut
    assert len([r for r in seen.ranges if r and not r.startswith("bytes=0-")]) >= len(SHARDS)


@pytest.mark.e2e
@pytest.mark.parametrize("command", [hf, modelscope])
def test_a_stock_client_goes_on_after_it_was_killed(
    slow: tuple[MirrorServer, Seen], large: Path, tmp_path: Path,
    client_python: Path, hf_python: Path, command: Command,
) -> None:  # fmt: skip
    server, seen = slow
    env = environment(f"http://127.0.0.1:{server.server_port}", tmp_path)
    argv = command(hf_python if command is hf else client_python, tmp_path / "w")
    with (tmp_path / "said").open("wb") as said:
        child = subprocess.Popen(argv, env=env, stdout=said, stderr=said)
        while child.poll() is None and arrived(tmp_path / "w") < 12_000_000:
            time.sleep(0.05)
        assert child.poll() is None, (tmp_path / "said").read_text()
        child.kill()
        child.wait()
    seen.ranges.clear()
    run(argv, env)
    same(large, tmp_path / "w")
    if command is modelscope:
        # Hugging Face's client begins a file again that it did not finish in the same run.
        assert [r for r in seen.ranges if r and not r.startswith("bytes=0-")], seen.ranges


def arrived(folder: Path) -> int:
    found = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            found += file.lstat().st_size
    return found
