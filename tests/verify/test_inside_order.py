"""The scripts inside an environment: what is run in which order, and what is refused.

Stand-ins take the places of torch and transformers, which are not here; with the real ones the
same is run by the tests marked `e2e`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import module, room

__all__ = ["room"]

Said = list[tuple[str, Any]]


class Heard:
    """Takes the place of `Lines`: keeps each check with how it ended."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def send(self, event: str, **_fields: object) -> None:
        self.said.append(event)

    def check(self, spec: dict[str, Any], body: Callable[[], dict[str, Any]]) -> bool:
        try:
            body()
        except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
            self.said.append(f"{spec['name']}: {error}")
            return False
        self.said.append(spec["name"])
        return True

    def skip(self, spec: dict[str, Any], status: str, cause: str | None = None) -> None:
        self.said.append(f"{spec['name']} {status} {cause}")


class Asked:
    """Takes the place of a loaded model."""

    decoder_fault: object = None
    closed = False

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        assert self.decoder_fault is None or case["kind"] == "video"
        return {}

    def close(self) -> None:
        self.closed = True


CASES = [{"name": "film", "kind": "video"}, {"name": "picture", "kind": "image"},
         {"name": "far", "kind": "image", "served": ["a"]}]  # fmt: skip
AFTER = ["picture", "far skipped loopback-down"]


@pytest.mark.parametrize(
    ("breaks", "more", "said"),
    [
        ("", {}, ["imports", "device", "model", *AFTER, "decoder", "film"]),
        ("", {"only_imports": True}, ["imports"]),
        ("imports", {}, ["imports: no", "device blocked imports", "model blocked imports",
                         "decoder blocked imports", "film blocked imports",
                         "picture blocked imports", "far blocked imports"]),
        ("device", {}, ["imports", "device: no", "decoder", "model blocked device",
                        "film blocked device", "picture blocked device", "far blocked device"]),
        ("model", {}, ["imports", "device", "model: no", "picture blocked model",
                       "far blocked model", "decoder", "film blocked model"]),
        ("", {"blocked_by": "weights-changed"},
         ["imports", "device", "model blocked weights-changed", "picture blocked weights-changed",
          "far blocked weights-changed", "decoder", "film blocked weights-changed"]),
        ("decoder", {}, ["imports", "device", "model", *AFTER, "decoder: no", "film"]),
    ],
)  # fmt: skip
def test_what_may_kill_comes_last_and_what_needs_it_is_blocked(
    monkeypatch: pytest.MonkeyPatch, breaks: str, more: dict[str, Any], said: list[str]
) -> None:
    main = module("main")
    fault = module("lines").Fault("no")
    loaded = Asked()

    def part(name: str, result: object = None) -> Callable[..., object]:
        def run(*_args: object) -> object:
            if name == breaks:
                raise fault
            return {} if result is None else result

        return run

    monkeypatch.setattr(main, "Lines", Heard)
    monkeypatch.setattr(main.packages, "check", part("imports"))
    monkeypatch.setattr(main.video_reader, "check", part("decoder"))
    monkeypatch.setattr(main.loopback, "is_up", lambda: False)
    monkeypatch.setattr(main, "spec", lambda case: case)
    tried: list[str] = []

    def beside(name: str) -> None:
        tried.append(name)
        if name == "no_such":
            raise ModuleNotFoundError(name)

    monkeypatch.setattr(main, "importlib", SimpleNamespace(import_module=beside))
    request = {"cases": CASES, "decoder_package": "d", "clip": "c", "beside": ["no_such", "other"],
               **more}  # fmt: skip
    session = main.Session(request)
    monkeypatch.setattr(session, "check_device", part("device"))

    def load() -> dict[str, Any]:
        part("model")()
        session.asker = loaded
        return {}

    monkeypatch.setattr(session, "check_model", load)
    session.run()
    assert session.lines.said == said
    assert tried == ([] if breaks == "imports" else ["no_such", "other"])
    assert loaded.closed is (session.asker is not None)
    assert loaded.decoder_fault is (fault if breaks == "decoder" else None)


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ("", ["imports", "device", "build", "a", "b"]), ("load", ["imports: no"]),
        ("choose", ["imports", "device: no"]), ("build", ["imports", "device", "build: no"]),
        ("a", ["imports", "device", "build", "a: no"]),
    ],
)  # fmt: skip
def test_a_rehearsal_ends_where_something_fails(
    monkeypatch: pytest.MonkeyPatch, breaks: str, said: list[str]
) -> None:
    rehearsal = module("rehearsal")
    monkeypatch.setattr(rehearsal, "Lines", Heard)
    keys = dict.fromkeys(("kind", "language", "question"), "x")
    made = rehearsal.Rehearsal({"cases": [{"name": "a", **keys}, {"name": "b", **keys}]})

    def part(name: str) -> dict[str, Any]:
        if name == breaks:
            raise ValueError("no")
        return {}

    for name in ("load", "choose", "build"):
        monkeypatch.setattr(made, name, lambda name=name: part(name))
    monkeypatch.setattr(made, "rehearse", lambda case: part(case["name"]))
    made.run()
    assert made.lines.said == said
    times: list[float] = []
    watch = rehearsal._Watch(times)
    for token in ("prompt", "1", "2"):
        watch.put(token)
    assert len(times) == 2


def cuda(*parts: tuple[int, int], built: str | None = "12.8", usable: bool = True) -> Any:
    """Return a torch that has these cards."""

    def init() -> None:
        if not usable:
            raise RuntimeError("CUDA error: no kernel image is available for execution")

    return SimpleNamespace(
        __version__="2.9.1", version=SimpleNamespace(cuda=built), get_num_threads=lambda: 3,
        cuda=SimpleNamespace(
            is_available=lambda: bool(parts), device_count=lambda: len(parts), init=init,
            get_device_capability=lambda i: parts[i],
            get_device_properties=lambda i: SimpleNamespace(
                name=f"card {i}", major=parts[i][0], minor=parts[i][1]
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("torch", "wanted", "there", "hidden", "chosen"),
    [
        (cuda((8, 0)), "auto", True, None, "cuda"), (cuda((8, 0)), "cuda", True, None, "cuda"),
        (cuda((8, 0)), "cpu", True, None, "cpu"), (cuda(), "auto", False, None, "cpu"),
        (cuda(), "auto", True, "", "cpu"), (cuda(), "auto", True, "-1", "cpu"),
        (cuda(), "auto", True, "0", "none"), (cuda(), "auto", True, None, "none"),
        (cuda(), "cuda", False, None, "none"), (cuda(), "cuda", True, "", "none"),
        (cuda(built=None), "auto", True, None, "cpu-build"),
        (cuda(usable=False), "auto", True, None, "no-kernel"),
    ],
)  # fmt: skip
def test_which_device_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, torch: Any, wanted: str, there: bool,
    hidden: str | None, chosen: str,
) -> None:  # fmt: skip
    kernels = module("kernels")
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(kernels, "_DRIVER_SIGNS", (str(tmp_path if there else tmp_path / "no"),))
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    if chosen in ("cpu", "cuda"):
        assert kernels.choose(wanted) == chosen
        return
    with pytest.raises(module("lines").Fault) as caught:
        kernels.choose(wanted)
    cause = chosen.replace("none", "cuda-no-device")
    assert (caught.value.cause, caught.value.values["torch"]) == (cause, "2.9.1")


def test_the_usual_dtype_is_what_the_weakest_computes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = module("kernels")
    for parts, dtype in (((8, 0), (9, 0)), "bfloat16"), (((9, 0), (7, 5)), "float16"):
        monkeypatch.setitem(sys.modules, "torch", cuda(*parts))
        assert kernels.usual_dtype("cuda") == dtype
        assert kernels.usual_dtype("cpu") == "float32"
    assert kernels.describe("cpu") == "CPU, 3 threads"
    assert kernels.describe("cuda") == (
        "card 0 (compute capability 9.0), card 1 (compute capability 7.5)"
    )


@pytest.mark.parametrize(
    ("info", "places", "cause", "values"),
    [
        ({"missing_keys": []}, ["cuda"], None, {}),
        ({"missing_keys": [], "unexpected_keys": ["a.lm_head.weight", "b.rotary_emb.inv_freq"]},
         ["cuda"], None, {}),
        ({"missing_keys": ["b", "a"]}, ["cuda"], "weights-incomplete",
         {"count": "2", "first": "a"}),
        ({"missing_keys": [], "unexpected_keys": ["z", "lm_head.weight", "y"]}, ["cuda"],
         "weights-dropped", {"count": "2", "first": "y"}),
        ({"missing_keys": []}, ["cuda", "cpu"], "offloaded", {}),
        ({"missing_keys": []}, ["meta"], "offloaded", {}),
    ],
)  # fmt: skip
def test_weights_that_are_not_all_there_are_refused(
    info: dict[str, Any], places: list[str], cause: str | None, values: dict[str, str]
) -> None:
    chat = module("chat")
    made = object.__new__(chat.Chat)
    made.device = "cuda"
    there = [SimpleNamespace(device=SimpleNamespace(type=p)) for p in places]
    made.model = SimpleNamespace(parameters=lambda: there)
    if cause is None:
        made._refuse(info)
        return
    with pytest.raises(module("lines").Fault) as caught:
        made._refuse(info)
    assert (caught.value.cause, caught.value.values) == (cause, values)


@pytest.mark.parametrize(
    ("config", "made"),
    [
        ({"model_type": "qwen2_vl"}, "Qwen2VL"), ({"model_type": "qwen3_vl"}, "Auto"),
        ({"model_type": "newer"}, "transformers-mismatch"), ({}, "config-invalid"),
        ([], "config-invalid"), (None, "config-invalid"),
    ],
)  # fmt: skip
def test_the_class_of_a_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: object, made: str
) -> None:
    def for_model(kind: str) -> None:
        if kind == "newer":
            raise ValueError("unrecognized")

    here = SimpleNamespace(
        __version__="4.50", Qwen2VLForConditionalGeneration="Qwen2VL",
        AutoModelForImageTextToText="Auto", AutoConfig=SimpleNamespace(for_model=for_model),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "transformers", here)
    if config is not None:
        (tmp_path / "config.json").write_text(json.dumps(config))
    if "-" not in made:
        assert module("chat").model_class(str(tmp_path)) == made
        return
    with pytest.raises(module("lines").Fault) as caught:
        module("chat").model_class(str(tmp_path))
    assert caught.value.cause == made


@pytest.mark.parametrize(
    ("version", "nested"), [("4.51.3", False), ("4.52.0", True), ("5.0", True)]
)
def test_the_settings_of_the_language_model_have_their_place(
    monkeypatch: pytest.MonkeyPatch, version: str, nested: bool
) -> None:
    given: dict[str, Any] = {}

    def for_model(kind: str, **more: Any) -> None:
        given.update(more, kind=kind)

    here = SimpleNamespace(__version__=version, AutoConfig=SimpleNamespace(for_model=for_model))
    monkeypatch.setitem(sys.modules, "transformers", here)
    top = {"tie": True}
    architecture = {"model_type": "q", "top": top, "text": {"layers": 2}, "vision": {"depth": 1}}
    module("dummies").configuration(architecture)
    text = {"text_config": {"layers": 2}} if nested else {"layers": 2}
    assert given == {"kind": "q", "tie": True, "vision_config": {"depth": 1}, **text}
    assert top == {"tie": True}


def test_why_a_question_failed_is_looked_for_in_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    converse, fault = module("converse"), module("lines").Fault
    request = {"reader": "r", "decoder_package": "d", "clip": "good.mp4"}
    asked = {"content": [{"type": "image", "image": "a.png"}, {"type": "video", "video": "b.mp4"}]}
    bad: set[str] = set()

    def check(reader: str, package: str, clip: str) -> None:
        assert (reader, package) == ("r", "d")
        if clip in bad:
            raise fault("decoder-missing", "words", detail=f"of {clip}")

    monkeypatch.setattr(converse.video_reader, "check", check)
    plain = fault("out-of-memory")
    assert converse.why(plain, request, asked) is plain
    broken = fault("decoder-failed", "first")
    found = converse.why(broken, request, asked)
    assert (found.cause, found.values["file"]) == ("input-unreadable", "a.png, b.mp4")
    bad.add("b.mp4")
    found = converse.why(broken, request, asked)
    assert (found.cause, found.values) == (
        "input-unreadable", {"file": "b.mp4", "detail": "of b.mp4"},
    )  # fmt: skip
    bad.add("good.mp4")
    assert converse.why(broken, request, asked).cause == "decoder-missing"


def test_files_are_looked_at_before_anything_takes_long(tmp_path: Path) -> None:
    converse = module("converse")
    converse.look_at([], "decord")
    path = tmp_path / "no.mp4"
    with pytest.raises(module("lines").Fault) as caught:
        converse.look_at([{"type": "video", "video": str(path)}], "decord")
    assert caught.value.cause == "input-unreadable"
    assert caught.value.values["missing"] == str(path)
