"""What somebody changed, lost, swapped or added is refused, by the name of the file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import cut, disk_check, sign
from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle.manifest import Item
from setup_assistant.bundle.verify import verify
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from tests.bundle.small import small


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen signs and is not here")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                       check=True)  # fmt: skip
    return folder


@pytest.fixture
def signed(tmp_path: Path, keys: Path) -> Path:
    """Return a signed bundle in parts, in a folder with a blank and Chinese letters."""
    folder = tmp_path / "有 空格" / "bundle"
    small(folder, part_bytes=700, key=keys / "ours")
    return folder


def refused(folder: Path, signer: Path | None = None) -> tuple[str, str]:
    with pytest.raises(SetupError) as caught:
        verify([folder], signer=signer)
    return caught.value.code, str(caught.value.args_["path"])


def everything(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def flip(path: Path, place: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def test_a_flipped_byte_anywhere(signed: Path, keys: Path) -> None:
    signer = keys / "ours.pub"
    assert verify([signed], signer=signer).signer.startswith("SHA256:")
    seen = set()
    for number, path in enumerate(everything(signed)):
        data = path.read_bytes()
        places = sorted({0, len(data) // 2, len(data) - 1} if data else ())
        # What the signature is of, everywhere; of the others each at one place.
        if places and path.name not in manifests.ABOUT:
            places = [places[number % len(places)]]
        for place, bit in zip(places, (0, 5, 0), strict=False):
            flip(path, place, bit)
            _code, named = refused(signed, signer)
            about = {path.name}
            # The signature is one of the manifest: it says so of either.
            about |= {manifests.SIGNATURE} if path.name == manifests.NAME else set()
            about |= {manifests.SUMS_SIGNATURE} if path.name == manifests.SUMS else set()
            assert Path(named).name in about, (path, place)
            path.write_bytes(data)
            seen.add(path.name)
    assert {*manifests.ABOUT, "README.txt", "sbom.cdx.json", "agent-x86_64.pyz"} <= seen
    verify([signed], signer=signer)


def test_only_what_a_machine_takes_has_to_be_whole(signed: Path) -> None:
    """A room's bundle has files of other machines: to read them all takes minutes."""
    items = manifests.load([signed]).files
    taken, other = (next(i for i in items if i.path.endswith(n)) for n in ("lock", "whl"))
    piece = signed / other.parts()[-1].path
    flip(piece, 0)
    verify([signed], used=lambda _manifest: (taken.path,))
    with pytest.raises(SetupError) as raised:
        verify([signed], used=lambda _manifest: (taken.path, other.path))
    assert raised.value.code == "bundle_damaged"
    piece.unlink()
    with pytest.raises(SetupError, match="is missing"):
        verify([signed], used=lambda _manifest: (taken.path,))


def test_a_flipped_byte_without_any_signature(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    for name in (manifests.NAME, manifests.SUMS):
        path = folder / name
        data = path.read_bytes()
        for place in range(0, len(data), 151):
            flip(path, place)
            code, named = refused(folder)
            assert code in {"bundle_damaged", "bundle_invalid"}
            assert Path(named).name in {manifests.NAME, manifests.SUMS}
            path.write_bytes(data)
    verify([folder])


def test_line_ends_that_a_copy_changed(signed: Path, keys: Path) -> None:
    manifest = signed / manifests.NAME
    manifest.write_bytes(manifest.read_bytes().replace(b"\n", b"\r\n"))
    assert refused(signed, keys / "ours.pub")[0] == "bundle_signature"


def test_a_signature_that_ssh_keygen_reads_over(signed: Path) -> None:
    path = signed / manifests.SIGNATURE
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], " " + lines[1], *lines[2:]]))
    done = subprocess.run(
        ["ssh-keygen", "-Y", "check-novalidate", "-n", "setup-assistant-bundle", "-s", path],
        input=(signed / manifests.NAME).read_bytes(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert refused(signed) == ("bundle_signature", str(path))


def test_truncated_missing_and_empty(signed: Path) -> None:
    part = next(signed.glob("part-02/**/*.*"))
    data = part.read_bytes()
    part.write_bytes(data[:-1])
    assert refused(signed) == ("bundle_damaged", str(part))
    part.write_bytes(b"")
    assert refused(signed) == ("bundle_damaged", str(part))
    part.unlink()
    assert refused(signed) == ("bundle_missing", part.relative_to(signed).as_posix())
    part.mkdir()
    assert refused(signed)[0] == "bundle_missing"
    part.rmdir()
    os.mkfifo(part)
    assert refused(signed)[0] == "bundle_missing"
    part.unlink()
    part.write_bytes(data)
    for name in (manifests.NAME, manifests.SUMS):
        (signed / name).rename(signed / "kept")
        assert refused(signed) == ("bundle_missing", name)
        (signed / "kept").rename(signed / name)
    verify([signed])


def test_parts_of_one_size_in_each_others_place(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    small(folder, part_bytes=100)
    pieces = [p for p in manifests.load([folder]).parts() if p.size == 100]
    one, other = (folder / p.path for p in pieces[:2])
    one.rename(folder / "kept")
    other.rename(one)
    (folder / "kept").rename(other)
    code, named = refused(folder)
    assert code == "bundle_damaged"
    assert named in {str(one), str(other)}


def test_sticks_in_any_order(signed: Path, tmp_path: Path) -> None:
    second = tmp_path / "stick 2"
    second.mkdir()
    for part in sorted(signed.glob("part-*"))[1::2]:
        shutil.move(part, second / part.name)
    for name in manifests.ABOUT:
        shutil.copy(signed / name, second / name)
    for order in ([signed, second], [second, signed]):
        assert verify(order).signer


def test_a_part_of_another_bundle(signed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    small(other, part_bytes=700, name="b")
    shutil.rmtree(signed / "part-02")
    shutil.copytree(other / "part-02", signed / "part-02")
    code, named = refused(signed)
    assert code in {"bundle_missing", "bundle_damaged", "bundle_extra"}
    assert "part-02" in named


@pytest.mark.parametrize("with_sums", [False, True])
def test_the_manifest_of_another_bundle(
    signed: Path, keys: Path, tmp_path: Path, with_sums: bool
) -> None:
    other = tmp_path / "other"
    small(other, part_bytes=700, name="b", key=keys / "ours")
    for name in manifests.ABOUT if with_sums else (manifests.NAME,):
        shutil.copy(other / name, signed / name)
    code, named = refused(signed, keys / "ours.pub")
    if with_sums:
        # All of it is right and ours, but the files are others.
        assert code in {"bundle_missing", "bundle_damaged"}
        assert Path(named).name not in manifests.ABOUT
    else:
        assert (code, Path(named).name) == ("bundle_signature", manifests.SIGNATURE)
    (signed / manifests.SIGNATURE).unlink(missing_ok=True)
    if not with_sums:
        assert refused(signed) == ("bundle_damaged", str(signed / manifests.NAME))


def test_whose_signature(signed: Path, keys: Path, tmp_path: Path) -> None:
    def allow(text: str) -> Path:
        path = tmp_path / "allowed"
        path.write_text(text)
        return path

    ours = (keys / "ours.pub").read_text().strip()
    theirs = (keys / "theirs.pub").read_text().strip()
    for good in (f"it@lab {ours}\n", f"# who\n\nx@y {theirs}\nit@lab {ours}\n", ours + "\n",
                 f'it@lab namespaces="git,setup-assistant-bundle" {ours}\n'):  # fmt: skip
        assert verify([signed], signer=allow(good)).signer
    for bad in (f"it@lab {theirs}\n", f"# it@lab {ours}\n", "", "nothing\n",
                f'it@lab namespaces="git" {ours}\n',
                f'it@lab valid-before="20200101" {ours}\n'):  # fmt: skip
        assert refused(signed, allow(bad))[0] == "bundle_signature", bad
    # Another key's signature of the right manifest.
    (signed / manifests.SIGNATURE).unlink()
    assert refused(signed, keys / "ours.pub")[0] == "bundle_signature"
    assert verify([signed]).signer == ""
    (signed / manifests.SUMS_SIGNATURE).unlink()
    sign.sign(signed, keys / "theirs")
    assert refused(signed, keys / "ours.pub")[0] == "bundle_signature"
    assert verify([signed]).signer.startswith("SHA256:")
    (signed / manifests.SIGNATURE).write_bytes(b"\x00" * 100)
    assert refused(signed)[0] == "bundle_signature"
    (signed / manifests.SIGNATURE).write_bytes(b"x" * 1_000_000)
    assert refused(signed)[0] == "bundle_signature"


def test_a_machine_without_ssh_keygen(
    signed: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert verify([signed]).signer == sign.UNCHECKED
    assert refused(signed, keys / "ours.pub")[0] == "bundle_signature"


def test_files_that_nobody_listed(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    # On a stick there may be other things, and what systems leave there.
    for path in (
        "notes.txt",
        "holiday/photo.jpg",
        "wheels/.DS_Store",
        "weights/Qwen/a/._config.json",
    ):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("x")
    verify([folder])
    for path in ("weights/Qwen/a/model.safetensors.index.json", "wheels/torch-9-py3-none-any.whl",
                 "weights/Qwen/a/pytorch_model.bin", "agent/evil.pyz", "locks/x"):  # fmt: skip
        (folder / path).write_text("x")
        assert refused(folder) == ("bundle_extra", str(folder / path))
        (folder / path).unlink()
    (folder / "wheels" / "link.whl").symlink_to("/etc/passwd")
    assert refused(folder)[0] == "bundle_extra"


def test_a_link_is_as_good_as_what_it_leads_to(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    target = next((folder / "wheels").iterdir())
    target.rename(tmp_path / "moved")
    target.symlink_to(tmp_path / "moved")
    verify([folder])
    target.unlink()
    target.symlink_to("/etc/passwd")
    assert refused(folder) == ("bundle_damaged", str(target))


def rewritten(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a manifest as somebody would who brings its sums up to date."""
    path = folder / manifests.NAME
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))
    lines = (folder / manifests.SUMS).read_text().splitlines(keepends=True)
    lines[0] = f"{files.sha256(path)}  {manifests.NAME}\n"
    (folder / manifests.SUMS).write_text("".join(lines))


_SUM = "0" * 64


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["files"].append({"path": "../x", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "/etc/passwd", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "a/./b", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "wheels\\..\\x", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "wheels/con.whl", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "manifest.json", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "", "size": 1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "x", "size": -1, "sha256": _SUM}),
        lambda m: m["files"].append({"path": "x", "size": 1, "sha256": "nothing"}),
        lambda m: m["files"].append({"path": "x", "size": 1 << 70, "sha256": _SUM}),
        lambda m: m["files"].append(dict(m["files"][0])),
        lambda m: m["files"].append({**m["files"][0], "path": m["files"][0]["path"].upper()}),
        lambda m: m["files"][-1].update(path=m["files"][0]["path"] + "/below"),
        lambda m: m["files"][-1].update(
            pieces=[{"path": "../../x", "size": m["files"][-1]["size"], "sha256": _SUM}]
        ),
        lambda m: m["files"][-1].update(pieces=[{"path": "p", "size": 3, "sha256": _SUM}]),
        lambda m: m["targets"][0].update(lock="locks/other.lock"),
        lambda m: m["targets"][0]["weights"].append("/etc/passwd"),
        lambda m: m["targets"][0]["wheels"].append("../../x.whl"),
        lambda m: m.update(schema="setup-assistant/bundle/99"),
        lambda m: m.update(files="none"),
        lambda m: m.pop("targets"),
    ],
)
def test_a_manifest_that_makes_no_sense(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    rewritten(folder, change)
    assert refused(folder) == ("bundle_invalid", str(folder / manifests.NAME))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"null", b"<html>", b"\xff\xfe{}", b"[" * 100_000]
)
def test_something_else_by_its_name(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    (folder / manifests.NAME).write_bytes(data)
    assert refused(folder) == ("bundle_invalid", str(folder / manifests.NAME))


def test_a_manifest_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bundle"
    small(folder)
    with monkeypatch.context() as limit:
        limit.setattr(manifests, "LARGEST_MANIFEST", (folder / manifests.NAME).stat().st_size)
        manifests.load([folder])
    with (folder / manifests.NAME).open("wb") as stream:
        stream.truncate(manifests.LARGEST_MANIFEST + 1)
    assert refused(folder) == ("bundle_invalid", str(folder / manifests.NAME))


def test_everybody_can_check_the_sums(signed: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not here")
    done = subprocess.run(["sha256sum", "--check", "--strict", manifests.SUMS], cwd=signed,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_sealed_again_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    trees = []
    for name in ("one", "two"):
        small(tmp_path / name, part_bytes=700)
        trees.append({p.relative_to(tmp_path / name): files.sha256(p)
                      for p in everything(tmp_path / name)})  # fmt: skip
    assert trees[0] == trees[1]
    assert manifests.load([tmp_path / "one"]).created == "2023-11-14T22:13:20Z"


class Killed(BaseException):
    """Stands for a SIGKILL: nothing cleans up after it."""


@pytest.mark.parametrize("moment", range(0, 26, 3))
def test_killed_while_cutting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    wanted = {}
    for name in ("wheels/a.whl", "weights/Qwen/a/b c.bin", "conda/noarch/d.conda"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(name.encode() * 100)
        wanted[name] = (folder / name).read_bytes()
    items = [Item(path=n, size=len(d), sha256=files.sha256(folder / n)) for n, d in wanted.items()]
    left = [moment]

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def dies(*arguments: object, **named: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*arguments, **named)

        return dies

    with monkeypatch.context() as patch:
        for name in ("fsync", "unlink"):
            patch.setattr(os, name, dying(getattr(os, name)))
        try:
            cut.pack(folder, items, 900)
            finished = True
        except Killed:
            finished = False
    assert finished == (left[0] >= 0)
    cut.unpack(folder)
    assert {n: (folder / n).read_bytes() for n in wanted} == wanted
    assert not list(folder.glob("part-*"))
    assert not (folder / cut.JOURNAL).exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mine").write_text("x")
    with pytest.raises(SetupError) as caught:
        disk_check.begin(tmp_path)
    assert (caught.value.code, caught.value.args_["path"]) == (
        "bundle_foreign", str(tmp_path / "weights")
    )  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["weights"]
    work = disk_check.begin(tmp_path / "below")
    # Where it is ours: a run that was killed left this.
    (tmp_path / "below" / ".manifest.json.abcd").write_text("x")
    (tmp_path / "below" / "weights").mkdir()
    assert disk_check.begin(tmp_path / "below") == work
    disk_check.sweep(tmp_path / "below")
    assert sorted(p.name for p in (tmp_path / "below").iterdir()) == sorted([work.name, "weights"])


def test_two_at_once_in_one_folder(tmp_path: Path) -> None:
    from setup_assistant.bundle.create import Order, create
    from setup_assistant.choose.wishes import Wishes

    work = disk_check.begin(tmp_path / "b")
    with files.exclusive(work / "lock"), pytest.raises(SetupError) as caught:
        create(Order(folder=tmp_path / "b", kinds=(), wishes=Wishes(), sources=()), lambda _: None)
    assert caught.value.code == "site_busy"
    assert work.is_dir()


def test_a_stick_with_fat32_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    point = str(tmp_path / "USB 盘").replace(" ", "\\040")
    mounts.write_text(
        f"22 1 8:1 / / rw - ext4 /dev/a rw\n99 22 8:2 / {point} rw shared:1 - vfat /dev/b rw\n"
    )
    folder = tmp_path / "USB 盘" / "bundle"
    folder.parent.mkdir()
    assert disk_check.filesystem(folder, mounts) == "vfat"
    assert disk_check.filesystem(tmp_path, mounts) == "ext4"
    assert disk_check.filesystem(tmp_path, tmp_path / "none") == ""
    monkeypatch.setattr(disk_check, "filesystem", lambda _folder: "vfat")
    disk_check.check(folder, [("wheels/a.whl", 1000)], 0)
    with pytest.raises(SetupError) as caught:
        disk_check.check(folder, [("weights/m/a.safetensors", 4 << 30)], 0)
    assert caught.value.code == "bundle_file_too_large"
    assert "a.safetensors" in str(caught.value)
    monkeypatch.setattr(disk_check, "filesystem", lambda _folder: "ext4")
    with pytest.raises(SetupError) as caught:
        disk_check.check(folder, [("weights/m/a.safetensors", 1 << 60)], 0)
    assert caught.value.code == "no_space"


def test_a_wheel_that_would_fill_the_disk_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from setup_assistant.bundle import conda
    from setup_assistant.steps.backends import rattler

    monkeypatch.setattr(rattler, "available", lambda: False)
    monkeypatch.setattr(conda, "_LARGEST_TOOL", 1 << 20)
    (tmp_path / "tools").mkdir()
    bomb = tmp_path / "tools" / "py_rattler-1.whl"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rattler/__init__.py", b"\0" * (8 << 20))
    for path in ("tools/py_rattler-1.whl", "tools/none.whl"):
        (tmp_path / "tools" / "none.whl").write_bytes(b"no zip")
        with pytest.raises(SetupError) as caught:
            conda.unpack_maker(tmp_path, [path])
        assert (caught.value.code, caught.value.args_["path"]) == ("bundle_invalid", path)
    assert not list(rattler.library_folder().glob("*"))
