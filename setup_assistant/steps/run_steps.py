"""The road after the plan: steps in order, each done only when its own check passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import clock, files
from setup_assistant.messages import Message
from setup_assistant.steps.step import Context, Step


@dataclass(frozen=True)
class Done:
    """What became of one step; `seconds` is None where nothing had to be done."""

    name: str
    status: Literal["already", "done", "failed"]
    seconds: float | None = None


@dataclass(frozen=True)
class Travel:
    """How far the road was travelled, and what stopped it."""

    steps: tuple[Done, ...]
    error: SetupError | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was done at all."""
        return any(s.status != "already" for s in self.steps)

    @property
    def exit(self) -> Exit:
        """The exit status of the whole road."""
        return self.error.exit if self.error else Exit.DONE


class Guide(Protocol):
    """Who is told about the steps."""

    def begin(self, title: Message, name: str) -> None:
        """The step of this name begins."""

    def end(self, title: Message, done: Done) -> None:
        """A step ended."""


def standard_steps(plan: Plan, *, rehearse: bool = False) -> tuple[Step, ...]:
    """Return the steps of `up`, in order; the canary is its own weights and smoke test."""
    from setup_assistant.steps.check_steps import CANARY, CanaryStep, SmokeStep
    from setup_assistant.steps.environment import EnvironmentStep
    from setup_assistant.steps.weights import WeightsStep

    proof: tuple[Step, ...] = (EnvironmentStep(), CanaryStep())
    if rehearse:
        from setup_assistant.steps.rehearsal import RehearsalStep

        proof = (*proof, RehearsalStep())
    if plan.model.id == CANARY:
        return proof
    return (*proof, WeightsStep(), SmokeStep())


def travel(context: Context, steps: Sequence[Step], guide: Guide) -> Travel:
    """Do every step whose check does not pass yet; the first failure ends the road.

    A killed or interrupted run leaves a ledger from which the next one goes on.
    """
    finished: list[Done] = []
    for step in steps:
        title = step.title(context)
        if step.check(context):
            done = Done(step.name, "already")
        else:
            guide.begin(title, step.name)
            done, error = _one(context, step)
            if error:
                guide.end(title, done)
                return Travel((*finished, done), error)
        guide.end(title, done)
        finished.append(done)
    return Travel(tuple(finished))


def _do(context: Context, step: Step) -> None:
    step.do(context)
    if not step.check(context):
        raise SetupError("step_unfinished", step=step.name)


def _one(context: Context, step: Step) -> tuple[Done, SetupError | None]:
    started = clock.monotonic()
    context.ledger.record(step.name, "started")
    try:
        try:
            _do(context, step)
        except OSError as error:
            flag = "--env" if context.site.env_override else "--site"
            raise files.refusal(error, context.site.root, flag=flag) from error
    except SetupError as error:
        seconds = round(clock.monotonic() - started, 2)
        context.ledger.record(step.name, "failed", seconds=seconds, code=error.code)
        return Done(step.name, "failed", seconds), error
    seconds = round(clock.monotonic() - started, 2)
    context.ledger.record(step.name, "done", seconds=seconds)
    return Done(step.name, "done", seconds), None
