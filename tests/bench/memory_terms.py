"""The memory formula against the transformers of any environments, counted op by op.

    python -m tests.bench.memory_terms PREFIX...

A PREFIX is an environment with torch and transformers; no GPU and no weights are needed. Prints
by how much the activations of a patch and of a token of the prompt differ from the formula, so
that a release that changes memory is noticed. tests/choose/test_meta_terms.py does the same with
the environment that the tests build.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.models import Model
from setup_assistant.choose import terms
from setup_assistant.host import prefix
from setup_assistant.host.prefix import python_in
from tests.choose.described import known

SCRIPT = Path(__file__).with_name("meta_terms.py")
MODELS = (
    "Qwen/Qwen2-VL-2B-Instruct",
    "Qwen/Qwen2-VL-7B-Instruct",
    "Qwen/Qwen2.5-VL-3B-Instruct",
    "Qwen/Qwen3-VL-4B-Instruct",
)


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Counted over predicted, less one: of a patch in the tower, of a token of the prompt."""

    vision: float
    prompt: float


def compare(env: Path) -> dict[str, Apart]:
    """Return the difference for each model that this transformers knows."""
    version = prefix.packages(env)["transformers"]
    models = {m.id: m for m in known().models if m.id in MODELS and _knows(version, m)}
    request = {
        name: {"architecture": architecture(m), "numbers": _numbers(m)}
        for name, m in models.items()
    }
    done = subprocess.run(
        [python_in(env), "-I", SCRIPT], input=json.dumps(request), capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    counted = json.loads(done.stdout.splitlines()[-1])
    return {name: _apart(m, version, counted[name]) for name, m in models.items()}


def _apart(model: Model, version: str, counted: dict[str, float]) -> Apart:
    # The pixels themselves are inputs: float32, and once more in 16 bits.
    tower = terms.vision_linear(model.shapes, model.vision, 1000, 2) / 1000 - 6 * _numbers(model)
    read = terms.logits(model, 1, version, 2).single
    prompt = max(terms.prefill(model.shapes, 1, 2), read) + terms.kv_cache(model.shapes, 1, 2)
    return Apart(
        vision=counted["vision_per_patch"] / tower - 1,
        prompt=counted["prompt_per_token"] / prompt - 1,
    )


def _numbers(model: Model) -> int:
    return 3 * model.vision.temporal * model.vision.patch**2


def _knows(version: str, model: Model) -> bool:
    from setup_assistant.versions import at_least

    return at_least(version, model.min_transformers)


def main() -> None:
    """Print the differences of every environment named."""
    for given in sys.argv[1:]:
        version = prefix.packages(Path(given))["transformers"]
        for name, found in compare(Path(given)).items():
            sys.stdout.write(
                f"transformers {version:8} {name:28} vision {found.vision:+.1%}, prompt "
                f"{found.prompt:+.1%}\n"
            )


if __name__ == "__main__":
    main()
