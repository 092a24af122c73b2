"""Which half is at fault: the machine, the packages, the weights or the person's script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.doctor.finding import Diagnosis, Finding, Layer
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.owners import changed, owner_of
from setup_assistant.doctor.requirements import taking_part
from setup_assistant.doctor.watched import Watched
from setup_assistant.messages import Message, msg

Half = Literal["none", "machine", "packages", "weights", "script"]
_HALVES: dict[Layer, Half] = {
    "driver": "machine", "gpu": "machine",
    "environment": "packages", "packages": "packages", "runtime": "packages", "weights": "weights",
}  # fmt: skip
# What only the person's folder and shell do to it.
_AROUND: dict[str, Half] = {
    "live-shadowed": "script", "live-pythonpath": "packages", "live-user-site": "packages",
    "live-variable-breaks": "packages", "live-startup-hides": "packages",
    "live-files-missing": "packages", "live-plugin-broken": "packages",
    "live-packages-by-hand": "packages",
}  # fmt: skip
_OWN = ("driver", "gpu", "environment", "packages", "weights", "runtime")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The half at fault, the package or file that is to blame, and the chain of reasons."""

    half: Half
    blamed: str = ""
    reasons: tuple[Message, ...] = ()


def assign(
    ran: Watched,
    found: Diagnosis,
    install: Install | None,
    fresh: Callable[[], bool | None],
    beside: Callable[[Sequence[str]], bool],
) -> Verdict:
    """Return the half at fault.

    Args:
        ran: the person's program.
        found: what was found beside it: checks of files, the canary here, the person's weights.
        install: the environment.
        fresh: asks the canary in a new environment of the same pins; None where none can be made.
        beside: asks the canary here beside modules that are imported first.
    """
    if ran.code == 0:
        return Verdict(half="none", reasons=(msg("The program ended well."),))
    ended = _ended(ran)
    other = [row for row in _frames_of(ran, install) if row[2]] if install else []
    if other:
        name, file, why = other[0]
        said = msg("{file} of {package} {why}.", file=file, package=name, why=why)
        return Verdict(half="packages", blamed=name, reasons=(*ended, said))
    first = next((f for f in found.failed if f.layer in _OWN), None)
    if first is not None and first.layer != "runtime":
        return Verdict(half=_HALVES[first.layer], blamed=first.id, reasons=(*ended, _cause(first)))
    if first is not None and (half := _of_run(first, found)):
        return Verdict(half=half, blamed=first.id, reasons=(*ended, _cause(first)))
    if first is not None:
        return _by_fresh(first.id, (*ended, _cause(first)), fresh, _innermost(ran, install))
    canary = msg("The canary answers in this environment.")
    verdict = _by_frames(ran, install, (*ended, canary))
    plugins = verdict.half == "script" and _by_plugins(ran, install, (*ended, canary), beside)
    return plugins or verdict


def _of_run(first: Finding, found: Diagnosis) -> Half | None:
    """Return the half of a failure inside the environment, where the canary need not decide."""
    if first.id in _AROUND:
        return _AROUND[first.id]
    # The canary answers there, so that it is the person's own model that does not.
    canary = any(f.id == "live-answers" and f.status == "ok" for f in found.findings)
    return "weights" if canary else None


def _innermost(ran: Watched, install: Install | None) -> str | None:
    """Return the package that an exception was raised in; None where it was none of them."""
    frames = ran.chain[0].frames if ran.chain else ()
    return owner_of(install, frames[-1][0]) if frames and install else None


def _by_fresh(
    name: str, reasons: tuple[Message, ...], fresh: Callable[[], bool | None], raised_in: str | None
) -> Verdict:
    """Ask the same of a proved environment beside this one."""
    well = fresh()
    name = raised_in or name if well else name
    half: Half = "machine" if well is False else "packages"
    said = {
        None: msg("No new environment could be made beside it: the machine is not ruled out."),
        True: msg("The canary answers in a new environment on this machine."),
        False: msg("The canary fails in a new environment on this machine, too."),
    }
    return Verdict(half=half, blamed=name, reasons=(*reasons, said[well]))


def _cause(finding: Finding) -> Message:
    return finding.cause or msg("{id} fails.", id=finding.id)


def _by_frames(ran: Watched, install: Install | None, reasons: tuple[Message, ...]) -> Verdict:
    """Follow the exception outwards from its innermost file to one that nothing proves."""
    script = next((w for w in ran.command[1:] if not w.startswith("-")), ran.command[0])
    if not ran.chain or install is None:
        return Verdict(half="script", blamed=script, reasons=reasons)
    link, proved = ran.chain[0], taking_part(install)
    file, line, function = link.frames[-1] if link.frames else (script, 0, "")
    place = msg("{kind} was raised in {file}, line {line} ({function}).", kind=link.kind, file=file,
                line=line, function=function)  # fmt: skip
    owners = [(f, owner_of(install, f)) for f, _n, _w in reversed(link.frames)]
    doubtful = ((f, o) for f, o in owners if o not in proved and (o or not _of_python(f)))
    own, owner = next(doubtful, (script, None))
    if owner is not None:
        unproved = msg("The canary does not go through {package}: nothing proves it.",
                       package=owner)  # fmt: skip
        return Verdict(half="packages", blamed=owner, reasons=(*reasons, place, unproved))
    if own == file:
        return Verdict(half="script", blamed=own, reasons=(*reasons, place))
    so = msg("{package} is whole and answers otherwise: what {file} asks of it is at fault.",
                package=owners[0][1] or "Python", file=own)  # fmt: skip
    return Verdict(half="script", blamed=own, reasons=(*reasons, place, so))


def _of_python(file: str) -> bool:
    return file.startswith("<") or "python3" in Path(file).parent.as_posix()


def _by_plugins(
    ran: Watched,
    install: Install | None,
    reasons: tuple[Message, ...],
    beside: Callable[[Sequence[str]], bool],
) -> Verdict | None:
    """Ask the canary beside what else the program imported: a plugin may change the others."""
    proved = taking_part(install) if install else set()
    found = ((n, owner_of(install, f)) for n, f in ran.modules.items()) if install else ()
    loaded = {n: o for n, o in found if o and o not in proved}
    if not loaded or beside(tuple(loaded)):
        return None
    owners = sorted(set(loaded.values()))
    alone = (o for o in owners[1:] and owners if not beside([n for n in loaded if loaded[n] == o]))
    blamed = next(alone, ", ".join(owners))
    said = msg("Beside {package} the canary no longer answers.", package=blamed)
    return Verdict(half="packages", blamed=blamed, reasons=(*reasons, said))


def _ended(ran: Watched) -> tuple[Message, ...]:
    if ran.chain:
        return (msg("The program ended in {kind}: {text}", kind=ran.chain[0].kind,
                    text=ran.chain[0].text[:200]),)  # fmt: skip
    last = (ran.err.strip().splitlines() or [""])[-1][:200]
    return (msg("The program ended with {code}: {text}", code=ran.code, text=last),)


def _frames_of(ran: Watched, install: Install | None) -> Iterator[tuple[str, str, str]]:
    """Yield the packages and files of the whole chain, and what is wrong with each."""
    files = dict.fromkeys(f for link in ran.chain for f, _n, _w in reversed(link.frames))
    for file in files:
        owner = owner_of(install, file) if install else None
        if owner is not None and install is not None:
            yield owner, file, changed(install, file)
