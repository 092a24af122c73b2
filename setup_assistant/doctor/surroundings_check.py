"""The difference between a run in the person's surroundings and one alone, and whose it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup_assistant.doctor import startup_hooks, surroundings, variables
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import NOT_HERE, NotHere, Trouble
from setup_assistant.doctor.finding import Status
from setup_assistant.doctor.install import Dist
from setup_assistant.doctor.owners import owner_of
from setup_assistant.doctor.surroundings import Seen
from setup_assistant.host import lenient
from setup_assistant.messages import msg
from setup_assistant.verify.installs import uninstall_command

_TORCH = ("numpy", "PIL", "torch", "torchvision")
_QWEN = (*_TORCH, "transformers", "transformers.modeling_utils", "transformers.processing_utils",
         "accelerate", "qwen_vl_utils")  # fmt: skip
# A module of triton, and the group of entries that it imports.
_BACKENDS = "triton.backends"


def modules(case: Case) -> tuple[str, ...]:
    """Return what a script in this environment imports."""
    install = case.install
    names = _TORCH if case.purpose == TORCH_ONLY else _QWEN
    names = (*names, *((_BACKENDS,) if _backends(case) else ()))
    return tuple(n for n in names if install and install.holds(n.partition(".")[0]))


def _backends(case: Case) -> tuple[Dist, ...]:
    """Return the packages beside triton's own that triton imports as soon as it is imported."""
    every = case.install.offering(_BACKENDS) if case.install else ()
    return tuple(dist for dist in every if dist.name != "triton")


def look(case: Case) -> Trouble | NotHere | None:
    """Compare both runs; only what is well alone is the surroundings' fault."""
    seen, install = case.surroundings, case.install
    if seen is None or install is None:
        return NOT_HERE
    person, alone = seen.person, seen.alone
    if alone is None:
        return None
    away = surroundings.foreign(install.prefix, person)
    # What lies elsewhere both times, as what torch writes and imports, is in nobody's way.
    always = surroundings.foreign(install.prefix, alone)
    shadows = {n: f for n, f in away.items() if alone.loaded.get(n, f) != f and n not in always}
    if shadows:
        return _put_in_the_way(case, person, shadows)
    if person.failed is None or alone.failed is not None:
        return (_hooked(case, alone) or _of_plugin(case, alone)
                or (None if person.failed is None else NOT_HERE))  # fmt: skip
    return _person_only(case, person)


def explains(case: Case, said: Sequence[str]) -> bool:
    """Whether a run said what only the person's surroundings lead to: alone all is imported."""
    seen = case.surroundings
    return bool(seen and seen.alone and seen.alone.failed is None and seen.person.failed
                and seen.person.error in said)  # fmt: skip


def _of_plugin(case: Case, alone: Seen) -> Trouble | None:
    """Blame what triton imports for others, where nothing else has failed."""
    plugins, install = _backends(case), case.install
    if alone.failed != _BACKENDS or install is None or not plugins:
        return None
    owners = {owner_of(install, file) for file in alone.frames}
    guilty = next((p for p in plugins if p.name in owners), plugins[0])
    return Trouble(
        evidence=((guilty.name, alone.error),), id="live-plugin-broken", cause="plugin-broken",
        commands=(uninstall_command(install.prefix, guilty.name),),
        values={"package": f"{guilty.name} {guilty.version}", "detail": alone.error},
    )  # fmt: skip


def _person_only(case: Case, person: Seen) -> Trouble | None:
    """Blame what fails in the person's surroundings alone: a file beside, else a variable."""
    blamed = {_imported_as(f, person): f for f in person.frames if _beside(f, person, case)}
    return _put_in_the_way(case, person, blamed) if blamed else _variable(case, person)


def _beside(file: str, person: Seen, case: Case) -> bool:
    """Whether a file lies in a folder of the search path that is not the environment's."""
    own = case.install is not None and file.startswith(str(case.install.prefix))
    return not own and not file.startswith(person.library) and file.startswith(person.path)


def _searched(file: str, person: Seen) -> Path:
    """Return the folder of the search path in which a file was found."""
    return Path(max((p for p in person.path if file.startswith(p)), key=len))


def _imported_as(file: str, person: Seen) -> str:
    """Return the name of the package or module that a file belongs to."""
    return Path(Path(file).relative_to(_searched(file, person)).parts[0]).stem


def _put_in_the_way(case: Case, person: Seen, found: Mapping[str, str]) -> Trouble:
    """Say who put modules in the way: a variable, the working folder, or the home."""
    name, file = next(iter(found.items()))
    top = _searched(file, person)
    failing = (person.failed is not None, (person.error, ""))
    evidence = tuple((n, f) for n, f in list(found.items())[:4])
    status: Status = "fail" if failing[0] or name in _QWEN else "warn"
    if person.error:
        evidence = (*evidence, (str(msg("in your surroundings")), person.error))
    entries = case.variables.get("PYTHONPATH", "").split(os.pathsep)
    if any(e and Path(e).resolve() == top.resolve() for e in entries):
        return Trouble(evidence=evidence, id="live-pythonpath", cause="pythonpath", status=status,
                       values={"package": name, "folder": str(top)},
                       commands=("unset PYTHONPATH",))  # fmt: skip
    if "site-packages" in top.parts:
        return Trouble(evidence=evidence, id="live-user-site", cause="user-site", status=status,
                       values={"package": name, "folder": str(top)},
                       commands=("export PYTHONNOUSERSITE=1",))  # fmt: skip
    return Trouble(evidence=evidence, id="live-shadowed", cause="shadowed-by-own-file",
                   status=status, values={"file": file, "package": name})  # fmt: skip


def _hooked(case: Case, alone: Seen) -> Trouble | None:
    """Look for what spoils imports wherever this Python starts: a `.pth`, a `sitecustomize`."""
    install = case.install
    away = surroundings.foreign(install.prefix, alone) if install else {}
    wanted = {n: f for n, f in away.items() if install and install.holds(n)}
    if install is None or (alone.failed is None and not wanted):
        # Installed for development, or under the name of its own folder.
        return None
    hook = startup_hooks.guilty(install, modules(case))
    if hook is None:
        return None
    name, file = next(iter(wanted.items()), (alone.failed or "python", alone.error))
    text = lenient.text(hook).strip()[:200]
    return Trouble(
        evidence=((name, file), (str(hook), text)),
        status="warn" if alone.failed is None else "fail",
        id="live-startup-hides", cause="startup-hides", commands=(startup_hooks.aside(hook),),
        values={"file": str(hook), "package": name},
    )  # fmt: skip


def _variable(case: Case, person: Seen) -> Trouble | None:
    """Find the variable without which it works, by halves."""
    needed = surroundings.alone_variables()
    names = sorted(n for n in case.variables if n not in needed)
    elsewhere = _of_home(case, person) or _of_folder(case, person)
    if elsewhere is not None:
        return elsewhere
    if not names or _fails(case, names):
        return Trouble(
            evidence=((str(msg("in your surroundings")), person.error),), cause="import-failed",
            id="live-import-failed",
            values={"package": person.failed or "python", "detail": person.error},
        )  # fmt: skip
    guilty = _halved(case, names)
    value = case.variables.get(guilty, "")
    return Trouble(
        evidence=((guilty, value), (str(msg("in your surroundings")), person.error),
                  (str(msg("run without it")), str(msg("succeeds")))),
        id="live-variable-breaks", cause="variable-breaks", commands=(f"unset {guilty}",),
        values={"variable": guilty, "value": value},
    )  # fmt: skip


def _of_home(case: Case, person: Seen) -> Trouble | None:
    """Look whether it works without the packages and hooks of the person's home."""
    folder = variables.of_home(case)
    if str(folder) not in person.path or _fails(case, (), PYTHONNOUSERSITE="1"):
        return None
    hook = folder / "usercustomize.py"
    said = {"file": str(hook if hook.is_file() else folder), "package": person.failed or "python"}
    return Trouble(
        evidence=((str(folder), person.error), ("PYTHONNOUSERSITE=1", str(msg("succeeds")))),
        id="live-startup-hides", cause="startup-hides", values=said,
        commands=("export PYTHONNOUSERSITE=1",),
    )  # fmt: skip


def _of_folder(case: Case, person: Seen) -> Trouble | None:
    """Look whether it works in another folder; Python starts with this one's modules."""
    own = {f.stem: f for f in sorted(case.cwd.glob("*.py"))}
    shadows = {n: f for n, f in own.items() if n in sys.stdlib_module_names}
    said = next((n for n in shadows if f"'{n}'" in person.error), next(iter(shadows), None))
    if case.install is None or said is None or surroundings.see(
        case.install.prefix, modules(case), dict(case.variables), None
    ).failed is not None:  # fmt: skip
        return None
    file = str(shadows[said])
    evidence = ((file, ""), (str(msg("in your surroundings")), person.error))
    return Trouble(evidence=evidence, id="live-shadowed", cause="shadowed-by-own-file",
                   values={"file": file, "package": said})  # fmt: skip


def _halved(case: Case, names: Sequence[str]) -> str:
    """Return the one variable of those without which it works."""
    while len(names) > 1:
        half = names[: len(names) // 2]
        # Leaving out the half mends: it is in there.
        names = names[len(half) :] if _fails(case, half) else half
    return names[0]


def _fails(case: Case, without: Sequence[str], **more: str) -> bool:
    env = {k: v for k, v in case.variables.items() if k not in without} | more
    assert case.install is not None  # noqa: S101 - asked only where there is one
    return surroundings.see(case.install.prefix, modules(case), env, case.cwd).failed is not None
