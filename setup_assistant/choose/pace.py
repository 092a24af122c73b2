"""About how long a rehearsal takes: from the arithmetic of its prompts, before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.models import Model
from setup_assistant.choose.memory import Setting, Work
from setup_assistant.choose.trials import Trial

# Multiplications and additions a second of a CPU (measured: 3.2e11 to 5.6e11 with 2B shapes in
# bfloat16, on two cores that have units for it); a GPU's are so many that its start counts more.
CPU_PACE = 2e11
GPU_PACE = 2e13
# Python, torch and transformers; and bytes of weights made a second.
START_SECONDS = 15.0
BUILT_PER_SECOND = 5e8


def operations(model: Model, work: Work) -> float:
    """Return the multiplications and additions of reading one prompt and writing its answer."""
    shapes = model.shapes
    tower = 2.0 * shapes.params_vision * work.patches
    scores = 4.0 * shapes.vit_dim * shapes.vit_depth
    tower += scores * sum(g.steps * g.patches_per_step**2 for g in work.grids)
    each = 2.0 * shapes.params_lang_linear
    return tower + each * (work.tokens + work.new_tokens)


def seconds(model: Model, trials: Sequence[Trial], setting: Setting) -> float:
    """Return the expected seconds of a whole rehearsal."""
    pace = CPU_PACE if setting.part is None else GPU_PACE
    built = model.weights_bytes * setting.width / 2 / BUILT_PER_SECOND
    return START_SECONDS + built + sum(operations(model, t.work) for t in trials) / pace
