"""The environment: an interpreter that starts, and nothing from outside that comes first."""

from __future__ import annotations

import os
import re
from pathlib import Path

from setup_assistant.choose.versions import at_least, minor
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.site.layout import python_in
from setup_assistant.words import msg

layer = Layered("environment")
# Packages that must come from the environment and nowhere else.
_OURS = ("torch", "torchvision", "transformers", "accelerate", "qwen_vl_utils", "numpy", "PIL",
         "tokenizers", "safetensors", "huggingface_hub", "decord", "av", "triton", "nvidia",
         "packaging", "modelscope", "typing_extensions")  # fmt: skip
_FOREIGN = ("libcudnn*", "libnvJitLink*", "libcublas*", "libcusparse*", "libcudart*", "libnccl*",
            "libtorch*", "libc10*", "libstdc++.so*")  # fmt: skip
_REBUILD = msg("Build the environment again with setup-assistant up, or name another with --env.")


@layer.check("python-missing", cause=msg("{prefix} has no Python interpreter."), advice=_REBUILD)
def python_missing(case: Case) -> Trouble | NotHere | None:
    """Look for the interpreter itself; a broken link is told apart."""
    if case.prefix is None:
        return NOT_HERE
    python = case.prefix / "bin" / "python"
    if python_in(case.prefix).exists() or python.is_symlink():
        return None
    return trouble((python, "absent"), prefix=str(case.prefix))


@layer.check(
    "python-moved",
    cause=msg("The environment was made from {home}, which is no longer there."),
    advice=_REBUILD,
    needs=("python-missing",),
)
def python_moved(case: Case) -> Trouble | NotHere | None:
    """Look where the interpreter's link leads, and at the home that pyvenv.cfg names."""
    if case.prefix is None:
        return NOT_HERE
    python = case.prefix / "bin" / "python"
    if python.is_symlink() and not python.exists():
        return trouble((python, f"-> {python.readlink()}"), home=str(python.readlink()))
    home = _pyvenv(case).get("home", "")
    if home and not Path(home).is_dir():
        return trouble((case.prefix / "pyvenv.cfg", f"home = {home}"), home=home)
    return None


@layer.check(
    "python-mismatch",
    cause=msg("Its packages were installed for Python {packages}; its interpreter is {python}."),
    advice=_REBUILD,
    needs=("python-missing", "python-moved"),
)
def python_mismatch(case: Case) -> Trouble | NotHere | None:
    """Compare the folder of packages with the interpreter's version."""
    if case.install is None or not case.install.folders:
        return NOT_HERE
    real = python_in(case.install.prefix)
    found = re.search(r"python(3\.\d+)$", os.path.realpath(real))
    folders = {m[1] for f in case.install.folders if (m := re.search(r"python(3\.\d+)", str(f)))}
    said = found[1] if found else minor(case.install.python or "")
    if not said or not folders or said in folders:
        return None
    return trouble((real, said), *(("folder", f) for f in case.install.folders),
                   packages=", ".join(sorted(folders)), python=said)  # fmt: skip


@layer.check(
    "glibc-too-old",
    cause=msg("{package} was built for glibc {need}; this system has {have}."),
    advice=msg("Use a newer system, or a container of one; do not replace glibc."),
    refutable=True,
)
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
    return None


@layer.check(
    "wheel-tags",
    cause=msg("{package} was built for {tag}; this environment is Python {python} on {arch}."),
    advice=msg("Install it again with this environment's own pip."),
    refutable=True,
)
def wheel_tags(case: Case) -> Trouble | NotHere | None:
    """Compare the wheels' Python and architecture with the environment's."""
    from setup_assistant.doctor.wheels import fits
    from setup_assistant.verify.installs import install_command

    install = case.install
    if install is None or not install.python:
        return NOT_HERE
    system = case.machine.system
    for dist in install.dists:
        tags = dist.tags()
        if tags and not any(fits(tag, install.python, system.os, system.arch) for tag in tags):
            command = install_command(install.prefix, f"{dist.name}=={dist.version}", again=True)
            return trouble((dist.info / "WHEEL", tags[0]), ("python", install.python),
                           commands=(command,), package=dist.name, tag=tags[0],
                           python=install.python, arch=system.arch)  # fmt: skip
    return None


@layer.check(
    "cpu-instructions",
    cause=msg("The processor lacks AVX2, which torch's builds need."),
    advice=msg(
        "In a virtual machine, pass the host's processor through; else use another machine."
    ),
    refutable=True,
)
def cpu_instructions(case: Case) -> Trouble | NotHere | None:
    """Look at the processor's flags."""
    system = case.machine.system
    if case.install is None or system.arch not in ("x86_64", "AMD64") or not system.cpu_flags:
        return NOT_HERE
    lacking = [f for f in ("avx", "avx2") if f not in system.cpu_flags]
    return trouble(("/proc/cpuinfo", f"no {', '.join(lacking)}")) if lacking else None


@layer.check(
    "pythonpath",
    cause=msg("PYTHONPATH puts another {package} before the environment's: {folder}"),
    advice=msg("Take the variable away while you work in this environment."),
    own_shell=True,
)
def pythonpath(case: Case) -> Trouble | NotHere | None:
    """Look for our packages in the folders of PYTHONPATH, which beat even a venv."""
    value = case.variables.get("PYTHONPATH", "")
    if case.install is None or not value:
        return NOT_HERE
    for entry in value.split(os.pathsep):
        folder = Path(entry or os.curdir)
        if folder.resolve() in [f.resolve() for f in case.install.folders]:
            continue
        for package in _OURS:
            if (folder / package).is_dir() or (folder / f"{package}.py").is_file():
                return trouble(("PYTHONPATH", value), (folder, package), package=package,
                               folder=str(folder), commands=("unset PYTHONPATH",))  # fmt: skip
    return None


@layer.check(
    "pythonhome",
    cause=msg("PYTHONHOME is set: every interpreter looks for its library in {folder}."),
    advice=msg("Take the variable away."),
    own_shell=True,
)
def pythonhome(case: Case) -> Trouble | NotHere | None:
    """Look for a variable that breaks every environment but one."""
    value = case.variables.get("PYTHONHOME", "")
    if case.install is None or not value:
        return NOT_HERE
    own = Path(value).resolve() == case.install.prefix.resolve()
    if own:
        return None
    return trouble(("PYTHONHOME", value), folder=value, commands=("unset PYTHONHOME",))


@layer.check(
    "user-site",
    cause=msg("Packages of your home folder shadow the environment's: {package} in {folder}"),
    advice=msg("Switch them off for this environment."),
    own_shell=True,
)
def user_site(case: Case) -> Trouble | NotHere | None:
    """Look in ~/.local where the environment does not isolate from it (conda, system)."""
    install = case.install
    if install is None or not install.python or case.variables.get("PYTHONNOUSERSITE"):
        return NOT_HERE
    if _pyvenv(case).get("include-system-site-packages", "true") != "true":
        return None
    base = case.variables.get("PYTHONUSERBASE") or f"{case.variables.get('HOME', '~')}/.local"
    folder = Path(base).expanduser() / f"lib/python{minor(install.python)}/site-packages"
    for package in _OURS:
        if (folder / package).exists():
            return trouble((folder, package), commands=("export PYTHONNOUSERSITE=1",),
                           package=package, folder=str(folder))  # fmt: skip
    return None


@layer.check(
    "library-path",
    cause=msg("{variable} puts foreign libraries before those of the environment: {detail}"),
    advice=msg("Take the variable away while you work in this environment."),
    own_shell=True,
)
def library_path(case: Case) -> Trouble | NotHere | None:
    """Look for CUDA's and torch's libraries on the loader's path."""
    if case.install is None:
        return NOT_HERE
    home = case.install.prefix.resolve()
    for entry in filter(None, case.variables.get("LD_LIBRARY_PATH", "").split(":")):
        folder = Path(entry)
        if home in folder.resolve().parents or not folder.is_dir():
            continue
        found = sorted(p.name for pattern in _FOREIGN for p in folder.glob(pattern))
        if found:
            return trouble(("LD_LIBRARY_PATH", entry), (folder, ", ".join(found[:4])),
                           commands=("unset LD_LIBRARY_PATH",), status="warn",
                           confidence="inferred", variable="LD_LIBRARY_PATH",
                           detail=found[0])  # fmt: skip
    return None


@layer.check(
    "preload",
    cause=msg("LD_PRELOAD loads {library} into every program."),
    advice=msg("Take the variable away while you work in this environment."),
    own_shell=True,
)
def preload(case: Case) -> Trouble | NotHere | None:
    """Look for a preloaded library that takes the place of CUDA's, or that is not there."""
    value = case.variables.get("LD_PRELOAD", "")
    if case.install is None or not value:
        return NOT_HERE
    for entry in value.replace(":", " ").split():
        gone = "/" in entry and not Path(entry).exists()
        ours = any(Path(entry).match(pattern) for pattern in _FOREIGN)
        if gone or ours:
            return trouble(("LD_PRELOAD", value), (entry, "absent" if gone else "there"),
                           commands=("unset LD_PRELOAD",), library=entry,
                           status="warn" if gone else "fail")  # fmt: skip
    return None


@layer.check(
    "redirected-output",
    cause=msg("An unquoted > in a pip command made the file {file}, and its bound was ignored."),
    advice=msg("Remove the file, and run the command again with quotes: pip install 'name>=1.0'"),
)
def redirected_output(case: Case) -> Trouble | NotHere | None:
    """Look for files such as `=4.45` in the working folder."""
    for path in sorted(case.cwd.glob("=[0-9]*")):
        if path.is_file():
            command = f"rm -- './{path.name}'"
            return trouble((path, "pip's output"), status="warn", file=path.name,
                           commands=(command,))  # fmt: skip
    return None


def _pyvenv(case: Case) -> dict[str, str]:
    try:
        text = (case.prefix / "pyvenv.cfg").read_text(encoding="utf-8") if case.prefix else ""
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, _sign, value in pairs}


CHECKS = tuple(layer.checks)
