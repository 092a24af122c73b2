"""The environment, continued: what the system lets nothing in it do."""

from __future__ import annotations

import os

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.units_text import memory_text

layer = Layered("environment")
# Torch's libraries are mapped whole before anything is computed: some 5 GB of a CUDA build.
_MAPPED, _MAPPED_CPU = 8 << 30, 2 << 30


@layer.check("no-exec", needs=("python-missing",))
def no_exec(case: Case) -> Trouble | NotHere | None:
    """Ask the disk of the packages: a library is mapped only where it may be executed."""
    if case.install is None or not hasattr(os, "ST_NOEXEC"):
        return NOT_HERE
    for folder in case.install.folders:
        if os.statvfs(folder).f_flag & os.ST_NOEXEC:
            command = f'sudo mount -o remount,exec "$(findmnt -n -o TARGET -T {folder})"'
            return trouble((folder, "noexec"), path=str(folder), commands=(command,))
    return None


@layer.check("address-space")
def address_space(case: Case) -> Trouble | NotHere | None:
    """Ask for the limit that this shell hands on; torch reserves far more than it uses."""
    if case.install is None or case.install.torch is None or os.name == "nt":
        return NOT_HERE
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
    least = _MAPPED if case.install.cuda else _MAPPED_CPU
    if soft == resource.RLIM_INFINITY or soft >= least:
        return None
    return trouble(("ulimit -v", soft // 1024), limit=memory_text(soft),
                   commands=("ulimit -v unlimited",))  # fmt: skip


CHECKS = tuple(layer.checks)
