"""How a bundle is made and used, step by step, with nothing resolved and nothing built."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from setup_assistant.bundle import (
    apply,
    conda,
    create,
    cut,
    disk_check,
    finish,
    inside_zip,
    models,
    sign,
    wheels,
)
from setup_assistant.bundle.create import Order
from setup_assistant.bundle.finish import Goods
from setup_assistant.bundle.manifest import Item, Manifest
from setup_assistant.bundle.remote import Remote
from setup_assistant.bundle.targets import Kind
from setup_assistant.bundle.wheels import Wheel, platform_of
from setup_assistant.catalog.models import known_sums
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, run
from setup_assistant.host.http_errors import WebError
from setup_assistant.host.transfer import small
from setup_assistant.messages import msg
from tests.bundle.test_limits import CARD, SUM, TARGET, package
from tests.choose.described import plan_for


def kind(*hosts: str, glibc: str = "2.28", **about: Any) -> Kind:
    return Kind(plan=plan_for("535.104.05", CARD, glibc=glibc, python="3.12", **about),
                hosts=hosts or ("a",))  # fmt: skip


def noting(asked: list[Any], value: Any) -> Callable[..., Any]:
    """Return what notes its first argument, and returns the value."""

    def noted(first: Any, *_others: Any) -> Any:
        asked.append(first)
        return value

    return noted


def near(folder: Path, name: str) -> Wheel:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(name.encode())
    return Wheel(path=f"wheels/{name}", url=str(folder / name), size=None, project=name[0],
                 sha256=hashlib.sha256(name.encode()).hexdigest(), version="1")  # fmt: skip


def test_every_kind_gets_its_own_and_one_file_lies_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = near(tmp_path / "far", "a-1.whl"), near(tmp_path / "far", "b-1.whl")
    tool = replace(near(tmp_path / "far", "t-1.whl"), path="tools/t-1.whl")
    packed = replace(package("linux-64", "x-1-0.conda"), url=one.url, sha256=one.sha256)
    plain, other = kind("a", "b"), kind("c", model="canary")
    mixed = replace(other, plan=replace(other.plan, backend="rattler"), planned=True)
    agent = tmp_path / "agent.pyz"
    with zipfile.ZipFile(agent, "w") as archive:
        archive.writestr("uv-x86_64/bin/uv", "")
    made: list[tuple[Goods, dict[str, Any]]] = []
    asked: list[object] = []

    def seal(goods: Goods, **how: Any) -> Manifest:
        made.append((goods, how))
        return Manifest(created="", tool="", wishes=Wishes(), sources=(), targets=goods.targets,
                        files=goods.items)  # fmt: skip

    weights = {plain.plan.model.id: [Item(path="weights/o/m/a", size=9, sha256=SUM)]}
    model = SimpleNamespace(sizes=lambda: [("weights/o/m/a", 9)])
    monkeypatch.setattr(wheels, "resolve", lambda k, _work: (one,) if k == plain else (one, two))
    monkeypatch.setattr(conda, "solve", lambda _kind, _work: (packed,))
    monkeypatch.setattr(conda, "maker", lambda _kind, _work: (tool,))
    monkeypatch.setattr(models, "listed", noting(asked, (model,)))
    monkeypatch.setattr(models, "fetch", noting(asked, weights))
    monkeypatch.setattr(disk_check, "check", lambda *given: asked.append(given[1:]))
    monkeypatch.setattr(create, "build", lambda _arch: SimpleNamespace(path=agent))
    monkeypatch.setattr(finish, "seal", seal)
    folder, told = tmp_path / "b", list[str]()
    order = Order(folder=folder, kinds=(plain, mixed), wishes=Wishes(), sources=(), part_bytes=7)
    (folder / "part-01/wheels").mkdir(parents=True)
    (folder / cut.JOURNAL).write_text('{"files": []}')
    create.create(order, lambda m: told.append(str(m)))
    assert told == ["Resolving for a, b", "Resolving for c", "Fetching 4 packages"]
    sizes = [(o.path, o.bytes) for o in (one, two, packed, tool)]
    assert asked == [(plain, mixed), ([*sizes, ("weights/o/m/a", 9)], 7), (model,)]
    # What an earlier run had cut is put together first; what was in between is gone.
    assert not (folder / "part-01").exists()
    assert not (folder / cut.JOURNAL).exists()
    assert not list(folder.glob(".setup-assistant*"))
    ((goods, how),) = made
    assert how == {"wishes": Wishes(), "sources": (), "part_bytes": 7, "key": None}
    first, second = goods.targets
    assert [i.path for i in goods.items] == [
        packed.path, tool.path, one.path, two.path, "weights/o/m/a", first.lock, second.lock,
        second.channel,
    ]  # fmt: skip
    assert [i.path for i in goods.agents] == ["agent/agent-x86_64.pyz"]
    assert (folder / "agent/agent-x86_64.pyz").read_bytes() == agent.read_bytes()
    for item in (*goods.items, *goods.agents):
        if not item.path.startswith("weights/"):
            data = (folder / item.path).read_bytes()
            assert (item.size, item.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (first.wheels, first.conda, first.channel, first.tools, first.weights) == (
        (one.path,), (), "", (), ("weights/o/m/a",))  # fmt: skip
    assert (second.wheels, second.conda, second.tools, second.weights, second.planned) == (
        (one.path, two.path), (packed.path,), (tool.path,), (), True)  # fmt: skip
    assert (first.hosts, first.planned, first.backend, second.backend) == (
        ("a", "b"), False, "uv", "rattler")  # fmt: skip
    assert first.id == hashlib.sha256(plain.key.encode()).hexdigest()[:8]
    assert second.id == hashlib.sha256(f"{mixed.key} plan".encode()).hexdigest()[:8]
    assert (first.lock, second.channel) == (f"locks/{first.id}.lock", f"conda/{second.id}.json")
    assert f"{plain.plan.model.id}" not in first.key
    assert plain.key == f"{first.key} {plain.plan.model.id}"
    asked.clear()
    create.create(replace(order, with_weights=False, folder=tmp_path / "c"), lambda _m: None)
    assert asked[0] == ()


def test_an_agent_that_could_do_nothing_is_refused_and_removed(tmp_path: Path) -> None:
    agent = tmp_path / "agent.pyz"
    with zipfile.ZipFile(agent, "w") as archive:
        archive.writestr("uv-x86_64/bin/uv", "")
    create._check_agent(agent, "x86_64")
    with pytest.raises(SetupError) as caught:
        create._check_agent(agent, "aarch64")
    assert caught.value.code == "bundle_fetch"
    assert caught.value.args_["detail"] == "no package index has it"
    assert str(caught.value.args_["url"]).endswith(" (aarch64)")
    assert not agent.exists()


@pytest.mark.parametrize(
    ("glibc", "name"),
    [("2.17", "2_17"), ("2.27", "2_17"), ("2.28", "2_28"), ("2.30", "2_28"), ("2.31", "2_31")],
)
def test_the_resolver_is_told_the_newest_library_that_is_not_too_new(glibc: str, name: str) -> None:
    assert platform_of(kind(glibc=glibc)) == f"x86_64-manylinux_{name}"


def test_the_solver_is_asked_for_the_oldest_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    records = [
        package("linux-64", n).record | {"fn": n, "url": "u"} for n in ("b.conda", "a.conda")
    ]
    monkeypatch.setattr(conda, "_solved", noting(asked, records))
    one = kind(glibc="2.31")
    found = conda.solve(one, tmp_path / "s")
    assert [p.path for p in found] == ["conda/linux-64/a.conda", "conda/linux-64/b.conda"]
    (request,) = asked
    assert request["virtual"] == ["__linux=5.10", "__glibc=2.31", "__unix=0"]
    assert (request["channel"], request["subdir"], request["offline"]) == (
        one.plan.sources.conda, "linux-64", False)  # fmt: skip
    assert any(s.startswith("python") for s in request["specs"])
    arm = replace(one, plan=replace(one.plan, platform=replace(one.plan.platform, arch="aarch64")))
    conda.solve(arm, tmp_path / "s")
    assert asked[1]["subdir"] == "linux-aarch64"


def test_a_machine_is_set_up_from_the_bundle_alone(tmp_path: Path) -> None:
    told = Wishes(purpose="images", env="/e", weights="/w", weights_source="https://hub", site="/s",
                  mirror="cn conda=https://c/conda-forge packages=https://p/simple")  # fmt: skip
    given = Manifest(created="", tool="", wishes=told, sources=(), targets=(), files=())
    wishes = apply._wishes(given, TARGET, tmp_path, "/mine")
    expected = replace(
        told, model="m", site="/mine", env="", weights="", python="3.11", backend="uv",
        lock=str(tmp_path / "locks/a"), wheelhouse=str(tmp_path / "wheels"), offline=True,
        weights_source=str(tmp_path / "weights/o/m"),
    )  # fmt: skip
    assert wishes == expected
    for target in (replace(TARGET, model="canary"), replace(TARGET, weights=())):
        found = apply._wishes(given, target, tmp_path, "/mine")
        assert found == replace(expected, model=target.model, weights_source="https://hub")
    rattler = replace(TARGET, backend="rattler")
    assert apply._wishes(given, rattler, tmp_path, "/mine").backend == "rattler"
    plain = replace(rattler, conda=())
    assert apply._wishes(given, plain, tmp_path, "/mine").backend == "uv"
    channel = (tmp_path / "channel/conda-forge").as_uri()
    assert apply._with_channel(told, tmp_path).mirror == (
        f"cn conda={channel} packages=https://p/simple")  # fmt: skip


def test_a_file_goes_when_its_pieces_are_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(25)
    (tmp_path / "wheels").mkdir()
    source = tmp_path / "wheels/a"
    source.write_bytes(data)
    item = Item(path="wheels/a", size=25, sha256=hashlib.sha256(data).hexdigest())
    out: list[tuple[int, bool]] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        out.append((os.fstat(handle).st_size, source.exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    (done,) = cut.pack(tmp_path, [item], 10)
    assert [o for o in out if o[0] <= 10][-3:] == [(10, True), (10, True), (5, True)]
    assert not source.exists()
    out.clear()
    target = tmp_path / "whole"
    cut._append(target, [tmp_path / p.path for p in done.pieces])
    assert [size for size, _there in out] == [25]
    source.parent.mkdir()
    source.write_bytes(data[:-1])
    with pytest.raises(SetupError) as caught:
        cut._cut(tmp_path, done)
    assert caught.value.code == "bundle_damaged"


def test_libraries_that_a_wheel_took_along_are_told_by_their_sums(tmp_path: Path) -> None:
    path = tmp_path / "a.whl"
    names = ("numpy.libs/libx.so", "a/b.libs/liby-1.so.3", ".dylibs/z.dylib",
             "x/libq-0a1b2c3d.so.1")  # fmt: skip
    others = ("a/lib.so", "x/libq-0a1b2c3.so", "libs/a", "a.libs/b/c")
    with zipfile.ZipFile(path, "w") as archive:
        for name in (*names, *others):
            archive.writestr(name, name * 5)
        archive.mkdir("d.libs")
        archive.writestr("a-1.dist-info/METADATA", "Name: a\n\nx" + "y" * (1 << 20))
        archive.writestr("b/a-1.dist-info/METADATA", "Name: b\nVersion: 1\n\n")
    assert inside_zip.libraries(path) == {
        n: hashlib.sha256((n * 5).encode()).hexdigest() for n in names
    }
    said = inside_zip.metadata(path)
    assert said["Name"] == "a"
    assert len(said.get_payload()) < 1 << 20
    assert list(inside_zip.packages(path)) == [("b", "1")]
    path.write_bytes(b"no zip")
    assert (inside_zip.libraries(path), dict(inside_zip.metadata(path))) == ({}, {})
    assert inside_zip.licence("") == []


ARMOR = "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n"


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        (ARMOR, True), (ARMOR.rstrip(), True), (ARMOR + "\n", False), (" " + ARMOR, False),
        (ARMOR.replace("U1NI", "U1N="), False), (ARMOR.replace("U1NI", "U1N"), False),
        (ARMOR.replace("U1NI", "VV=="), False), (ARMOR.replace("U1NI", "VQ=="), True),
        (ARMOR.replace("U1NI\n", ""), False), (ARMOR.replace("U", "中"), False),
    ],
)  # fmt: skip
def test_a_signature_is_the_one_spelling_of_its_bytes(
    tmp_path: Path, text: str, fine: bool
) -> None:
    (tmp_path / "sig").write_text(text)
    if fine:
        sign._check_armor(tmp_path / "sig")
        return
    with pytest.raises(SetupError) as caught:
        sign._check_armor(tmp_path / "sig")
    assert caught.value.args_["detail"] == "it is no signature of OpenSSH's"


def test_what_ssh_keygen_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, signature = tmp_path / "manifest.json", tmp_path / "sig"
    manifest.write_text("{}")
    signature.write_text(ARMOR)
    assert sign.check(manifest, None, None) == ""
    with pytest.raises(SetupError) as caught:
        sign.check(manifest, None, tmp_path / "key")
    assert caught.value.args_ == {"path": "manifest.json.sig", "detail": "there is none"}
    asked: list[list[str]] = []
    for code, out, err, said in (
        (0, "Good signature with ED25519 key SHA256:abc/1\n", "", "SHA256:abc/1"),
        (0, "Good", "", "?"), (127, "", "", sign.UNCHECKED),
        (1, "x\nbad out\n", "", "bad out"), (1, "out", "one\nlast words\n", "last words"),
        (1, "", "", "?"),
    ):  # fmt: skip

        def outcome(
            command: Any, code: int = code, out: str = out, err: str = err, **how: Any
        ) -> Any:
            asked.append([*map(str, command), how["stdin"]])
            return SimpleNamespace(code=code, ok=code == 0, out=out, err=err)

        monkeypatch.setattr(run, "run", outcome)
        if code in (0, 127):
            assert sign.check(manifest, signature, None) == said
            continue
        with pytest.raises(SetupError) as caught:
            sign.check(manifest, signature, None)
        assert caught.value.args_ == {"path": str(signature), "detail": said}
    assert asked[0] == ["ssh-keygen", "-Y", "check-novalidate", "-n", "setup-assistant-bundle",
                        "-s", str(signature), "{}"]  # fmt: skip
    manifest.write_bytes(b"{\xff")
    with pytest.raises(SetupError) as caught:
        sign.check(manifest, signature, None)
    assert caught.value.args_["detail"] == "it is no text in UTF-8 (byte 1)"
    monkeypatch.setattr(sign, "LARGEST_MANIFEST", 1)
    with pytest.raises(SetupError) as caught:
        sign.check(manifest, signature, None)
    assert caught.value.args_["detail"] == "it is too large"


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("ssh-ed25519 AAAA me@x", "bundle ssh-ed25519 AAAA"),
        ("me ssh-ed25519 AAAA", "bundle ssh-ed25519 AAAA"),
        ('me valid-before="2030" ssh-rsa AA==', 'bundle valid-before="2030" ssh-rsa AA=='),
        ("sk-ssh-ed25519@openssh.com AAAA", "bundle sk-ssh-ed25519@openssh.com AAAA"),
        ("ecdsa-sha2-nistp256 AAAA", "bundle ecdsa-sha2-nistp256 AAAA"),
        ("  # me ssh-ed25519 AAAA", ""), ("xssh-ed25519 AAAA", ""), ("ssh-ed25519", ""),
    ],
)  # fmt: skip
def test_whose_keys_are_allowed(line: str, allowed: str) -> None:
    assert sign._allowed(f"\n{line}\n") == f"{allowed}\n"


def test_files_are_the_same_by_their_sums(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    found = finish.item_of(tmp_path, "a")
    assert (found.size, found.sha256) == (3, files.sha256(tmp_path / "a"))
    assert finish.item_of(tmp_path, "a", SUM).sha256 == SUM


def test_weights_are_brought_below_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [SimpleNamespace(path="a/b", size=3, sha256=SUM)]
    jobs: list[Any] = []
    record = SimpleNamespace(record=SimpleNamespace(files=kept))
    monkeypatch.setattr(models, "bring", noting(jobs, record))
    source: Any = object()
    hub_id = "Qwen/Qwen2-VL-2B-Instruct"
    model = models.Model(id="m", hub_id=hub_id, path="weights/o/n", source=source, listed=(),
                         whole=False)  # fmt: skip
    told: list[str] = []
    found = models.fetch([model], tmp_path, lambda m: told.append(str(m)))
    assert told == ["Downloading m"]
    assert found == {"m": [Item(path="weights/o/n/a/b", size=3, sha256=SUM)]}
    (job,) = jobs
    assert (job.model, job.source, job.folder, job.flag) == (
        hub_id, source, tmp_path / "weights/o/n", "--to")  # fmt: skip
    assert job.known() == known_sums(hub_id)
    assert job.known()


@pytest.mark.parametrize(("reason", "fine"), [("not_found", True), ("unreachable", False)])
def test_a_line_that_breaks_makes_no_signed_bundle_an_unsigned_one(
    monkeypatch: pytest.MonkeyPatch, reason: str, fine: bool
) -> None:
    def read(_http: object, url: str, _limit: int) -> tuple[bytes, dict[str, str]]:
        raise WebError(reason, msg("why {url}", url=url))

    monkeypatch.setattr(small, "read", read)
    far = Remote("http://hub/b")
    if fine:
        assert far._read("manifest.json.sig", or_none=True) is None
    else:
        with pytest.raises(SetupError, match="why http"):
            far._read("manifest.json.sig", or_none=True)
    with pytest.raises(SetupError) as caught:
        far._read("manifest.json")
    assert caught.value.code == "bundle_fetch"
    assert caught.value.args_["url"] == "http://hub/b/manifest.json"


def test_a_wheel_from_afar_has_a_sum_and_the_best_tag_is_taken(tmp_path: Path) -> None:
    def best(*entries: dict[str, Any]) -> Wheel:
        package = {"name": "a", "version": "1", "wheels": list(entries)}
        return wheels._best(package, kind(), tmp_path, "wheels")

    name = "a-1-{}.whl"
    far: dict[str, Any] = {
        "url": "https://x/" + name.format("py3-none-any"),
        "hashes": {"sha256": SUM},
        "size": 3,
    }
    native = {**far, "url": "https://x/" + name.format("cp312-cp312-manylinux_2_28_x86_64")}
    newer = {**far, "url": "https://x/" + name.format("cp312-cp312-manylinux_2_29_x86_64")}
    found = best(far, native, newer)
    assert (found.url, found.path) == (native["url"], "wheels/" + native["url"].rpartition("/")[2])
    assert (found.sha256, found.size, found.project, found.version) == (SUM, 3, "a", "1")
    near(tmp_path, name.format("py3-none-any"))
    local = best({"path": name.format("py3-none-any")})
    assert local.sha256 == files.sha256(tmp_path / name.format("py3-none-any"))
    assert best({"path": name.format("py3-none-any")}, native).url == native["url"]
    for bad in ({**far, "hashes": {}}, newer):
        with pytest.raises(SetupError) as caught:
            best(bad)
        assert caught.value.args_ == {"hosts": "a", "detail": "a 1"}


def test_the_same_goods_keep_their_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/a").write_bytes(b"abcdefg")
    goods = Goods(folder=tmp_path, targets=(), agents=(), offers=(), weights={},
                  items=(finish.item_of(tmp_path, "wheels/a"),))  # fmt: skip
    how: dict[str, Any] = {"wishes": Wishes(), "sources": (), "key": None}
    monkeypatch.setattr(clock, "now", lambda: "1")
    assert finish.seal(goods, part_bytes=3, **how).created == "1"
    monkeypatch.setattr(clock, "now", lambda: "2")
    cut.unpack(tmp_path)
    assert finish.seal(goods, part_bytes=3, **how).created == "1"
    cut.unpack(tmp_path)
    assert finish.seal(goods, part_bytes=0, **how).created == "2"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert finish.seal(goods, part_bytes=0, **how).created == "1970-01-01T00:00:00Z"
