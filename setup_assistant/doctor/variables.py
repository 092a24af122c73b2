"""The environment, continued: variables and folders that come before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.doctor import elf
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Install
from setup_assistant.host.prefix import pyvenv
from setup_assistant.messages import msg
from setup_assistant.versions import minor

layer = Layered("environment")
# Packages that must come from the environment and nowhere else.
_OURS = ("torch", "torchvision", "transformers", "accelerate", "qwen_vl_utils", "numpy", "PIL",
         "tokenizers", "safetensors", "huggingface_hub", "decord", "av", "triton", "nvidia",
         "packaging", "modelscope", "typing_extensions")  # fmt: skip
_FOREIGN = ("libcudnn*", "libnvJitLink*", "libcublas*", "libcusparse*", "libcudart*", "libnccl*",
            "libtorch*", "libc10*", "libstdc++.so*")  # fmt: skip
_WITHOUT = ("unset LD_LIBRARY_PATH",)


@layer.check("pythonpath")
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


@layer.check("pythonhome")
def pythonhome(case: Case) -> Trouble | NotHere | None:
    """Look for a variable that breaks every environment but one."""
    value = case.variables.get("PYTHONHOME", "")
    if case.install is None or not value:
        return NOT_HERE
    own = Path(value).resolve() == case.install.prefix.resolve()
    if own:
        return None
    return trouble(("PYTHONHOME", value), folder=value, commands=("unset PYTHONHOME",))


@layer.check("user-site")
def user_site(case: Case) -> Trouble | NotHere | None:
    """Look in ~/.local where the environment does not isolate from it (conda, system)."""
    install = case.install
    if install is None or not install.python or case.variables.get("PYTHONNOUSERSITE"):
        return NOT_HERE
    if pyvenv(install.prefix).get("include-system-site-packages", "true") != "true":
        return None
    folder = of_home(case)
    for package in _OURS:
        if (folder / package).exists():
            return trouble((folder, package), commands=("export PYTHONNOUSERSITE=1",),
                           package=package, folder=str(folder))  # fmt: skip
    return None


def of_home(case: Case) -> Path:
    """Return the folder of the person's own packages, for the Python of a case."""
    base = case.variables.get("PYTHONUSERBASE") or f"{case.variables.get('HOME', '~')}/.local"
    python = case.install.python if case.install else None
    return Path(base).expanduser() / f"lib/python{minor(python or '3')}/site-packages"


@layer.check("library-path", gathers=("linked",))
def library_path(case: Case) -> Trouble | NotHere | None:
    """Follow the loader; where nothing can be followed, look for CUDA's and torch's names."""
    value = case.variables.get("LD_LIBRARY_PATH", "")
    if case.install is None:
        return NOT_HERE
    taken = [link for link in case.linked or () if link.how == "variable" and link.path]
    foreign = [link.path for link in taken if link.path and _outside(case, link.path)]
    for path in foreign:
        said = elf.read(path).fault
        if said:
            # The loader stops at it instead of looking further.
            return trouble(("LD_LIBRARY_PATH", value), (path, said), detail=str(path),
                           commands=_WITHOUT, variable="LD_LIBRARY_PATH")  # fmt: skip
    ours = [p for p in foreign if any(p.match(pattern) for pattern in _FOREIGN)]
    if case.linked is None or not _bound(case.install):
        ours += list(_named_like_ours(case, value))
    if not ours:
        return None
    return trouble(("LD_LIBRARY_PATH", value), *((p.parent, p.name) for p in ours[:4]),
                   commands=_WITHOUT, status="warn", confidence="inferred",
                   variable="LD_LIBRARY_PATH", detail=ours[0].name)  # fmt: skip


def _outside(case: Case, path: Path) -> bool:
    return case.install is not None and case.install.prefix.resolve() not in path.resolve().parents


def _bound(install: Install) -> bool:
    """Whether torch's libraries name their own folders first (DT_RPATH): the variable is late."""
    home = install.holds("torch") or Path("-")
    return bool(elf.read(home / "lib" / "libtorch_global_deps.so").rpath)


def _named_like_ours(case: Case, value: str) -> Iterator[Path]:
    for folder in (Path(entry) for entry in value.split(":") if entry):
        if folder.is_dir() and _outside(case, folder):
            yield from sorted(p for pattern in _FOREIGN for p in folder.glob(pattern))


@layer.check("preload")
def preload(case: Case) -> Trouble | NotHere | None:
    """Look for a preloaded library that takes the place of CUDA's, or that is not there."""
    value = case.variables.get("LD_PRELOAD", "")
    if case.install is None or not value:
        return NOT_HERE
    for entry in value.replace(":", " ").split():
        gone = "/" in entry and not Path(entry).exists()
        ours = any(Path(entry).match(pattern) for pattern in _FOREIGN)
        if gone or ours:
            return trouble(("LD_PRELOAD", value), (entry, msg("absent") if gone else msg("there")),
                           commands=("unset LD_PRELOAD",), library=entry,
                           status="warn" if gone else "fail")  # fmt: skip
    return None


@layer.check("python-optimize")
def python_optimize(case: Case) -> Trouble | NotHere | None:
    """Look for the value that removes the docstrings that transformers reads."""
    value = case.variables.get("PYTHONOPTIMIZE", "")
    if case.install is None or not value:
        return NOT_HERE
    # A word counts as 1, as CPython has it.
    if not value.isdigit() or int(value) < 2:
        return None
    return trouble(("PYTHONOPTIMIZE", value), value=value, commands=("unset PYTHONOPTIMIZE",))


@layer.check("shadowed-by-own-file")
def shadowed(case: Case) -> Trouble | NotHere | None:
    """Look for a file of the person's beside a script, or here, with the name of a package."""
    if case.install is None:
        return NOT_HERE
    for folder in dict.fromkeys((case.install.prefix.parent / "scripts", case.cwd)):
        for package in _OURS:
            path = folder / f"{package}.py"
            if path.is_file():
                beside = folder != case.cwd
                return trouble((path, msg("imported in place of the package")), file=str(path),
                               package=package, status="fail" if beside else "warn")  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
