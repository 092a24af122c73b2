"""A web server on this machine's loopback, so that pictures can be asked for by URL."""

from __future__ import annotations

import functools
import http.server
import socket
import threading


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Keep requests out of the log; the count is what matters."""

    def do_GET(self) -> None:
        """Answer and count."""
        self.server.served += 1
        super().do_GET()


def is_up() -> bool:
    """Whether this machine can speak to itself; a fresh network namespace cannot."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError:
        return False
    return True


class Loopback:
    """Serves one folder on 127.0.0.1, on a port that the system chooses."""

    def __init__(self, folder: str) -> None:
        handler = functools.partial(_Quiet, directory=folder)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.served = 0
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def served(self) -> int:
        """How many requests came in."""
        return self._server.served

    def url(self, path: str) -> str:
        """Return the URL of a file, by its path relative to the folder."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
