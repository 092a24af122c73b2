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


def sent_by(guard: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> list[Any]:
    """Return what is sent for a scope whose client sends these messages."""
    coming, sent = iter(messages), list[Any]()

    async def receive() -> Any:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def http(path: str, method: str = "POST", token: bytes = b"Bearer t0ken") -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method,
            "headers": [(b"Host", b"127.0.0.1:1"), (b"Authorization", token)]}  # fmt: skip


def test_what_is_answered_is_told_to_be_nothing_else(guard: Any) -> None:
    made, _seen = guard
    policy = sys.modules["inside.asgi_guard"]._POLICY
    for scope, status, body, kind in (
        (http("/", "GET"), 200, b"<html>", b"text/html; charset=utf-8"),
        (http("/", "POST"), 404, b'{"error": {"message": "not found"}}', b"application/json"),
        (http("/v1/models", token=b""), 401,
         b'{"error": {"message": "a token is needed: Authorization: Bearer"}}',
         b"application/json"),
        (http("/v1/models"), 200,
         b'{"object": "list", "data": [{"id": "shown", "object": "model"}]}',
         b"application/json"),
    ):  # fmt: skip
        start, rest = sent_by(made, scope)
        assert start == {
            "type": "http.response.start", "status": status,
            "headers": [
                (b"content-type", kind), (b"content-length", str(len(body)).encode()),
                (b"x-content-type-options", b"nosniff"), (b"content-security-policy", policy),
            ],
        }  # fmt: skip
        assert rest == {"type": "http.response.body", "body": body}
    assert b"default-src 'none'; " in policy
    assert b"connect-src 'self'; " in policy


def test_why_a_request_is_refused(guard: Any) -> None:
    made, _seen = guard
    audio = {"type": "audio_url"}
    for parts, said in (
        ([{"type": "image_url", "image_url": {"url": "x"}}], "image_url must be a data: URL"),
        ([PICTURE, {"type": "video_url", "video_url": "x"}], "video_url must be a data: URL"),
        ([audio], "content of type audio_url is not taken"),
    ):
        status, body = call(made, CHAT, question(*parts))
        assert (status, json.loads(body)["error"]["message"]) == (400, said)
    said = json.loads(call(made, CHAT, b"{}")[1])["error"]["message"]
    assert said == "not a request of /v1/chat/completions: KeyError: 'messages'"
    said = json.loads(call(made, "/docs", {}, host="other")[1])["error"]["message"]
    assert said == "unknown host"


def test_any_host_is_answered_where_none_is_named(guard: Any) -> None:
    made, seen = guard
    made.hosts = []
    assert call(made, "/health", b"", host="rebound.example")[0] == 200
    made.hosts = ["a", "b"]
    assert [call(made, "/health", b"", host=h)[0] for h in ("a", "b", "c", "")] == [
        200, 200, 421, 421,
    ]  # fmt: skip
    assert len(seen) == 3


def test_a_text_is_no_list_of_parts(guard: Any) -> None:
    made, seen = guard
    told = {"messages": [{"role": "user", "content": "image_url"}, {"role": "assistant"}]}
    assert call(made, CHAT, told)[0] == 200
    assert seen == [{**told, "model": "/model"}]


def test_only_requests_and_its_own_start_reach_the_server(guard: Any) -> None:
    made, _seen = guard
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, _send: Any) -> None:
        heard.append(scope["type"])
        heard.extend([await receive(), await receive()])

    made.app = app
    ping = {"type": "lifespan.startup"}
    assert sent_by(made, {"type": "lifespan"}, ping, ping) == []
    assert sent_by(made, {"type": "websocket"}) == []
    assert heard == ["lifespan", ping, ping]
    heard.clear()
    gone = {"type": "http.disconnect"}
    assert sent_by(made, http(CHAT), {"type": "http.request", "more_body": True}, gone) == []
    assert heard == []
    asked = {"type": "http.request", "body": json.dumps(question(PICTURE)).encode()}
    assert sent_by(made, http(CHAT), asked, gone) == []
    body = json.dumps({**question(PICTURE), "model": "/model"}).encode()
    given = {"type": "http.request", "body": body, "more_body": False}
    assert heard == ["http", given, gone]


def test_a_request_may_be_so_long_and_no_longer(
    guard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, seen = guard
    body = json.dumps(question(PICTURE)).encode()
    monkeypatch.setattr("inside.asgi_guard._MOST_BYTES", len(body))
    assert call(made, CHAT, body)[0] == 200
    status, said = call(made, CHAT, body + b" ")
    assert (status, len(seen)) == (413, 1)
    assert json.loads(said) == {"error": {"message": "the request is too large"}}
