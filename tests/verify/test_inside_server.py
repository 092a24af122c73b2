"""The model's own server inside an environment: how it is fitted, started, and asked once.

Stand-ins take the places of torch, transformers and uvicorn; the one who asks is real.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.verify.test_inside import module, room
from tests.verify.test_inside_programs import RAISED, Said

__all__ = ["room"]


def standing(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> ModuleType:
    """Put a module, and what is above it, in the place of a real one."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        dotted = ".".join(parts[:count])
        if dotted not in sys.modules:
            monkeypatch.setitem(sys.modules, dotted, ModuleType(dotted))
        if count > 1:
            setattr(sys.modules[".".join(parts[: count - 1])], parts[count - 1],
                    sys.modules[dotted])  # fmt: skip
    made = sys.modules[name]
    vars(made).update(content)
    return made


@pytest.mark.parametrize("kind", ["nf4", "awq", None])
def test_transformers_server_is_fitted_to_the_model(
    kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ModelManager:
        def get_quantization_config(self) -> str:
            return "its own"

        def _load_processor(self, *given: Any, **more: Any) -> Any:
            return (self, given, more)

    manager = standing(
        monkeypatch, "transformers.cli.serving.model_manager", ModelManager=ModelManager,
        Modality=SimpleNamespace(VLM="sees", MULTIMODAL="hears"),
    )  # fmt: skip
    standing(monkeypatch, "torch", float16="f16")
    server = module("openai_server")
    loadings: list[Any] = []

    def loading(*about: Any) -> Any:
        loadings.append(about)
        return {"quantization_config": "4 bits"}

    monkeypatch.setattr(server, "quantized_loading", loading)
    monkeypatch.setattr(server, "limit", lambda processor, request: (processor, request["model"]))
    clips: list[str] = []
    monkeypatch.setattr(server, "read_clips", lambda: clips.append("read"))
    server.prepare({"model": "m", "quantization": kind, "dtype": "float16"})
    made = manager.ModelManager()
    assert made.get_model_modality("any", a="thing") == "sees"
    assert made._load_processor("a", b="c") == ((made, ("a",), {"b": "c"}), "m")
    assert made.get_quantization_config() == ("4 bits" if kind == "nf4" else "its own")
    assert loadings == ([("m", "nf4", "f16")] if kind == "nf4" else [])
    assert clips == ["read"]


def test_weights_that_are_packed_already_are_not_packed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    standing(monkeypatch, "torch", float16="f16")
    server = module("openai_server")
    monkeypatch.setattr(server, "quantized_loading", lambda *_about: {})
    asked = {"model": "m", "quantization": "nf4", "dtype": "float16"}
    assert server.quantized(asked) is None


@pytest.mark.parametrize(("decord", "backend"), [(True, "decord"), (False, "pyav")])
def test_clips_come_in_the_request_itself(
    decord: bool, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def load_video(name: str, **more: Any) -> str:
        seen.append((Path(name).suffix, more))
        return Path(name).read_text()

    standing(monkeypatch, "transformers.video_utils", load_video=load_video,
             is_decord_available=lambda: decord)  # fmt: skip
    base = type("BaseVideoProcessor", (), {})
    standing(monkeypatch, "transformers.video_processing_utils", BaseVideoProcessor=base)
    module("openai_server").read_clips()

    def link(text: str) -> str:
        return "data:video/mp4;base64," + base64.b64encode(text.encode()).decode()

    made: Any = base()
    assert made.fetch_videos(link("one")) == "one"
    assert made.fetch_videos([link("ab"), link("cd")], "every") == [("a", "c"), ("b", "d")]
    first, second, third = seen
    assert first == (".mp4", {"backend": backend, "sample_indices_fn": None})
    assert second == third == (".mp4", {"backend": backend, "sample_indices_fn": "every"})


@pytest.mark.parametrize(("device", "place"), [("cuda", "cuda:0"), ("cpu", "cpu")])
def test_the_guard_stands_in_front_of_the_server(
    device: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class Config:
        def __init__(self, app: Any, **kwargs: Any) -> None:
            made.append((app, kwargs))

    uvicorn = standing(monkeypatch, "uvicorn", Config=Config)
    served: list[Any] = []

    def serve(**about: Any) -> None:
        served.append(about)
        uvicorn.Config("app", port=1, log_level="info", access_log=True)

    standing(monkeypatch, "transformers.cli.serve", Serve=serve)
    (tmp_path / "page").write_bytes(b"<html>")
    module("openai_server").serve(
        {"page": str(tmp_path / "page"), "token": "t", "name": "shown", "model": "m",
         "hosts": ["h"], "host": "0.0.0.0", "port": 7, "device": device, "dtype": "f16"}
    )  # fmt: skip
    about = {"force_model": "m", "host": "0.0.0.0", "port": 7, "device": place, "dtype": "f16"}
    assert served == [about]
    ((guard, kwargs),) = made
    assert kwargs == {"port": 1, "log_level": "warning", "access_log": False}
    assert vars(guard) == {"app": "app", "token": "t", "name": "shown", "model": "m",
                           "page": b"<html>", "hosts": ["h"]}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "checked"),
    [
        ([(200, json.dumps({"choices": [{"message": {"content": "a red circle"}}]}))],
         {"status": 200, "text": "a red circle"}),
        ([(200, json.dumps({"choices": [{"message": {"content": "x" * 501}}]}))],
         {"status": 200, "text": "x" * 500}),
        ([(503, "busy")], {"status": 503, "text": "busy"}),
        ([(200, "{}")], {"status": 0, "text": "KeyError: 'choices'"}),
        ([(200, "no")], {"status": 0,
                         "text": "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"}),
        ([OSError("gone")], {"status": 0, "text": "OSError: gone"}),
        ([http.client.HTTPException("odd")], {"status": 0, "text": "HTTPException: odd"}),
    ],
)  # fmt: skip
def test_a_server_is_asked_when_it_answers(
    answers: list[Any], checked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    server, lines = module("openai_server"), Said()
    naps: list[float] = []
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: 5.0, sleep=naps.append))
    asked: list[Any] = []
    # It does not listen yet, listens, and is ready.
    coming = iter([OSError("refused"), (503, ""), (200, ""), *answers])

    def call(request: Any, method: str, path: str, body: Any) -> Any:
        asked.append((method, path, body))
        said = next(coming)
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(server, "_call", call)
    check = {"file": str(tmp_path / "a.png"), "question": "what?"}
    request = {"device": "cpu", "dtype": "f32", "name": "shown", "check": check}
    server.check(request, lines)
    assert lines.sent == [("ready", {"device": "cpu", "dtype": "f32"}), ("checked", checked)]
    assert naps == [server._LOOK_SECONDS] * 2
    *healths, (method, path, body) = asked
    assert healths == [("GET", "/health", None)] * 3
    assert (method, path) == ("POST", "/v1/chat/completions")
    picture = base64.b64encode(b"picture").decode()
    assert body == {
        "model": "shown", "max_tokens": 64, "temperature": 0,
        "messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
            {"type": "text", "text": "what?"},
        ]}],
    }  # fmt: skip


def test_a_server_that_never_answers_is_asked_once_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, lines = module("openai_server"), Said()
    limit = server._START_SECONDS
    moments = iter([1.0, 1.0 + limit - 0.5, 1.0 + limit])
    clock = SimpleNamespace(monotonic=moments.__next__, sleep=lambda _seconds: None)
    monkeypatch.setattr(server, "time", clock)
    asked: list[str] = []

    def call(_request: Any, _method: str, path: str, _body: Any) -> Any:
        asked.append(path)
        raise OSError("refused")

    monkeypatch.setattr(server, "_call", call)
    (tmp_path / "a.png").touch()
    check = {"file": str(tmp_path / "a.png"), "question": "what?"}
    server.check({"device": "cpu", "dtype": "f32", "name": "n", "check": check}, lines)
    assert asked == ["/health", "/v1/chat/completions"]
    assert [event for event, _fields in lines.sent] == ["ready", "checked"]


@pytest.mark.parametrize("dtype", [None, "float16"])
@pytest.mark.parametrize(
    ("error", "cause"), [(SystemExit(1), "question-failed"), (ValueError("own words"), "own-cause")]
)
def test_a_server_that_ends_says_why(
    dtype: str | None, error: BaseException, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, lines = module("openai_server"), Said()
    done: list[Any] = []
    monkeypatch.setattr(os, "_exit", done.append)
    monkeypatch.setattr(server, "Lines", lambda: lines)
    monkeypatch.setattr(server.kernels, "choose", lambda wanted: f"the {wanted}")
    monkeypatch.setattr(server.kernels, "usual_dtype", lambda device: f"usual of {device}")
    monkeypatch.setattr(server, "prepare", lambda request: done.append(dict(request)))
    monkeypatch.setattr(server, "check", lambda *about: done.append(about[1] is lines))
    monkeypatch.setattr(sys, "path", ["own"])

    class Thread:
        def __init__(self, target: Any, args: Any, daemon: bool) -> None:
            self.start = lambda: done.append(("daemon", daemon)) or target(*args)

    monkeypatch.setattr(server, "threading", SimpleNamespace(Thread=Thread))

    def serve(_request: Any) -> None:
        done.append("serve")
        raise error

    monkeypatch.setattr(server, "serve", serve)
    request = {"raised": RAISED, "packages": "p", "device": "gpu", "dtype": dtype}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(request) + "\nnothing more is read"))
    server.main()
    prepared = {**request, "device": "the gpu", "dtype": dtype or "usual of the gpu"}
    assert done == [prepared, ("daemon", True), True, "serve", 0]
    assert sys.path == ["own", "p"]
    ((event, fields),) = lines.sent
    assert (event, fields["cause"], fields["values"]["check"]) == ("fault", cause, "serve")
    assert fields["evidence"] == [f"{type(error).__name__}: {error}"]
