"""What can go wrong with a host: a fault names its cause in `recipes/causes/fleet.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setup_assistant.catalog import causes
from setup_assistant.messages import Message, Value


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one host. `again` tells that another attempt may succeed at once."""

    code: str
    reason: Message
    remedy: Message
    again: bool = False


def fault(code: str, /, *, again: bool = False, **args: Value) -> Fault:
    """Return a fault with its sentence and remedy filled in."""
    return fault_of(code, args, again=again)


def fault_of(code: str, args: Mapping[str, Value], *, again: bool = False) -> Fault:
    """Return the same, of places that only a text names."""
    row = _rows()[code]
    return Fault(code=code, reason=row.sentence(args), remedy=row.remedy_text(args), again=again)


def _rows() -> dict[str, causes.Cause]:
    # A name that the doctor uses too, such as disk_full, is an alias here: it is a host's.
    return {
        (row.aliases[0] if row.aliases else row.id.replace("-", "_")): row
        for row in causes.layer(causes.FLEET)
    }
