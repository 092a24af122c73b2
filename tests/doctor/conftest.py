from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.body import Body, sound


@pytest.fixture
def body(tmp_path: Path) -> Body:
    """A sound environment, machine and model folder."""
    return sound(tmp_path / "body")
