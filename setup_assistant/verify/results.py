"""What a verification says: one frozen value per check, and one for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from setup_assistant.errors import SetupError
from setup_assistant.messages import Value

Status = Literal["ok", "fail", "skipped", "blocked"]
PASSED = ("ok", "skipped")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check.

    `kind` is files, imports, device, model, decoder, image, image-url, multi-image or video.
    `expected` is the recorded answer, or what a real model must mention. `logits_distance` is
    the largest absolute difference from the recorded float32 logits of the first token.
    `peak_memory_bytes` is the GPU allocator's peak, or the process's on a CPU. `cause` is one of
    `recipes/checks.toml`; of a blocked check it names the failed check or the cause that blocks it.
    `values` fill the sentence of the cause; `remedy` is that sentence's answer, ready to read.
    """

    name: str
    status: Status
    kind: str = ""
    language: str | None = None
    case: str | None = None
    files: tuple[str, ...] = ()
    question: str | None = None
    expected: str | None = None
    answer: str | None = None
    seconds: float | None = None
    device: str | None = None
    dtype: str | None = None
    peak_memory_bytes: int | None = None
    logits_distance: float | None = None
    logits_tolerance: float | None = None
    mistaken_for: str | None = None
    reader: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    cause: str | None = None
    values: dict[str, Value] = field(default_factory=dict)
    remedy: str | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong here."""
        return self.status in PASSED


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a model came to in an environment.

    `cause` is the one primary cause (one of `recipes/checks.toml`), `evidence` the sentence that
    says it, `remedy` what mends it; all None, or empty, where nothing failed.
    """

    model: str
    env: str
    seconds: float
    cause: str | None = None
    evidence: str = ""
    remedy: str | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def error(self, what: str = "") -> SetupError:
        """Return the error of a failed proof; `what` was tried, if not the model by its name."""
        cause, remedy = self.evidence or self.cause or "?", self.remedy or "?"
        return SetupError("proof_failed", what=what or self.model, cause=cause, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Verification(Proof):
    """The verdict on one environment and one model."""

    status: Literal["ok", "fail"]
    checks: tuple[Check, ...]
