"""How long it takes is told from how fast the same source was last time."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.steps.download import speeds


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path))
    return tmp_path


def test_the_speed_of_last_time_tells_how_long_it_takes() -> None:
    assert speeds.expected_seconds("https://hub.example", 10**9) is None
    speeds.remember("https://hub.example/a", 100_000_000, 10.0)
    assert speeds.expected_seconds("https://hub.example", 10**9) == 100
    speeds.remember("https://hub.example/b", 400_000_000, 10.0)
    assert speeds.expected_seconds("https://hub.example", 10**9) == 25
    assert speeds.expected_seconds("https://hub.example", 0) is None
    assert speeds.expected_seconds("https://other.example", 10**9) is None


@pytest.mark.parametrize(
    ("source", "received", "seconds"),
    [
        ("https://hub.example", 1_000_000, 10.0),
        ("https://hub.example", 100_000_000, 0.1),
        ("/mnt/usb", 100_000_000, 10.0),
    ],
)
def test_what_says_nothing_is_not_kept(
    cache: Path, source: str, received: int, seconds: float
) -> None:
    speeds.remember(source, received, seconds)
    assert list(cache.iterdir()) == []


def test_a_name_and_password_are_not_kept(cache: Path) -> None:
    speeds.remember("https://me:secret@hub.example", 100_000_000, 10.0)
    assert "secret" not in (cache / "speeds.json").read_text()
    assert speeds.expected_seconds("https://hub.example", 10**7) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"bytes_per_second": {"hub.example": "x"}}'])
def test_what_cannot_be_read_counts_as_nothing(cache: Path, text: str) -> None:
    (cache / "speeds.json").write_text(text)
    assert speeds.expected_seconds("https://hub.example", 10**9) is None
    speeds.remember("https://hub.example", 100_000_000, 10.0)
    assert speeds.expected_seconds("https://hub.example", 10**9) == 100


def test_the_oldest_are_forgotten() -> None:
    for i in range(60):
        speeds.remember(f"https://h{i}.example", 100_000_000, 10.0)
    assert speeds.expected_seconds("https://h0.example", 10**9) is None
    assert speeds.expected_seconds("https://h59.example", 10**9) == 100
