"""A remedy is a request: here it is spelled for a driver, card, system, shell and site's pins."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose import toolkit
from setup_assistant.choose.remedy_target import Situation, joined
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.torch_builds import Pair, cpu_pairs, cuda_pairs
from setup_assistant.versions import minor

# Where nothing is known of the driver: the oldest branch that drives most cards, then newer ones
# for cards that no older one drives.
ASSUMED_CUDA = ("12.8", "13.0", "13.2")
# NVIDIA's builds for JetPack 6 and 5; torch's own wheels have no code for these parts there.
_JETSON_INDEX = "https://pypi.jetson-ai-lab.io/jp6/cu126"
_JETPACK_5_INDEX = "https://pypi.jetson-ai-lab.io/jp5/cu114"
# What tells the card, where a build cannot be chosen without it.
_ASK_CARD = "nvidia-smi --query-gpu=name,compute_cap,driver_version --format=csv"
_OLD_BUILDS = "https://download.pytorch.org/whl/torch_stable.html"
# Of Tsinghua University, complete and open to all (recipes/mirrors.toml).
_MIRROR = "https://pypi.tuna.tsinghua.edu.cn/simple"
_SUDO = ("sudo",)


def spell(
    wanted: Sequence[Remedy],
    here: Situation,
    recipes: Callable[[], Recipes],
    index: Callable[[str], str],
) -> tuple[str, ...]:
    """Return the command lines that answer requests, in order; those that cannot be are left out.

    Args:
        wanted: what is needed.
        here: for whom and where.
        recipes: gives what is known to work; asked only where a request needs it.
        index: from the tag of a build to the address of its index.
    """
    lines = (line for r in wanted for line in _lines(r, here, recipes, index))
    return tuple(dict.fromkeys(filter(None, lines)))


def torch_pair(here: Situation, recipes: Recipes) -> Pair | None:
    """Return the torch that runs here, by the rules of the plan; None where no wheel does."""
    known = here.cuda or here.driver
    for cuda in (here.cuda,) if known else ASSUMED_CUDA:
        host = Host(os=here.os, arch=here.arch, glibc=here.glibc, driver=here.driver, cuda=cuda)
        if here.os == "Darwin" or not here.has_gpu:
            return next(iter(cpu_pairs(recipes, host, here.python)), None)
        if not known and set(here.parts) & set(recipes.torch.jetson.unified):
            # Which JetPack it is decides, and no text of torch says so.
            return None
        # An older or newer Python than torch has wheels for is another cause's affair.
        for python in dict.fromkeys((here.python, "3.12", "3.10")):
            if pairs := cuda_pairs(recipes, host, python, here.parts):
                # Of the torch release that is there, else the best.
                line = minor(here.torch.partition("+")[0]) if here.torch else ""
                return next((p for p in pairs if line and minor(p.torch) == line), pairs[0])
    return None


def _lines(
    remedy: Remedy,
    here: Situation,
    recipes: Callable[[], Recipes],
    index: Callable[[str], str],
) -> tuple[str, ...]:
    if remedy.need == "toolkit":
        return toolkit.spelled(remedy, here)
    return (_spelled(remedy, here, recipes, index),)


def _spelled(
    remedy: Remedy,
    here: Situation,
    recipes: Callable[[], Recipes],
    index: Callable[[str], str],
) -> str:
    """Return the command line of a request, empty where there is none here."""
    need = remedy.need
    if need in _OF_A_NAME and not remedy.name:
        return ""
    if need == "torch-for-card" and not here.parts:
        return _ASK_CARD
    if need in _TORCH:
        there = replace(here, torch="") if need == "torch-newer" else here
        return _torch(there, recipes(), index, only_vision=need == "torchvision")
    if need == "torch-build":
        return _torch_build(remedy, here, index)
    return _decoder(here, recipes()) if need == "decoder" else _PLAIN[need](remedy, here)


def _torch(
    here: Situation, recipes: Recipes, index: Callable[[str], str], *, only_vision: bool
) -> str:
    pair = torch_pair(here, recipes)
    names = ["torch", "torchvision"][only_vision:]
    if here.pins.get("torch") and here.pins.get("torchvision"):
        source = ["--index-url", here.torch_index] if here.torch_index else []
        # The release stays the same, and with it all that it asks for.
        words = ["--no-deps", *(f"{n}=={here.pins[n]}" for n in names), *source]
    elif pair is None and set(here.parts) & set(recipes.torch.jetson.unified):
        older = "7.2" in here.parts or (here.cuda or "").startswith("11.")
        words = [*names, "--index-url", _JETPACK_5_INDEX if older else _JETSON_INDEX]
    elif pair is not None:
        local = f"+{pair.build}" if here.os != "Darwin" else ""
        pins = {"torch": pair.torch, "torchvision": pair.release.torchvision}
        words = [f"{n}=={pins[n]}{local}" for n in names]
        words += ["--index-url", index(pair.build)] if local else []
    else:
        return ""
    return joined([*here.install, *here.force, *words], here.shell)


def _torch_build(remedy: Remedy, here: Situation, index: Callable[[str], str]) -> str:
    """Spell the very build that was asked for; those before CUDA 11 lie on one old page."""
    tag = remedy.value
    if not tag:
        return ""
    old = tag[2:].isdigit() and int(tag[2:]) < 113
    source = ["-f", _OLD_BUILDS] if old else ["--index-url", index(tag)]
    return joined([*here.install, f"torch=={remedy.name}+{tag}", *source], here.shell)


def _decoder(here: Situation, recipes: Recipes) -> str:
    for row in recipes.stacks.decoder:
        if f"{here.os}-{here.arch}" in row.platforms:
            version = here.pins.get(row.package, row.version)
            return joined([*here.install, f"{row.package}=={version}"], here.shell)
    return ""


def _package(remedy: Remedy, here: Situation) -> str:
    pinned = here.pins.get(remedy.name)
    upgrade = [] if pinned or remedy.again else ["-U"]
    name = f"{remedy.name}=={pinned}" if pinned else f"{remedy.name}{remedy.spec}"
    return joined([*here.install, *upgrade, *_again(remedy, here), name], here.shell)


def _wheel(remedy: Remedy, here: Situation) -> str:
    """Spell the newest release that has a wheel here: nothing is built."""
    pinned = here.pins.get(remedy.name)
    name = f"{remedy.name}=={pinned}" if pinned else remedy.name
    return joined([*here.install, "--only-binary", remedy.name, name], here.shell)


def _build(remedy: Remedy, here: Situation) -> str:
    """Spell a build against the torch that is there, not against one that the build fetches."""
    words = ["--no-build-isolation", *_again(remedy, here), remedy.name]
    return joined([*here.install, *words], here.shell)


def _again(remedy: Remedy, here: Situation) -> list[str]:
    return [*here.force, "--no-deps"] if remedy.again else []


def _set(name: str, value: str, here: Situation) -> str:
    return {"posix": f"export {name}={shlex.quote(value)}", "cmd": f'set "{name}={value}"',
            "powershell": f"$env:{name} = '{value}'"}[here.shell]  # fmt: skip


def _unset(remedy: Remedy, here: Situation) -> str:
    return {"posix": f"unset {remedy.name}", "cmd": f"set {remedy.name}=",
            "powershell": f"Remove-Item Env:{remedy.name}"}[here.shell]  # fmt: skip


def _reboot(_remedy: Remedy, here: Situation) -> str:
    if here.wsl:
        return "wsl.exe --shutdown"
    if here.container:
        return ""
    return "shutdown /r /t 0" if here.os == "Windows" else "sudo reboot"


def _system(remedy: Remedy, here: Situation) -> str:
    if here.os != "Linux":
        return remedy.windows if here.os == "Windows" else ""
    manager, names = {
        "fedora": ("dnf install", remedy.fedora), "arch": ("pacman -S", remedy.arch),
    }.get(here.family, ("apt install", remedy.debian))  # fmt: skip
    return f"sudo {manager} {names}" if names else ""


def _driver(_remedy: Remedy, here: Situation) -> str:
    if here.container:
        return "docker run --rm --gpus all ubuntu nvidia-smi"
    if here.wsl:
        return "wsl.exe --update"
    # Debian has not Ubuntu's program; the package lies in its section non-free.
    own = {
        "fedora": "sudo dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda",
        "arch": "sudo pacman -S nvidia-open nvidia-utils",
        "debian": "sudo apt install nvidia-driver",
    }
    return own.get(here.family, "sudo ubuntu-drivers install") if here.os == "Linux" else ""


def _folder(remedy: Remedy, here: Situation) -> str:
    """Spell another folder for what a variable names; Windows' own is chosen by hand."""
    if here.os == "Windows" or not remedy.value:
        return ""
    return f"mkdir -p {remedy.value} && export {remedy.name}={remedy.value}"


def _run(remedy: Remedy, here: Situation) -> str:
    if here.os == "Windows":
        return remedy.windows
    if here.os != "Linux":
        return "" if remedy.posix.startswith((*_SUDO, "nvidia-smi")) else remedy.posix
    own = {"fedora": remedy.fedora, "arch": remedy.arch}.get(here.family, remedy.debian)
    line = own or remedy.posix
    # Under WSL the cards have another device, and the kernel is that of Windows.
    return line.replace("/dev/nvidia*", "/dev/dxg") if here.wsl else line


def _reach(remedy: Remedy, here: Situation) -> str:
    """Spell what lets a source be reached that is slow, or closed from here."""
    installer = "UV_HTTP_TIMEOUT" if here.install[0] == "uv" else "PIP_DEFAULT_TIMEOUT"
    return {
        "huggingface": _set("HF_ENDPOINT", "https://hf-mirror.com", here),
        "pypi": _set(installer, "120", here),
        "torch": _set(installer, "120", here),
        "mirror": "pip config set global.index-url https://pypi.org/simple",
        "conda": "conda config --set remote_read_timeout_secs 300",
    }.get(remedy.name, "")


def _mirror(remedy: Remedy, here: Situation) -> str:
    """Spell another address for a source whose connections are cut on their way."""
    if remedy.name != "pypi":
        return _reach(remedy, here)
    if here.install[0] == "uv":
        return _set("UV_DEFAULT_INDEX", _MIRROR, here)
    return f"pip config set global.index-url {_MIRROR}"


_PLAIN: Mapping[str, Callable[[Remedy, Situation], str]] = {
    "package": _package,
    "wheel": _wheel,
    "build": _build,
    "remove": lambda remedy, here: joined([*here.remove, remedy.name], here.shell),
    "conda": lambda remedy, here: joined(
        ["conda", "install", "-c", "conda-forge", f"{remedy.name}{remedy.spec}"], here.shell
    ),
    # Which packages disagree: `pip check`, or uv's.
    "check": lambda _remedy, here: joined(
        [*here.install[: here.install.index("install")], "check"], here.shell
    ),
    # Empties the installer's cache of wheels.
    "cache": lambda _remedy, here: (
        "uv cache clean" if here.install[0] == "uv" else "pip cache purge"
    ),
    "unset": _unset,
    "folder": _folder,
    "set": lambda remedy, here: _set(remedy.name, remedy.value, here),
    "reboot": _reboot,
    "system": _system,
    "driver": _driver,
    "run": _run,
    "reach": _reach,
    "mirror": _mirror,
}
_TORCH = ("torch", "torch-for-card", "torch-newer", "torchvision")
# Of these a request without a name says nothing.
_OF_A_NAME = ("package", "wheel", "remove", "unset", "torch-build", "conda", "folder")
NEEDS = frozenset({*_TORCH, "torch-build", "toolkit", "decoder", *_PLAIN})
