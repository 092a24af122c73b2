"""One check: an id, the sentence of its cause, what mends it, and the function that looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from setup_assistant.doctor.finding import Confidence, Evidence, Layer, Status
from setup_assistant.messages import Message, Value

if TYPE_CHECKING:
    from setup_assistant.doctor.case import Case


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What a check found wrong; `values` fill the sentences of its cause and advice.

    `id`, `cause` and `advice` take the place of the check's own where it has many causes.
    """

    evidence: tuple[Evidence, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    status: Status = "fail"
    confidence: Confidence = "proven"
    id: str | None = None
    cause: Message | None = None
    advice: Message | None = None


NotHere = Literal["not-here"]
# The check does not concern this machine, or what it looks at was not named.
NOT_HERE: NotHere = "not-here"
Look = Callable[["Case"], "Trouble | NotHere | None"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `look` returns None where all is well.

    `needs` are the ids of checks whose failure makes this one meaningless. `refutable` says that
    a run inside the environment that succeeds proves it wrong. `own_shell` marks commands that
    only help when typed into the person's own shell.
    """

    id: str
    layer: Layer
    cause: Message
    advice: Message
    look: Look
    needs: tuple[str, ...] = ()
    root: bool = False
    reboot: bool = False
    reversible: bool = True
    own_shell: bool = False
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
        cause: Message,
        advice: Message,
        needs: tuple[str, ...] = (),
        root: bool = False,
        reboot: bool = False,
        reversible: bool = True,
        own_shell: bool = False,
        refutable: bool = False,
    ) -> Callable[[Look], Look]:
        """Register the decorated function as the check `name`."""

        def register(look: Look) -> Look:
            self.checks.append(
                Check(
                    id=name,
                    layer=self._layer,
                    cause=cause,
                    advice=advice,
                    look=look,
                    needs=needs,
                    root=root,
                    reboot=reboot,
                    reversible=reversible,
                    own_shell=own_shell,
                    refutable=refutable,
                )
            )
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
