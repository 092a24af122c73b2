"""Take back what an adoption changed in an environment that somebody else made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from setup_assistant.host import files, lenient, prefix, run, temporary
from setup_assistant.host.prefix import python_in
from setup_assistant.site.layout import Layout
from setup_assistant.steps import adopt
from setup_assistant.steps.adopt import Changes
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import failure
from setup_assistant.steps.environment_preflight import MARKER, read_marker
from setup_assistant.steps.ledger import Ledger
from setup_assistant.verify.installs import torch_index


def listed(layout: Layout) -> tuple[Changes, Changes]:
    """Return what differs from before the adoption: what it changed, and what a person did since.

    Each is package → version before and now. A run that was killed has told no changes; then all
    of them count as its own.
    """
    found = adopt.changed(layout.env, layout.root)
    told: dict[str, str | None] = {}
    for entry in Ledger(layout.ledger).entries():
        said = entry.data.get("changed")
        if isinstance(said, dict):
            told |= {n: v[1] for n, v in said.items() if isinstance(v, list) and len(v) == 2}
    own = {n: v for n, v in found.items() if not told or (n in told and told[n] == v[1])}
    return own, {n: v for n, v in found.items() if n not in own}


def take_back(layout: Layout, found: Changes) -> None:
    """Bring packages back to their versions before the adoption, and nothing else.

    Raises:
        SetupError: `install_failed` with what uv says; the same once more goes on from there.
    """
    folder, torch = layout.env, found.get("torch", (None, None))[0]
    new = [name for name, (old, _now) in found.items() if old is None]
    pins = {name: old for name, (old, _now) in found.items() if old is not None}
    options = _options(layout.requirements)
    indexes = {torch_index(torch or "", old, None) for old in pins.values() if "+" in old}
    if new:
        _uv(folder, ["uninstall", *new], "")
    if pins:
        wanted = [f"{name}=={old}" for name, old in pins.items()]
        more = [word for index in sorted(indexes - {""}) for word in ("--index", index)]
        _uv(folder, ["install", "--no-deps", *wanted, *more], "\n".join(options))
    now = prefix.packages(folder)
    ledger = Ledger(layout.ledger)
    ledger.record(
        "environment", "done", taken_back={n: [v[1], now.get(n)] for n, v in found.items()}
    )
    files.write_json(folder / MARKER, {**read_marker(folder), "packages": now})


def _uv(folder: Path, words: list[str], requirements: str) -> None:
    with temporary.folder() as scratch:
        outcome = run.run(
            [uv.uv_program(), "pip", words[0], "--python", python_in(folder), *words[1:],
             *requirements.split()],
            deadline=None,
            env=uv.environment(scratch, requirements=requirements),
        )  # fmt: skip
    if not outcome.ok:
        raise failure("install_failed", outcome)


def _options(requirements: Path) -> Iterable[str]:
    """Return the index options of the site's requirements."""
    return (x for x in lenient.text(requirements).splitlines() if x.startswith("--"))
