"""Whether all that is told of a host can be told: its answer may hold any JSON value."""

from __future__ import annotations

import json

from setup_assistant.fleet.groups import group
from setup_assistant.fleet.html_report import row_of
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.times_text import duration

# What reading an answer of another form ends with.
OTHER_FORM = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError)


def must_be_tellable(outcome: Outcome) -> None:
    """Tell of one host all that a room is told, so that its answer cannot spoil the others'.

    Raises:
        OTHER_FORM: its answer is of another form.
    """
    said = outcome.to_json()
    duration(outcome.seconds)
    row_of(said, [g.to_json() for g in group([outcome])])
    json.dumps(said, allow_nan=False)
