"""Where each leg comes from: what answers, what was wished, what is fastest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from setup_assistant.catalog.mirrors import Mirror
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose import mirror_wish, source_notes
from setup_assistant.choose.mirror_wish import MirrorWish
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.source_legs import Chosen, Legs
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine, Source

# An official source is kept unless a mirror is this many times faster: mirrors may lag.
FASTER = 2.0
_UNMEASURED = 1e6
# Bytes per second.
_SLOW = 1e5


def choose_sources(machine: Machine, wishes: Wishes, recipes: Recipes, notes: Notes) -> Legs:
    """Return the source of every leg, reachable or not.

    A machine without any probed source (a what-if) counts every source as reachable.
    """
    wish = mirror_wish.parse(wishes.mirror, {m.name for m in recipes.mirrors})
    legs = Legs(
        packages=_leg("packages", machine, wish, recipes),
        torch=_leg("torch", machine, wish, recipes),
        conda=_leg("conda", machine, wish, recipes),
        weights=_weights(machine, wishes.weights_source, wish, recipes),
        # The person's further package indexes that answer.
        extra=tuple(_chosen(s, s) for s in machine.sources if s.leg == "extra" and s.reachable),
    )
    source_notes.tell(legs, notes)
    _tell_unmet(wishes, wish, legs, recipes, notes)
    source_notes.tell_unanswered(machine, legs, notes)
    return legs


def _tell_unmet(
    wishes: Wishes, wish: MirrorWish, legs: Legs, recipes: Recipes, notes: Notes
) -> None:
    """Warn of each leg that comes from elsewhere than was asked for."""
    wanted = wish.name or (wish.region if wish.region != "auto" else "")
    conda = wishes.backend not in ("auto", "uv", "pip")
    for leg in ("packages", "torch", *(["conda"] if conda else [])):
        chosen: Chosen = getattr(legs, leg)
        fitting = _fitting(leg, wish, recipes)
        if fitting and chosen.reachable and chosen.name not in fitting:
            notes.beware(
                f"sources.{leg}",
                "{wanted} was asked for with --mirror and does not answer for {leg}; {name} is "
                "used.",
                wanted=wanted,
                leg=leg,
                name=chosen.name,
            )
    if wishes.weights_source == "huggingface" and _left(legs.weights, wish):
        notes.beware(
            "sources.weights",
            "{wanted} was asked for with --source and does not answer; {name} is used.",
            wanted=wishes.weights_source,
            name=legs.weights.name,
        )


def _fitting(leg: str, wish: MirrorWish, recipes: Recipes) -> set[str]:
    """Return the mirrors of a leg that meet the wish; none where it does not concern the leg."""
    if leg in wish.addresses or leg in wish.named:
        return set()
    found = [m for m in recipes.mirrors if m.leg == leg]
    return {
        m.name for m in found if (m.name == wish.name if wish.name else m.region == wish.region)
    }


def _left(weights: Chosen, wish: MirrorWish) -> bool:
    """Whether weights come from a mirror of Hugging Face that nobody has asked for."""
    asked = wish.region == "cn" or wish.name == weights.name or "weights" in wish.named
    return weights.reachable and weights.name == "hf-mirror" and not asked


def _leg(leg: str, machine: Machine, wish: MirrorWish, recipes: Recipes) -> Chosen:
    if leg in wish.addresses:
        return _given(leg, wish.addresses[leg])
    mirrors = [m for m in recipes.mirrors if m.leg == leg]
    if leg in wish.named:
        return _named(leg, wish.named[leg], mirrors)
    probed = {s.name: s for s in machine.sources if s.leg == leg}
    own = _own(probed.values(), mirrors)
    if own:
        return own
    up = [m for m in mirrors if not machine.sources or _up(probed.get(m.name))]
    if not up:
        return _unanswered(mirrors, probed)
    best = _best(up, probed, wish)
    chosen = _chosen(best, probed.get(best.name))
    if not machine.sources:
        return chosen
    # What answered first, then what was only silent.
    silent = [m for m in mirrors if _silent(probed.get(m.name))]
    others = [_chosen(m, probed.get(m.name)) for m in (*up, *silent) if m != best]
    return replace(chosen, others=tuple(others))


def _unanswered(mirrors: list[Mirror], probed: dict[str, Source]) -> Chosen:
    """Return what to try where no source of a leg answered: one that did not refuse."""
    names = {m.name for m in mirrors}
    own = [s for s in probed.values() if s.silent and s.name not in names]
    if own:
        return _chosen(own[0], own[0], answered=False)
    silent = [m for m in mirrors if _silent(probed.get(m.name))]
    if not silent:
        return _chosen(mirrors[0], None, reachable=False)
    first, *rest = [_chosen(m, None, answered=False) for m in silent]
    return replace(first, others=tuple(rest))


def _silent(source: Source | None) -> bool:
    return source is not None and source.silent


def _named(leg: str, name: str, mirrors: list[Mirror]) -> Chosen:
    """Return the mirror that the person named for one leg: taken as it is, as an address would.

    Raises:
        SetupError: `mirror_unknown`, where it does not carry this leg.
    """
    for mirror in mirrors:
        if mirror.name == name:
            return _chosen(mirror, None)
    known = ", ".join(m.name for m in mirrors)
    raise SetupError("mirror_unknown", given=f"{leg}={name}", known=known)


def _given(leg: str, url: str) -> Chosen:
    """Return an address that the person gave: taken as it is, not asked first."""
    form = "channel" if leg == "conda" else "index"
    if leg == "torch" and url.startswith("file:"):
        form = "find-links"  # a folder of wheels
    return Chosen(name="given", url=url, form=form, reachable=True)


def _own(probed: Iterable[Source], mirrors: list[Mirror]) -> Chosen | None:
    """Return the person's own configured source, which wins where it answers."""
    names = {m.name for m in mirrors}
    found = (s for s in probed if s.name not in names and s.reachable)
    return next((_chosen(s, s) for s in found), None)


def _best(up: list[Mirror], probed: dict[str, Source], wish: MirrorWish) -> Mirror:
    named = [m for m in up if m.name == wish.name]
    if named:
        return named[0]
    if wish.name and wish.region == "auto":
        # A mirror that does not carry this leg: stay in its part of the world.
        wish = replace(wish, region="cn")
    costs = _costs([probed.get(m.name) for m in up])
    if wish.region in {"cn", "official"}:
        return min(zip(up, costs, strict=True), key=lambda c: (c[0].region != wish.region, c[1]))[0]
    fastest = min(costs)
    for mirror, cost in zip(up, costs, strict=True):
        if mirror.region == "official" and cost <= FASTER * fastest:
            return mirror
    return up[costs.index(fastest)]


def _costs(sources: list[Source | None]) -> list[float]:
    """Return what each costs: seconds per megabyte, or to the first answer if none was measured.

    Whoever was not measured beside others that were counts as slow: it sent too little.
    """
    if any(s and s.bytes_per_second for s in sources):
        return [1e6 / ((s.bytes_per_second if s else None) or _SLOW) for s in sources]
    return [s.seconds if s and s.seconds is not None else _UNMEASURED for s in sources]


def _weights(machine: Machine, source: str, wish: MirrorWish, recipes: Recipes) -> Chosen:
    mirrors = [m for m in recipes.mirrors if m.leg == "weights"]
    probed = {s.name: s for s in machine.sources if s.leg == "weights"}
    if source not in {"modelscope", "huggingface"}:
        return Chosen(name="given", url=source, form="hub", reachable=True)
    if named := wish.named.get("weights"):
        return _named("weights", named, mirrors)
    if given := wish.addresses.get("weights"):
        return Chosen(name=source, url=given, form="hub", reachable=True)
    wanted = [m for m in mirrors if m.name == source]
    if source == "huggingface":
        wanted += [m for m in mirrors if m.name == "hf-mirror"]
        if wish.region == "cn" or wish.name == "hf-mirror":
            wanted.reverse()
    for mirror in wanted:
        if not machine.sources or _up(probed.get(mirror.name)):
            found = probed.get(mirror.name)
            # It may have been asked at an address that the person has set for it.
            return replace(_chosen(mirror, found), url=(found or mirror).url)
    late = [m for m in wanted if _silent(probed.get(m.name))]
    if late:
        return replace(_chosen(late[0], None, answered=False), url=probed[late[0].name].url)
    return _chosen(wanted[0], None, reachable=False)


def _up(source: Source | None) -> bool:
    return source is not None and source.reachable


def _chosen(
    place: Mirror | Source, source: Source | None, *, reachable: bool = True, answered: bool = True
) -> Chosen:
    """Return a mirror, or a place that the person has set up, with what was measured of it."""
    return Chosen(
        name=place.name,
        url=place.url,
        form=place.form if isinstance(place, Mirror) else "index",
        reachable=reachable,
        speed=source.bytes_per_second if source else None,
        credentials=isinstance(place, Source) and place.credentials,
        answered=answered,
    )
