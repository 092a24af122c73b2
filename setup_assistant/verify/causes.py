"""The causes that a check inside an environment can name, in their order of blame.

Where several checks fail, the cause nearest the top is the primary one, since what stands below
it may be its consequence. How each is said, and what mends it, stands in `recipes/causes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from setup_assistant.catalog import causes
from setup_assistant.messages import Message, Value

ORDER: tuple[str, ...] = (
    "python-missing",
    "python-broken",
    "library-path",
    "torchvision-mismatch",
    "package-missing",
    "dependency-version",
    "transformers-mismatch",
    "cpu-instructions",
    "import-failed",
    "cpu-build",
    "driver-too-old",
    "no-driver",
    "cuda-driver-mismatch",
    "cuda-compat",
    "fabric-manager",
    "cuda-unknown-error",
    "gpu-memory-fault",
    "gpu-busy",
    "cuda-no-device",
    "no-kernel",
    "wrong-kernel",
    "device-failed",
    "config-missing",
    "config-invalid",
    "model-file-missing",
    "weights-truncated",
    "weights-pickled",
    "weights-swapped",
    "weights-zeros",
    "weights-not-finite",
    "tokenizer-foreign",
    "weights-changed",
    "canary-file-missing",
    "fixtures-swapped",
    "fixture-changed",
    "weights-incomplete",
    "weights-dropped",
    "model-unreadable",
    "offloaded",
    "decoder-missing",
    "decoder-hidden",
    "decoder-broken",
    "out-of-memory",
    "killed",
    "crashed",
    "timeout",
    "child-failed",
    "url-failed",
    "loopback-down",
    "input-unreadable",
    "not-a-number",
    "wrong-answer",
    "empty-answer",
    "repeating",
    "not-seen",
    "logits-differ",
    "prompt-too-long",
    "question-failed",
)
_RANK = {name: rank for rank, name in enumerate(ORDER)}


def known(cause: str | None) -> TypeGuard[str]:
    """Whether a check may name a cause."""
    return rank(cause) < len(ORDER)


def rank(cause: str | None) -> int:
    """Return the place of a cause in the order of blame; unknown ones come last."""
    if cause in _RANK or not causes.known(cause or ""):
        return _RANK.get(cause or "", len(ORDER))
    # A receipt written before the catalogue had one id per cause.
    return _RANK.get(causes.find(cause or "").id, len(ORDER))


def sentence(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what is wrong."""
    return causes.find(cause).sentence(values)


def remedy(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what mends it."""
    return causes.find(cause).remedy_text(values)
