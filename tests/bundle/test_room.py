"""A bundle for a room keeps what the room was asked for, and the models it was planned with."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle.targets import given_in, kinds, room_in
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from tests.choose.described import described

CARD = "NVIDIA GeForce RTX 4090,8.9,24564,23900"
PLANNED = "Qwen/Qwen2-VL-2B-Instruct"


def report(path: Path, wishes: Any, model: str = PLANNED) -> Path:
    probe = {"exit_code": 0, "data": asdict(described("535.104.05", CARD))}
    results = {"probe": probe, "plan": {"exit_code": 0, "data": {"model": {"id": model}}}}
    value = {"wishes": wishes, "hosts": [{"name": "a", "results": results}]}
    path.write_text(json.dumps(value))
    return path


def models(path: Path, **flags: Any) -> list[str]:
    asked, planned = room_in([path])
    wishes = Wishes(**{**asked, **flags})
    sources = described("535.104.05", CARD).sources
    found, left = kinds(given_in([path]), wishes, sources, load_all(), planned)
    assert not left
    return [kind.plan.model.id for kind in found]


def test_the_model_of_the_plan_stays_and_a_flag_wins(tmp_path: Path) -> None:
    path = report(tmp_path / "room.json", {"purpose": "images", "site": "/srv/x", "python": "3.11"})
    assert room_in([path])[0] == {"purpose": "images", "python": "3.11"}
    assert models(path) == [PLANNED]
    assert models(path, model="canary") == ["canary"]
    # Of an older report, or of probe alone: as before.
    assert models(report(tmp_path / "old.json", None, "")) != [PLANNED]


@pytest.mark.parametrize("wishes", [{"purpose": 5}, {"python": ["3.11"]}, {"max_pixels": "many"}])
def test_wishes_of_other_types_are_refused(tmp_path: Path, wishes: Any) -> None:
    with pytest.raises(SetupError) as caught:
        room_in([report(tmp_path / "room.json", wishes)])
    assert "room.json" in str(caught.value.args_)


def test_two_rooms_that_were_asked_for_different_things(tmp_path: Path) -> None:
    one, other = ({"purpose": "images"}, {"purpose": "video"})
    files = [report(tmp_path / "1.json", one), report(tmp_path / "2.json", other)]
    with pytest.raises(SetupError) as caught:
        room_in(files)
    assert "2.json" in str(caught.value.args_)
    assert room_in([files[0], files[0]])[0] == one
