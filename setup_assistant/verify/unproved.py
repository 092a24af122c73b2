"""The error of a proof that failed: its cause, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup_assistant.errors import SetupError

if TYPE_CHECKING:
    from setup_assistant.verify.rehearse import Rehearsed
    from setup_assistant.verify.results import Verification


def unproved(found: Verification | Rehearsed, what: str = "") -> SetupError:
    """Return the error; `what` was tried, if not the model as it is called there."""
    cause, remedy = found.evidence or found.cause or "?", found.remedy or "?"
    return SetupError("proof_failed", what=what or found.model, cause=cause, remedy=remedy)
