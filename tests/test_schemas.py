"""The schema that is shipped: made from the types as they are, for every verb, and strict.

What commands really print is held to it wherever a test runs one with `--json` (conftest.py).
"""

from __future__ import annotations

import json
from typing import Any

from setup_assistant.cli.app import VERBS
from setup_assistant.cli.result import Result
from tests import schemas
from tests.json_schema import FILE, broken


def test_it_is_made_anew_where_a_type_changed() -> None:
    assert FILE.read_text(encoding="utf-8") == schemas.text(), "python -m tests.schemas"


def test_every_verb_is_there() -> None:
    named = {name.partition(" ")[0] for name in schemas.DATA}
    assert set(VERBS) - named == {"mirror"}  # which has nothing to tell


def test_what_nobody_described_is_refused() -> None:
    def said(command: str, **data: Any) -> list[str]:
        return broken(json.loads(json.dumps(Result(command, data).envelope())))

    assert said("help", topic="json", page="# JSON") == []
    assert said("help") == []
    assert said("help", topic="json", page=1) == ["$.data.page: 1 is no string"]
    assert said("help", topic="json") != []
    assert said("bundle serve", address="0.0.0.0", port=80, more=1) == ["$.data: more is not known"]
    assert said("nothing") == []
    assert said("nothing", more=1) != []
