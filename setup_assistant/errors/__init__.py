"""Every way to fail: one code, one exit status, one sentence, one remedy.

Raise `SetupError("code", name=value)`; `cli.common` alone maps it to an exit status and an
entry of the `errors` list. Codes are stable: other programs match on them. The tables lie
beside this module, one for each part of the product.
"""

from __future__ import annotations

from setup_assistant.errors import building, choosing, environments, fleet, usage, weights
from setup_assistant.errors.kinds import ErrorKind, Exit
from setup_assistant.messages import Message, Value

__all__ = ["ERRORS", "ErrorKind", "Exit", "SetupError"]

ERRORS: dict[str, ErrorKind] = {
    **usage.ERRORS,
    **choosing.ERRORS,
    **building.ERRORS,
    **environments.ERRORS,
    **weights.ERRORS,
    **fleet.ERRORS,
}


class SetupError(Exception):
    """A failure with a sentence for the person and a remedy."""

    def __init__(self, code: str, /, **args: Value) -> None:
        self.code = code
        self.args_ = args
        self.kind = ERRORS[code]
        super().__init__(self.message.english)

    @property
    def exit(self) -> Exit:
        """The exit status this failure ends in."""
        return self.kind.exit

    @property
    def message(self) -> Message:
        """What happened."""
        return Message(self.kind.sentence.template, self.args_)

    @property
    def hint(self) -> Message:
        """What mends it."""
        return Message(self.kind.remedy.template, self.args_)
