"""Every cause that can be named has a sentence and a remedy, and can be named."""

from __future__ import annotations

import importlib
import re
import string
from pathlib import Path

import pytest

from setup_assistant.catalog import causes as catalogue
from setup_assistant.catalog import checks
from setup_assistant.verify import causes

ROOM = Path(causes.__file__).parent
ORDER = checks.load().order


def sources() -> str:
    texts = [p.read_text(encoding="utf-8") for p in ROOM.rglob("*.py") if p.name != "causes.py"]
    return "\n".join(texts)


def test_every_cause_is_named_somewhere() -> None:
    text = sources()
    raised = {cause for cause, _pattern in checks.load().raised}
    assert [c for c in ORDER if f'"{c}"' not in text and c not in raised] == []


def test_no_other_cause_is_named() -> None:
    """What the scripts inside say must be known here."""
    named = set(re.findall(r'(?:Fault\(\s*|cause=)"([a-z-]+)"', sources()))
    named |= {cause for cause, _pattern in checks.load().raised}
    assert named <= set(ORDER)


@pytest.mark.parametrize("cause", ORDER)
def test_sentence_and_remedy_read_well_with_nothing_known(cause: str) -> None:
    for message in (causes.sentence(cause, {}), causes.remedy(cause, {})):
        text = str(message)
        assert text
        assert "{" not in text
        assert set(message.args.values()) <= {"?"}


def test_values_are_filled_in() -> None:
    said = causes.sentence("fixtures-swapped", {"first": "a.png", "second": "b.png", "x": 1})
    assert str(said) == "a.png and b.png have changed places: each holds the other's content."


def test_an_environment_outranks_its_answers() -> None:
    order = ["python-missing", "torchvision-mismatch", "no-kernel", "weights-changed",
             "decoder-missing", "wrong-answer", "logits-differ", "nobody-knows-this"]  # fmt: skip
    assert sorted(order, key=causes.rank) == order


def test_places_of_every_sentence_are_plain_names() -> None:
    for cause in ORDER:
        row = catalogue.find(cause)
        for said in (*row.sentences, *row.advice):
            parsed = string.Formatter().parse(said.en)
            assert all(name is None or name.isidentifier() for _t, name, _s, _c in parsed)


def test_what_runs_inside_reads_an_error_as_the_catalogue_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its patterns come with the request, since nothing of the package can be imported there."""
    monkeypatch.syspath_prepend(str(ROOM))
    module = importlib.import_module("inside.explain")
    module.learn({"raised": checks.load().raised})
    explain = module.explain
    for name in ORDER:
        for text in catalogue.find(name).texts:
            assert explain(Exception(text.example), "unknown").cause in (name, "unknown"), text
