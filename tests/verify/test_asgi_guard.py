"""What stands in front of the model's server: nothing passes without the token, or by address."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import setup_assistant.verify

_ABOVE = str(Path(setup_assistant.verify.__file__).parent)


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(_ABOVE)
    from inside.asgi_guard import Guard

    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(json.loads((await receive())["body"]) if scope["path"] != "/health" else None)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"answer"})

    made = Guard(app, token="t0ken", name="shown", model="/model", page=b"<html>",
                 hosts=["127.0.0.1:1"])  # fmt: skip
    yield made, seen
    for name in [m for m in sys.modules if m == "inside" or m.startswith("inside.")]:
        del sys.modules[name]


def call(
    guard: Any, path: str, body: Any = None, *, method: str = "POST", **headers: str
) -> tuple[int, bytes]:
    given = {"host": "127.0.0.1:1", "authorization": "Bearer t0ken", **headers}
    scope = {"type": "http", "path": path, "method": method,
             "headers": [(k.encode(), v.encode()) for k, v in given.items()]}  # fmt: skip
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    halves = [data[:5], data[5:]]
    sent: list[Any] = []

    async def receive() -> Any:
        part = halves.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(halves)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def question(*parts: Any) -> dict[str, Any]:
    return {"model": "any", "messages": [{"role": "user", "content": [*parts]}]}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CHAT = "/v1/chat/completions"


def test_a_question_is_passed_on_whole_with_the_one_model(guard: Any) -> None:
    made, seen = guard
    assert call(made, CHAT, question(PICTURE, {"type": "text", "text": "Why?"})) == (200, b"answer")
    assert seen[0]["model"] == "/model"
    assert seen[0]["messages"][0]["content"][0] == PICTURE


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer t0ke", "Bearer t0kenx", "t0ken"])
@pytest.mark.parametrize("path", [CHAT, "/v1/models"])
def test_without_the_token_nothing_is_passed_on(guard: Any, given: str, path: str) -> None:
    made, seen = guard
    status, _body = call(made, path, question(PICTURE), authorization=given)
    assert (status, seen) == (401, [])


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "/etc/passwd"}},
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
        {"type": "image_url", "image_url": "http://10.0.0.1/"},
        {"type": "video_url", "video_url": {"url": "https://a.example/v.mp4"}},
        {"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64,AA=="}},
        {"type": "image", "url": "/etc/passwd"},
        {"type": "image_url"},
        "text",
    ],
)
def test_addresses_and_paths_are_refused(guard: Any, part: Any) -> None:
    made, seen = guard
    status, _body = call(made, CHAT, question(part))
    assert (status, seen) == (400, [])


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"messages": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_request_is_refused(guard: Any, body: bytes) -> None:
    made, seen = guard
    assert call(made, CHAT, body)[0] == 400
    assert seen == []


def test_other_paths_and_other_hosts_are_refused(guard: Any) -> None:
    made, seen = guard
    for path in ("/load_model", "/reset", "/v1/responses", "/docs", "/openapi.json", "/../health"):
        assert call(made, path, {})[0] == 404
    assert call(made, "/health", b"", host="rebound.example")[0] == 421
    assert seen == []
    assert call(made, "/", b"", method="GET", authorization="")[1] == b"<html>"
    assert call(made, "/health", b"", authorization="")[0] == 200
    listed = json.loads(call(made, "/v1/models", b"", method="GET")[1])
    assert listed["data"][0]["id"] == "shown"


def test_a_request_without_end_is_refused(guard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = guard
    monkeypatch.setattr("inside.asgi_guard._MOST_BYTES", 100)
    assert call(made, CHAT, b"x" * 101)[0] == 413
    assert seen == []
