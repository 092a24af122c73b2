"""The road: what is done already is left, the first failure ends it, and all of it is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import Message, msg
from setup_assistant.steps.run_steps import Done, standard_steps, travel
from setup_assistant.steps.step import Context
from tests.site.samples import plan
from tests.steps.made import Made


class Part:
    """A step that is done once `do` was called, unless it breaks or changes nothing."""

    def __init__(self, name: str, *, done: bool = False, breaks: Exception | None = None) -> None:
        self.name, self.done, self.breaks, self.idle = name, done, breaks, False

    def title(self, _context: Context) -> Message:
        return msg("{name}", name=self.name)

    def check(self, _context: Context) -> bool:
        return self.done

    def do(self, _context: Context) -> None:
        if self.breaks:
            raise self.breaks
        self.done = not self.idle


class Told:
    """Keeps what a guide is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def begin(self, title: Message, name: str) -> None:
        assert str(title) == name
        self.lines.append(f"begin {name}")

    def end(self, title: Message, done: Done) -> None:
        assert str(title) == done.name
        self.lines.append(f"{done.name} {done.status}")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Made(tmp_path / "site").context


def test_each_step_is_done_once_and_told(context: Context) -> None:
    told = Told()
    steps = (Part("a", done=True), Part("b"), Part("c"))
    found = travel(context, steps, told)
    assert told.lines == ["a already", "begin b", "b done", "begin c", "c done"]
    assert [(d.name, d.status) for d in found.steps] == [
        ("a", "already"), ("b", "done"), ("c", "done"),
    ]  # fmt: skip
    assert (found.error, found.exit, found.changed) == (None, Exit.DONE, True)
    assert found.steps[0].seconds is None
    assert found.steps[1].seconds is not None
    events = [(e.step, e.event) for e in context.ledger.entries() if e.step in "abc"]
    assert events == [("b", "started"), ("b", "done"), ("c", "started"), ("c", "done")]
    again = travel(context, steps, Told())
    assert (again.changed, [d.status for d in again.steps]) == (False, ["already"] * 3)


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        (SetupError("install_incomplete", detail="x"), "install_incomplete"),
        (PermissionError(13, "no"), "not_writable"), (OSError(28, "full"), "disk_filled"),
        (None, "step_unfinished"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("env", ["", "/elsewhere"])
def test_the_first_failure_ends_the_road(
    context: Context, breaks: Exception | None, code: str, env: str
) -> None:
    context = replace(context, site=replace(context.site, env_override=env))
    bad = Part("b", breaks=breaks)
    bad.idle = True
    told, last = Told(), Part("c")
    found = travel(context, (Part("a"), bad, last), told)
    assert told.lines == ["begin a", "a done", "begin b", "b failed"]
    assert found.error is not None
    assert found.error.code == code
    assert found.exit is found.error.exit
    assert [d.status for d in found.steps] == ["done", "failed"]
    assert not last.done
    if code == "not_writable":
        assert found.error.args_["flag"] == ("--env" if env else "--site")
    (failed,) = [e for e in context.ledger.entries() if e.event == "failed"]
    assert (failed.step, failed.data["code"]) == ("b", code)


def test_the_steps_of_a_plan() -> None:
    canary = plan(model=replace(plan().model, id="canary"))
    for made, rehearse, names in (
        (plan(), False, ["environment", "canary", "weights", "smoke"]),
        (plan(), True, ["environment", "canary", "rehearsal", "weights", "smoke"]),
        (canary, False, ["environment", "canary"]),
        (canary, True, ["environment", "canary", "rehearsal"]),
    ):
        assert [s.name for s in standard_steps(made, rehearse=rehearse)] == names
