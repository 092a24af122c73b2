"""In front of the model's server: a token, its own hosts, no files or addresses, one page."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence

from inside.lines import JSON

Receive = Callable[[], Awaitable[JSON]]
Send = Callable[[JSON], Awaitable[None]]
App = Callable[[JSON, Receive, Send], Awaitable[None]]
# A clip of some minutes in base64; more is no question.
_MOST_BYTES = 256 << 20
_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    b"connect-src 'self'; img-src data: blob:; media-src data: blob:"
)
_ANSWERED = ("/v1/chat/completions", "/v1/models", "/health")


class Guard:
    """An ASGI application around another one.

    Only `/v1/chat/completions` reaches it. Pictures and clips come in the request itself
    (`data:`): an address or a path would let any client read files and networks from here.
    """

    def __init__(
        self, app: App, *, token: str, name: str, model: str, page: bytes, hosts: Sequence[str]
    ) -> None:
        """Guard `app`, which serves `model` and is known outside as `name`.

        `hosts` are the values of the header Host that are answered; empty: every one.
        """
        self.app, self.token, self.name, self.model = app, token, name, model
        self.page, self.hosts = page, hosts

    async def __call__(self, scope: JSON, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        path, method = scope["path"], scope["method"]
        if self.hosts and headers.get("host", "") not in self.hosts:
            await _say(send, 421, {"error": {"message": "unknown host"}})
        elif path == "/" and method == "GET":
            await _say(send, 200, self.page, "text/html; charset=utf-8")
        elif path not in _ANSWERED:
            await _say(send, 404, {"error": {"message": "not found"}})
        elif path != "/health" and not self._known(headers):
            await _say(
                send, 401, {"error": {"message": "a token is needed: Authorization: Bearer"}}
            )
        elif path == "/v1/models":
            await _say(
                send, 200, {"object": "list", "data": [{"id": self.name, "object": "model"}]}
            )
        elif path == "/v1/chat/completions":
            await self._chat(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _known(self, headers: JSON) -> bool:
        given = headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode())

    async def _chat(self, scope: JSON, receive: Receive, send: Send) -> None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > _MOST_BYTES:
                await _say(send, 413, {"error": {"message": "the request is too large"}})
                return
            if not message.get("more_body"):
                break
        request, fault = checked(bytes(body))
        if fault:
            await _say(send, 400, {"error": {"message": fault}})
            return
        # There is one model, whatever a client calls it.
        given = iter([json.dumps({**request, "model": self.model}).encode()])

        async def replay() -> JSON:
            found = next(given, None)
            if found is None:
                return await receive()
            return {"type": "http.request", "body": found, "more_body": False}

        await self.app(scope, replay, send)


def checked(body: bytes) -> tuple[JSON, str]:
    """Return a request, and what is wrong with it: nothing where it may be passed on."""
    try:
        request = json.loads(body)
        for message in request["messages"]:
            content = message.get("content")
            for part in content if isinstance(content, list) else []:
                if fault := _fault_of(part):
                    return {}, fault
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return {}, f"not a request of /v1/chat/completions: {type(error).__name__}: {error}"
    return request, ""


def _fault_of(part: JSON) -> str:
    kind = part["type"]
    if kind in ("image_url", "video_url"):
        link = part[kind]
        url = link["url"] if isinstance(link, dict) else link
        return "" if str(url).startswith("data:") else f"{kind} must be a data: URL"
    return "" if kind == "text" else f"content of type {kind} is not taken"


async def _say(send: Send, status: int, body: JSON | bytes, kind: str = "application/json") -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(data)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", _POLICY),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
