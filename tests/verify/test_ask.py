"""A model that stays loaded, asked and served: what the program inside is told, and its answers.

The program inside is a stand-in that keeps what it is told and says the lines of a test.
"""

from __future__ import annotations

import json
import shlex
import socket
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.catalog import canary, smoke
from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.verify import ask, request, serve, surroundings
from tests.site import samples

SMOKE = smoke.load()
READY = {"event": "ready", "device": "cuda", "dtype": "float16", "seconds": 2}
LOOKED = {"event": "looked"}
ANSWER = {
    "event": "answer", "text": "A ball.", "tokens": 3, "cut": True, "seconds": 1.5,
    "first_token_seconds": 0.5, "tokens_per_second": 2.0, "prompt_tokens": 9,
    "peak_memory_bytes": None, "thinned": "4 frames",
}  # fmt: skip
Speaks = Callable[..., Path]


@pytest.fixture
def speaks(tmp_path: Path) -> Speaks:
    """Make an environment whose Python says lines; None: it takes one and keeps it in `told`."""

    def make(*lines: dict[str, Any] | str | None, end: str = "cat >/dev/null") -> Path:
        python = tmp_path / "env" / "bin" / "python"
        python.parent.mkdir(parents=True)
        told = shlex.quote(str(tmp_path / "told"))
        script = [
            f'read -r line; printf "%s\\n" "$line" >>{told}'
            if said is None
            else f"echo {shlex.quote(said if isinstance(said, str) else json.dumps(said))}"
            for said in lines
        ]
        python.write_text("\n".join(["#!/bin/sh", *script, end, ""]), encoding="utf-8")
        python.chmod(0o755)
        return tmp_path / "env"

    return make


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "told").read_text().splitlines()]


def planned() -> Plan:
    base = samples.plan()
    return replace(base, model=replace(base.model, max_pixels=900_000, pictures=1))


@pytest.mark.parametrize("plan", [None, planned()])
@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        (["a.png", "b.JPG"], ["image", "image"]),
        (["a.png", "http://h/c.MP4?x=1.png"], ["image", "video"]),
        (["c.webm"], ["video"]),
        (["mp4", "x.mp4.png"], ["image", "image"]),
        ([], []),
    ],
)
def test_what_is_asked_and_what_is_answered(
    speaks: Speaks, tmp_path: Path, plan: Plan | None, files: list[str], kinds: list[str]
) -> None:
    env = speaks(None, LOOKED, "a library prints", READY, None,
                 {"event": "piece", "text": "A "}, {"event": "piece"}, ANSWER)  # fmt: skip
    order: list[str] = []
    model = tmp_path / "model"
    with ask.loaded(env, model, plan=plan, device="cpu", dtype="float32", files=files,
                    on_looked=lambda: order.append("looked")) as loaded:  # fmt: skip
        assert (loaded.device, loaded.dtype, loaded.seconds) == ("cuda", "float16", 2.0)
        order.append("loaded")
        found = loaded.ask(files, "What?", max_new_tokens=7, on_piece=order.append)
    assert order == ["looked", "loaded", "A ", ""]
    assert {"event": "answer", **asdict(found)} == ANSWER
    loading, question = told(tmp_path)
    assert (loading["model"], loading["device"], loading["dtype"]) == (str(model), "cpu", "float32")
    assert loading["threads"] is None
    named = [{"type": k, k: f} for f, k in zip(files, kinds, strict=True)]
    assert loading["content"] == named
    pictures = kinds.count("image")
    limits = {"video": request.video_limits(SMOKE, plan),
              "image": request.picture_limits(plan, max(pictures, 1))}  # fmt: skip
    assert question == {
        "content": [{**n, **limits[n["type"]]} for n in named],
        "within": request.within("video" if "video" in kinds else "image", plan),
        "question": "What?", "max_new_tokens": 7,
    }  # fmt: skip


def test_the_test_model_runs_in_one_thread(speaks: Speaks, tmp_path: Path) -> None:
    with ask.loaded(speaks(None, LOOKED, READY), tmp_path / "copy", canary=True):
        pass
    assert [(t["threads"], t["model"]) for t in told(tmp_path)] == [(1, str(tmp_path / "copy"))]


@pytest.mark.parametrize(
    ("said", "end", "words"),
    [
        ([{"event": "fault", "cause": "child-failed", "values": {"check": "a", "detail": "b"}}],
         "cat >/dev/null", "The checks ended early, during a: b"),
        ([{"event": "fault", "cause": "nobody-knows", "values": {"check": "a", "detail": "b"}}],
         "cat >/dev/null", "The question of a could not be asked: b"),
        ([], "echo first >&2; echo; echo last >&2; echo >&2",
         "The checks ended early, during ask: last"),
        ([], "true", "The checks ended early, during ask: -"),
        ([LOOKED], "true", "The checks ended early, during ask: -"),
        ([READY], "true", "The checks ended early, during ask: -"),
    ],
)  # fmt: skip
def test_what_could_not_be_loaded(
    speaks: Speaks, tmp_path: Path, said: list[dict[str, Any]], end: str, words: str
) -> None:
    env = speaks(None, *said, end=end)
    with pytest.raises(SetupError) as caught, ask.loaded(env, tmp_path):
        raise AssertionError("it was loaded")
    assert (caught.value.code, caught.value.args_["cause"]) == ("ask_failed", words)


def test_the_next_question_may_be_asked_after_a_fault(speaks: Speaks, tmp_path: Path) -> None:
    fault = {"event": "fault", "cause": "child-failed", "values": {"check": "x", "detail": "y"}}
    env = speaks(None, LOOKED, READY, None, fault, None, ANSWER)
    with ask.loaded(env, tmp_path) as loaded:
        with pytest.raises(SetupError, match="during x: y"):
            loaded.ask([], "1", max_new_tokens=1, on_piece=print)
        assert loaded.ask([], "2", max_new_tokens=1, on_piece=print).text == "A ball."
    assert [t.get("question") for t in told(tmp_path)] == [None, "1", "2"]


def test_a_python_that_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught, ask.loaded(tmp_path / "env", tmp_path):
        raise AssertionError("it was loaded")
    assert str(tmp_path / "env" / "bin" / "python") in str(caught.value.args_["cause"])
    assert "No such file" in str(caught.value.args_["cause"])


@pytest.mark.parametrize(
    ("values", "command"),
    [({}, "MODEL --to DIR"), ({"folder": "/w"}, "MODEL --to /w"), ({"command": "mine"}, "mine")],
)
def test_what_mends_it_names_the_folder(values: dict[str, Any], command: str) -> None:
    given = {"file": "f", "detail": "d", "check": "c", **values}
    assert command in str(ask.failed("weights-incomplete", given).args_["remedy"])


def order(env: Path, **more: Any) -> serve.Order:
    given: dict[str, Any] = {
        "env": env, "model": Path("/m"), "name": "Qwen/x", "plan": planned(),
        "packages": Path("/p"), "host": "127.0.0.1", "port": free(), "token": "secret",
    }  # fmt: skip
    return serve.Order(**{**given, **more})


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_is_ready_checked_and_waited_for(speaks: Speaks, tmp_path: Path) -> None:
    checked = {"event": "checked", "status": "200", "text": "red"}
    wanted = order(speaks(None, READY, checked, {"event": "end"}, end="true"))
    with serve.serving(wanted) as server:
        assert (server.device, server.dtype) == ("cuda", "float16")
        assert server.check() == (200, "red")
        server.wait()
        with pytest.raises(SetupError, match="during serve"):
            server.wait()
    said = told(tmp_path)[0]
    assert {k: said[k] for k in ("model", "name", "host", "port", "token", "packages")} == {
        "model": "/m", "name": "Qwen/x", "host": "127.0.0.1", "port": wanted.port,
        "token": "secret", "packages": "/p",
    }  # fmt: skip
    model = wanted.plan.model
    assert said["limits"] == {
        "max_pixels": model.max_pixels, "video_total_pixels": model.video_total_pixels,
        "video_max_frames": model.video_max_frames,
    }  # fmt: skip
    assert Path(said["page"]).is_file()
    assert Path(said["check"]["file"]).is_relative_to(canary.load().folder)
    assert Path(said["check"]["file"]).is_file()


@pytest.mark.parametrize(("name", "threads"), [("canary", 1), ("Qwen/x", None)])
@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", ["127.0.0.1:8000", "127.0.0.1:8000", "localhost:8000", "[::1]:8000"]),
        ("::1", ["[::1]:8000", "127.0.0.1:8000", "localhost:8000", "[::1]:8000"]),
        ("0.0.0.0", []), ("lab.example", []),
    ],
)  # fmt: skip
def test_a_page_of_another_name_is_no_neighbour(
    name: str, threads: int | None, host: str, hosts: list[str]
) -> None:
    made = order(Path("/e"), host=host, port=8000, name=name)
    wanted = request.Wanted(model=None if name == "canary" else made.model, plan=made.plan)
    said = serve._request(made, wanted)
    assert (said["hosts"], said["threads"], said["model"]) == (hosts, threads, "/m")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_somebody_listens_on(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        try:
            other.bind((host, 0))
        except OSError:
            pytest.skip(f"no {host} here")
        port = other.getsockname()[1]
        other.listen()
        with (
            pytest.raises(SetupError) as caught,
            serve.serving(order(Path("/e"), host=host, port=port)),
        ):
            raise AssertionError("it was served")
        assert caught.value.code == "port_taken"
        said = caught.value.args_
        assert (said["host"], said["port"], said["detail"]) == (
            host,
            port,
            "Address already in use",
        )
    serve.must_be_free(host, port)


def test_a_run_has_a_folder_of_its_own_with_a_cache_in_it() -> None:
    with surroundings.scratch_folder() as folder:
        assert (folder / "cache").is_dir()
    assert not folder.exists()
