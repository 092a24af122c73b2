"""For whom and where a remedy is spelled: this machine, an environment and the site it is of."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from setup_assistant.catalog import drivers
from setup_assistant.catalog.causes import Remedy
from setup_assistant.choose.remedies import spell
from setup_assistant.choose.remedy_target import Shell, Situation
from setup_assistant.choose.target_platform import host_of
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.install_words import held, installing, name_of
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.prefix import kind
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import minor

_FEDORA = ("fedora", "rhel", "red hat", "rocky", "alma", "centos", "amazon")
_ARCH = ("arch", "manjaro", "endeavouros", "cachyos")
_DEBIAN = ("debian", "kali", "raspbian")
_UBUNTU = ("ubuntu", "mint", "pop!_os")


def of_case(case: Case) -> Situation:
    """Return the situation of a case."""
    return of_machine(case.machine, install=case.install, cuda=case.driver_cuda)


def of_machine(
    machine: Machine, *, install: Install | None = None, cuda: str | None = None
) -> Situation:
    """Return the situation of a machine, and of an environment on it."""
    host = host_of(machine, drivers.load())
    gpus = [g for g in machine.gpus if g.vendor == "nvidia" and g.usable]
    here = {
        "os": host.os, "arch": host.arch, "glibc": host.glibc, "driver": host.driver,
        "cuda": cuda or host.cuda, "family": family(machine.system.distribution or ""),
        "shell": shell(host.os), "wsl": machine.system.wsl,
        "has_gpu": bool(gpus) or bool(cuda or host.cuda),
        "parts": tuple(sorted({g.compute_capability for g in gpus if g.compute_capability})),
    }  # fmt: skip
    return Situation(**{**here, **(_of_install(install) if install else {})})  # type: ignore[arg-type]


def family(distribution: str) -> str:
    """Return which family of package managers a distribution has; empty where unknown."""
    lower = distribution.lower()
    if any(name in lower for name in _FEDORA):
        return "fedora"
    if any(name in lower for name in _ARCH):
        return "arch"
    if any(name in lower for name in _UBUNTU):
        return "ubuntu"
    return "debian" if any(name in lower for name in _DEBIAN) else ""


def shell(system: str) -> Shell:
    """Return the shell that commands are meant for."""
    if system != "Windows":
        return "posix"
    return "powershell" if os.environ.get("PSMODULEPATH") or os.name != "nt" else "cmd"


def commands(wanted: Sequence[Remedy], here: Situation) -> tuple[str, ...]:
    """Return the command lines that answer requests in a situation."""
    from setup_assistant.catalog.recipes import load_all

    return spell(wanted, here, load_all, torch_index_of)


def torch_index_of(tag: str) -> str:
    """Return the official index of a torch build."""
    from setup_assistant.catalog import mirrors

    return next(m.address(tag) for m in mirrors.load() if m.leg == "torch" and m.form == "index")


def pinned(commands: Sequence[str], said: str, install: Install) -> tuple[str, ...]:
    """Return the commands of a remedy as the site's lock has them.

    What has left the lock and is named goes back to it, and nothing else is done: the packages of
    a lock were proved together.
    """
    from setup_assistant.verify.installs import install_command

    pins, index = site_pins(install.prefix)
    words = set(re.findall(r"[\w-]+", said.lower().replace("_", "-")))
    left = {n: v for n, v in pins.items() if n in words and install.version(n) not in (None, v)}
    if not left or not all(map(installing, commands)):
        return tuple(_anew(held(c, pins), install) for c in commands)
    of_torch = {n for n in left if n in ("torch", "torchvision")}
    groups = ((sorted(of_torch), index), (sorted(left.keys() - of_torch), ""))
    return tuple(install_command(install.prefix, *(f"{n}=={left[n]}" for n in names), index_url=url)
                 for names, url in groups if names)  # fmt: skip


def _anew(command: str, install: Install) -> str:
    """Return a command that puts anew what it asks for, where all of that is there already."""
    from setup_assistant.verify.installs import install_command

    asked = installing(command)
    if asked is None or asked.again or not asked.requirements:
        return command
    if any(r != f"{name_of(r)}=={install.version(name_of(r))}" for r in asked.requirements):
        return command
    index = asked.source[1] if asked.source[:1] == ("--index-url",) else ""
    return install_command(install.prefix, *asked.requirements, again=True, index_url=index)


def _of_install(install: Install) -> dict[str, object]:
    from setup_assistant.verify.installs import installer, remover

    words, forced = installer(install.prefix)
    torch = install.torch
    pins, index = site_pins(install.prefix)
    return {
        "python": minor(install.python) if install.python else "3.12",
        "install": words, "remove": remover(install.prefix), "force": (forced,),
        "torch": f"{torch.version}+{torch.build}" if torch else "",
        "pins": pins, "torch_index": index,
        "environment": kind(install.prefix) or "",
    }  # fmt: skip


def site_pins(prefix: Path) -> tuple[dict[str, str], str]:
    """Return the versions that the site of an environment is pinned to, and its torch index.

    Nothing where the environment is of no site, or its files cannot be read.
    """
    from setup_assistant.choose import locked
    from setup_assistant.site.read import read_layout, read_plan

    layout = read_layout(prefix.parent)
    if layout.env != prefix or not layout.plan.is_file():
        return {}, ""
    try:
        plan = read_plan(layout)
        text = files.plain(layout.packages_lock).read_text(encoding="utf-8", errors="replace")
    except (SetupError, OSError):
        return {}, ""
    pins = locked.pins(text)
    return pins, plan.torch.index_url
