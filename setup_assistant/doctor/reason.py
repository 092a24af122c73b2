"""Reason where a run failed and no row says why: metadata, then its own words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from setup_assistant.catalog import causes
from setup_assistant.doctor import requirements, situation
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.explain import explain
from setup_assistant.doctor.install import Dist, Install
from setup_assistant.doctor.owners import absent, changed, edited, owner_of
from setup_assistant.doctor.packages import again
from setup_assistant.messages import msg
from setup_assistant.verify.installs import install_command, uninstall_command

# Causes that only say that something failed.
VAGUE = ("import-failed", "question-failed", "crashed", "child-failed", "model-unreadable",
         "device-failed")  # fmt: skip
# What an edited source may lead to, and no exception tells.
WRONG = ("wrong-answer", "logits-differ", "not-a-number", "empty-answer", "repeating")
# A module that has no such name: where it lies, or what it is called.
_LACKING = re.compile(r"\((?P<file>/[^()]+\.py)\)$|module '(?P<module>\w+)[\w.]*' has no attribute")
_DEATH = re.compile(r"^Fatal Python error: (?:Segm|Illegal|Bus|Abort)|ended with signal (?!9$|15$)")
# What the packages may be behind.
_INSIDE = ("environment", "packages", "runtime")
# What transformers imports where it is there, and an answer does not need.
OPTIONAL = ("scikit-learn", "scipy", "torchaudio", "xformers", "flash-attn", "bitsandbytes", "peft",
            "timm", "librosa", "pandas", "kernels", "optimum", "deepspeed", "datasets", "numba",
            "soundfile", "tensorflow", "jax", "sentencepiece", "apex")  # fmt: skip


def why(case: Case, cause: str, lines: tuple[str, ...]) -> Trouble | None:
    """Return a better reason for a vague failure, marked as inferred; None where there is none.

    Args:
        case: the environment and the person's variables.
        cause: what the run named.
        lines: what it said.
    """
    install = case.install
    if install is None:
        return None
    found = _by_frames(case, install)
    # Where the canary answers, the packages that it goes through are not at fault.
    proved = case.verification is not None and case.verification.status == "ok"
    if found is None and not proved and cause != "package-missing":
        found = _strayed(install) if causes.layer_of(cause) in _INSIDE else None
    if found is None and cause in VAGUE:
        found = (_misfit(install) or _edited(install, sources=False, large=_died(cause, lines))
                 or _said(case, lines))  # fmt: skip
    if found is None and not proved and cause in (*VAGUE, *WRONG):
        found = _edited(install)
    return found


def _strayed(install: Install) -> Trouble | None:
    """Look for what an answer goes through, and left the lock that was proved."""
    pins = situation.site_pins(install.prefix)[0]
    versions = {n: install.version(n) for n in requirements.taking_part(install)}
    left = {n: v for n, v in versions.items() if v and pins.get(n, v) != v}
    if not left:
        return None
    return Trouble(
        evidence=tuple((n, f"{v}; requirements.lock: {pins[n]}") for n, v in left.items()),
        cause="packages-by-hand", confidence="inferred",
        commands=(install_command(install.prefix, *(f"{n}=={pins[n]}" for n in left)),),
        values={"packages": ", ".join(f"{n} {pins[n]} → {v}" for n, v in left.items())},
    )  # fmt: skip


def _died(cause: str, lines: Sequence[str]) -> bool:
    """Whether Python itself ended: no exception tells which of its libraries it was in."""
    return cause == "crashed" or any(_DEATH.search(line) for line in lines)


def _edited(install: Install, *, sources: bool = True, large: bool = False) -> Trouble | None:
    """Compare the files that an answer goes through with their records.

    Sources may have been changed on purpose, and are blamed last, unless they cannot be read.
    """
    every = edited(install, requirements.taking_part(install), large=large)
    found = [(dist, file) for dist, file in every
             if sources or not file.endswith(".py") or not os.access(file, os.R_OK)]  # fmt: skip
    if not found:
        return None
    dists = dict.fromkeys(dist for dist, _file in found)
    return _not_whole(install, tuple(dists), *(file for _dist, file in found))


def _not_whole(install: Install, dists: Sequence[Dist], *files: str, lost: bool = False) -> Trouble:
    why_not = str(msg("absent") if lost else msg("is not as it was installed"))
    return Trouble(
        evidence=tuple((file, why_not) for file in files), cause="files-missing",
        commands=tuple(again(install, dist) for dist in dists),
        values={"name": ", ".join(d.name for d in dists), "file": Path(files[0]).name,
                "detail": why_not},
    )  # fmt: skip


def _by_frames(case: Case, install: Install) -> Trouble | None:
    """Follow a failed import to the package that is at fault: a changed file, else a plugin.

    A plugin is what is imported because it is there: nothing that an answer goes through asks for
    it, so that all goes on without it.
    """
    seen = case.surroundings and (case.surroundings.alone or case.surroundings.person)
    if not seen or seen.failed is None:
        return None
    files = (*_told(install, seen.error), *reversed(seen.frames))
    owners = {f: owner for f in files if (owner := owner_of(install, f))}
    for file, owner in owners.items():
        dist = install.by_name.get(owner)
        if dist is not None and changed(install, file):
            return _not_whole(install, (dist,), file)
    inner = install.by_name.get(next(iter(owners.values()), ""))
    if inner is not None and (gone := absent(inner)):
        return _not_whole(install, (inner,), gone, lost=True)
    asked = requirements.taking_part(install)
    plugin = next((o for o in owners.values() if o in install.by_name and o not in asked), None)
    if plugin is None:
        return None
    return _misfit(install) or _incomplete(install, plugin) or Trouble(
        evidence=((plugin, seen.error),), cause="plugin-broken", confidence="inferred",
        commands=(uninstall_command(install.prefix, plugin),),
        values={"package": f"{plugin} {install.version(plugin)}", "detail": seen.error},
    )  # fmt: skip


def _told(install: Install, error: str) -> Iterator[str]:
    """Yield the files that an exception says lack something: no frame of it is in them."""
    for found in _LACKING.finditer(error):
        place = install.holds(found["module"] or "-")
        yield from (found["file"],) if found["file"] else ()
        yield from (str(place / "__init__.py"),) if place else ()


def _incomplete(install: Install, plugin: str) -> Trouble | None:
    """Look for what a plugin asks for that is not there at all."""
    needs = [n for n in requirements.unmet(install, (plugin,)) if n.have is None]
    if not needs:
        return None
    return Trouble(
        evidence=tuple((n.asked_by, n.text) for n in needs), cause="dependency-version",
        commands=(install_command(install.prefix, *dict.fromkeys(n.pin for n in needs)),),
        values={"package": needs[0].asked_by, "need": needs[0].text, "have": "-"},
    )  # fmt: skip


def _misfit(install: Install) -> Trouble | None:
    """Look for a package that is imported where it is there, and does not accept what is there."""
    found = list(_misfits(install))
    if not found:
        return None
    first, names = found[0], list(dict.fromkeys(need.asked_by for need in found))
    if "torchaudio" in names:
        commands = tuple(uninstall_command(install.prefix, n) for n in names if n == "torchaudio")
    else:
        kept = [f"{n}=={v}" for n in ("torch", "numpy") if (v := install.version(n))]
        commands = (install_command(install.prefix, "--upgrade", *names, *kept),)
    return Trouble(
        evidence=tuple((need.asked_by, f"{need.text}; {need.name} {need.have}") for need in found),
        cause="dependency-version", commands=commands, confidence="inferred",
        values={"package": f"{first.asked_by} {install.version(first.asked_by)}",
                "need": first.text, "have": first.have or "-"},
    )  # fmt: skip


def _misfits(install: Install) -> Iterator[requirements.Unmet]:
    for name in OPTIONAL:
        for need in requirements.unmet(install, (name,)):
            if need.have is not None and need.asked_by in OPTIONAL:
                yield need


def _said(case: Case, lines: tuple[str, ...]) -> Trouble | None:
    """Read its words as a pasted text is read."""
    found = explain("\n".join(lines), lambda: situation.of_case(case))
    fix = found[0].fix if found else None
    if fix is None:
        return None
    first = found[0]
    return Trouble(evidence=first.evidence, cause=first.id, advice=fix.advice,
                   values=dict(first.cause.args) if first.cause else {},
                   commands=fix.commands, confidence="inferred")  # fmt: skip
