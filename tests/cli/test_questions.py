"""The wizard's questions as data: what is offered on which machine, with reason and cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.cli.wizard.questions import QUESTIONS, Known
from setup_assistant.machine.facts import Machine, Source, Tool
from setup_assistant.steps.backends import rattler
from tests.choose.described import described, planned

CHANNEL = Source(leg="conda", name="official", url="https://conda.anaconda.org", reachable=True)


def asked(machine: Machine) -> tuple[list[str], str, str]:
    """Return the engines offered, the titles, and the reasons."""
    known = Known(machine=machine, plan=planned(machine))
    (question,) = (q for q in QUESTIONS if q.key == "backend")
    choices = question.choices(known)
    titles = " | ".join(str(c.title) for c in choices)
    return [c.value for c in choices], titles, " ".join(question.why(known))


@pytest.fixture
def machine() -> Machine:
    found = described("580.95.05", "NVIDIA GeForce RTX 4090,8.9,24564,24000")
    return replace(found, tools=(Tool(name="git", path="/usr/bin/git"),), sources=())


def test_without_conda_and_a_channel_there_is_nothing_to_ask(machine: Machine) -> None:
    assert asked(machine)[0] == ["auto"]
    dead = replace(CHANNEL, reachable=False)
    assert asked(replace(machine, sources=(dead,)))[0] == ["auto"]


def test_where_a_channel_answers_a_conda_environment_can_be_had(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = replace(machine, sources=(CHANNEL,))
    monkeypatch.setattr(rattler, "available", lambda: False)
    values, titles, why = asked(machine)
    assert values == ["auto", "rattler"]
    assert "uv (recommended)" in titles
    assert "MB more to download" in titles
    assert "With rattler" in why
    monkeypatch.setattr(rattler, "available", lambda: True)
    assert "download" not in asked(machine)[1]


def test_where_conda_is_nothing_more_is_needed(machine: Machine) -> None:
    tools = (Tool(name="conda", path="/opt/conda/bin/conda"),)
    values, _titles, why = asked(replace(machine, tools=tools, sources=(CHANNEL,)))
    assert values == ["auto", "uv"]
    assert "rattler" not in why
