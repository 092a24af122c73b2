"""What a plan says of its sources: where each leg comes from, and which have not answered."""

from __future__ import annotations

from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.source_legs import Chosen, Legs
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import Message, msg

# The name of a source that the person has set up.
OWN = "own"


def _whence(chosen: Chosen, *, packages: bool) -> Message:
    """Return where something comes from, with the speed that decided it."""
    if chosen.speed is None:
        return (
            msg("Packages come from {name}.", name=chosen.name)
            if packages
            else msg("torch comes from {name}.", name=chosen.name)
        )
    speed = f"{chosen.speed / 1e6:.2f} MB/s"
    return (
        msg("Packages come from {name}: it sent {speed} here.", name=chosen.name, speed=speed)
        if packages
        else msg("torch comes from {name}: it sent {speed} here.", name=chosen.name, speed=speed)
    )


def tell(legs: Legs, notes: Notes) -> None:
    """Say where packages, torch, conda packages and weights come from, and why."""
    for leg, chosen in (("packages", legs.packages), ("conda", legs.conda)):
        if chosen.name == OWN and leg == "conda":
            notes.because(
                "sources.conda",
                "conda packages come from {url}, as conda is set up here.",
                url=chosen.url,
            )
        elif chosen.name == OWN:
            notes.because(
                "sources.packages",
                "Packages come from {url}, as pip or uv is set up here.",
                url=chosen.url,
            )
    for chosen in legs.extra:
        notes.because(
            "sources.extra_index_urls",
            "{url} is searched too, as pip or uv is set up here.",
            url=chosen.url,
        )
    if legs.packages.reachable and legs.packages.name != OWN:
        notes.because("sources.packages", _whence(legs.packages, packages=True))
    elif not legs.packages.reachable:
        notes.beware("sources.packages", "No package index answers from here.")
    if legs.torch.reachable:
        notes.because("sources.torch", _whence(legs.torch, packages=False))
    if not legs.weights.reachable:
        notes.beware(
            "sources.weights",
            "{name} does not answer from here: the weights cannot be downloaded now.",
            name=legs.weights.name,
        )


def tell_unanswered(machine: Machine, legs: Legs, notes: Notes) -> None:
    """Warn of what has not answered: it is tried all the same, or left out and named."""
    for leg, chosen in (
        ("packages", legs.packages),
        ("torch", legs.torch),
        ("weights", legs.weights),
    ):
        if chosen.reachable and not chosen.answered:
            notes.beware(
                f"sources.{leg}",
                "{url} has not answered yet: it is tried all the same, and the next run plans "
                "again.",
                url=chosen.address("cpu"),
            )
    for source in machine.sources:
        own = source.leg == "packages" and source.name == OWN
        if own and not source.reachable and legs.packages.url != source.url:
            notes.beware(
                "sources.packages",
                "{url}, set in {setting}, does not answer: packages come from {name} instead.",
                url=source.url,
                setting=source.setting or "-",
                name=legs.packages.name,
            )
        if source.leg == "extra" and not source.reachable:
            notes.beware(
                "sources.extra_index_urls",
                "{url}, a further index set in {setting}, does not answer and is left out: "
                "{reason}",
                url=source.url,
                setting=source.setting or "-",
                reason=source.reason or "-",
            )
