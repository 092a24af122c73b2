"""Which engine makes the environment, and which Pythons it could give it."""

from __future__ import annotations

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.source_legs import Legs
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import minor, numbers

CONDA_LIKE = ("micromamba", "mamba", "conda")
# Makes conda environments without conda on the machine.
RATTLER = "rattler"
# What most wheels are tested with; taken where any Python can be had.
USUAL = "3.12"


def choose_backend(machine: Machine, wishes: Wishes, legs: Legs, notes: Notes) -> str:
    """Return the engine: the wished one, a conda whose channel answers, else uv.

    A wished conda that is not here is a wish for a conda environment, which rattler makes.
    """
    if wishes.backend != "auto":
        return _wished(machine, wishes.backend, legs, notes)
    found = [name for name in CONDA_LIKE if any(t.name == name for t in machine.tools)]
    if found and legs.conda.reachable:
        notes.because(
            "backend",
            "{backend} is installed and its channel {channel} answers.",
            backend=found[0],
            channel=legs.conda.name,
        )
        return found[0]
    if found:
        notes.because(
            "backend",
            "uv makes the environment: {backend} is installed, but no conda channel answers.",
            backend=found[0],
        )
    else:
        notes.because("backend", "uv makes the environment: no conda was found.")
    return "uv"


def _wished(machine: Machine, wish: str, legs: Legs, notes: Notes) -> str:
    here = not machine.tools or any(t.name == wish for t in machine.tools)
    if wish in CONDA_LIKE and not here and legs.conda.reachable:
        notes.beware(
            "backend",
            "{backend} was asked for and is not here: rattler makes the same kind of "
            "environment from {channel}, and conda can use it.",
            backend=wish,
            channel=_channel(legs),
        )
        return RATTLER
    if wish in (*CONDA_LIKE, RATTLER) and legs.conda.reachable:
        notes.because(
            "backend",
            "{backend} was asked for; Python and pip come from {channel}.",
            backend=wish,
            channel=_channel(legs),
        )
        return wish
    notes.because("backend", "{backend} was asked for.", backend=wish)
    if wish in (*CONDA_LIKE, RATTLER):
        notes.beware(
            "backend", "{backend} needs a conda channel, and none answers from here.", backend=wish
        )
    return wish


def _channel(legs: Legs) -> str:
    """Return the channel's name, or the address of one that the person gave."""
    return legs.conda.url if legs.conda.name == "given" else legs.conda.name


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
    if backend in (*CONDA_LIKE, RATTLER) or not machine.tools:
        known = {p for s in recipes.stacks.stack for p in s.python}
        tried += [USUAL, *sorted(known, key=numbers, reverse=True)]
    return list(dict.fromkeys(tried)) or [USUAL]


def _is_python(name: str) -> bool:
    rest = name.removeprefix("python")
    # "3.14t" is free-threaded: torch has wheels for it, the packages around torch have none.
    threaded = rest.endswith("t")
    return name.startswith("python") and bool(numbers(rest)) and "." in rest and not threaded
