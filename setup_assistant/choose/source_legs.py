"""The legs of an installation, and the source that was chosen for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The source of one leg. `url` may hold `{build}`; `speed` is bytes per second, if known.

    `answered` is False where nobody answered in time, and this one is tried all the same.
    `others` are the sources of the leg to go on with where this one fails.
    """

    name: str
    url: str
    form: str
    reachable: bool
    speed: float | None = None
    credentials: bool = False
    answered: bool = True
    others: tuple[Chosen, ...] = ()

    def address(self, build: str) -> str:
        """Return the address for one torch build."""
        return self.url.replace("{build}", build)


@dataclass(frozen=True, kw_only=True)
class Legs:
    """The chosen source of every leg."""

    packages: Chosen
    torch: Chosen
    conda: Chosen
    weights: Chosen
    extra: tuple[Chosen, ...] = ()

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The legs of which nothing was heard: a plan with them is made again."""
        needed = {"packages": self.packages, "torch": self.torch, "weights": self.weights}
        silent = [leg for leg, c in needed.items() if not c.answered]
        return (*(() if self.packages.reachable else ("packages",)), *silent)
