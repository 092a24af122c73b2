"""The parts of the scripts inside that need none of the target's packages."""

from __future__ import annotations

import functools
import http.server
import importlib
import json
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import setup_assistant.verify
from setup_assistant.catalog import checks

ROOM = Path(setup_assistant.verify.__file__).parent


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOM))
    module("explain").learn({"raised": checks.load().raised})


def module(name: str) -> ModuleType:
    return importlib.import_module(f"inside.{name}")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (RuntimeError("operator torchvision::nms does not exist"), "torchvision-mismatch"),
        (AttributeError("module 'torchvision.io' has no attribute 'read_video'"),
         "decoder-missing"),
        (ModuleNotFoundError("No module named 'decord'"), "decoder-missing"),
        (ModuleNotFoundError("No module named 'requests'"), "package-missing"),
        (ImportError("Using `device_map` requires Accelerate: `pip install 'accelerate>=0.26.0'`"),
         "package-missing"),
        (ValueError("Using a `device_map` requires `accelerate`. You can install it"),
         "package-missing"),
        (KeyError("qwen2_vl"), "transformers-mismatch"),
        (ValueError("model type `qwen3_vl` but Transformers does not recognize this architecture"),
         "transformers-mismatch"),
        (RuntimeError("Found no NVIDIA driver on your system."), "no-driver"),
        (RuntimeError("The NVIDIA driver on your system is too old (found version 12020)"),
         "driver-too-old"),
        (AssertionError("Torch not compiled with CUDA enabled"), "cpu-build"),
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"),
         "no-kernel"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "out-of-memory"),
        (ConnectionRefusedError("no"), "question-failed"),
        (FileNotFoundError("no such file"), "input-unreadable"),
        (ValueError("something else"), "question-failed"),
    ],
)  # fmt: skip
def test_exceptions_are_explained(error: Exception, cause: str) -> None:
    assert module("explain").explain(error).cause == cause


def test_the_first_error_outranks_what_followed() -> None:
    """qwen_vl_utils tries torchvision after any decoder error, and that one fails as well."""
    second = FileNotFoundError("another story")
    second.__context__ = ModuleNotFoundError("No module named 'decord'")
    assert module("explain").explain(second).cause == "decoder-missing"


def test_package_name_is_a_value() -> None:
    fault = module("explain").explain(ImportError("This requires Accelerate: install it"))
    assert fault.values["package"] == "accelerate"


@pytest.mark.parametrize(
    ("said", "word", "found"),
    [
        ("a red ball", "red", True),
        ("a coloured ball", "red", False),
        ("reddish", "red", True),
        ("一个红色的圆形", "红", True),
        ("一个蓝色的圆形", "红", False),
    ],
)
def test_words_are_looked_for_as_words(said: str, word: str, found: bool) -> None:
    assert module("judge").mentions(said, word) is found


@pytest.mark.parametrize(
    ("tokens", "verdict"),
    [
        ([5] * 8, True),
        ([1, 2, 3] + [5] * 8, True),
        ([1, 2] * 8, True),
        ([7, 8, 9, 4, 1, 2, 3] * 4, True),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], False),
        ([5] * 7, False),
        ([5] * 8 + [1], False),
        ([], False),
    ],
)
def test_repetition(tokens: list[int], verdict: bool) -> None:
    assert module("judge").repeats(tokens) is verdict


def install(folder: Path, torch: str, cuda: str, vision: str, demand: str) -> None:
    """Write what the files of torch and torchvision say."""
    for name, version in (("torch", torch), ("torchvision", vision)):
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
        (folder / name / "version.py").write_text(
            f"from typing import Optional\n__version__ = {version!r}\n"
            f"cuda: Optional[str] = {cuda or None!r}\n"
        )
        info = folder / f"{name}-{version.partition('+')[0]}.dist-info"
        info.mkdir()
        lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version.partition('+')[0]}"]
        if name == "torchvision":
            lines.append(f"Requires-Dist: torch ({demand})")
        (info / "METADATA").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("torch", "cuda", "vision", "demand", "verdict"),
    [
        ("2.15.0+cu132", "13.2", "0.29.2+cu132", ">=2.14.0", "fits"),
        ("2.15.0+cu132", "13.2", "0.28.0+cu132", "==2.13.0", "not"),
        ("2.9.1+cu128", "12.8", "0.24.0+cu128", "==2.9.0", "forgivable"),
        ("2.9.1+cu128", "12.8", "0.29.2+cu128", ">=2.14.0", "not"),
        ("2.9.1+cu128", "12.8", "0.24.1+cpu", "==2.9.1", "not"),
        ("2.9.1+cpu", "", "0.24.1+cu128", "==2.9.1", "not"),
        ("2.9.1+cpu", "", "0.24.1+cpu", "==2.9.1", "fits"),
        ("2.9.1+cu126", "12.6", "0.24.1+cu128", "==2.9.1", "forgivable"),
        ("2.9.1+cu130", "13.0", "0.24.1+cu128", "==2.9.1", "not"),
    ],
)
def test_pairs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    torch: str,
    cuda: str,
    vision: str,
    demand: str,
    verdict: str,
) -> None:
    install(tmp_path, torch, cuda, vision, demand)
    monkeypatch.syspath_prepend(str(tmp_path))
    pairing = module("torch_pairing")
    fault = pairing.pairing()
    if verdict == "fits":
        assert fault is None
        return
    assert fault is not None
    assert (fault.values["torch"], fault.values["torchvision"]) == (torch, vision)
    assert pairing.forgivable(fault) is (verdict == "forgivable")


def test_loopback_serves_and_counts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    server = module("loopback").Loopback(str(tmp_path))
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(server.url("a.txt"), timeout=600) as answer:
            assert answer.read() == b"hello"
        assert server.served == 1
        assert server.url("a.txt").startswith("http://127.0.0.1:")
    finally:
        server.close()


def test_lines_survive_a_library_that_prints(tmp_path: Path) -> None:
    import subprocess

    program = (
        f"import sys; sys.path.insert(0, {str(ROOM)!r})\n"
        "from inside.lines import Fault, Lines\n"
        "lines = Lines()\n"
        "print('a library prints')\n"
        "import os; os.write(1, b'and writes')\n"
        "def bad(): raise Fault('wrong-answer', 'x' * 900, detail='One. Two.')\n"
        "lines.check({'name': 'a'}, lambda: {'answer': '圆'})\n"
        "lines.check({'name': 'b'}, bad)\n"
        "lines.check({'name': 'c'}, lambda: 1 / 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    checks = {s["name"]: s for s in said if s["event"] == "check"}
    assert checks["a"]["status"] == "ok"
    assert checks["a"]["answer"] == "圆"
    assert checks["b"]["cause"] == "wrong-answer"
    assert len(checks["b"]["evidence"][0]) == 400
    assert checks["b"]["values"]["detail"] == "One"
    assert checks["c"]["cause"] == "question-failed"
    assert "a library prints" in done.stderr
    assert "and writes" in done.stderr


def test_memory_peaks_are_per_check() -> None:
    memory = module("memory")
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("no /proc here")
    block = bytearray(64 << 20)
    before = memory.peak_bytes("cpu")
    block[:: 1 << 12] = b"x" * len(block[:: 1 << 12])
    with_block = memory.peak_bytes("cpu")
    del block
    memory.reset("cpu")
    assert with_block >= before
    assert memory.peak_bytes("cpu") < with_block


def test_the_loopback_is_closed_and_quiet(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loopback = module("loopback")
    assert loopback.is_up()
    server = loopback.Loopback(str(tmp_path))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError):
        opener.open(server.url("no.txt"), timeout=600)
    assert server.served == 1
    server.close()
    with pytest.raises(urllib.error.URLError):
        opener.open(server.url("a.txt"), timeout=600)
    said = capfd.readouterr()
    assert "GET" not in said.out + said.err


def test_a_machine_that_cannot_speak_to_itself() -> None:
    ask = [sys.executable, "-c", "from inside.loopback import is_up; print(is_up())"]
    alone = ["unshare", "--net"]
    if not shutil.which("ip") or not shutil.which("unshare") or subprocess.call([*alone, "true"]):
        pytest.skip("no network namespace can be made here")
    run = functools.partial(subprocess.run, capture_output=True, text=True, cwd=ROOM, check=True)
    assert run(ask).stdout == "True\n"
    assert run([*alone, *ask]).stdout == "False\n"
    assert run([*alone, "sh", "-c", 'ip link set lo up; exec "$@"', "-", *ask]).stdout == "True\n"


def test_a_record_without_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd-1.dist-info").mkdir()
    (tmp_path / "odd-1.dist-info" / "METADATA").write_text("Name: odd\n")
    (tmp_path / "bare-1.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert module("versions").version_of(("not-here", "odd")) == ("odd", "?")
    assert module("versions").version_of(("bare",)) == ("bare", "?")


class Pictures:
    """A clip of so many frames of so many numbers, as process_vision_info returns it."""

    def __init__(self, frames: int, numbers: int = 30) -> None:
        self.frames, self.numbers = frames, numbers

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, _place: int) -> Pictures:
        return self

    def numel(self) -> int:
        return self.numbers


@pytest.mark.parametrize(
    ("frames", "most", "left"),
    [
        (8, 120, 8),  # four pairs of 30
        (8, 119, 6),
        (8, 60, 4),
        (8, 1, 2),  # at least one pair, however large
        (2, 1, 2),
    ],
)
def test_a_clip_with_too_many_pixels_is_read_with_fewer_frames(
    frames: int, most: int, left: int
) -> None:
    film: dict[str, Any] = {"video": "c.mp4", "fps": 1.0}
    messages = [{"content": [{"image": "a.png"}, film, {"text": "?"}]}]

    def read(said: Any, **more: Any) -> tuple[list[str], list[Pictures], dict[str, Any]]:
        assert (said, more) == (messages, {"return_video_kwargs": True})
        count = min(frames, film.get("max_frames", frames))
        return ["a"], [Pictures(count)], {"fps": [count / frames]}

    pictures, clips, thinned = module("within").read_within(read, messages, most)
    assert (pictures, [len(c) for c in clips]) == (["a"], [left])
    told = [f"{frames} frames -> {left}, one every {frames / left:.3g} s"]
    assert thinned == (told if frames > left + 1 else [])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("hosts", [["lab:1", "localhost:1"], []])
def test_the_server_is_asked_by_the_first_of_its_names(host: str, hosts: list[str]) -> None:
    seen: list[tuple[str, ...]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            seen.append((self.path, self.rfile.read(length).decode(), self.headers["Host"],
                         self.headers["Authorization"]))  # fmt: skip
            self.send_response(418)
            self.end_headers()
            self.wfile.write("圆".encode() + b"\xff")

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        request = {"host": host, "port": port, "token": "t", "hosts": hosts}
        call = module("openai_server")._call
        assert call(request, "POST", "/v1/x", {"a": 1}) == (418, "圆\ufffd")
        server.shutdown()
    name = hosts[0] if hosts else f"127.0.0.1:{port}"
    assert seen == [("/v1/x", '{"a": 1}', name, "Bearer t")]


@pytest.mark.parametrize(
    ("demand", "version", "meets"),
    [("==2.9.1", "2.9.1+cu128", True), ("==2.9.1", "2.9.0", False), (">=2.14", "2.15.0", True)],
)
@pytest.mark.parametrize("bare", [False, True])
def test_a_demand_is_met(
    monkeypatch: pytest.MonkeyPatch, demand: str, version: str, meets: bool, bare: bool
) -> None:
    if bare:  # an environment without packaging tells exact demands alone
        monkeypatch.setitem(sys.modules, "packaging.specifiers", None)
    assert module("torch_pairing").satisfied(demand, version) is meets


class Numbers:
    """What of a tensor the judge looks at: here one number for each token."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = numbers

    def __getitem__(self, _place: int) -> Numbers:
        return self

    def __sub__(self, other: Numbers) -> Numbers:
        return Numbers(*(a - b for a, b in zip(self.numbers, other.numbers, strict=True)))

    def abs(self) -> Numbers:
        return Numbers(*map(abs, self.numbers))

    def max(self) -> float:
        return max(self.numbers)


@pytest.mark.parametrize(
    ("answer", "number", "tolerance", "cause", "said"),
    [
        ("red", 1.0, 0.0, None, ""), ("red", 1.5, 0.5, None, ""),
        ("red", 0.5, 0.4, "logits-differ", "largest difference 0.5, allowed 0.4"),
        ("red", float("nan"), 9.0, "logits-differ", ""),
        ("blue", 1.0, 9.0, "wrong-answer", "this is the recorded answer of other"),
        ("odd", 1.0, 9.0, "wrong-answer", ""),
    ],
)  # fmt: skip
def test_the_canary_answers_word_for_word_and_close_to_the_record(
    monkeypatch: pytest.MonkeyPatch, answer: str, number: float, tolerance: float,
    cause: str | None, said: str,
) -> None:  # fmt: skip
    judge, fault = module("judge"), module("lines").Fault
    monkeypatch.setattr(judge, "finite", lambda _logits: None)
    case = {"name": "a", "answer": "red"}
    call = functools.partial(judge.exact, case, answer, Numbers(number), tolerance=tolerance,
                             others={"blue": "other"})  # fmt: skip
    if cause is None:
        distance = abs(number - 1.0)
        assert call(reference=Numbers(1.0)) == {
            "logits_distance": distance, "logits_tolerance": tolerance,
        }  # fmt: skip
        assert call(reference=None)["logits_distance"] is None
        return
    with pytest.raises(fault) as caught:
        call(reference=Numbers(1.0))
    assert caught.value.cause == cause
    assert caught.value.fields["logits_tolerance"] == tolerance
    assert said in " ".join(caught.value.evidence)


@pytest.mark.parametrize(
    ("answer", "tokens", "cause"),
    [
        ("A Red ball, a cube", [1], None), (" \n", [1], "empty-answer"),
        ("red box", [5] * 8, "repeating"), ("a red ball", [1], "not-seen"),
    ],
)  # fmt: skip
def test_a_real_model_says_what_is_there(
    monkeypatch: pytest.MonkeyPatch, answer: str, tokens: list[int], cause: str | None
) -> None:
    judge, fault = module("judge"), module("lines").Fault
    monkeypatch.setattr(judge, "finite", lambda _logits: None)
    case = {"name": "a", "words": [["red", "rot"], ["cube", "box"]]}
    if cause is None:
        assert judge.real(case, answer, tokens, None) == {}
        assert judge.real({"name": "a"}, "odd", tokens, None) == {}
        return
    with pytest.raises(fault) as caught:
        judge.real(case, answer, tokens, None)
    assert caught.value.cause == cause
    if cause == "not-seen":
        assert caught.value.values["words"] == "cube/box"
