"""A bundle that is served: only what it lists, resumed, proved, and pinned by its manifest."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle.manifest import Item, Manifest
from setup_assistant.bundle.remote import CONTROL, Remote
from setup_assistant.bundle.server import serving
from setup_assistant.bundle.verify import Checked
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.part import Part
from setup_assistant.host.transfer.remote_file import RemoteFile

CONTENT = bytes(range(256)) * 2000
ODD = "weights/Qwen/模型/说明 #1 100% (?).md".replace("?", "x")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "bundle"
    (root / "wheels").mkdir(parents=True)
    (root / "wheels" / "a.whl").write_bytes(CONTENT)
    (root / "secret").write_text("secret")
    (root / ODD).parent.mkdir(parents=True)
    (root / ODD).write_bytes(CONTENT[:3000])
    items = tuple(
        Item(path=p, size=(root / p).stat().st_size, sha256=files.sha256(root / p))
        for p in ("wheels/a.whl", ODD)
    )
    manifest = Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=(), files=items)
    manifests.save(root, manifest)
    return root


@pytest.fixture
def address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    checked = Checked(folders=(folder,), manifest=manifests.load([folder]), signer="")
    with serving(checked, 0, ["127.0.0.1"]) as where:
        yield where


def test_it_is_fetched_from_where_ssh_came(
    address: tuple[str, int], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert address[0] == "127.0.0.1"
    monkeypatch.setenv("SSH_CONNECTION", "127.0.0.1 40000 10.0.0.9 22")
    pinned = files.sha256(folder / manifests.NAME)
    remote = Remote(f"http://{CONTROL}:{address[1]}", pinned)
    manifest = remote.open(None).manifest
    target = remote.folder / "wheels" / "a.whl"
    # An earlier run was killed in the middle.
    half = begun(remote.folder, manifest)
    half.write(0, CONTENT[:1000])
    half.close()
    remote.fetch(manifest, ["wheels/a.whl", ODD])
    assert target.read_bytes() == CONTENT
    assert (remote.folder / ODD).read_bytes() == CONTENT[:3000]
    remote.forget()
    assert not remote.folder.exists()


def test_what_came_before_is_not_trusted(address: tuple[str, int]) -> None:
    remote = Remote(f"http://127.0.0.1:{address[1]}")
    manifest = remote.open(None).manifest
    half = begun(remote.folder, manifest)
    half.write(0, b"x" * 1000)
    half.close()
    # What comes together with it is damaged; then all of it is fetched.
    remote.fetch(manifest, ["wheels/a.whl"])
    assert half.target.read_bytes() == CONTENT


def begun(folder: Path, manifest: Manifest) -> Part:
    """Return the part that an earlier run left of the wheel."""
    item = manifest.item("wheels/a.whl")
    file = RemoteFile(path=item.path, size=item.size, sha256=item.sha256)
    part = Part(folder, file, "whatever")
    part.open()
    return part


def test_another_manifest_than_the_one_named_is_refused(address: tuple[str, int]) -> None:
    with pytest.raises(SetupError) as caught:
        Remote(f"http://127.0.0.1:{address[1]}", "0" * 64).open(None)
    assert (caught.value.code, caught.value.args_["path"]) == ("bundle_damaged", "manifest.json")


def test_a_rate_is_shared_by_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    slept: list[float] = []
    monkeypatch.setattr("setup_assistant.host.clock.sleep", slept.append)
    checked = Checked(folders=(folder,), manifest=manifests.load([folder]), signer="")
    with serving(checked, 100_000, ["127.0.0.1"]) as (host, port):
        remote = Remote(f"http://{host}:{port}")
        manifest = remote.open(None).manifest
        remote.fetch(manifest, ["wheels/a.whl"])
        assert (remote.folder / "wheels" / "a.whl").read_bytes() == CONTENT
    # 512 000 bytes at 100 000 a second: nobody waited, so that the last one would have to.
    assert max(slept) > 4


def test_a_changed_manifest_is_refused_without_any_key(
    address: tuple[str, int], folder: Path
) -> None:
    path = folder / manifests.NAME
    path.write_text(path.read_text().replace('"created": ""', '"created": "2"'))
    with pytest.raises(SetupError) as caught:
        Remote(f"http://127.0.0.1:{address[1]}").open(None)
    assert (caught.value.code, Path(str(caught.value.args_["path"])).name) == (
        "bundle_damaged", "manifest.json"
    )  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/secret", "/../secret", "/wheels/../secret", "/", "//etc/passwd"]
)
def test_nothing_else_is_served(address: tuple[str, int], path: str) -> None:
    connection = http.client.HTTPConnection(*address, timeout=600)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status == 404
    assert b"secret" not in response.read()
    connection.close()


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "wheels/a\nb", ""])
def test_a_manifest_cannot_lead_elsewhere(folder: Path, path: str) -> None:
    item = Item(path=path, size=1, sha256="0" * 64)
    manifests.save(
        folder,
        Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=(), files=(item,)),
    )
    with pytest.raises(SetupError) as caught:
        manifests.load([folder])
    assert caught.value.code == "bundle_invalid"
