"""The programs inside an environment: what each reads, loads and says, from request to end.

Stand-ins take the places of torch, transformers and uvicorn, as in `test_inside_order`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import ROOM, module, room

__all__ = ["room"]


class Said:
    """Takes the place of `Lines`: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, event: str, **fields: Any) -> None:
        self.sent.append((event, fields))


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let torch be a stand-in that keeps how many threads are set."""
    kept: list[int] = []
    made = SimpleNamespace(set_num_threads=kept.append)
    monkeypatch.setitem(sys.modules, "torch", made)
    return kept


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Keep the exit statuses of programs that end their process at once."""
    kept: list[int] = []
    monkeypatch.setattr(os, "_exit", kept.append)
    return kept


def devices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let there be a card; return what is asked of the memory of which device."""
    kernels, memory, asked = module("kernels"), module("memory"), list[str]()
    monkeypatch.setattr(kernels, "choose", lambda wanted: wanted.replace("auto", "cuda"))
    monkeypatch.setattr(kernels, "usual_dtype", lambda device: f"usual of {device}")
    monkeypatch.setattr(kernels, "describe", lambda device: f"a {device}")
    monkeypatch.setattr(kernels, "check", lambda *about: {"evidence": [" ".join(about)]})
    monkeypatch.setattr(memory, "reset", lambda device: asked.append(f"reset {device}"))
    monkeypatch.setattr(memory, "peak_bytes", {"cuda": 5}.get)
    return asked


def session(monkeypatch: pytest.MonkeyPatch, **request: Any) -> Any:
    monkeypatch.setattr(module("main"), "Lines", Said)
    return module("main").Session({"cases": [], "model": "folder", **request})


def test_the_device_of_a_session(threads: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    devices(monkeypatch)
    made = session(monkeypatch, device="auto")
    assert (made.device, made.dtype) == ("cpu", "float32")
    assert made.check_device() == {
        "device": "cuda", "dtype": "usual of cuda", "peak_memory_bytes": 5,
        "evidence": ["cuda usual of cuda"],
    }  # fmt: skip
    assert (made.device, made.dtype, threads) == ("cuda", "usual of cuda", [])
    said = session(monkeypatch, device="cpu", dtype="float16", threads=2).check_device()
    assert (said["device"], said["dtype"], said["peak_memory_bytes"]) == ("cpu", "float16", None)
    assert threads == [2]


@pytest.mark.parametrize(
    ("more", "given", "reference"),
    [
        ({}, (None, "none"), {}),
        ({"max_memory": {"0": 1}, "quantization": "awq", "reference": "a.safetensors"},
         ({"0": 1}, "awq"), {"one": "a.safetensors"}),
        ({"quantization": None, "reference": None}, (None, "none"), {}),
    ],
)  # fmt: skip
def test_the_model_of_a_session(
    more: dict[str, Any], given: Any, reference: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = devices(monkeypatch)
    loads: list[Any] = []

    def load(*about: Any) -> Any:
        loads.append(about)
        return SimpleNamespace(parameters=12)

    reader = SimpleNamespace(load_file=lambda path: {"one": path})
    monkeypatch.setitem(sys.modules, "safetensors", SimpleNamespace(torch=reader))
    monkeypatch.setitem(sys.modules, "safetensors.torch", reader)
    monkeypatch.setattr(module("chat"), "Chat", load)
    made = session(monkeypatch, **more)
    made.device, made.dtype = "cuda", "float16"
    assert made.check_model() == {
        "device": "cuda", "dtype": "float16", "peak_memory_bytes": 5,
        "evidence": ["12 parameters"],
    }  # fmt: skip
    assert (asked, loads) == (["reset cuda"], [("folder", "cuda", "float16", *given)])
    assert (made.asker.chat.parameters, made.asker.reference) == (12, reference)
    assert made.asker.request is made.request


@pytest.mark.parametrize(
    ("error", "cause", "more"),
    [
        (OSError("odd"), "model-unreadable", {"detail": "OSError: odd", "torch": "2.9"}),
        (None, "weights-incomplete", {"file": "own", "torch": "2.9"}),
    ],
)
@pytest.mark.parametrize("installed", [True, False])
def test_a_model_that_cannot_be_loaded(
    error: Exception | None, cause: str, more: dict[str, str], installed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    devices(monkeypatch)
    raised = error or module("lines").Fault("weights-incomplete", file="own")

    def load(*_about: Any) -> Any:
        raise raised

    monkeypatch.setattr(module("chat"), "Chat", load)
    found = {"torch": "2.9", "transformers": "5.1"} if installed else {}
    monkeypatch.setattr(module("main"), "versions", lambda: found)
    with pytest.raises(module("lines").Fault) as caught:
        session(monkeypatch).check_model()
    known = {"folder": "folder", "file": "folder", "need": "?", "transformers": "5.1", **more}
    if not installed:
        known |= {"torch": "?", "transformers": "?"}
    assert (caught.value.cause, caught.value.values) == (cause, known)


def test_the_decoder_of_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    main, fault = module("main"), module("lines").Fault("decoder-broken")
    monkeypatch.setattr(main.video_reader, "check", lambda *about: {"about": about})
    made = session(monkeypatch, decoder_package="d", clip="c.mp4", reader="r")
    assert made.check_decoder() == {"about": ("r", "d", "c.mp4")}
    assert made.decoder_fault is None

    def broken(*_about: Any) -> Any:
        raise fault

    monkeypatch.setattr(main.video_reader, "check", broken)
    with pytest.raises(module("lines").Fault):
        made.check_decoder()
    assert made.decoder_fault is fault


def test_a_picture_by_address_is_asked_where_this_machine_can_speak_to_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = session(monkeypatch)
    done: list[Any] = []
    made.lines.check = lambda spec, body: done.append((spec["name"], body()))
    made.asker = SimpleNamespace(ask=lambda case: f"asked {case['name']}")
    keys = dict.fromkeys(("kind", "language", "question", "files"), "x")
    monkeypatch.setattr(module("main").loopback, "is_up", lambda: True)
    made.ask([{"name": "a", **keys, "served": ["f"]}, {"name": "b", **keys}], None)
    assert done == [("a", "asked a"), ("b", "asked b")]


RAISED = [["own-cause", "own words"]]


@pytest.mark.parametrize(
    ("name", "kind", "fails"),
    [("main", "Session", False), ("rehearsal", "Rehearsal", False),
     ("rehearsal", "Rehearsal", True)],
)  # fmt: skip
def test_a_program_says_that_it_has_ended(
    name: str, kind: str, fails: bool, ends: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, told = Said(), []

    def run() -> None:
        told.append(module("explain").explain(ValueError("own words")).cause)
        if fails:
            raise module("lines").Fault("no")

    def made(request: dict[str, Any]) -> Any:
        assert request == {"raised": RAISED}
        return SimpleNamespace(run=run, lines=lines)

    monkeypatch.setattr(module(name), kind, made)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"raised": RAISED})))
    module(name).main()
    assert (lines.sent, told, ends) == ([("end", {})], ["own-cause"], [0])


def test_what_a_rehearsal_loads_and_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    devices(monkeypatch)
    rehearsal = module("rehearsal")
    monkeypatch.setattr(rehearsal, "Lines", Said)
    made = rehearsal.Rehearsal({"device": "auto", "dtype": "float16"})
    assert made.device == "cpu"
    assert made.choose() == {"evidence": ["a cuda"], "device": "cuda", "dtype": "float16"}
    sizes = SimpleNamespace(numel=lambda: 3), SimpleNamespace(numel=lambda: 4)
    model = SimpleNamespace(parameters=lambda: sizes)
    monkeypatch.setattr(rehearsal, "build", lambda *about: (model, [f"place {about[1]}"]))
    assert made.build() == {
        "device": "cuda", "dtype": "float16", "peak_memory_bytes": 5,
        "evidence": ["7 parameters", "place cuda"], "values": {"parameters": 7},
    }  # fmt: skip
    assert made.model is model

    def broken(*_about: Any) -> Any:
        raise ValueError("odd")

    monkeypatch.setattr(rehearsal, "build", broken)
    with pytest.raises(module("lines").Fault) as caught:
        made.build()
    assert caught.value.cause == "question-failed"
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace())
    monkeypatch.setattr(rehearsal, "versions", lambda: {"torch": "2.9"})
    assert made.load() == {"versions": {"torch": "2.9"}}
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError):
        made.load()


def test_a_prompt_that_does_not_fit_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = devices(monkeypatch)
    standing = SimpleNamespace(inference_mode=contextlib.nullcontext)
    monkeypatch.setitem(sys.modules, "torch", standing)
    rehearsal = module("rehearsal")
    monkeypatch.setattr(rehearsal, "Lines", Said)
    monkeypatch.setattr(rehearsal, "inputs", lambda *_about: {})

    def generate(**_given: Any) -> Any:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    made = rehearsal.Rehearsal({"dtype": "float16"})
    made.model, made.device = SimpleNamespace(generate=generate), "cuda"
    with pytest.raises(module("lines").Fault) as caught:
        made.rehearse({"new_tokens": 1})
    assert (caught.value.cause, asked) == ("out-of-memory", ["reset cuda"])


def conversation(
    monkeypatch: pytest.MonkeyPatch, request: dict[str, Any], *asked: Any, **parts: Any
) -> list[tuple[str, dict[str, Any]]]:
    """Run the program `converse` with some of its parts replaced; return what it says."""
    converse = module("converse")
    lines = Said()
    monkeypatch.setattr(converse, "Lines", lambda: lines)
    for name, part in parts.items():
        monkeypatch.setattr(converse, name, part)
    text = "".join(json.dumps(line) + "\n" for line in ({"raised": RAISED, **request}, *asked))
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    converse.main()
    return lines.sent


@pytest.mark.parametrize(
    ("more", "given", "set_threads"),
    [
        ({}, ("cuda", "usual of cuda", None, "none"), []),
        ({"dtype": "f16", "threads": 3, "max_memory": {"0": 1}, "quantization": "nf4"},
         ("cuda", "f16", {"0": 1}, "nf4"), [3]),
    ],
)  # fmt: skip
def test_a_conversation_loads_once_and_answers_what_is_asked(
    more: dict[str, Any], given: Any, set_threads: list[int], ends: list[int],
    threads: list[int], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked = devices(monkeypatch)
    looks: list[Any] = []
    loads: list[Any] = []
    moments = iter((1.0, 3.456))
    monkeypatch.setattr(module("converse"), "time", SimpleNamespace(monotonic=moments.__next__))
    monkeypatch.setattr(module("chat"), "Chat", lambda *about: loads.append(about) or "loaded")

    def answer(loaded: Any, question: Any, _lines: Any) -> Any:
        assert loaded == "loaded"
        if question["question"] == "bad":
            raise module("lines").Fault("out-of-memory", "e", a="b")
        return {"text": question["question"]}

    said = conversation(
        monkeypatch, {"device": "auto", "model": "m", "content": ["first"], **more},
        {"content": ["x"], "question": "1"}, {"content": [], "question": "bad"},
        {"content": [], "question": "2"},
        look_at=lambda *about: looks.append(about), answer=answer,
        why=lambda error, request, question: error if request and question else None,
    )  # fmt: skip
    assert said == [
        ("looked", {}), ("ready", {"device": "cuda", "dtype": given[1], "seconds": 2.46}),
        ("answer", {"text": "1"}),
        ("fault", {"cause": "out-of-memory", "evidence": ["e"], "values": {"a": "b"}}),
        ("answer", {"text": "2"}),
    ]  # fmt: skip
    assert looks == [(["first"], ""), (["x"], ""), ([], ""), ([], "")]
    assert loads == [("m", *given)]
    assert (asked, threads, ends) == (["reset cuda"], set_threads, [0])


@pytest.mark.parametrize(
    ("error", "cause", "values"),
    [
        (OSError("odd"), "model-unreadable", {"folder": "m", "detail": "OSError: odd"}),
        (ValueError("own words"), "own-cause", {"folder": "m", "detail": "ValueError: own words"}),
        (None, "input-unreadable", {"missing": "f"}),
    ],
)
def test_a_conversation_that_cannot_begin(
    error: Exception | None, cause: str, values: dict[str, str], ends: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    looks: list[Any] = []

    def look_at(*about: Any) -> None:
        looks.append(about)
        raise error or module("lines").Fault("input-unreadable", missing="f")

    said = conversation(monkeypatch, {"model": "m", "reader": "r"}, {"content": []},
                        look_at=look_at)  # fmt: skip
    ((event, fields),) = said
    assert (event, fields["cause"], fields["values"]) == ("fault", cause, values)
    assert (looks, ends) == ([([], "r")], [])


def test_the_reader_of_a_plan_looks_at_clips_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    converse = module("converse")
    looks: list[Any] = []

    def fault_of(*about: Any) -> tuple[str, str]:
        looks.append(about)
        return ("", "") if about[1] else ("damaged", "why")

    monkeypatch.setattr(converse.inputs, "fault_of", fault_of)
    clip, picture = {"type": "video", "video": "c"}, {"type": "image", "image": "p"}
    with pytest.raises(module("lines").Fault) as caught:
        converse.look_at([clip, picture, clip], "r")
    assert looks == [("c", True, "r"), ("p", False, "r")]
    assert caught.value.evidence == ["p: damaged why"]
    assert caught.value.values == {"detail": "why", "damaged": "p"}


def test_start_loads_a_program_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "start.py").write_bytes((ROOM / "inside/start.py").read_bytes())
    look = "import sys; print(sys.dont_write_bytecode, sys.path.count({above!r}), sys.path[0])\n"
    look = look.format(above=str(tmp_path))
    (folder / "program.py").write_text(f"{look}def main(): {look}")
    done = subprocess.run(
        [sys.executable, "-I", "-S", folder / "start.py", "program"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, then = done.stdout.splitlines()
    assert first == f"True 1 {tmp_path}"
    assert then.startswith("False 0 ")
    assert not (folder / "__pycache__").exists()


def events(*bodies: Any) -> list[dict[str, Any]]:
    """Return the events of some checks, as `Lines` writes them."""
    lines = object.__new__(module("lines").Lines)
    lines._out = io.StringIO()
    for number, body in enumerate(bodies):
        lines.check({"name": f"n{number}", "kind": "k"}, body)
    lines.hint("crashed", "e", a=1)
    lines.skip({"name": "s"}, "blocked", "model")
    return [json.loads(line) for line in lines._out.getvalue().splitlines()]


def test_the_lines_of_a_check(capfd: pytest.CaptureFixture[str]) -> None:
    def fault() -> Any:
        raised = module("lines").Fault("not-seen", "e", "", detail="One. Two.", other="A. B.")
        raised.fields = {"answer": "blue"}
        raise raised

    def odd() -> Any:
        raise ValueError("odd")

    started = ["start", "check"] * 3
    said = events(lambda: {"answer": "圆", "seconds": 9}, fault, odd)
    assert [s.pop("event") for s in said] == [*started, "hint", "check"]
    good, bad, third = said[1:6:2]
    assert [s["name"] for s in said[:6]] == ["n0", "n0", "n1", "n1", "n2", "n2"]
    assert 0 <= good.pop("seconds") < 9
    assert good == {"name": "n0", "kind": "k", "status": "ok", "answer": "圆"}
    assert bad.pop("seconds") >= 0
    assert bad == {
        "name": "n1", "kind": "k", "status": "fail", "cause": "not-seen", "evidence": ["e"],
        "values": {"detail": "One", "other": "A. B."}, "answer": "blue",
    }  # fmt: skip
    assert (third["cause"], third["evidence"]) == ("question-failed", ["ValueError: odd"])
    assert "Traceback" in capfd.readouterr().err
    assert said[6:] == [
        {"cause": "crashed", "evidence": ["e"], "values": {"a": "1"}},
        {"name": "s", "status": "blocked", "cause": "model"},
    ]
    with pytest.raises(ValueError, match="JSON"):
        events(lambda: {"distance": float("nan")})
    shorten = module("lines").shorten
    assert shorten(" a\n\tb ") == "a b"
    assert (shorten("x" * 400), shorten("x" * 401)) == ("x" * 400, "x" * 399 + "…")
