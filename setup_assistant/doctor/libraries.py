"""The compiled libraries of an environment: found, whole, of this machine, and of one make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from setup_assistant.doctor import elf
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.linked import roots
from setup_assistant.doctor.loader import Linked, expanded
from setup_assistant.doctor.owners import owner_of
from setup_assistant.doctor.packages import FIRST, again
from setup_assistant.doctor.stack import torchvision_mismatch
from setup_assistant.messages import msg
from setup_assistant.verify.installs import install_command
from setup_assistant.versions import at_least

layer = Layered("packages")
# Not needed for an answer: trouble with it is a warning.
_OPTIONAL = ("cv2", "av")
# A library's name, cut at its version, to the end of NVIDIA's package that brings it.
_CUDA = {
    "libcudnn": "cudnn", "libcublas": "cublas", "libcublasLt": "cublas", "libnvblas": "cublas",
    "libcudart": "cuda-runtime", "libnvrtc": "cuda-nvrtc", "libcupti": "cuda-cupti",
    "libcufft": "cufft", "libcufile": "cufile", "libcurand": "curand", "libcusolver": "cusolver",
    "libcusparse": "cusparse", "libcusparseLt": "cusparselt", "libnccl": "nccl",
    "libnvJitLink": "nvjitlink", "libnvToolsExt": "nvtx", "libnvshmem_host": "nvshmem",
}  # fmt: skip
# Debian's and Ubuntu's packages of libraries that wheels leave to the system.
_DEBIAN = {"libGL.so.1": "libgl1", "libgomp.so.1": "libgomp1", "libstdc++.so.6": "libstdc++6",
           "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0",
           "libSM.so.6": "libsm6", "libXext.so.6": "libxext6", "libX11.so.6": "libx11-6",
           "libXrender.so.1": "libxrender1", "libxcb.so.1": "libxcb1", "libz.so.1": "zlib1g",
           "libnuma.so.1": "libnuma1", "libgcc_s.so.1": "libgcc-s1"}  # fmt: skip


def _cuda_package(install: Install, library: str) -> str | None:
    """Return what to install for one of CUDA's libraries, as torch asks for it."""
    from setup_assistant.doctor.requirements import asked

    end = _CUDA.get(library.partition(".so")[0])
    if end is None:
        return None
    wanted = (f"nvidia-{end}-cu", f"nvidia-{end}")
    for _asking, need in asked(install, "torch"):
        if need.name == wanted[1] or need.name.startswith(wanted[0]):
            return f"{need.name}{need.bounds}"
    major = (install.cuda or "12").partition(".")[0]
    return f"{wanted[0]}{major}"


def _again(case: Case, path: Path) -> tuple[str, ...]:
    install = case.install
    dist = install.by_name.get(owner_of(install, str(path)) or "") if install else None
    return (again(install, dist),) if install and dist else ()


def _optional(install: Install, path: Path) -> bool:
    return any((install.holds(m) or Path("-")) in path.parents for m in _OPTIONAL)


@layer.check(
    "library-damaged",
    needs=(*FIRST, "files-missing"),
    refutable=True,
    gathers=("linked",),
)
def library_damaged(case: Case) -> Trouble | NotHere | None:
    """Read the headers of what would be loaded; a file of the right size may hold anything."""
    if case.linked is None or case.install is None:
        return NOT_HERE
    own = [link.path for link in case.linked if link.path is not None]
    for path in (*roots(case.install), *own):
        said = elf.read(path)
        if said.fault:
            return trouble((path, said.fault), file=path.name, detail=said.fault,
                           commands=_again(case, path))  # fmt: skip
    return None


@layer.check(
    "library-machine",
    needs=(*FIRST, "wheel-tags", "library-damaged"),
    refutable=True,
    gathers=("linked",),
)
def library_machine(case: Case) -> Trouble | NotHere | None:
    """Look for libraries of another architecture, as a copied environment has them."""
    if case.linked is None or case.install is None:
        return NOT_HERE
    here = case.machine.system.arch
    for path in (*roots(case.install), *_beside(case)):
        built = elf.read(path).machine
        if built and built != here:
            return trouble((path, built), ("system", here), file=path.name, built=built, here=here,
                           commands=_again(case, path))  # fmt: skip
    return None


def _beside(case: Case) -> Iterator[Path]:
    """Yield the places where libraries of the right name were passed over, if there are any."""
    for link in case.linked or ():
        if link.path is None:
            said = elf.read(link.asked_by)
            folders = expanded((*said.rpath, *said.runpath), link.asked_by)
            yield from (folder / link.name for folder in folders)


@layer.check(
    "library-missing",
    needs=(
        *FIRST,
        "nvidia-missing",
        "files-missing",
        "library-damaged",
        "library-machine",
    ),
    refutable=True,
    gathers=("linked",),
)
def library_missing(case: Case) -> Trouble | NotHere | None:
    """Follow the needs of every compiled module as the loader would."""
    install = case.install
    if case.linked is None or install is None:
        return NOT_HERE
    # Without the C library itself this system keeps its libraries elsewhere.
    judged = any(link.name == "libc.so.6" and link.path for link in case.linked)
    # A torchvision of another torch goes as a whole, and with it what its libraries ask for.
    leaves = (
        install.holds("torchvision") if isinstance(torchvision_mismatch(case), Trouble) else None
    )
    found: list[tuple[Linked, tuple[str, ...]]] = []
    for link in case.linked:
        if link.path is None and not (leaves and leaves in link.asked_by.parents):
            commands = _brings(case, install, link)
            if commands or judged:
                found.append((link, commands))
    if not found:
        return None
    found.sort(key=lambda row: _optional(install, row[0].asked_by))
    link = found[0][0]
    every = dict.fromkeys(c for _link, commands in found for c in commands)
    evidence = ((e.asked_by, f"NEEDED {e.name}") for e, _commands in found)
    return trouble(*evidence, (link.name, msg("absent")), file=link.asked_by.name,
                   library=link.name, commands=tuple(every),
                   status="warn" if _optional(install, link.asked_by) else "fail")  # fmt: skip


def _brings(case: Case, install: Install, link: Linked) -> tuple[str, ...]:
    """Return what brings a library that is nowhere."""
    package = _cuda_package(install, link.name)
    if package:
        return (install_command(install.prefix, package, again=True),)
    if link.name.startswith(("libtorch", "libc10")) or "-" in link.name:
        return _again(case, link.asked_by)
    name = _DEBIAN.get(link.name)
    return (f"sudo apt install {name}",) if name else ()


@layer.check(
    "library-version",
    needs=(*FIRST, "glibc-too-old", "library-missing", "library-damaged", "library-machine"),
    refutable=True,
    gathers=("linked",),
)
def library_version(case: Case) -> Trouble | NotHere | None:
    """Compare the symbol versions asked for with those that the found library defines."""
    if case.linked is None or case.install is None:
        return NOT_HERE
    paths = {link.name: link for link in case.linked if link.path is not None}
    asking = [*roots(case.install), *(p.path for p in paths.values() if p.path)]
    for file in asking:
        for name, versions in elf.read(file).wants.items():
            link = paths.get(name)
            offered = elf.read(link.path).defines if link and link.path else frozenset()
            lacking = sorted(versions - offered, key=_natural) if offered else []
            if link is None or link.path is None or not lacking:
                continue
            found = trouble((file, f"{name}: {lacking[-1]}"),
                            (link.path, msg("does not define it")), file=file.name,
                            need=lacking[-1], library=name, folder=str(link.path.parent),
                            commands=_newer(case, name))  # fmt: skip
            if link.how != "variable":
                return found
            said = msg("Take the variable away while you work in this environment.")
            return replace(found, advice=said, commands=("unset LD_LIBRARY_PATH",))
    return None


def _newer(case: Case, name: str) -> tuple[str, ...]:
    meta = case.install.prefix / "conda-meta" if case.install else Path()
    if name == "libstdc++.so.6" and meta.is_dir() and case.install:
        return (f"conda install -p '{case.install.prefix}' -c conda-forge libstdcxx-ng",)
    return ()


def _natural(version: str) -> tuple[str, tuple[int, ...]]:
    return version.partition("_")[0], tuple(int(n) for n in re.findall(r"\d+", version))


def glibc_needed(case: Case) -> tuple[Path, str] | None:
    """Return the compiled module that asks for a newer C library than the system's, and which."""
    have = case.machine.system.glibc
    if case.linked is None or case.install is None or not have:
        return None
    own = (link.path for link in case.linked if link.path and link.how == "own")
    for path in (*roots(case.install), *own):
        asked = [v for names in elf.read(path).wants.values() for v in names]
        needs = [v.removeprefix("GLIBC_") for v in asked if re.fullmatch(r"GLIBC_\d[\d.]*", v)]
        newest = max(needs, key=lambda v: _natural(v)[1], default="0")
        if not at_least(have, newest):
            return path, newest
    return None


CHECKS = tuple(layer.checks)
