"""Parts of bundles alone: their tools, logins, the end of a transfer, what is in a wheel."""

from __future__ import annotations

import email
import errno
import zipfile
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import conda, fetch, inside_zip, remote
from setup_assistant.bundle.manifest import Item, Manifest
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host.http import WebError
from setup_assistant.host.transfer.file_progress import TransferError
from setup_assistant.messages import msg
from setup_assistant.steps.backends import rattler


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the engine looks for py-rattler, which is not there."""
    folder = tmp_path / "cache" / "rattler"
    folder.mkdir(parents=True)
    monkeypatch.setattr(rattler, "available", lambda: False)
    monkeypatch.setattr(rattler, "library_folder", lambda: folder)
    return folder


def tool(path: Path, text: str = "x") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rattler/__init__.py", text)


def test_the_maker_of_conda_environments_is_unpacked_anew(tmp_path: Path, library: Path) -> None:
    tool(tmp_path / "a.whl")
    tool(tmp_path / "b.whl", "other")
    (library / "a").mkdir()
    (library / "a" / "old.py").touch()
    (library / ".a.part").mkdir()
    (library / ".a.part" / "half.py").touch()
    conda.unpack_maker(tmp_path, ["a.whl", "b.whl"])
    assert sorted(p.relative_to(library).as_posix() for p in library.rglob("*.py")) == [
        "a/rattler/__init__.py", "b/rattler/__init__.py",
    ]  # fmt: skip
    assert (library / "b/rattler/__init__.py").read_text() == "other"
    assert sorted(p.name for p in library.iterdir()) == ["a", "b"]


def test_it_is_not_unpacked_where_it_is_there(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rattler, "available", lambda: True)
    conda.unpack_maker(tmp_path, ["no.whl"])
    assert list(library.iterdir()) == []


def test_a_tool_of_a_bundle_may_be_so_large(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tmp_path / "a.whl", "x" * 1000)
    monkeypatch.setattr(conda, "_LARGEST_TOOL", 999)
    with pytest.raises(SetupError) as caught:
        conda.unpack_maker(tmp_path, ["a.whl"])
    assert (caught.value.code, caught.value.args_["path"]) == ("bundle_invalid", "a.whl")
    assert caught.value.args_["detail"] == "999"
    assert list(library.iterdir()) == []
    monkeypatch.setattr(conda, "_LARGEST_TOOL", 1000)
    conda.unpack_maker(tmp_path, ["a.whl"])
    (tmp_path / "a.whl").write_bytes(b"no zip")
    with pytest.raises(SetupError) as caught:
        conda.unpack_maker(tmp_path, ["a.whl"])
    assert caught.value.code == "bundle_invalid"
    assert (library / "a").is_dir()


def test_logins_of_indexes_are_those_of_the_person() -> None:
    told = {
        "UV_INDEX": "lab=https://me:p%40ss@lab.example/simple https://two:b@two.example/x",
        "UV_FIND_LINKS": "https://c:d@three.example/,https://e:f@four.example/",
        "UV_OTHER": "https://g:h@five.example/",
    }
    keys = fetch._keys(told)
    hosts = {host for address in keys.logins for host in address if str(host).endswith("example")}
    assert hosts == {"four.example", "lab.example", "three.example", "two.example"}
    assert keys.netrc


@pytest.mark.parametrize(
    ("url", "path"),
    [("file:///a%20b", "/a b"), ("/a%20b", "/a%20b"), ("https://h/a%20b", "https://h/a%20b")],
)
def test_the_path_behind_an_address(url: str, path: str) -> None:
    assert fetch._local(url) == path


def test_the_size_of_an_offer(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"1234")
    near = f"file://{tmp_path}/a%20b"

    def size(url: str, told: int | None) -> int:
        return fetch.Offer(path="w/a", url=url, sha256="", size=told).bytes

    assert (size(near, None), size(near, 7)) == (4, 7)
    assert (size("https://h/x", None), size("https://h/x", 9)) == (0, 9)
    assert fetch.Offer(path="w/x/a", url="", sha256="", size=0).name == "a"


def test_a_disk_that_is_full_is_no_fault_of_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_about: object) -> str:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(fetch, "copy", full)
    offer = fetch.Offer(path="w/a.whl", url="/a.whl", sha256="", size=None)
    with pytest.raises(OSError, match="full"):
        fetch.fetch([offer], tmp_path)


REFUSALS: dict[str, tuple[str, dict[str, str]]] = {
    "no_space": ("disk_filled", {"path": "FOLDER"}),
    "not_writable": ("not_writable", {"path": "FOLDER/w/a", "detail": "why", "flag": "--to"}),
    "not_found": ("bundle_fetch", {"url": "https://h/a", "detail": "why"}),
}


def refusal(reason: str, path: str = "w/a") -> TransferError:
    return TransferError(WebError(reason, msg("{detail}", detail="why")), path)


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_fetching_from_a_bundle_ended_with(
    reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path))
    item = Item(path="w/a b", size=4, sha256="0" * 64)
    manifest = Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=(), files=(item,))
    far = remote.Remote("https://lab.example/bundle/")
    errors: list[Exception] = [refusal(reason, item.path)]
    asked: list[Any] = []

    def transfer(_http: Any, wanted: Any, *_about: Any, **_more: Any) -> None:
        asked.extend(wanted)
        raise errors[0]

    monkeypatch.setattr(remote.transfer, "fetch", transfer)
    with pytest.raises(SetupError) as caught:
        far.fetch(manifest, [item.path])
    code, wanted = REFUSALS[reason]
    assert caught.value.code == code
    url = "https://lab.example/bundle/w/a%20b"
    assert [address for _file, address in asked] == [url]
    told = {"path": {"no_space": str(far.folder), "not_writable": str(far.folder / item.path)}.get(
        reason, ""), "url": url, "detail": "why", "flag": "SETUP_ASSISTANT_CACHE"}  # fmt: skip
    for key in wanted:
        assert str(caught.value.args_[key]) == told[key]
    errors[:] = [remote.transfer.DamagedError(item.path)]
    with pytest.raises(SetupError) as caught:
        far.fetch(manifest, [item.path])
    assert (caught.value.code, caught.value.args_["path"]) == ("bundle_damaged", item.path)


def said(*lines: str) -> email.message.Message:
    return email.message_from_string("\n".join(lines))


def test_what_a_package_needs() -> None:
    assert inside_zip.needs(said(
        "Requires-Dist: Typing_Extensions>=4; python_version < '3.12'",
        "Requires-Dist: !! no requirement",
        "Requires-Dist: pytest; extra == 'test'",
        "Requires-Dist: numpy (>=1.2)",
    )) == {"typing-extensions", "numpy"}  # fmt: skip
    assert inside_zip.needs(said("Name: a")) == set()


def test_what_is_in_a_wheel_and_in_an_agent(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a-1.dist-info/METADATA", "Name: a\nVersion: 1\n")
        archive.writestr("lib/b-2.dist-info/METADATA", "Name: b\nVersion: 2\n")
        archive.writestr("x/y/c-3.dist-info/METADATA", "Name: c\nVersion: 3\n")
        archive.writestr("lib/d-4.dist-info/METADATA", "Name: d\n")
        archive.writestr("a.libs/libx.so.1", b"x")
        archive.writestr("p/q.libs/liby.so", b"y")
        archive.writestr("p/.dylibs/z.dylib", b"z")
        archive.writestr("p/libw-0123abcd.so.2", b"w")
        archive.writestr("p/libown.so", b"own")
    assert inside_zip.metadata(path)["Name"] == "a"
    assert [*inside_zip.packages(path)] == [("b", "2"), ("c", "3")]
    found = inside_zip.libraries(path)
    assert sorted(found) == [
        "a.libs/libx.so.1", "p/.dylibs/z.dylib", "p/libw-0123abcd.so.2", "p/q.libs/liby.so",
    ]  # fmt: skip
    assert len({*found.values()}) == 4
    path.write_bytes(b"x")
    assert inside_zip.metadata(path).keys() == []
    assert (inside_zip.packages(path), inside_zip.libraries(path)) == ({}, {})
