"""The record of an environment: which set was asked for, and what differs from it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.host import clock, files
from setup_assistant.host.prefix import normal_name, packages
from setup_assistant.steps import by_hand
from setup_assistant.steps.environment_preflight import MARKER, SCHEMA, read_marker
from setup_assistant.steps.step import Context
from setup_assistant.versions import public


def requirements_hash(context: Context) -> str:
    """Return what identifies the wanted set: requirements, Python version and a given lock."""
    text = files.plain(context.site.requirements).read_text(encoding="utf-8")
    if context.wishes.lock:
        given = given_lock(context)
        # Our copy stands for a file that is gone.
        source = given if given and given.exists() else context.site.packages_lock
        with contextlib.suppress(OSError):
            text += files.plain(source).read_text(encoding="utf-8")
    return hashlib.sha256(f"{context.plan.python}\n{text}".encode()).hexdigest()


def planned(plan: Plan) -> dict[str, str]:
    """Return the planned packages by normalized name."""
    return {normal_name(name): version for name, version in plan.versions.items()}


def drifted(prefix: Path, plan: Plan) -> dict[str, str | None]:
    """Return the planned packages whose installed version differs, with that version."""
    present = packages(prefix)
    return {
        name: present.get(name)
        for name, version in planned(plan).items()
        if public(present.get(name, "")) != public(version)
    }


def beside_pins(folder: Path, plan: Plan, *, keep: bool) -> list[str]:
    """Return requirements for what a person has added to an environment of ours.

    With `keep`, also for what was changed in it and no plan names.
    """
    found = by_hand.standing(folder, planned(plan))
    own = {n: v for n, v in by_hand.changed(found).items() if n not in planned(plan)}
    return by_hand.pins(folder, by_hand.added(found) | (own if keep else {}))


def write_marker(
    prefix: Path,
    context: Context,
    engine: str,
    *,
    complete: bool,
    record: Mapping[str, str] | None = None,
    kept: Mapping[str, str | None] | None = None,
) -> None:
    """Write our record: which set was asked for, for which site, and whether it is all in.

    `record` are the packages as they are left; without it, those of the record before stay.
    """
    home = context.ledger.home()
    left = record if record is not None else by_hand.recorded_packages(prefix)
    files.write_json(
        prefix / MARKER,
        {
            "schema": SCHEMA,
            "engine": engine,
            "python": context.plan.python,
            "requirements": requirements_hash(context),
            "site": str(context.ledger.root),
            "site_id": home.id if home else "",
            "complete": complete,
            "written": clock.now(),
            **({"packages": dict(sorted(left.items()))} if left is not None else {}),
            **({"kept": dict(sorted(kept.items()))} if kept else {}),
        },
    )


def take_over(prefix: Path, context: Context) -> None:
    """Let an environment of a site that is gone be this one's, so that it may be replaced."""
    marker, home = read_marker(prefix), context.ledger.home()
    ours = {"site": str(context.ledger.root), "site_id": home.id if home else ""}
    other = marker.get("site") != ours["site"] or marker.get("site_id", "") != ours["site_id"]
    if marker and other:
        files.write_json(prefix / MARKER, {**marker, **ours})


def given_lock(context: Context) -> Path | None:
    """Return the lock file that was asked for."""
    return Path(context.wishes.lock).expanduser().absolute() if context.wishes.lock else None
