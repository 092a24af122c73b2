"""A mirror on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.mirror.server import MirrorServer
from setup_assistant.mirror.shelf import Shelf
from tests.hub.fixtures import MODEL, client_python, hf_python, write_model

__all__ = ["client_python", "hf_python"]


@pytest.fixture
def shelf_folder(tmp_path: Path) -> Path:
    """A folder with one model in OWNER/NAME, and a secret beside it."""
    write_model(tmp_path / "shelf" / MODEL)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "shelf" / MODEL / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "shelf" / MODEL / ".hidden").write_text("secret")
    return tmp_path / "shelf"


@pytest.fixture
def mirror(shelf_folder: Path) -> Iterator[MirrorServer]:
    with MirrorServer(("127.0.0.1", 0), Shelf(shelf_folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def url(mirror: MirrorServer) -> str:
    return f"http://127.0.0.1:{mirror.server_port}"
