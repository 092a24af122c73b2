"""The packages, continued: those that must be made for each other."""

from __future__ import annotations

import re
from pathlib import Path

from setup_assistant.catalog import stacks
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.packages import FIRST, wanted
from setup_assistant.messages import Message, msg
from setup_assistant.verify.installs import install_command, torchvision_for, uninstall_command
from setup_assistant.versions import at_least, numbers

layer = Layered("packages")
# transformers asks for it when a model is put on a device by `device_map`.
_ACCELERATE_FLOOR = "0.26"
# Reasons of the recipe, where the catalogue of sentences finds them.
_REASONS = (msg("bf16 Conv3d regression: the vision tower runs many times slower"),)
_DECODERS = ("decord", "torchcodec")
# torchvision 0.26 took `read_video` away.
_READ_VIDEO_ENDS = "0.26"
_BUILD = re.compile(r"(?:cu\d+|cpu|cuda|rocm|xpu)")
_FFMPEG = tuple(f"libavutil.so.{n}" for n in range(56, 62))


def torchvision_commands(install: Install) -> tuple[str, ...]:
    """Return the command that brings the torchvision of the installed torch."""
    pin, index = wanted(install, "torchvision")
    return (install_command(install.prefix, pin, again=True, index_url=index),)


@layer.check("torchvision-mismatch", needs=FIRST, refutable=True)
def torchvision_mismatch(case: Case) -> Trouble | NotHere | None:
    """Compare torchvision's own demand, and the table of pairs, with the installed torch."""
    install = case.install
    dist = install.by_name.get("torchvision") if install else None
    if install is None or install.torch is None or dist is None:
        return NOT_HERE
    torch = install.torch.version
    held = _written(install, "torchvision") or dist.version
    demand = next((r for r in dist.requires() if re.match(r"torch\b(?!\w)", r)), "")
    exact = re.search(r"==\s*([\d.]+)", demand)
    floor = re.search(r">=\s*([\d.]+)", demand)
    missed = exact and numbers(exact[1])[:2] != numbers(torch)[:2]
    said = demand if missed or (floor and not at_least(torch, floor[1])) else ""
    if (exact or floor) and not said:
        # The table of pairs is read only where it is needed: that takes 30 ms.
        return None
    fitting = torchvision_for(torch, None) or "?"
    if not said and fitting != "?" and numbers(held)[:2] != numbers(fitting)[:2]:
        said = str(msg("made for torchvision {wanted}", wanted=fitting))
    if not said:
        return None
    return trouble((dist.info.name, said), ("torch/version.py", torch), torchvision=held,
                   commands=torchvision_commands(install), torch=torch,
                   wanted=f"torchvision {fitting}")  # fmt: skip


@layer.check(
    "torchvision-variant",
    needs=(*FIRST, "torchvision-mismatch"),
    refutable=True,
)
def torchvision_variant(case: Case) -> Trouble | NotHere | None:
    """Compare the builds: pip check is silent where only these differ."""
    install = case.install
    if install is None or install.torch is None or not install.torch.build:
        return NOT_HERE
    mine, other = install.torch.build, torchvision_build(install)
    if other is None or other == mine or (other == "cuda" and mine != "cpu"):
        return None
    if not _BUILD.match(mine):
        # Built by hand, e.g. `git1a2b3c4`: the name says nothing of CUDA.
        return None
    majors = [re.match(r"cu(\d+)\d$", b) for b in (mine, other)]
    if all(majors) and len({m[1] for m in majors if m}) == 1:
        return None
    return trouble(("torch/version.py", mine), ("torchvision", other), torch=mine,
                   torchvision=other, commands=torchvision_commands(install))  # fmt: skip


def torchvision_build(install: Install) -> str | None:
    """Return "cu132", "cuda", "cpu" or None: how torchvision's binary was built."""
    local = (_written(install, "torchvision") or "").partition("+")[2]
    if local:
        return local
    folder = install.holds("torchvision")
    for name in ("_C.so", "_C_stable.so", "_C.pyd", "_C_stable.pyd"):
        path = (folder or Path()) / name
        if folder and path.is_file():
            binary = path.read_bytes()
            return "cuda" if b"libtorch_cuda" in binary or b"cudart" in binary else "cpu"
    return None


def _written(install: Install, module: str) -> str | None:
    text = install.read(module, "version.py") or ""
    found = re.search(r"^__version__(?:\s*:[^=]+)?\s*=\s*['\"]([^'\"]+)", text, re.MULTILINE)
    return found[1] if found else None


@layer.check("cpu-build", needs=FIRST, gathers=("cuda",))
def cpu_build(case: Case) -> Trouble | NotHere | None:
    """Look for a CPU build on a machine with a working GPU."""
    from setup_assistant.doctor.builds import swap_commands

    install = case.install
    if install is None or install.torch is None or not case.gpus:
        return NOT_HERE
    if install.cuda or install.torch.build not in (None, "cpu"):
        return None
    left = sorted(d.name for d in install.dists if d.name.startswith("nvidia-cublas"))
    extra = ((left[0], msg("a CPU build was put over a CUDA build")),) if left else ()
    return trouble(("torch/version.py", "cuda = None"), ("NVML", case.gpus[0].name), *extra,
                   torch=install.torch.version, commands=swap_commands(case))  # fmt: skip


@layer.check("torch-regression", needs=FIRST)
def torch_regression(case: Case) -> Trouble | NotHere | None:
    """Look for a release line that the recipe says to avoid."""
    from setup_assistant.doctor.builds import release_of

    install = case.install
    if install is None or install.torch is None:
        return NOT_HERE
    release = release_of(install.torch.version)
    if release is None or not release.avoid:
        return None
    return trouble(("recipes/torch.toml", release.torch), torch=install.torch.version,
                   reason=str(Message(release.avoid)), status="warn")  # fmt: skip


@layer.check("transformers-floor", needs=(*FIRST, "package-missing"), refutable=True)
def transformers_floor(case: Case) -> Trouble | NotHere | None:
    """Compare torch with the floor that the recipe knows of this transformers."""
    install = case.install
    held = install.version("transformers") if install else None
    if install is None or install.torch is None or held is None:
        return NOT_HERE
    known = [s for s in stacks.load().stack if numbers(s.transformers)[:2] <= numbers(held)[:2]]
    stack = max(known, key=lambda s: numbers(s.transformers), default=None)
    if stack is None or at_least(install.torch.version, stack.torch_min):
        return None
    fits = next((s for s in stacks.load().stack
                 if at_least(install.torch.version, s.torch_min)), None)  # fmt: skip
    pin = f"transformers=={fits.transformers}" if fits else "transformers<5"
    return trouble(("recipes/stacks.toml", f"torch >= {stack.torch_min}"), transformers=held,
                   need=stack.torch_min, torch=install.torch.version,
                   commands=(install_command(install.prefix, pin),))  # fmt: skip


@layer.check("accelerate-old", needs=(*FIRST, "package-missing"))
def accelerate_old(case: Case) -> Trouble | NotHere | None:
    """Compare accelerate with the floor of `device_map`."""
    install = case.install
    have = install.version("accelerate") if install else None
    if install is None or have is None:
        return NOT_HERE
    newest = at_least(install.version("transformers") or "0", "5")
    floor = "1.1" if newest else _ACCELERATE_FLOOR
    if at_least(have, floor):
        return None
    return trouble(("accelerate", have), have=have, need=floor,
                   commands=(install_command(install.prefix, f"accelerate>={floor}"),))  # fmt: skip


@layer.check("rope-scaling", needs=(*FIRST, "package-missing"))
def rope_scaling(case: Case) -> Trouble | NotHere | None:
    """Look for the two releases with the fault."""
    have = case.install.version("transformers") if case.install else None
    if case.install is None or have is None:
        return NOT_HERE
    if not (at_least(have, "4.45.0") and not at_least(have, "4.45.2")):
        return None
    command = install_command(case.install.prefix, "transformers>=4.45.2")
    return trouble(("transformers", have), status="warn", have=have, commands=(command,))


@layer.check("decoder-missing", needs=(*FIRST, "package-missing"))
def decoder_missing(case: Case) -> Trouble | NotHere | None:
    """Look for decord or torchcodec; torchvision before 0.26 reads clips by itself, with av."""
    install = case.install
    if install is None or install.torch is None or case.purpose == TORCH_ONLY:
        return NOT_HERE
    if any(install.holds(module) for module in _DECODERS):
        return None
    vision = _written(install, "torchvision") or install.version("torchvision") or "0"
    if not at_least(vision, _READ_VIDEO_ENDS) and install.holds("av"):
        return None
    row = _decoder(case)
    detail = f"decord -, torchcodec -, torchvision {vision}"
    return trouble(("site-packages", detail), detail=detail,
                   commands=(install_command(install.prefix, row),))  # fmt: skip


def _decoder(case: Case) -> str:
    """Return the decoder that the recipe prefers for this platform."""
    here = f"{case.machine.system.os}-{case.machine.system.arch}"
    found = (d for d in stacks.load().decoder if here in d.platforms)
    return next((f"{d.package}=={d.version}" for d in found), "torchcodec")


@layer.check("torchcodec-ffmpeg", needs=(*FIRST, "package-missing"), refutable=True)
def torchcodec_ffmpeg(case: Case) -> Trouble | NotHere | None:
    """Look for libavutil in the environment and the system."""
    install = case.install
    if install is None or not install.holds("torchcodec") or install.holds("decord"):
        return NOT_HERE
    folders = [install.prefix / "lib", *(case.root / f for f in (
        "usr/lib", "usr/lib64", "usr/local/lib", "usr/lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu"))]  # fmt: skip
    folders += [Path(f) for f in case.variables.get("LD_LIBRARY_PATH", "").split(":") if f]
    if any((folder / name).exists() for folder in folders for name in _FFMPEG):
        return None
    return trouble(("libavutil", msg("absent")), confidence="inferred",
                   commands=(install_command(install.prefix, _decoder(case)),))  # fmt: skip


@layer.check("flash-attn-mismatch", needs=FIRST, refutable=True)
def flash_attn_mismatch(case: Case) -> Trouble | NotHere | None:
    """Read the torch line out of flash-attn's own version, e.g. `+cu12torch2.7cxx11abitrue`."""
    install = case.install
    dist = install.by_name.get("flash-attn") if install else None
    if install is None or install.torch is None or dist is None:
        return NOT_HERE
    found = re.search(r"torch(\d+\.\d+)", dist.version)
    if not found or numbers(found[1]) == numbers(install.torch.version)[:2]:
        return None
    torch = install.torch.version
    remove = uninstall_command(install.prefix, "flash-attn")
    return trouble(("flash_attn", dist.version), ("torch/version.py", torch), torch=torch,
                   version=dist.version, commands=(remove,))  # fmt: skip


CHECKS = tuple(layer.checks)
