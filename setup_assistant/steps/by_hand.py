"""What a person has changed in an environment since this tool finished it.

The environment's record holds the packages as they were then. What differs from it was changed,
added or removed by hand: it is shown before it is put back, and kept where that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.plan import Package, Plan, Reason
from setup_assistant.host import prefix
from setup_assistant.host.prefix import Change, normal_name
from setup_assistant.messages import Message, msg
from setup_assistant.steps.environment_preflight import read_marker
from setup_assistant.versions import public

_READERS = {
    "decord2": "decord",
    "decord": "decord",
    "torchcodec": "torchcodec",
    "av": "torchvision",
}


def with_versions(plan: Plan, present: Mapping[str, str]) -> Plan:
    """Return a plan with the versions in `present`, by normalized name, and its own otherwise."""

    def kept(package: Package) -> Package:
        found = present.get(normal_name(package.name))
        return replace(package, version=found.partition("+")[0]) if found else package

    version, _, build = present.get("torch", plan.torch.version).partition("+")
    build = build or plan.torch.build
    decoder = next((name for name in _READERS if name in present), None)
    return replace(
        plan,
        torch=replace(
            plan.torch,
            version=version,
            build=build,
            # The address names the build, where it is torch's own index.
            index_url=plan.torch.index_url.replace(f"/{plan.torch.build}", f"/{build}"),
        ),
        torchvision=kept(plan.torchvision),
        transformers=kept(plan.transformers),
        accelerate=kept(plan.accelerate),
        qwen_vl_utils=kept(plan.qwen_vl_utils),
        modelscope=kept(plan.modelscope),
        extra_packages=tuple(map(kept, plan.extra_packages)),
        decoder=replace(
            plan.decoder, package=decoder, version=present[decoder], reader=_READERS[decoder]
        )
        if decoder
        else plan.decoder,
    )


# People keep these up to date; nothing depends on their versions.
_TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})


def departures(folder: Path, planned: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what was changed by hand in an environment, by name.

    Args:
        folder: the environment.
        planned: the planned versions, which count where its record lists no packages.
    """
    present = prefix.packages(folder)
    recorded = recorded_packages(folder)
    if recorded is not None:
        return compared(recorded, present)
    if read_marker(folder).get("complete") is not True:
        return ()
    # The planned versions, with the build that is there: a plan does not name it.
    here = {n: v for n, v in present.items() if public(v) == public(planned.get(n, ""))}
    before = {name: here.get(name, version) for name, version in planned.items()}
    return compared(before, {n: v for n, v in present.items() if n in before})


def standing(folder: Path, planned: Mapping[str, str]) -> tuple[Change, ...]:
    """Return the departures, and what was kept before and became the plan: as it is now."""
    found, present = departures(folder, planned), prefix.packages(folder)
    names = {d.name for d in found}
    earlier = (n for n, v in kept(folder).items() if v and present.get(n) == v and n not in names)
    return (*found, *(Change(name=n, old=present[n], new=present[n]) for n in earlier))


def compared(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what differs between two sets of packages, name → version."""
    names = sorted({*before, *now} - _TOOLS)
    found = (Change(name=n, old=before.get(n), new=now.get(n)) for n in names)
    return tuple(d for d in found if d.old != d.new)


def recorded_packages(folder: Path) -> dict[str, str] | None:
    """Return the packages as this tool left them; None in a record of an earlier version."""
    said = read_marker(folder).get("packages")
    if not isinstance(said, dict):
        return None
    return {str(k): v for k, v in said.items() if isinstance(v, str)}


def kept(folder: Path) -> dict[str, str | None]:
    """Return what the person has decided to keep: package → version, None for a removed one."""
    said = read_marker(folder).get("kept")
    if not isinstance(said, dict):
        return {}
    return {str(k): v if isinstance(v, str) else None for k, v in said.items()}


def undecided(folder: Path, planned: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what was changed by hand and not decided to be kept."""
    decided = kept(folder)
    return tuple(d for d in departures(folder, planned) if decided.get(d.name, d.old) != d.new)


def to_put_back(found: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return those of the departures that differ from the plan: not what was only added."""
    return tuple(d for d in found if d.old is not None)


def added(found: tuple[Change, ...]) -> dict[str, str]:
    """Return the packages that were added: name → version."""
    return {d.name: d.new for d in found if d.old is None and d.new}


def changed(found: tuple[Change, ...]) -> dict[str, str]:
    """Return the packages that were changed, not added or removed: name → version now."""
    return {d.name: d.new for d in found if d.old is not None and d.new}


def keeping(plan: Plan, found: tuple[Change, ...]) -> Plan:
    """Return a plan that keeps the versions which were changed by hand, and says so."""
    kept = with_versions(plan, changed(found))
    if kept == plan:
        return plan
    names = ", ".join(f"{n} {v}" for n, v in changed(found).items())
    said = Reason(about="environment", message=msg("Changed by hand, and kept: {names}",
                                                   names=names))  # fmt: skip
    return replace(kept, reasons=(*plan.reasons, said))


def notes(found: tuple[Change, ...], *, keep: bool) -> Iterator[Message]:
    """Yield a line for each package that was changed by hand: what will become of it."""
    for d in to_put_back(found):
        words = {"name": d.name, "was": str(d.old), "now": d.new or "-"}
        if keep:
            yield msg("{name} {now} is kept; the plan has {was}: changed by hand.", **words)
        elif d.new is None:
            yield msg("{name} {was} is installed again, as planned: removed by hand.", **words)
        else:
            yield msg("{name} {now} → {was}, as planned: changed by hand (--keep leaves it).",
                      **words)  # fmt: skip
    if more := added(found):
        said = ", ".join(f"{name} {version}" for name, version in more.items())
        yield msg("Added by hand, and left: {packages}", packages=said)


def told(found: tuple[Change, ...]) -> Iterator[Message]:
    """Yield a line for each package that was changed by hand, and that nothing is done about."""
    for d in found:
        words = {"name": d.name, "was": d.old or "-", "now": d.new or "-"}
        yield msg("Changed by hand: {name} {was} → {now}", **words)


def notes_anew(
    found: tuple[Change, ...], wanted: Mapping[str, str], *, keep: bool
) -> Iterator[Message]:
    """Yield a line for each package that was changed by hand, where all is installed anew.

    Args:
        found: the departures of the environment that is replaced.
        wanted: the versions of the new plan, before it keeps any.
        keep: whether changed versions are kept; a removed package comes back all the same.
    """
    back = [replace(d, old=wanted.get(d.name, d.old)) for d in to_put_back(found)]
    back = [d for d in back if d.old != d.new]
    yield from notes(tuple(d for d in back if d.new), keep=keep)
    yield from notes(tuple(d for d in back if not d.new), keep=False)


def outcome(
    found: tuple[Change, ...], now: Mapping[str, str]
) -> dict[str, dict[str, list[str | None]]]:
    """Return what became of what was changed by hand: for the ledger, "kept" and "put_back"."""
    kept_ = {d.name: [d.old, d.new] for d in to_put_back(found) if now.get(d.name) == d.new}
    back = {d.name: [d.new, now.get(d.name)] for d in to_put_back(found) if d.name not in kept_}
    return {k: v for k, v in (("kept", kept_), ("put_back", back)) if v}


def pins(folder: Path, names: Mapping[str, str]) -> list[str]:
    """Return requirements for packages of an environment, as they were installed there."""
    from setup_assistant.site.export import installed

    return [p.pin for p in installed(folder) if p.name in names and not p.conda]
