"""Files of a bundle are resumed, proved, and asked for by those who may have them."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.bundle.create import Made, _shared
from setup_assistant.bundle.fetch import Offer, fetch
from setup_assistant.bundle.targets import Kind
from setup_assistant.bundle.wheels import Wheel, lock
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.part import Part
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.mirror.ranges import FileHandler, FileServer
from tests.choose.described import plan_for

CONTENT = bytes(range(256)) * 500


class Closed(FileHandler):
    """Serves one file to those who say who they are."""

    def answer(self) -> None:
        wanted = "Basic " + b64encode(b"me:p@ss").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_small(401, b"", "text/plain")
        else:
            seen.append(self.headers.get("Range"))
            self.send_file(Path(str(self.server.file)))  # type: ignore[attr-defined]


seen: list[str | None] = []


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    seen.clear()
    with FileServer(("127.0.0.1", 0), Closed) as server:
        server.file = tmp_path / "far.whl"  # type: ignore[attr-defined]
        (tmp_path / "far.whl").write_bytes(CONTENT)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/far.whl"
        server.shutdown()
        thread.join()


def offer(url: str, size: int | None = len(CONTENT), sha256: str = "") -> Offer:
    import hashlib

    found = sha256 or hashlib.sha256(CONTENT).hexdigest()
    return Offer(path="wheels/far.whl", url=url, sha256=found, size=size)


def test_an_index_with_a_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SetupError) as caught:
        fetch([offer(url)], tmp_path / "b")
    assert caught.value.code == "bundle_fetch"
    place = url.removeprefix("http://").removesuffix("/far.whl")
    monkeypatch.setenv("UV_INDEX", f"lab=http://me:p%40ss@{place}/simple")
    fetch([offer(url)], tmp_path / "b")
    assert (tmp_path / "b" / "wheels" / "far.whl").read_bytes() == CONTENT
    # What is there and right is not asked for again.
    seen.clear()
    fetch([offer(url)], tmp_path / "b")
    assert seen == []


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_it_goes_on_where_it_was(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int | None
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", url.replace("http://", "http://me:p%40ss@"))
    one = offer(url, size)
    part = Part(tmp_path / "b", RemoteFile(path=one.path, size=len(CONTENT), sha256=one.sha256), "")
    part.open()
    part.write(0, CONTENT[:1000])
    part.close()
    fetch([one], tmp_path / "b")
    assert str(seen[-1]).startswith("bytes=1000-")
    assert part.target.read_bytes() == CONTENT
    assert [p.name for p in part.target.parent.iterdir()] == ["far.whl"]


def test_a_line_that_breaks_is_gone_on_with(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Far more often than the three tries that it once had.
    monkeypatch.setenv("UV_DEFAULT_INDEX", url.replace("http://", "http://me:p%40ss@"))
    real, left = Closed.answer, [7]

    def answer(self: Closed) -> None:
        if left[0]:
            left[0] -= 1
            self.close_connection = True
        else:
            real(self)

    monkeypatch.setattr(Closed, "answer", answer)
    monkeypatch.setattr("setup_assistant.host.transfer.file_progress._FIRST_PAUSE", 0.001)
    fetch([offer(url)], tmp_path / "b")
    assert left == [0]
    assert (tmp_path / "b" / "wheels" / "far.whl").read_bytes() == CONTENT


def test_another_file_than_was_resolved(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", url.replace("http://", "http://me:p%40ss@"))
    with pytest.raises(SetupError) as caught:
        fetch([offer(url, sha256="0" * 64)], tmp_path / "b")
    assert (caught.value.code, caught.value.args_["detail"]) == ("hash_mismatch", "far.whl")
    assert list((tmp_path / "b" / "wheels").iterdir()) == []


def test_a_folder_with_blanks(tmp_path: Path) -> None:
    near = tmp_path / "有 空格" / "far.whl"
    near.parent.mkdir()
    near.write_bytes(CONTENT)
    for place in (str(near), near.as_uri()):
        one = offer(place, None)
        assert one.bytes == len(CONTENT)
        fetch([one], tmp_path / "b")
        (tmp_path / "b" / one.path).unlink()
    near.unlink()
    with pytest.raises(SetupError) as caught:
        fetch([offer(str(near))], tmp_path / "b")
    assert caught.value.code == "bundle_fetch"


def test_one_name_is_one_file() -> None:
    def made(sha256: str) -> Made:
        found = Wheel(path="wheels/a-1-py3-none-any.whl", url=sha256, sha256=sha256, size=1,
                      project="a", version="1")  # fmt: skip
        return Made(
            kind=Kind(plan=plan_for("535.104.05", "RTX 4090,8.9,24564,23900"), hosts=("x",)),
            wheels=(found,),
        )

    one, other = _shared([made("1" * 64), made("2" * 64)])
    assert one.wheels == other.wheels
    assert f"a==1 --hash=sha256:{'1' * 64}" in lock(other.kind, other.wheels)


def test_passwords_stay_out_of_a_bundle(tmp_path: Path) -> None:
    from setup_assistant.bundle.finish import Goods, seal
    from setup_assistant.choose.wishes import Wishes

    wishes = Wishes(mirror="https://me:secret@lab.example/simple",
                    weights_source="https://me:secret@hub.example")  # fmt: skip
    goods = Goods(folder=tmp_path, targets=(), agents=(), items=(), offers=(), weights={})
    seal(goods, wishes=wishes, sources=(), part_bytes=0, key=None)
    texts = [p.read_text() for p in tmp_path.rglob("*") if p.is_file()]
    assert not any("secret" in t for t in texts)
    assert any("lab.example" in t for t in texts)
    assert files.sha256(tmp_path / "manifest.json") in (tmp_path / "SHA256SUMS").read_text()
