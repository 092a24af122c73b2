"""ModelScope's own client as the peer: what it does with this hub, and what it leaves behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, client_python, hub, model_folder

__all__ = ["client_python", "hub", "model_folder"]

pytestmark = pytest.mark.e2e
BIG = SHARDS[0]


class Stock:
    """The client's own command, with a home of its own."""

    def __init__(self, python: Path, hub: Hub, home: Path) -> None:
        self._program, self.hub, self.home = python.with_name("modelscope"), hub, home
        self.folder = home / "w"

    def __call__(self, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "MODELSCOPE_ENDPOINT": self.hub.url, "NO_PROXY": "127.0.0.1",
               "MODELSCOPE_DOMAIN": self.hub.url.split("//")[1], "HOME": str(self.home),
               "MODELSCOPE_CACHE": str(self.home / "cache"), **more}  # fmt: skip
        return subprocess.run(
            [self._program, "download", MODEL, "--local_dir", self.folder],
            env=env, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip

    def same(self) -> bool:
        return all(
            (self.folder / name).read_bytes() == path.read_bytes()
            for name, path in self.hub.files(MODEL).items()
        )


@pytest.fixture
def stock(hub: Hub, client_python: Path, tmp_path: Path) -> Stock:
    (tmp_path / "home").mkdir()
    return Stock(client_python, hub, tmp_path / "home")


def test_it_lists_and_fetches_as_from_the_real_hub(stock: Stock) -> None:
    done = stock()
    assert done.returncode == 0, done.stdout + done.stderr
    assert stock.same()


@pytest.mark.parametrize("ranges", ["200", "206"])
def test_a_broken_connection_goes_on(stock: Stock, ranges: str) -> None:
    stock.hub.ranges = ranges  # type: ignore[assignment]
    stock.hub.fail("fin", path=BIG, after=200_000)
    done = stock()
    assert done.returncode == 0, done.stdout + done.stderr
    assert stock.same()
    assert any(s.range.startswith("bytes=200000-") for s in stock.hub.seen)
