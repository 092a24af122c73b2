"""Serve a bundle to a room: what its manifest lists and nothing else, at a bounded total rate."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from setup_assistant.bundle import manifest
from setup_assistant.bundle.verify import Checked
from setup_assistant.mirror.ranges import FileHandler, FileServer


class RoomServer(FileServer):
    """Serves a checked bundle, read-only."""

    def __init__(self, address: tuple[str, int], checked: Checked, rate: int) -> None:
        listed = [part.path for item in checked.manifest.files for part in item.parts()]
        self.shelf = {
            path: found
            for path in (*listed, *manifest.ABOUT)
            if (found := manifest.find(checked.folders, path)) is not None
        }
        super().__init__(address, _Handler, rate=rate)


class _Handler(FileHandler):
    def answer(self) -> None:
        server = self.server
        assert isinstance(server, RoomServer)  # noqa: S101 - no other server has this handler
        file = server.shelf.get(unquote(self.path.lstrip("/")))
        if file is None:
            self.start(404, 0, {})
        else:
            self.send_file(file)


@contextlib.contextmanager
def serving(checked: Checked, rate: int, addresses: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Serve a bundle while the block runs; yields address and port.

    Args:
        checked: the bundle.
        rate: bytes a second for the whole room; 0: unbounded.
        addresses: of the hosts, which tell the network to listen on.
    """
    own = {local_address(a) for a in addresses}
    # Hosts of several networks are reached from several addresses.
    listen = own.pop() if len(own) == 1 else "0.0.0.0"  # noqa: S104 - said on the screen
    with running(RoomServer((listen, 0), checked, rate)) as port:
        yield listen, port


@contextlib.contextmanager
def running(server: RoomServer) -> Iterator[int]:
    """Serve while the block runs; yields the port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def local_address(host: str) -> str:
    """Return the address of this machine from which a host is reached; sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "0.0.0.0"  # noqa: S104
