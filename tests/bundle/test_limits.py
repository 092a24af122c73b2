"""The rules of a bundle at their limits: what is refused and in which words, what fits where."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant import __version__
from setup_assistant.bundle import apply, conda, cut, disk_check, models, targets
from setup_assistant.bundle import fetch as fetching
from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.fetch import Offer, refused
from setup_assistant.bundle.manifest import Item, Manifest, Piece, Target
from setup_assistant.bundle.remote import Remote
from setup_assistant.bundle.targets import Kind, kinds, plan_key
from setup_assistant.bundle.verify import verify
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.http_errors import WebError
from setup_assistant.host.transfer import fetch as transfer
from setup_assistant.host.transfer.file_progress import TransferError
from setup_assistant.messages import msg
from setup_assistant.steps.backends import rattler
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept
from tests.bundle.small import small
from tests.choose.described import described, plan_for
from tests.recorded import compare

SUM = "0" * 64
CARD = "NVIDIA GeForce RTX 4090,8.9,24564,23900"


def code_and(caught: pytest.ExceptionInfo[SetupError]) -> tuple[str, dict[str, Any]]:
    return caught.value.code, dict(caught.value.args_)


# --- what is written -------------------------------------------------------------------------
@pytest.mark.parametrize("part_bytes", [0, 1000])
def test_a_bundle_is_described_as_it_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    made = small(tmp_path / "b", part_bytes=part_bytes)
    assert made == manifests.load([tmp_path / "b"])
    assert made.created == "2025-10-09T08:53:20Z"
    found = {}
    for name in ("README.txt", "run.sh", "manifest.json", "sbom.cdx.json"):
        text = (tmp_path / "b" / name).read_text(encoding="utf-8")
        text = re.sub(r"[0-9a-f]{64}", "SUM", text.replace(__version__, "VERSION"))
        # How long its own pages are, and what is told of this tool's packages, is not the bundle's.
        text = re.sub(r'(?s)("(?:README.txt|run.sh|sbom.cdx.json)",\s*"size": )\d+', r"\1N", text)
        found[f"{name} {part_bytes}"] = text
    compare(Path(__file__).with_name("recorded_bundle.txt"), found)


# --- the manifest ----------------------------------------------------------------------------
TARGET = Target(
    id="12345678", key="torch1", platform=plan_for(None, ram_gib=8).platform, python="3.11",
    backend="uv", lock="locks/a", wheels=("wheels/a",), model="m", weights=("weights/o/m/a",),
    conda=("conda/a",), channel="conda/c.json", tools=("tools/a",),
)  # fmt: skip


def item(path: str, size: int = 1, pieces: tuple[Piece, ...] = ()) -> Item:
    return Item(path=path, size=size, sha256=SUM, pieces=pieces)


def piece(path: str, size: int) -> Piece:
    return Piece(path=path, size=size, sha256=SUM)


def manifest(*items: Item, of: tuple[Target, ...] = ()) -> Manifest:
    return Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=of, files=items)


ALL = tuple(item(p) for p in (TARGET.lock, *TARGET.packages(), *TARGET.weights))


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (manifest(item("a", 0), item("b", 1 << 52)), []),
        (manifest(*ALL, of=(TARGET,)), []),
        (manifest(item("a", -1)), [f"'a': -1 {SUM}"]),
        (manifest(item("a", (1 << 52) + 1)), [f"'a': {(1 << 52) + 1} {SUM}"]),
        (manifest(replace(item("a"), sha256="x" * 99)), [f"'a': 1 {'x' * 80!r}"]),
        (manifest(item("../a")), ["'../a': it leads elsewhere"]),
        (manifest(item("SHA256SUMS.sig")), ["'SHA256SUMS.sig': a reserved name"]),
        (manifest(item("a", 5, (piece("p/a", 3), piece("q/a", 2)))), []),
        (manifest(item("a", 5, (piece("p/a", 3), piece("q/a", 1)))), ["'a': 5"]),
        (manifest(item("a", 5, (piece("p/a", 3), piece("../a", 2)))),
         ["'../a': it leads elsewhere"]),
        (manifest(item("a"), item("A")), ["'A' is listed twice"]),
        (manifest(item("a", 1, (piece("p", 1),)), item("a", 1, (piece("q", 1),))),
         ["'a' is listed twice"]),
        (manifest(*ALL, of=(replace(TARGET, id="1234567"),)),
         ["'1234567': not the id of a target"]),
        (manifest(*ALL, of=(replace(TARGET, id="123456789"),)),
         ["'123456789': not the id of a target"]),
        (manifest(*ALL[1:], of=(TARGET,)), ["'locks/a': it is named and not listed"]),
        (manifest(*ALL[:-1], of=(TARGET,)), ["'weights/o/m/a': it is named and not listed"]),
        (replace(manifest(), schema="x/1"), ["x/1"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_manifest(given: Manifest, faults: list[str]) -> None:
    found = [re.sub(rf"(?<= )'({SUM})'", r"\1", f) for f in manifests._faults(given)]
    assert found == faults


def test_a_manifest_lists_no_more_files_than_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MOST_FILES", 3)
    cut_up = item("a", 2, (piece("p", 1), piece("q", 1)))
    assert list(manifests._faults(manifest(cut_up))) == []
    assert list(manifests._faults(manifest(cut_up, item("b")))) == ["more than 3 files"]


def test_what_a_target_is_set_up_from() -> None:
    assert TARGET.packages() == ("wheels/a", "conda/a", "conda/c.json", "tools/a")
    assert replace(TARGET, channel="").packages() == ("wheels/a", "conda/a", "tools/a")
    assert apply.needed(TARGET) == ("locks/a", *TARGET.packages(), "weights/o/m/a")
    assert apply.needed(TARGET, packages=False) == ("locks/a", "weights/o/m/a")
    assert apply.needed(TARGET, weights=False) == ("locks/a", *TARGET.packages())
    one = manifest(item("a", 2, (piece("p", 1), piece("q", 1))), item("b"))
    assert [p.path for p in one.parts()] == ["p", "q", "b"]
    assert one.item("b") is one.files[1]
    with pytest.raises(SetupError) as caught:
        one.item("p")
    assert code_and(caught) == ("bundle_invalid", {"path": "manifest.json", "detail": "p"})


def test_a_check_tells_how_far_it_is_and_what_is_left_over(tmp_path: Path) -> None:
    made = small(tmp_path / "b")
    told: list[tuple[int, int, str]] = []
    checked = verify([tmp_path / "b"], tell=lambda *said: told.append(said))
    total = sum(p.size for p in made.parts())
    assert [path for _done, _total, path in told] == [p.path for p in made.parts()]
    assert {t for _done, t, _path in told} == {total}
    assert [d for d, _total, _path in told][-1] == total
    assert told[0][0] == made.parts()[0].size
    assert (checked.signer, checked.manifest, checked.folders) == ("", made, (tmp_path / "b",))


# --- the disk --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "sizes", "there", "part", "free", "said"),
    [
        ("ext4", {"a": 5 << 30, "b": 1}, (), 0, (5 << 30) + 1, None),
        ("ext4", {"a": 5 << 30, "b": 1}, (), 0, 5 << 30, "no_space"),
        ("ext4", {"a": 100, "b": 1}, ("a",), 0, 1, None),
        ("ext4", {"a": 100, "b": 1}, ("a",), 0, 0, "no_space"),
        ("ext4", {"a": 100, "b": 1}, (), 50, 201, None),
        ("ext4", {"a": 100, "b": 1}, (), 50, 200, "no_space"),
        ("vfat", {"a": (4 << 30) - 1}, (), 0, 9 << 30, None),
        ("vfat", {"a": 4 << 30}, (), 0, 9 << 30, "bundle_file_too_large"),
        ("msdos", {"a": 4 << 30}, (), 0, 9 << 30, "bundle_file_too_large"),
        ("exfat", {"a": 4 << 30}, (), 0, 9 << 30, None),
        ("ext4", {}, (), 50, 0, None),
    ],
)
def test_what_a_disk_can_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, sizes: dict[str, int],
    there: tuple[str, ...], part: int, free: int, said: str | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(disk_check, "filesystem", lambda _folder: kind)
    monkeypatch.setattr(files, "free_bytes", lambda _path: free)
    for name in there:
        (tmp_path / name).touch()
    if said is None:
        disk_check.check(tmp_path, sizes.items(), part)
        return
    with pytest.raises(SetupError) as caught:
        disk_check.check(tmp_path, sizes.items(), part)
    assert caught.value.code == said
    assert caught.value.args_.get("path") in ("a", str(tmp_path))


def test_the_deepest_mount_tells_the_file_system(tmp_path: Path) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    rows = [("/", "ext4"), (str(tmp_path), "xfs"), (str(place), "vfat"), (f"{place}x", "btrfs"),
            (str(tmp_path), "tmpfs")]  # fmt: skip
    listed = tmp_path / "mountinfo"
    listed.write_text("".join(f"1 0 8:1 / {point} rw - {name} dev rw\n" for point, name in rows))
    for folder, name in ((place, "vfat"), (place / "not/yet", "vfat"), (tmp_path, "tmpfs"),
                         (tmp_path.parent, "ext4"), (Path(f"{place}y"), "tmpfs")):  # fmt: skip
        assert disk_check.filesystem(folder, listed) == name
    assert disk_check.filesystem(place, tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("there", "ours", "foreign"),
    [
        ((), None, None), (("photos",), None, None), (("wheels",), None, "wheels"),
        (("part-01",), None, "part-01"), (("part-x",), None, None),
        (("wheels",), disk_check.WORK, None), (("part-01",), cut.JOURNAL, None),
        (("wheels", "manifest.json"), None, "wheels"),
    ],
)  # fmt: skip
def test_a_folder_of_the_persons_own_is_not_taken(
    tmp_path: Path, there: tuple[str, ...], ours: str | None, foreign: str | None
) -> None:
    for name in there:
        (tmp_path / name).mkdir()
    if ours:
        (tmp_path / ours).mkdir()
    if foreign is None:
        assert disk_check.begin(tmp_path) == tmp_path / disk_check.WORK
        assert (tmp_path / disk_check.WORK).is_dir()
        return
    with pytest.raises(SetupError) as caught:
        disk_check.begin(tmp_path)
    assert code_and(caught) == ("bundle_foreign", {"path": str(tmp_path / foreign)})
    assert not (tmp_path / disk_check.WORK).exists()


def test_what_a_killed_run_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    left = (".manifest.json.abc", ".SHA256SUMS.x", ".run.sh.1", f".{cut.JOURNAL}.x")
    for name in (*left, ".other.json.abc", "manifest.json.abc"):
        (tmp_path / name).touch()
    disk_check.sweep(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".other.json.abc", "manifest.json.abc"}


def test_one_folder_without_pieces_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/a").write_bytes(b"abc")
    right = hashlib.sha256(b"abc").hexdigest()
    plain = Item(path="a", size=3, sha256=right)
    scratch = tmp_path / "s"
    assert cut.whole([tmp_path / "b"], [plain], scratch) == tmp_path / "b"
    parts = (Piece(path="p1", size=2, sha256=SUM), Piece(path="p2", size=1, sha256=SUM))
    cut_up = replace(plain, path="c", pieces=parts)
    for name, data in (("p1", b"ab"), ("p2", b"c")):
        (tmp_path / "b" / name).write_bytes(data)
    asked: list[int] = []
    monkeypatch.setattr(files, "check_room", lambda _path, need, _flag: asked.append(need))
    assert cut.whole([tmp_path / "b"], [plain, cut_up], scratch) == scratch
    assert asked == [3]
    assert (scratch / "a").readlink() == tmp_path / "b/a"
    assert (scratch / "c").read_bytes() == b"abc"
    with pytest.raises(SetupError) as caught:
        cut.whole([tmp_path / "b"], [replace(cut_up, sha256=SUM)], scratch)
    assert code_and(caught) == ("bundle_damaged", {"path": "c"})

    def full(*_about: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(cut, "_append", full)
    with pytest.raises(SetupError) as caught:
        cut.whole([tmp_path / "b"], [cut_up], scratch)
    assert code_and(caught) == ("disk_filled", {"path": str(scratch)})


# --- fetching --------------------------------------------------------------------------------
def test_what_is_copied_is_what_was_resolved(tmp_path: Path) -> None:
    source = tmp_path / "far.whl"
    source.write_bytes(b"abc")
    right = Offer(path="wheels/far.whl", url=str(source),
                  sha256=hashlib.sha256(b"abc").hexdigest(), size=3)  # fmt: skip
    target = tmp_path / "b" / right.path
    changes: list[tuple[Offer, str, dict[str, Any]]] = [
        (replace(right, sha256=SUM), "hash_mismatch", {"detail": "far.whl"}),
        (replace(right, url=f"{source}x"), "bundle_fetch",
         {"url": f"{source}x", "detail": os.strerror(errno.ENOENT)}),
        (replace(right, path="../far.whl"), "bundle_fetch",
         {"url": str(source), "detail": "'../far.whl': it leads elsewhere"}),
    ]  # fmt: skip
    for offer, code, args in changes:
        with pytest.raises(SetupError) as caught:
            fetching.fetch([offer], tmp_path / "b")
        assert code_and(caught) == (code, args)
        assert not target.exists()
    fetching.fetch([replace(right, url=f"{source}x"), right], tmp_path / "b")
    assert target.read_bytes() == b"abc"
    source.unlink()
    fetching.fetch([right], tmp_path / "b")
    assert fetching.is_there(target, right.sha256)
    assert not fetching.is_there(target, SUM)
    assert not fetching.is_there(tmp_path, right.sha256)


@pytest.mark.parametrize(
    ("reason", "code", "args"),
    [
        ("no_space", "disk_filled", {"path": "/f"}),
        ("not_writable", "not_writable", {"path": "/f/a/b", "detail": "why", "flag": "--to"}),
        ("denied", "bundle_fetch", {"url": "http://x", "detail": "why"}),
    ],
)
def test_what_a_transfer_ended_with(reason: str, code: str, args: dict[str, str]) -> None:
    error = refused(TransferError(WebError(reason, msg("why")), "a/b"), "http://x", Path("/f"),
                    flag="--to")  # fmt: skip
    assert (error.code, error.args_) == (code, args)


@pytest.mark.parametrize(
    ("client", "address", "asked"),
    [
        ("10.0.0.9 4 5 6", "http://ssh-client:80/b/", "http://10.0.0.9:80/b"),
        ("fe80::1%eth0 4 5 6", "http://ssh-client:80", "http://[fe80::1]:80"),
        ("", "http://ssh-client:80", "http://127.0.0.1:80"),
        ("10.0.0.9 4", "http://ssh-client.example:80", "http://ssh-client.example:80"),
        ("10.0.0.9 4", "http://me:pw@hub/b", "http://hub/b"),
    ],
)
def test_where_a_bundle_is_fetched_from(
    monkeypatch: pytest.MonkeyPatch, client: str, address: str, asked: str
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", client)
    assert Remote(address).address == asked
    assert Remote(address)._url("a b/中.whl") == f"{asked}/a%20b/%E4%B8%AD.whl"


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(SetupError) as caught:
        Remote("http://me:secret@[::1/b")
    assert caught.value.code == "bundle_fetch"
    assert "secret" not in str(caught.value.args_)


def test_only_what_is_absent_is_fetched_and_all_of_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    far = Remote("http://127.0.0.1:1")
    data = {"a": b"1" * 10, "p": b"2" * 20, "q": b"3" * 30}
    sums = {n: hashlib.sha256(d).hexdigest() for n, d in data.items()}
    items = (
        Item(path="a", size=10, sha256=sums["a"]),
        Item(
            path="c",
            size=50,
            sha256=SUM,
            pieces=(
                Piece(path="p", size=20, sha256=sums["p"]),
                Piece(path="q", size=30, sha256=sums["q"]),
            ),
        ),
    )
    far.folder.mkdir(parents=True)
    (far.folder / "p").write_bytes(data["p"])
    asked: list[object] = []
    told: list[object] = []
    far.tell = lambda *said: told.append(said)
    monkeypatch.setattr(files, "check_room", lambda *given: asked.append(given))

    def transferred(_http: object, absent: Any, folder: Path, **how: Any) -> None:
        asked.append([(f.path, f.size, f.sha256, url) for f, url in absent])
        assert (folder, how["origin"]) == (far.folder, "http://127.0.0.1:1")
        for done in (0, 40, 999):
            how["on_bytes"](done)

    monkeypatch.setattr(transfer, "fetch", transferred)
    far.fetch(manifest(*items), ["a", "c"])
    assert asked == [
        (far.folder, 40, "SETUP_ASSISTANT_CACHE"),
        [
            ("a", 10, sums["a"], "http://127.0.0.1:1/a"),
            ("q", 30, sums["q"], "http://127.0.0.1:1/q"),
        ],
    ]
    assert told == [(20, 60, ""), (60, 60, ""), (60, 60, "")]
    ends: list[tuple[Exception, str]] = [
        (transfer.DamagedError("q"), "bundle_damaged"),
        (TransferError(WebError("denied", msg("no")), "q"), "bundle_fetch"),
    ]
    for error, code in ends:

        def failing(*_given: Any, error: Exception = error, **_how: Any) -> None:
            raise error

        monkeypatch.setattr(transfer, "fetch", failing)
        with pytest.raises(SetupError) as caught:
            far.fetch(manifest(*items), ["a"])
        assert caught.value.code == code
        assert "q" in str(caught.value.args_)
    far.forget()
    assert not far.folder.exists()


# --- kinds of machine ------------------------------------------------------------------------
def test_machines_of_one_kind_share_the_oldest_library_and_others_are_left_with_a_reason() -> None:
    recipes, sources = load_all(), described(None).sources
    machines: list[Any] = [
        ("new", described("535.104.05", CARD, glibc="2.35", python="3.12")),
        ("old", described("535.104.05", CARD, glibc="2.28", python="3.12")),
        ("middle", described("535.104.05", CARD, glibc="2.31", python="3.12")),
        ("mac", described(None, system="Darwin", arch="arm64", ram_gib=32)),
        ("tiny", described("340.108", "Tesla M2090,2.0,6144,6000")),
        ("plan", plan_for("535.104.05", CARD, glibc="2.36", python="3.12")),
        ("none", described("535.104.05", CARD, python="3.10")),
    ]
    found, left = kinds(machines, Wishes(), sources, recipes)
    assert [(k.hosts, k.plan.platform.glibc, k.planned) for k in found] == [
        (("new", "old", "middle"), "2.28", False), (("plan",), "2.36", True),
        (("none",), "2.17", False),
    ]  # fmt: skip
    assert [h.host for h in left] == ["mac", "tiny"]
    assert left[0].reason == "bundles are for Linux: there is no agent for Darwin"
    assert "Tesla M2090" in left[1].reason
    chosen = kinds(machines[:2], Wishes(), sources, recipes, {"old": "canary"})[0]
    assert [k.plan.model.id for k in chosen] == [found[0].plan.model.id, "canary"]
    asked = kinds(machines[:1], Wishes(model="canary"), sources, recipes, {"new": "x"})[0]
    assert [k.plan.model.id for k in asked] == ["canary"]
    assert plan_key(found[0].plan).startswith("Linux x86_64 python3.12 torch")
    assert found[0].key == f"{plan_key(found[0].plan)} {found[0].plan.model.id}"
    assert [targets.is_conda(b) for b in ("uv", "pip", "conda", "mamba", "rattler")] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_a_machine_takes_its_own_target_and_else_is_told_what_there_is() -> None:
    machine = described("535.104.05", CARD, python="3.12", glibc="2.35")
    plan = plan_for("535.104.05", CARD, python="3.12", glibc="2.35")
    mine = replace(TARGET, key=plan_key(plan), platform=plan.platform, python="3.12")
    other = replace(mine, id="22222222", model="another")
    right = replace(mine, id="33333333", model=plan.model.id)

    def taken(*of: Target) -> str:
        return apply.target_of(manifest(of=of), machine).id

    assert taken(mine, other) == mine.id
    assert taken(mine, other, right) == right.id
    newer = replace(right, platform=replace(plan.platform, glibc="2.36"))
    for unfit in (newer, replace(right, platform=replace(plan.platform, arch="aarch64")),
                  replace(right, key="torch1")):  # fmt: skip
        assert taken(unfit, mine) == mine.id
        with pytest.raises(SetupError) as caught:
            taken(unfit)
        code, args = code_and(caught)
        assert code == "bundle_unfit"
        torch = f"torch{plan.torch.version}-{plan.torch.build}"
        assert args["need"] == f"Linux x86_64, glibc 2.35, Python 3.12, {torch}"
        said = unfit.key if unfit.key == "torch1" else torch
        glibc, arch = unfit.platform.glibc, unfit.platform.arch
        assert args["have"] == f"Linux {arch}, glibc {glibc}, Python 3.12, {said}"


# --- models and conda packages ---------------------------------------------------------------
def test_a_model_that_is_there_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for("535.104.05", CARD, model="Qwen/Qwen2-VL-2B-Instruct")
    folder = tmp_path / "weights" / plan.model.modelscope_id
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(b"1")
    kept = Kept(path="a", size=1, sha256=SUM, mtime=(folder / "a").stat().st_mtime_ns)
    folder_record.save(folder, folder_record.Manifest(
        model=plan.model.modelscope_id, source="s", complete=True, files=(kept,)))  # fmt: skip
    canary = Kind(plan=plan_for("535.104.05", CARD, model="canary"), hosts=("c",))
    kind = Kind(plan=plan, hosts=("a",))
    (found,) = models.listed([canary, kind, replace(kind, hosts=("b",))], Wishes(), tmp_path)
    assert (found.id, found.hub_id, found.whole, found.listed) == (
        plan.model.id, plan.model.modelscope_id, True, ())  # fmt: skip
    assert found.path == f"weights/{plan.model.modelscope_id}"
    assert replace(found, listed=(kept,)).sizes() == [(f"{found.path}/a", 1)]  # type: ignore[arg-type]


def package(subdir: str, name: str) -> Package:
    record = {"subdir": subdir, "fn": name, "url": f"https://c/{subdir}/{name}", "sha256": SUM,
              "size": 7, "channel": "c", "depends": ["x"]}  # fmt: skip
    return conda._package(record)


def test_a_channel_is_made_of_the_packages_alone() -> None:
    one = package("linux-64", "a-1-0.conda")
    assert (one.path, one.url, one.sha256, one.size) == (
        "conda/linux-64/a-1-0.conda", "https://c/linux-64/a-1-0.conda", SUM, 7)  # fmt: skip
    row = {"subdir": "linux-64", "sha256": SUM, "size": 7, "depends": ["x"]}
    assert one.record == row
    found = conda.index([one, package("linux-64", "b-1-0.tar.bz2")])
    assert found == {
        subdir: {"info": {"subdir": subdir}, "packages": old, "packages.conda": new, "removed": [],
                 "repodata_version": 1}
        for subdir, old, new in (
            ("linux-64", {"b-1-0.tar.bz2": row}, {"a-1-0.conda": row}), ("noarch", {}, {}))
    }  # fmt: skip


@pytest.mark.parametrize(
    ("events", "code", "args"),
    [
        ([{"event": "records", "records": [{"a": 1}]}], None, {}),
        ([{"event": "failed", "why": "network", "detail": "d"}], "packages_unreachable",
         {"detail": "d"}),
        ([{"event": "failed", "why": "unsolvable", "detail": "d"}], "bundle_unresolved",
         {"hosts": "a, b", "detail": "d"}),
        ([{"event": "failed"}], "bundle_unresolved", {"hosts": "a, b", "detail": "last"}),
        ([], "bundle_unresolved", {"hosts": "a, b", "detail": "last"}),
    ],
)  # fmt: skip
def test_what_the_solver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: list[Any], code: str | None,
    args: dict[str, str],
) -> None:  # fmt: skip
    class Outcome:
        def last_words(self) -> str:
            return "last"

    def engine(
        _request: object, _scratch: Path, tell: Callable[[str], None], _log: object
    ) -> Outcome:
        for event in events:
            tell(json.dumps(event))
        return Outcome()

    monkeypatch.setattr(rattler, "install_here", lambda *_: None)
    monkeypatch.setattr(rattler, "engine", engine)
    kind = Kind(plan=plan_for(None, ram_gib=32), hosts=("a", "b"))
    if code is None:
        assert conda._solved({}, kind, tmp_path) == [{"a": 1}]
        return
    with pytest.raises(SetupError) as caught:
        conda._solved({}, kind, tmp_path)
    assert code_and(caught) == (code, args)
