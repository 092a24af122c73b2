"""The environment: an interpreter that starts, and nothing from outside that comes first."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.host import kept_environment
from setup_assistant.host.prefix import closed, python_in, pyvenv, site_packages
from setup_assistant.messages import msg
from setup_assistant.versions import at_least, minor

layer = Layered("environment")


@layer.check("python-forbidden")
def python_forbidden(case: Case) -> Trouble | NotHere | None:
    """Look for a folder on the way to the interpreter that this account may not enter."""
    if case.prefix is None:
        return NOT_HERE
    python = case.prefix / "bin" / "python"
    folder = closed(python)
    if folder is None:
        return None
    return trouble((folder, msg("may not be entered")), prefix=str(case.prefix),
                   folder=str(folder))  # fmt: skip


@layer.check("fix-interrupted", needs=("python-forbidden",))
def fix_interrupted(case: Case) -> Trouble | NotHere | None:
    """Look for an environment as it was before a remedy that was neither ended nor taken back."""
    if case.prefix is None:
        return NOT_HERE
    if not kept_environment.is_kept(case.prefix):
        return None
    command = shlex.join(["setup-assistant", "doctor", "--env", str(case.prefix), "--fix"])
    return trouble((case.prefix, msg("as it was before, kept")), prefix=str(case.prefix),
                   commands=(command,))  # fmt: skip


@layer.check("python-missing", needs=("python-forbidden",))
def python_missing(case: Case) -> Trouble | NotHere | None:
    """Look for the interpreter itself; a broken link is told apart."""
    if case.prefix is None:
        return NOT_HERE
    python = case.prefix / "bin" / "python"
    if python_in(case.prefix).exists() or python.is_symlink():
        return None
    return trouble((python, msg("absent")), prefix=str(case.prefix), commands=given_again(case))


def given_again(case: Case) -> tuple[str, ...]:
    """Return the command that puts an interpreter under the packages that are there."""
    folders = case.install.folders if case.install else []
    wanted = next((m[1] for f in folders if (m := re.search(r"python(3\.\d+)", str(f)))), None)
    if case.prefix is None or wanted is None or (case.prefix / "conda-meta").is_dir():
        return ()
    uv = ["uv"] if shutil.which("uv") else [sys.executable, "-m", "uv"]
    command = [*uv, "venv", "--allow-existing", "--python", wanted, str(case.prefix)]
    return (shlex.join(command),)


@layer.check("python-moved", needs=("python-missing",))
def python_moved(case: Case) -> Trouble | NotHere | None:
    """Look where the interpreter's link leads, and at the home that pyvenv.cfg names."""
    if case.prefix is None:
        return NOT_HERE
    python = case.prefix / "bin" / "python"
    if python.is_symlink() and not python.exists():
        return trouble((python, f"-> {python.readlink()}"), home=str(python.readlink()),
                       commands=given_again(case))  # fmt: skip
    home = pyvenv(case.prefix).get("home", "")
    if home and not Path(home).is_dir():
        return trouble((case.prefix / "pyvenv.cfg", f"home = {home}"), home=home,
                       commands=given_again(case))  # fmt: skip
    return None


@layer.check("python-elsewhere", needs=("python-missing", "python-moved"))
def python_elsewhere(case: Case) -> Trouble | NotHere | None:
    """Look for the file by which a venv's Python knows its folder, or a library of its own."""
    if case.prefix is None or case.install is None or not case.install.folders:
        return NOT_HERE
    file = case.prefix / "pyvenv.cfg"
    own = ("lib*/python3*/os.py", "Lib/os.py", "python3*._pth", "conda-meta")
    if file.is_file() or any(any(case.prefix.glob(pattern)) for pattern in own):
        return None
    python = python_in(case.prefix)
    return trouble((file, msg("absent")), (python, f"-> {python.resolve()}"), file=str(file),
                   commands=given_again(case))  # fmt: skip


@layer.check("python-mismatch", needs=("python-missing", "python-moved"))
def python_mismatch(case: Case) -> Trouble | NotHere | None:
    """Compare the folder of packages with the interpreter's version."""
    if case.install is None or not case.install.folders:
        return NOT_HERE
    real = python_in(case.install.prefix)
    found = re.search(r"python(3\.\d+)$", os.path.realpath(real))
    own = site_packages(case.install.prefix)
    folders = {m[1] for f in own if (m := re.search(r"python(3\.\d+)", str(f)))}
    said = found[1] if found else minor(case.install.python or "")
    if not said or not folders or said in folders:
        return None
    return trouble((real, said), *(("folder", f) for f in own),
                   packages=", ".join(sorted(folders)), python=said,
                   commands=given_again(case))  # fmt: skip


@layer.check("glibc-too-old", refutable=True, gathers=("linked",))
def glibc_too_old(case: Case) -> Trouble | NotHere | None:
    """Compare the wheels' manylinux tags with the system's C library."""
    have = case.machine.system.glibc
    if case.install is None or not have:
        return NOT_HERE
    for dist in case.install.dists:
        found = [re.search(r"manylinux_(\d+)_(\d+)_", tag) for tag in dist.tags()]
        needs = [f"{m[1]}.{m[2]}" for m in found if m]
        if needs and len(needs) == len(found) and not any(at_least(have, n) for n in needs):
            return trouble((dist.info / "WHEEL", needs[0]), ("system", f"glibc {have}"),
                           package=dist.name, need=needs[0], have=have)  # fmt: skip
    from setup_assistant.doctor.libraries import glibc_needed

    # A wheel's tag may promise too much.
    if found_in := glibc_needed(case):
        path, need = found_in
        return trouble((path, f"GLIBC_{need}"), ("system", f"glibc {have}"),
                       package=path.name, need=need, have=have)  # fmt: skip
    return None


@layer.check("wheel-tags", refutable=True)
def wheel_tags(case: Case) -> Trouble | NotHere | None:
    """Compare the wheels' Python and architecture with the environment's."""
    from setup_assistant.doctor.wheels import fits, libraries_only
    from setup_assistant.verify.installs import install_command

    install = case.install
    if install is None or not install.python:
        return NOT_HERE
    system = case.machine.system
    for dist in install.dists:
        tags = dist.tags()
        if tags and not any(fits(tag, install.python, system.os, system.arch) for tag in tags):
            # decord's says the Python it was built with, and its library serves every one.
            bare = [f"py3-none-{tag.rpartition('-')[2]}" for tag in tags]
            platform = any(fits(tag, install.python, system.os, system.arch) for tag in bare)
            if platform and libraries_only(dist):
                continue
            command = install_command(install.prefix, f"{dist.name}=={dist.version}", again=True)
            return trouble((dist.info / "WHEEL", tags[0]), ("python", install.python),
                           commands=(command,), package=dist.name, tag=tags[0],
                           python=install.python, arch=system.arch)  # fmt: skip
    return None


@layer.check("cpu-instructions", refutable=True)
def cpu_instructions(case: Case) -> Trouble | NotHere | None:
    """Look at the processor's flags."""
    system = case.machine.system
    if case.install is None or system.arch not in ("x86_64", "AMD64") or not system.cpu_flags:
        return NOT_HERE
    lacking = [f for f in ("avx", "avx2") if f not in system.cpu_flags]
    return trouble(("/proc/cpuinfo", f"no {', '.join(lacking)}")) if lacking else None


@layer.check("redirected-output")
def redirected_output(case: Case) -> Trouble | NotHere | None:
    """Look for files such as `=4.45` in the working folder."""
    for path in sorted(case.cwd.glob("=[0-9]*")):
        if path.is_file():
            command = f"rm -- './{path.name}'"
            return trouble((path, msg("what pip printed")), status="warn", file=path.name,
                           commands=(command,))  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
