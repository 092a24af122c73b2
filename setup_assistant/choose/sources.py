"""Where each leg comes from: what answers, what was wished, what is fastest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from setup_assistant.catalog.mirrors import Mirror
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose.notes import Notes
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.words import msg

# An official source is kept unless a mirror is this many times faster: mirrors may lag.
FASTER = 2.0
# The name of a source that the person has set up.
OWN = "own"
_UNMEASURED = 1e6


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The source of one leg. `url` may hold `{build}`; `speed` is bytes per second, if known."""

    name: str
    url: str
    form: str
    reachable: bool
    speed: float | None = None
    credentials: bool = False

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


def choose_sources(machine: Machine, wishes: Wishes, recipes: Recipes, notes: Notes) -> Legs:
    """Return the source of every leg, reachable or not.

    A machine without any probed source (a what-if) counts every source as reachable.
    """
    legs = Legs(
        packages=_leg("packages", machine, wishes, recipes),
        torch=_leg("torch", machine, wishes, recipes),
        conda=_leg("conda", machine, wishes, recipes),
        weights=_weights(machine, wishes, recipes),
        extra=_extra(machine),
    )
    _tell(legs, notes)
    return legs


def _leg(leg: str, machine: Machine, wishes: Wishes, recipes: Recipes) -> Chosen:
    given = _given(leg, wishes.mirror)
    if given:
        return given
    mirrors = [m for m in recipes.mirrors if m.leg == leg]
    probed = {s.name: s for s in machine.sources if s.leg == leg}
    own = _own(probed.values(), mirrors)
    if own:
        return own
    up = [m for m in mirrors if not machine.sources or _up(probed.get(m.name))]
    if not up:
        return _chosen(mirrors[0], None, reachable=False)
    best = _best(up, probed, wishes.mirror)
    return _chosen(best, probed.get(best.name), reachable=True)


def _given(leg: str, mirror: str) -> Chosen | None:
    """Return an address that the person gave: of torch wheels if it has a place for the build."""
    if "://" not in mirror:
        return None
    if ("{build}" in mirror) != (leg == "torch") or leg not in {"torch", "packages"}:
        return None
    return Chosen(name="given", url=mirror.rstrip("/"), form="index", reachable=True)


def _own(probed: Iterable[Source], mirrors: list[Mirror]) -> Chosen | None:
    """Return the person's own configured source, which wins where it answers."""
    names = {m.name for m in mirrors}
    for source in probed:
        if source.name not in names and source.reachable:
            return Chosen(
                name=source.name,
                url=source.url,
                form="index",
                reachable=True,
                speed=source.bytes_per_second,
                credentials=source.credentials,
            )
    return None


def _extra(machine: Machine) -> tuple[Chosen, ...]:
    """Return the person's further package indexes that answer."""
    return tuple(
        Chosen(name=s.name, url=s.url, form="index", reachable=True, credentials=s.credentials)
        for s in machine.sources
        if s.leg == "extra" and s.reachable
    )


def _best(up: list[Mirror], probed: dict[str, Source], wish: str) -> Mirror:
    if wish in {"cn", "official"}:
        return min(up, key=lambda m: (m.region != wish, _cost(probed.get(m.name))))
    fastest = min(up, key=lambda m: _cost(probed.get(m.name)))
    official = [m for m in up if m.region == "official"]
    if official and _cost(probed.get(official[0].name)) <= FASTER * _cost(probed.get(fastest.name)):
        return official[0]
    return fastest


def _cost(source: Source | None) -> float:
    """Return seconds per megabyte, or the seconds to the first answer where no speed is known."""
    if source is None:
        return _UNMEASURED
    if source.bytes_per_second:
        return 1e6 / source.bytes_per_second
    return source.seconds if source.seconds is not None else _UNMEASURED


def _weights(machine: Machine, wishes: Wishes, recipes: Recipes) -> Chosen:
    wish = wishes.weights_source
    mirrors = [m for m in recipes.mirrors if m.leg == "weights"]
    probed = {s.name: s for s in machine.sources if s.leg == "weights"}
    if wish not in {"modelscope", "huggingface"}:
        return Chosen(name="given", url=wish, form="hub", reachable=True)
    wanted = [m for m in mirrors if m.name == wish]
    if wish == "huggingface":
        wanted += [m for m in mirrors if m.name == "hf-mirror"]
    for mirror in wanted:
        if not machine.sources or _up(probed.get(mirror.name)):
            return _chosen(mirror, probed.get(mirror.name), reachable=True)
    return _chosen(wanted[0], None, reachable=False)


def _up(source: Source | None) -> bool:
    return source is not None and source.reachable


def _chosen(mirror: Mirror, source: Source | None, *, reachable: bool) -> Chosen:
    return Chosen(
        name=mirror.name,
        url=mirror.url,
        form=mirror.form,
        reachable=reachable,
        speed=source.bytes_per_second if source else None,
    )


def _tell(legs: Legs, notes: Notes) -> None:
    for leg, chosen in (("packages", legs.packages), ("conda", legs.conda)):
        if chosen.name == OWN and leg == "conda":
            notes.because(
                "sources.conda",
                msg("conda packages come from {url}, as conda is set up here.", url=chosen.url),
            )
        elif chosen.name == OWN:
            notes.because(
                "sources.packages",
                msg("Packages come from {url}, as pip or uv is set up here.", url=chosen.url),
            )
    for chosen in legs.extra:
        notes.because(
            "sources.extra_index_urls",
            msg("{url} is searched too, as pip or uv is set up here.", url=chosen.url),
        )
    if legs.packages.reachable and legs.packages.name != OWN:
        notes.because(
            "sources.packages", msg("Packages come from {name}.", name=legs.packages.name)
        )
    elif not legs.packages.reachable:
        notes.beware("sources.packages", msg("No package index answers from here."))
    if legs.torch.reachable:
        notes.because("sources.torch", msg("torch comes from {name}.", name=legs.torch.name))
    if not legs.weights.reachable:
        notes.beware(
            "sources.weights",
            msg(
                "{name} does not answer from here: the weights cannot be downloaded now.",
                name=legs.weights.name,
            ),
        )
