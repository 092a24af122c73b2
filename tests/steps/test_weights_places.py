"""Other sources: Hugging Face, an address, a folder; all give the same files."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.transfer.part import Part, kept_bytes
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.steps.download import local, named_source
from setup_assistant.steps.download.folder import Brought, Job, bring
from setup_assistant.steps.download.local import bring_file
from setup_assistant.weights import folder_record
from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS


class _Server(SimpleHTTPRequestHandler):
    """A plain folder below /folder, and Hugging Face's API for the same files, in two pages."""

    root: Path

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == f"/api/models/{MODEL}/tree/main":
            self._tree("cursor" in url.query)
        else:
            super().do_GET()

    def _tree(self, second: bool) -> None:
        listed = []
        for file in sorted(p for p in self.root.rglob("*") if p.is_file()):
            data = file.read_bytes()
            entry: dict[str, Any] = {
                "type": "file", "path": file.relative_to(self.root).as_posix(), "size": len(data),
                "oid": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(),
            }  # fmt: skip
            if file.suffix == ".safetensors":
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
            listed.append(entry)
        half = len(listed) // 2
        body = json.dumps(listed[half:] if second else listed[:half]).encode()
        self.send_response(200)
        if not second:
            self.send_header("Link", f'<{self.path}&cursor=2>; rel="next"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def translate_path(self, path: str) -> str:
        name = unquote(urlsplit(path).path)
        for prefix in (f"/{MODEL}/resolve/main/", "/folder/"):
            if name.startswith(prefix):
                return str(self.root / name[len(prefix) :])
        return str(self.root / "nothing")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def url(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    handler = type("Handler", (_Server,), {"root": model_folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(kind: str, address: str, folder: Path) -> Brought:
    source = named_source.source_of(kind, address, model=MODEL, resume="r", flag="--to")
    return bring(Job(model=MODEL, source=source, folder=folder, flag="--to"))


def test_hugging_face(url: str, model_folder: Path, tmp_path: Path) -> None:
    brought = fetch("huggingface", url, tmp_path / "w")
    assert {k.path: k.checked for k in brought.record.files if k.path in SHARDS} == dict.fromkeys(
        SHARDS, "sha256"
    )
    # Of small files Hugging Face names only the id of their Git blob.
    assert {k.checked for k in brought.record.files if k.path not in SHARDS} == {"git"}
    assert len(brought.record.files) == len([p for p in model_folder.rglob("*") if p.is_file()])


@pytest.mark.parametrize("times", [1, 9])
def test_a_small_file_is_held_to_its_blob_id(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    real, left = _Server.copyfile, [times]

    def copyfile(self: _Server, source: Any, output: Any) -> None:
        # Only the file itself, not the list of files; of the same size, and good JSON.
        if self.path.endswith("/config.json") and left[0]:
            left[0] -= 1
            output.write(source.read().replace(b"qwen2_vl", b"qwen2_vx"))
        else:
            real(self, source, output)

    monkeypatch.setattr(_Server, "copyfile", copyfile)
    if times > 2:
        with pytest.raises(SetupError) as caught:
            fetch("huggingface", url, tmp_path / "w")
        assert caught.value.code == "weights_damaged"
        assert not (tmp_path / "w" / "config.json").exists()
    else:
        fetch("huggingface", url, tmp_path / "w")
        assert "qwen2_vl" in (tmp_path / "w" / "config.json").read_text()
    assert left[0] < times


def test_a_plain_web_folder(url: str, model_folder: Path, tmp_path: Path) -> None:
    brought = fetch(f"{url}/folder/", "", tmp_path / "w")
    assert {k.path for k in brought.record.files} >= {*SHARDS, "config.json"}
    assert {k.checked for k in brought.record.files} == {"size"}
    assert (tmp_path / "w" / SHARDS[0]).read_bytes() == (model_folder / SHARDS[0]).read_bytes()


def test_a_web_folder_that_this_tool_filled_names_its_sums(
    url: str, model_folder: Path, tmp_path: Path
) -> None:
    with Hub({MODEL: model_folder}) as hub:
        fetch("modelscope", hub.url, tmp_path / "first")
    (model_folder / folder_record.NAME).write_bytes(
        (tmp_path / "first" / folder_record.NAME).read_bytes()
    )
    brought = fetch(f"{url}/folder", "", tmp_path / "w")
    assert {k.checked for k in brought.record.files} == {"sha256"}
    assert len(brought.record.files) == 6


def test_an_address_that_is_a_hub(model_folder: Path, tmp_path: Path, url: str) -> None:
    with Hub({MODEL: model_folder}) as hub:
        brought = fetch(hub.url, "", tmp_path / "w")
    assert {k.checked for k in brought.record.files} == {"sha256"}


def test_large_files_of_a_folder_are_linked_and_small_ones_copied(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_LARGE_BYTES", 100_000)
    fetch(str(model_folder), "", tmp_path / "w")
    assert (tmp_path / "w" / SHARDS[0]).samefile(model_folder / SHARDS[0])
    assert folder_record.intact(tmp_path / "w", MODEL)
    before = (model_folder / "config.json").read_bytes()
    with (tmp_path / "w" / "config.json").open("ab") as stream:
        stream.write(b" ")
    assert (model_folder / "config.json").read_bytes() == before


@pytest.mark.parametrize(
    "below",
    [MODEL, "Tiny-VL", f"models/{MODEL}", "models/Tiny-VL", f"hub/models/{MODEL}",
     "hub/models--Qwen--Tiny-VL/snapshots/1", "models--Qwen--Tiny-VL/snapshots/1", "snapshots/1"],
)  # fmt: skip
def test_a_cache_or_a_disk_with_the_model_in_it(
    model_folder: Path, tmp_path: Path, below: str
) -> None:
    there = tmp_path / "disk" / below
    there.parent.mkdir(parents=True)
    model_folder.rename(there)
    fetch(str(tmp_path / "disk"), "", tmp_path / "w")
    assert (tmp_path / "w" / SHARDS[0]).read_bytes() == (there / SHARDS[0]).read_bytes()


def test_what_cannot_be_linked_is_copied(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", no_link)
    monkeypatch.setattr(local, "_LARGE_BYTES", 100_000)
    digest = bring_file(model_folder / SHARDS[0], tmp_path / "w" / "x", "--to")
    data = (model_folder / SHARDS[0]).read_bytes()
    assert digest == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "w" / "x").read_bytes() == data


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("suffix", ["", ".sa-part"])
def test_a_link_where_a_file_is_on_its_way_is_not_followed(
    tmp_path: Path, suffix: str, link: Callable[[Path, Path], None]
) -> None:
    source, theirs = tmp_path / "config.json", tmp_path / "thesis.txt"
    source.write_text("{}")
    theirs.write_text("years of work")
    (tmp_path / "w").mkdir()
    link(theirs, tmp_path / "w" / f"config.json{suffix}")
    bring_file(source, tmp_path / "w" / "config.json", "--to")
    assert theirs.read_text() == "years of work"
    assert (tmp_path / "w" / "config.json").read_text() == "{}"
    assert not (tmp_path / "w" / "config.json").is_symlink()


def test_a_part_that_is_another_name_of_a_file_is_none(tmp_path: Path) -> None:
    file = RemoteFile(path="a.bin", size=13, sha256="0" * 64)
    theirs = tmp_path / "thesis.txt"
    theirs.write_text("years of work")
    part = Part(tmp_path, file, "hub")
    part.open()
    part.write(0, b"xx")
    part.close()
    assert kept_bytes(tmp_path, file, "hub") == 2
    (tmp_path / "a.bin.sa-part").unlink()
    os.link(theirs, tmp_path / "a.bin.sa-part")
    again = Part(tmp_path, file, "hub")
    again.open()
    again.write(0, b"yy")
    again.close()
    assert theirs.read_text() == "years of work"


def test_what_is_no_source_is_wrong_use() -> None:
    with pytest.raises(SetupError) as caught:
        named_source.source_of("nothing", "", model=MODEL, resume="r", flag="--to")
    assert caught.value.code == "usage"


def test_a_folder_gives_what_it_shows_and_tells_how_far_it_is(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "target"
    for name in ("b", "a/c", ".git/x", "a/.hidden", "a/.deep/d/e"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "empty").mkdir()
    (root / "out").symlink_to(tmp_path)
    source = local.FolderSource(root, MODEL, "--to")
    wanted = source.list()
    assert [(f.path, f.size) for f in wanted] == [("a/c", 3), ("b", 1)]
    bytes_, files = [], {}
    source.get(wanted, target, bytes_.append, lambda f, digest: files.update({f.path: digest}))
    assert bytes_ == [3, 4]
    assert files == {n: hashlib.sha256(n.encode()).hexdigest() for n in ("a/c", "b")}


def test_a_small_file_is_copied_and_a_large_one_is_shared(tmp_path: Path) -> None:
    for size, shared in ((15_999_999, False), (16_000_000, True)):
        source, target = tmp_path / f"{size}", tmp_path / "to" / f"{size}"
        with source.open("wb") as stream:
            stream.truncate(size)
        assert (bring_file(source, target, "--to") is None) is shared
        assert target.stat().st_size == size
