"""Wishes that an environment of somebody else's does not meet are told, not dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine
from setup_assistant.report.receipt import from_json, to_json
from setup_assistant.report.sections import sections
from setup_assistant.steps import gather_wishes, prepare
from tests.choose.described import described
from tests.report.samples import receipt


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("version = 3.11.9\n")
    return folder


def machine() -> Machine:
    return described(None, ram_gib=24, python="3.12")


@pytest.mark.parametrize("adopted", [False, True])
def test_python_and_engine_of_an_environment_that_is_there(theirs: Path, adopted: bool) -> None:
    if adopted:
        (theirs / ".setup-assistant.json").write_text('{"engine": "adopted"}')
    wishes = Wishes(model="canary", env=str(theirs), python="3.12", backend="conda")
    plan = prepare.make(machine(), wishes)
    assert plan.python == "3.11"
    said = {w.about: w.message.english for w in plan.warnings}
    assert said["python"] == f"Python 3.12 was asked for; {theirs} has 3.11 and keeps it."
    assert said["backend"].startswith("conda was asked for")
    told = receipt(plan=plan)
    assert from_json(to_json(told)) == told
    notes = next(s.notes for s in sections(told) if s.title == "Plan")
    assert any(said["python"] in note for note in notes)
    fit = Wishes(model="canary", env=str(theirs), python="3.11.2", backend="uv")
    assert not {"python", "backend"} & {w.about for w in prepare.make(machine(), fit).warnings}


def test_an_environment_of_ours_is_made_as_wished(theirs: Path) -> None:
    (theirs / ".setup-assistant.json").write_text('{"engine": "uv"}')
    wishes = Wishes(model="canary", env=str(theirs), python="3.12")
    assert prepare.make(machine(), wishes).python == "3.12"


def test_a_folder_is_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = gather_wishes.gather_wishes({"site": "s", "env": "e", "weights": "w"}, None)
    assert (found.env, found.weights) == (str(tmp_path / "e"), str(tmp_path / "w"))
