"""Pictures, clips and packages as they are looked at inside an environment.

Stand-ins take the places of Pillow, requests, the decoders and torchvision.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import install, module, room
from tests.verify.test_inside_questions import TYPE, box
from tests.verify.test_inside_server import standing

__all__ = ["room"]

CLIP = TYPE + box(b"moov")


class UnidentifiedImageError(OSError):
    """Takes the place of Pillow's."""


@pytest.fixture
def pillow(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A Pillow that takes what begins with "picture", and fails to load what is cut."""
    opened: list[object] = []

    @contextlib.contextmanager
    def open_(source: Any) -> Any:
        data = source.read() if isinstance(source, io.BytesIO) else Path(source).read_bytes()
        opened.append(source)
        if not data.startswith(b"picture"):
            raise UnidentifiedImageError("cannot identify")

        def load() -> None:
            if b"cut" in data:
                raise OSError("image file is truncated")

        yield SimpleNamespace(load=load)

    standing(monkeypatch, "PIL", Image=SimpleNamespace(open=open_),
             UnidentifiedImageError=UnidentifiedImageError)  # fmt: skip
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    return opened


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"picture", ("", "")),
        (b"picture cut", ("damaged", "image file is truncated")),
        (b"<html>", ("no_picture", "")),
        (b"", ("empty", "")),
        (b"\0\0\0\x18ftypheic", ("heic", "")), (b"\0\0\0\x18ftyphevc", ("heic", "")),
        (b"\0\0\0\x18ftypmif1", ("heic", "")), (b"\0\0\0\x18ftypmsf1", ("heic", "")),
        (b"\0\0\0\x18ftypisom", ("no_picture", "")), (b"\0\0\0\x18freeheic", ("no_picture", "")),
        (None, ("missing", "No such file or directory")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_picture_is_opened_and_read(
    data: bytes | None, fault: tuple[str, str], prefix: str, tmp_path: Path, pillow: list[object]
) -> None:
    path = tmp_path / "a"
    if data is not None:
        path.write_bytes(data)
    assert module("inputs").fault_of(f"{prefix}{path}", False, "decord") == fault
    assert pillow == ([str(path)] if data else [])


def test_heic_is_read_where_its_package_is_there(
    tmp_path: Path, pillow: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"picture")
    before: list[int] = []
    standing(monkeypatch, "heif", register_heif_opener=lambda: before.append(len(pillow)))
    monkeypatch.setitem(sys.modules, "pillow_heif", sys.modules["heif"])
    module("inputs").fault_of(str(tmp_path / "a"), False, "")
    assert before == [0]


class RefusedError(Exception):
    """Takes the place of `requests.RequestException`."""


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"picture", ("", "")), (b"picture cut", ("damaged", "image file is truncated")),
        (b"\0\0\0\x18ftypheic", ("no_picture", "")), (None, ("unfetched", "404")),
        ("bad", ("unfetched", "no such scheme")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("pillow")
def test_a_picture_at_an_address_is_fetched(
    content: Any, fault: tuple[str, str], scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def get(url: str, timeout: float) -> Any:
        asked.append((url, timeout))
        if content == "bad":
            raise ValueError("no such scheme")

        def raise_for_status() -> None:
            if content is None:
                raise RefusedError("404")

        return SimpleNamespace(content=content, raise_for_status=raise_for_status)

    standing(monkeypatch, "requests", get=get, RequestException=RefusedError)
    url = f"{scheme}://lab.example/a.png"
    assert module("inputs").fault_of(url, False, "") == fault
    assert asked == [(url, 60)]
    assert module("inputs").fault_of(url, True, "") == ("address", "")
    assert len(asked) == 1


def decoder(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a decord on the path of the process that looks at clips with it."""
    (folder / "decord.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(folder))


DECORD = """
class VideoReader(list):
    def __init__(self, path):
        text = open(path, "rb").read().rpartition(b"|")[2].decode()
        if not text.isdigit():
            raise RuntimeError(text)
        self.extend(range(int(text)))
    def get_batch(self, frames):
        assert list(frames) == [0, len(self) - 1]
        print("chatter")
"""


@pytest.mark.parametrize(
    ("head", "said", "fault"),
    [
        (CLIP, "2", ("", "")), (CLIP, "30", ("", "")), (CLIP, "1", ("one_frame", "")),
        (CLIP, "[h264] /src/x.cc:7: Check failed: (-1 vs. 0) cannot read", ("damaged",
                                                                          "cannot read")),
        (b"\0", "ERROR cannot find video stream", ("no_video", "")),
        (CLIP, "ERROR cannot find video stream",
         ("damaged", "RuntimeError: ERROR cannot find video stream")),
        (TYPE, "2", ("cut", "")),
    ],
)  # fmt: skip
def test_a_clip_is_read_by_decord_in_a_process_of_its_own(
    head: bytes, said: str, fault: tuple[str, str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    decoder(tmp_path, monkeypatch, DECORD)
    path = tmp_path / "a.mp4"
    path.write_bytes(head + box(b"free", f"|{said}".encode()))
    assert module("inputs").fault_of(str(path), True, "decord") == fault


def test_a_clip_is_not_blamed_where_its_decoder_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = tmp_path / "a.mp4"
    path.write_bytes(CLIP)
    for reader in ("decord", "torchcodec"):
        monkeypatch.setitem(sys.modules, "torchcodec", None)
        with pytest.raises(ImportError):
            module("inputs").frames_of(str(path), reader)
        assert module("inputs").fault_of(str(path), True, reader) == ("", "")
    assert module("inputs").fault_of(str(path), True, "torchvision") == ("", "")
    assert module("inputs").frames_of(str(path), "torchvision") == 2


def test_a_clip_is_read_by_torchcodec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class VideoDecoder(list[int]):
        def __init__(self, given: str) -> None:
            assert given == str(path)
            if not frames:
                raise RuntimeError(" \n")
            super().__init__(range(frames[0]))

        def get_frames_at(self, numbers: list[int]) -> None:
            asked.append(numbers)

    standing(monkeypatch, "torchcodec.decoders", VideoDecoder=VideoDecoder)
    path = tmp_path / "a.mp4"
    path.write_bytes(CLIP)
    frames = [5]
    assert module("inputs").frames_of(str(path), "torchcodec") == 5
    assert asked == [[0, 4]]
    frames.clear()
    assert module("inputs").fault_of(str(path), True, "torchcodec") == ("damaged", "RuntimeError")


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"a" * 2000, True), (b"a\0", False), (b"a" * 990 + b"\xff" + b"a" * 20, False),
        (b"a" * 991 + b"\xff" + b"a" * 20, True), (b"a" * 1000 + b"\xff", True),
    ],
)  # fmt: skip
def test_a_character_may_be_cut_where_the_look_ends(head: bytes, text: bool) -> None:
    assert module("inputs").is_text(head) is text


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = module("inputs")
    errors: list[OSError] = [PermissionError(13, "denied"), OSError(5, "broken disk"), OSError("x")]

    def refuse(*_about: Any) -> Any:
        raise errors[0]

    monkeypatch.setattr(inputs, "open", refuse, raising=False)
    for told in (("forbidden", "denied"), ("damaged", "broken disk"), ("damaged", "x")):
        assert inputs.fault_of(str(tmp_path), False, "") == told
        errors.pop(0)


def reading(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, installed: tuple[str, ...],
    read: Callable[[Any], Any],
) -> None:  # fmt: skip
    """Let qwen-vl-utils take a reader, with some decoders installed."""
    reader = module("video_reader")
    more: dict[str, Any] = {"VIDEO_READER_BACKENDS": {chosen or "torchvision": read}}
    if chosen:
        more["get_video_reader_backend"] = lambda: chosen
    standing(monkeypatch, "qwen_vl_utils", vision_process=SimpleNamespace(**more))
    spec = SimpleNamespace(find_spec=lambda name: name if name in installed else None)
    monkeypatch.setattr(reader.importlib, "util", spec)
    monkeypatch.setattr(reader, "version_of", lambda names: (names[0], "1.0"))


class Frames(list[int]):
    shape = (3, 1, 28, 56)


@pytest.mark.parametrize(
    ("chosen", "installed", "planned", "evidence"),
    [
        ("decord", ("decord", "torchcodec"), "decord",
         ["qwen-vl-utils 1.0 takes decord", "installed: torchcodec, decord",
          "decord read 3 frames of (1, 28, 56)"]),
        (None, (), "decord",
         ["qwen-vl-utils 1.0 takes torchvision", "installed: no decoder of its own",
          "torchvision read 3 frames of (1, 28, 56)", "the plan names decord"]),
        ("torchcodec", ("torchcodec",), None,
         ["qwen-vl-utils 1.0 takes torchcodec", "installed: torchcodec",
          "torchcodec read 3 frames of (1, 28, 56)"]),
    ],
)  # fmt: skip
def test_which_reader_read_a_clip(
    chosen: str | None, installed: tuple[str, ...], planned: str | None, evidence: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked: list[Any] = []

    def read(clip: Any) -> Any:
        asked.append(clip)
        return Frames([0] * 3), 2.0

    reading(monkeypatch, chosen, installed, read)
    said = module("video_reader").check(planned, "decord2", "c.mp4")
    assert said == {"evidence": evidence, "reader": chosen or "torchvision"}
    assert asked == [{"video": "c.mp4", "fps": 1.0}]


@pytest.mark.parametrize(
    ("chosen", "installed", "cause", "other"),
    [
        ("decord", ("torchcodec",), "decoder-missing", "torchcodec"),
        ("torchvision", (), "decoder-missing", ""),
        ("decord", ("decord",), "decoder-broken", ""),
        ("decord", ("decord", "torchcodec"), "decoder-hidden", "torchcodec"),
    ],
)
def test_why_a_good_clip_could_not_be_read(
    chosen: str, installed: tuple[str, ...], cause: str, other: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def read(_clip: Any) -> Any:
        raise RuntimeError("odd")

    reading(monkeypatch, chosen, installed, read)
    monkeypatch.setattr(module("video_reader"), "version_of", lambda _names: None)
    with pytest.raises(module("lines").Fault) as raised:
        module("video_reader").check(None, "decord2", "c.mp4")
    fault = raised.value
    found = [name for name in ("torchcodec", "decord") if name in installed]
    assert (fault.cause, fault.evidence[:2]) == (
        cause, ["RuntimeError: odd", f"qwen-vl-utils ? takes {chosen}"],
    )  # fmt: skip
    assert fault.evidence[2] == f"installed: {', '.join(found) or 'no decoder of its own'}"
    assert fault.values == {"package": "decord2", "reader": chosen, "other": other,
                            "detail": "RuntimeError: odd"}  # fmt: skip


@pytest.mark.parametrize("reads", [True, False])
def test_a_qwen_vl_utils_that_knows_torchvision_alone(
    reads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch_video(clip: Any) -> Any:
        assert clip == {"video": "c.mp4", "fps": 1.0}
        if not reads:
            raise AttributeError("module 'torchvision.io' has no attribute 'read_video'")
        return Frames([0, 1])

    reading(monkeypatch, None, (), lambda _clip: None)
    vision = SimpleNamespace(fetch_video=fetch_video)
    standing(monkeypatch, "qwen_vl_utils", vision_process=vision)
    check = module("video_reader").check
    if reads:
        assert check(None, "decord2", "c.mp4")["evidence"][-1] == (
            "torchvision read 2 frames of (1, 28, 56)"
        )
        return
    with pytest.raises(module("lines").Fault) as raised:
        check(None, "decord2", "c.mp4")
    assert raised.value.cause == "reader-too-old"
    assert "read_video" in raised.value.evidence[0]
    assert raised.value.evidence[1] == "qwen-vl-utils 1.0 takes torchvision"


@pytest.mark.parametrize(("kept", "good"), [([0], True), ([0, 1], False), ([1], False)])
def test_torchvisions_own_kernel_is_run(
    kept: list[int], good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def nms(*given: Any) -> Any:
        asked.append(given)
        return SimpleNamespace(tolist=lambda: kept)

    version = SimpleNamespace(cuda="12.8")
    standing(monkeypatch, "torch", tensor=list, __version__="2.9.1", version=version)
    standing(monkeypatch, "torchvision", __version__="0.24.1")
    standing(monkeypatch, "torchvision.ops", nms=nms)
    standing(monkeypatch, "torchvision.transforms", InterpolationMode="any")
    probe = dict(module("packages")._PROBES)["torchvision"]
    if good:
        probe()
    else:
        with pytest.raises(module("lines").Fault) as raised:
            probe()
        assert raised.value.cause == "torchvision-mismatch"
        assert raised.value.evidence == [f"torchvision.ops.nms returned {kept}"]
        assert raised.value.values == {"torch": "2.9.1", "torchvision": "0.24.1", "build": "cu128"}
    ((boxes, scores, overlap),) = asked
    # The second lies in the first, and shares most of it: it is dropped.
    assert (boxes, scores, overlap) == (
        [[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0]], [0.9, 0.8], 0.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("transformers", {"AutoProcessor": 1, "Qwen2VLForConditionalGeneration": 2}),
        ("accelerate", {}), ("qwen_vl_utils", {"process_vision_info": 1}), ("PIL", {"Image": 1}),
    ],
)  # fmt: skip
def test_what_a_package_must_hold(
    name: str, content: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = dict(module("packages")._PROBES)[name]
    standing(monkeypatch, name, **content)
    probe()
    for absent in content:
        rest = ModuleType(name)
        vars(rest).update({k: v for k, v in content.items() if k != absent})
        monkeypatch.setitem(sys.modules, name, rest)
        with pytest.raises(ImportError):
            probe()
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError):
        probe()


def test_torch_adds_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    sums: list[Any] = []
    zeros = SimpleNamespace(add=sums.append)
    standing(monkeypatch, "torch", zeros=lambda count: zeros if count == 1 else None)
    dict(module("packages")._PROBES)["torch"]()
    assert sums == [1]


def imports(monkeypatch: pytest.MonkeyPatch, pair: Any, **breaks: Exception) -> tuple[Any, Any]:
    """Run the check `imports` of a pair; return what it says, and its hints."""
    packages, hints = module("packages"), list[Any]()

    def probe(name: str) -> Any:
        def run() -> None:
            if name in breaks:
                raise breaks[name]

        return name, run

    monkeypatch.setattr(packages, "_PROBES", (probe("torch"), probe("torchvision")))
    monkeypatch.setattr(packages, "is_there", lambda _name: True)
    monkeypatch.setattr(packages, "versions", lambda: {"python": "3"})
    monkeypatch.setattr(packages, "pairing", lambda: pair)
    lines = SimpleNamespace(hint=lambda *said, **values: hints.append((said, values)))
    try:
        return packages.check(lines), hints
    except module("lines").Fault as fault:
        return fault, hints


@pytest.mark.parametrize("demand", ["==2.9.0", "==2.8.0"])
def test_a_pair_that_does_not_fit_may_be_proved(
    demand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"torchvision 0.24.0 demands torch {demand}; installed is torch 2.9.1"
    pair = module("lines").Fault("torchvision-mismatch", said, torch="2.9.1", build="cu128")
    hint = (("torchvision-mismatch", said), {"torch": "2.9.1", "build": "cu128"})
    found, hints = imports(monkeypatch, pair)
    assert hints == [hint]
    if demand == "==2.9.0":
        evidence = [said, "torchvision.ops.nms ran all the same"]
        assert found == {"versions": {"python": "3"}, "evidence": evidence}
    else:
        assert (found, found.fields) == (pair, {"versions": {"python": "3"}})
    fault, _hints = imports(monkeypatch, pair, torchvision=ImportError("odd"))
    assert (fault.cause, fault.values) == ("torchvision-mismatch", pair.values)
    assert fault.evidence == [said, "ImportError: odd"]
    fault, _hints = imports(monkeypatch, pair, torch=ImportError("odd"))
    assert (fault.cause, fault.values["package"]) == ("import-failed", "torch")


def test_what_may_kill_is_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    _said, hints = imports(monkeypatch, None)
    died = "the interpreter died while importing it"
    assert hints == [
        (("import-failed", f"while importing {name}"), {"package": name, "detail": died})
        for name in ("torch", "torchvision")
    ]


def test_what_another_transformers_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = module("packages")
    monkeypatch.setattr(packages, "version_of", lambda names: (names[0], f"of {names[0]}"))
    why = packages.why
    fault = why("transformers", KeyError("qwen2_vl"), None)
    assert fault.cause == "transformers-mismatch"
    assert (fault.values["transformers"], fault.values["torch"]) == ("of transformers", "of torch")
    monkeypatch.setattr(packages, "version_of", lambda _names: None)
    fault = why("transformers", KeyError("qwen2_vl"), None)
    assert (fault.values["transformers"], fault.values["torch"]) == ("?", "?")
    install(tmp_path, "2.9.1+cu128", "12.8", "0.24.1+cu128", "==2.9.1")
    monkeypatch.syspath_prepend(str(tmp_path))
    said = "module 'torchvision' has no attribute 'extension'"
    mismatch = module("lines").Fault("torchvision-mismatch")
    fault = packages.damaged_or_mismatched(mismatch, said)
    assert (fault.cause, fault.evidence) == ("torchvision-mismatch", [said])
    assert fault.values == {
        "torch": "2.9.1+cu128", "torchvision": "0.24.1+cu128", "build": "cu128",
    }  # fmt: skip


def test_what_is_installed_is_told_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    install(tmp_path, "2.9.1+cpu", "", "0.24.1", "==2.9.1")
    for name, version in (("decord", "0.6"), ("decord2", "3.4"), ("av", "14")):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    versions = module("versions")
    monkeypatch.setattr(versions.platform, "python_version", lambda: "3.12.1")
    assert versions.versions() == {
        "python": "3.12.1", "torch": "2.9.1", "torchvision": "0.24.1", "decord2": "3.4", "av": "14",
    }  # fmt: skip
    assert versions.is_there("torchvision")
    assert not versions.is_there("accelerate")
    monkeypatch.setitem(sys.modules, "accelerate", ModuleType("accelerate"))  # of no file
    sys.modules["accelerate"].__spec__ = None
    assert not versions.is_there("accelerate")
    assert (versions.written("torch", "cuda"), versions.written("torch", "odd")) == ("", None)
    (tmp_path / "torch/version.py").unlink()
    assert versions.written("torch", "cuda") is None
    assert versions.written("accelerate_", "cuda") is None


@pytest.mark.parametrize(
    ("name", "binary", "build"),
    [
        ("_C.so", b"..torch_cuda.so..", "cuda"), ("_C_stable.so", b"..libcudart.so", "cuda"),
        ("_C.pyd", b"torch_cpu.dll", "cpu"), ("_C_stable.pyd", b"torch_cuda_no", "cpu"),
        ("other.so", b"torch_cuda.", None),
    ],
)  # fmt: skip
def test_a_build_is_told_from_the_binary_where_the_version_is_silent(
    name: str, binary: bytes, build: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "2.9.1", "12.8", "0.24.1", "==2.9.1")
    (tmp_path / "torchvision" / name).write_bytes(binary)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert module("versions").torchvision_build() == build
    fault = module("torch_pairing").pairing()
    if build != "cpu":
        assert fault is None
        return
    told = "torch 2.9.1 is a cu128 build, torchvision 0.24.1 a cpu build"
    assert fault.evidence == [told]
    assert not module("torch_pairing").forgivable(fault)
