"""Which engine makes the environment, and which Pythons it could give it."""

from __future__ import annotations

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose.notes import Notes
from setup_assistant.choose.sources import Legs
from setup_assistant.choose.versions import minor, numbers
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine
from setup_assistant.words import msg

CONDA_LIKE = ("micromamba", "mamba", "conda")
# What most wheels are tested with; taken where any Python can be had.
USUAL = "3.12"


def choose_backend(machine: Machine, wishes: Wishes, legs: Legs, notes: Notes) -> str:
    """Return the engine: the wished one, a conda whose channel answers, else uv."""
    if wishes.backend != "auto":
        notes.because("backend", msg("{backend} was asked for.", backend=wishes.backend))
        return wishes.backend
    found = [name for name in CONDA_LIKE if any(t.name == name for t in machine.tools)]
    if found and legs.conda.reachable:
        notes.because(
            "backend",
            msg(
                "{backend} is installed and its channel {channel} answers.",
                backend=found[0],
                channel=legs.conda.name,
            ),
        )
        return found[0]
    if found:
        notes.because(
            "backend",
            msg(
                "uv makes the environment: {backend} is installed, but no conda channel answers.",
                backend=found[0],
            ),
        )
    else:
        notes.because("backend", msg("uv makes the environment: no conda was found."))
    return "uv"


def pythons(machine: Machine, wishes: Wishes, backend: str, recipes: Recipes) -> list[str]:
    """Return the Python minors to try, best first.

    A wish is the only one. Else the running interpreter, then others found here from new to
    old; then, where the engine can fetch any (conda, or a what-if without probed tools), the
    usual one and every other that a stack knows.
    """
    if wishes.python:
        return [minor(wishes.python)]
    tried = [minor(machine.system.python)] if machine.system.python else []
    found = {minor(t.name.removeprefix("python")) for t in machine.tools if _is_python(t.name)}
    tried += sorted(found, key=numbers, reverse=True)
    if backend in CONDA_LIKE or not machine.tools:
        known = {p for s in recipes.stacks.stack for p in s.python}
        tried += [USUAL, *sorted(known, key=numbers, reverse=True)]
    return list(dict.fromkeys(tried)) or [USUAL]


def _is_python(name: str) -> bool:
    rest = name.removeprefix("python")
    return name.startswith("python") and bool(numbers(rest)) and "." in rest
