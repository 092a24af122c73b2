"""One check: the id of the cause that it looks for, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.finding import Confidence, Evidence, Layer, Status
from setup_assistant.messages import Message, Value


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What a check found wrong; `values` fill the sentences of its cause.

    `commands` take the place of the cause's own remedy, `advice` of its advice. `cause` is the
    id in the catalogue and `id` that of the finding, where they are not the check's.
    """

    evidence: tuple[Evidence, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    status: Status = "fail"
    confidence: Confidence = "proven"
    id: str | None = None
    cause: str | None = None
    advice: Message | None = None


NotHere = Literal["not-here"]
# The check does not concern this machine, or what it looks at was not named.
NOT_HERE: NotHere = "not-here"
Look = Callable[[Case], "Trouble | NotHere | None"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `look` returns None where all is well; `id` names a cause of the catalogue.

    `needs` are the ids of checks whose failure makes this one meaningless, `gathers` the fields
    of the case that it wants filled in. `refutable` says that a run inside the environment that
    succeeds proves it wrong.
    """

    id: str
    layer: Layer
    look: Look
    needs: tuple[str, ...] = ()
    gathers: tuple[str, ...] = ()
    refutable: bool = False


class Layered:
    """Collects the checks of one layer, in order."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self.checks: list[Check] = []

    def check(
        self,
        name: str,
        *,
        needs: tuple[str, ...] = (),
        gathers: tuple[str, ...] = (),
        refutable: bool = False,
    ) -> Callable[[Look], Look]:
        """Register the decorated function as the check `name`."""

        def register(look: Look) -> Look:
            self.checks.append(Check(id=name, layer=self._layer, look=look, needs=needs,
                                     gathers=gathers, refutable=refutable))  # fmt: skip
            return look

        return register


def trouble(
    *evidence: tuple[object, object],
    commands: tuple[str, ...] = (),
    status: Status = "fail",
    confidence: Confidence = "proven",
    **values: Value,
) -> Trouble:
    """Return what is wrong; each piece of evidence is a source and its value."""
    return Trouble(
        evidence=tuple((str(source), str(value)) for source, value in evidence),
        values=values,
        commands=commands,
        status=status,
        confidence=confidence,
    )
