"""Infer what no row holds: from demands, names, frames and lists of versions in a text.

An answer names a cause of the catalogue, and the chain that leads to it.
"""

from __future__ import annotations

from setup_assistant.doctor import (
    text_advice,
    text_calls,
    text_commands,
    text_compiled,
    text_cuda,
    text_demands,
    text_installs,
    text_memory,
    text_mentions,
    text_names,
    text_offers,
    text_weights,
)
from setup_assistant.doctor.inferred import Inferred

# Causes that nothing but an inference leads to.
ONLY_INFERRED = ("index-alone", "no-release-fits", "requests-exclude",
                 "package-not-on-index", "name-not-yet", "name-gone", "name-misspelt",
                 "patches-other-release", "optional-part-absent",
                 "class-older-than-transformers", "class-for-other-release", "build-lacks-module",
                 "revision-gone",
                 "memory-for-pixels", "memory-for-model", "memory-of-others",
                 "memory-scattered", "model-input-unknown", "not-supported-yet",
                 "dependency-absent",
                 "tool-missing", "checkpoint-names", "torch-ended", "told-by-itself",
                 "engine-fault", "command-of-other-shell", "package-mixed")  # fmt: skip
# The surest first.
_WAYS = (
    text_demands.unmet,
    text_demands.no_wheel,
    text_demands.built_apart,
    text_demands.conflicting,
    text_demands.requested,
    text_offers.offered,
    text_offers.not_found,
    text_memory.short,
    text_cuda.result,
    text_weights.unplaced,
    text_weights.unlisted,
    text_installs.revision,
    text_names.changed,
    text_installs.build_lacks,
    text_compiled.symbol,
    text_compiled.other_cuda,
    text_compiled.procedure,
    text_compiled.dll,
    text_compiled.foreign_wheel,
    text_compiled.library,
    text_installs.conda_unknown,
    text_installs.conda_unsatisfied,
    text_calls.argument,
    text_calls.attribute,
    text_names.of_another,
    text_names.absent,
    text_names.refused,
    text_installs.told_command,
    text_commands.unknown,
    text_demands.no_release,
    text_demands.asked_in_error,
    text_demands.unmet_aside,
    text_advice.told,
    text_names.raised_inside,
    text_names.engine_fault,
)


def inferred(text: str, *, failed: bool) -> Inferred | None:
    """Return what can be inferred from a cleaned text; None where nothing can.

    Args:
        text: what was pasted.
        failed: whether a row has told that something in it failed for good.
    """
    more = (text_installs.unbuilt, text_compiled.stopped, text_demands.asked)
    ways = (*_WAYS, *more) if failed else _WAYS
    found = (thought for way in ways for thought in way(text))
    return next((t for t in found if not text_mentions.supposed(text, t.start)), None)
