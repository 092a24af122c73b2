"""The compiled modules that an answer loads, and where the loader would take their needs from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from setup_assistant.doctor.install import Install
from setup_assistant.doctor.loader import Linked, Loader, system_folders
from setup_assistant.machine.facts import System

# What the road loads, in the order in which it does; those of a module that is not there, or
# not needed, are left out. torch comes first: the others find its libraries loaded.
_ROOTS = (
    "torch/lib/libtorch_global_deps.so", "torch/_C.*.so", "torchvision/_C*.so",
    "numpy/_core/_multiarray_umath.*.so", "numpy/core/_multiarray_umath.*.so", "PIL/_imaging.*.so",
    "safetensors/*.so", "tokenizers/*.so", "decord/libdecord.so", "av/_core.*.so", "cv2/*.so",
)  # fmt: skip


def roots(install: Install) -> Iterator[Path]:
    """Yield the compiled modules that an answer loads."""
    for pattern in _ROOTS:
        module = pattern.partition("/")[0]
        place = install.holds(module)
        if place is not None and place.is_dir():
            yield from sorted(place.parent.glob(pattern))


def linked(
    install: Install | None, system: System, variables: Mapping[str, str], root: Path
) -> tuple[Linked, ...] | None:
    """Return where every library would come from; None where there is nothing to look at.

    Args:
        install: the environment.
        system: whose loader it is.
        variables: the person's, of which LD_LIBRARY_PATH counts.
        root: where /etc and /lib are looked for.
    """
    if install is None or system.os != "Linux":
        return None
    entries = variables.get("LD_LIBRARY_PATH", "").split(":")
    loader = Loader(
        machine=system.arch,
        variable=[Path(e) for e in entries if e],
        system=system_folders(root, system.arch),
        own=[f for home in install.folders for f in sorted(home.glob("nvidia/*/lib"))],
    )
    found = list(roots(install))
    for path in found:
        loader.load(path)
    return tuple(loader.links) if found else None
