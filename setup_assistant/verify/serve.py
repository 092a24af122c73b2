"""An OpenAI-compatible server of a site's model, inside its environment."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog import smoke as smoke_recipe
from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host.dialogue import Dialogue
from setup_assistant.verify.ask import inside, reply
from setup_assistant.verify.request import Wanted, how

_INSIDE = Path(__file__).parent / "inside"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PICTURE, _QUESTION = "pictures/red-circle.png", "Describe this image."


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is served where. `packages`: folder of the server's own packages."""

    env: Path
    model: Path
    name: str
    plan: Plan
    packages: Path
    host: str
    port: int
    token: str


class Server:
    """A running server, known to answer."""

    def __init__(self, child: Dialogue) -> None:
        self._child = child
        ready = reply(child, "ready", "serve")
        self.device, self.dtype = str(ready["device"]), str(ready["dtype"])

    def check(self) -> tuple[int, str]:
        """Return the HTTP status and the answer of the question about the canary's picture."""
        said = reply(self._child, "checked", "serve")
        return int(said["status"]), str(said["text"])

    def wait(self) -> None:
        """Wait until the server ends."""
        reply(self._child, "end", "serve")


@contextlib.contextmanager
def serving(order: Order) -> Iterator[Server]:
    """Serve while the block runs.

    Raises:
        SetupError: `port_taken`, `ask_failed`, `not_writable`.
    """
    must_be_free(order.host, order.port)
    wanted = Wanted(model=None if order.name == "canary" else order.model, plan=order.plan)
    with inside(order.env, "openai_server", wanted) as child:
        child.send(_request(order, wanted))
        yield Server(child)


def must_be_free(host: str, port: int) -> None:
    """Refuse a port that somebody else listens on.

    Raises:
        SetupError: `port_taken`.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            detail = error.strerror or str(error)
            raise SetupError("port_taken", host=host, port=port, detail=detail) from error


def _request(order: Order, wanted: Wanted) -> dict[str, Any]:
    model, canary = order.plan.model, canary_recipe.load()
    # Names under which a browser may reach it: another one is a page that was rebound to here.
    named = (order.host, *_LOOPBACK) if order.host in _LOOPBACK else ()
    return {
        **how(wanted, canary, smoke_recipe.load()),
        "model": str(order.model),
        "name": order.name,
        "host": order.host,
        "port": order.port,
        "hosts": [f"[{h}]:{order.port}" if ":" in h else f"{h}:{order.port}" for h in named],
        "token": order.token,
        "packages": str(order.packages),
        "page": str(_INSIDE / "serve.html"),
        "limits": {
            "max_pixels": model.max_pixels,
            "video_total_pixels": model.video_total_pixels,
            "video_max_frames": model.video_max_frames,
        },
        "check": {"file": str(canary.folder / _PICTURE), "question": _QUESTION},
    }
