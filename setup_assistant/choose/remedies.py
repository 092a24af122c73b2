"""A remedy is a request: here it is spelled for a driver, card, system, shell and site's pins."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import Recipes
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
    lines = (line for r in wanted for line in _spelled(r, here, recipes, index))
    return tuple(dict.fromkeys(lines))


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
                return _kept(pairs, here.torch)
    return None


def _kept(pairs: list[Pair], torch: str) -> Pair:
    """Return the pair of the torch release that is there, else the best."""
    line = minor(torch.partition("+")[0]) if torch else ""
    return next((p for p in pairs if line and minor(p.torch) == line), pairs[0])


def _spelled(
    remedy: Remedy,
    here: Situation,
    recipes: Callable[[], Recipes],
    index: Callable[[str], str],
) -> Iterator[str]:
    if remedy.need in ("torch", "torchvision"):
        yield from _torch(here, recipes(), index, only_vision=remedy.need == "torchvision")
    elif remedy.need == "torch-for-card":
        if here.parts:
            yield from _torch(here, recipes(), index, only_vision=False)
        else:
            yield _ASK_CARD
    elif remedy.need == "torch-newer":
        yield from _torch(replace(here, torch=""), recipes(), index, only_vision=False)
    elif remedy.need == "torch-build":
        yield from _torch_build(remedy, here, index)
    elif remedy.need == "decoder":
        yield from _decoder(here, recipes())
    else:
        yield from _PLAIN[remedy.need](remedy, here)


def _torch(
    here: Situation, recipes: Recipes, index: Callable[[str], str], *, only_vision: bool
) -> Iterator[str]:
    pair = torch_pair(here, recipes)
    if here.pins.get("torch") and here.pins.get("torchvision"):
        names = ["torch", "torchvision"][only_vision:]
        pins = [f"{n}=={here.pins[n]}" for n in names]
        source = ["--index-url", here.torch_index] if here.torch_index else []
        # The release stays the same, and with it all that it asks for.
        yield joined([*here.install, *here.force, "--no-deps", *pins, *source], here.shell)
    elif pair is None and set(here.parts) & set(recipes.torch.jetson.unified):
        names = ["torch", "torchvision"][only_vision:]
        older = "7.2" in here.parts or (here.cuda or "").startswith("11.")
        source = ["--index-url", _JETPACK_5_INDEX if older else _JETSON_INDEX]
        yield joined([*here.install, *here.force, *names, *source], here.shell)
    elif pair is not None:
        tag = pair.build
        local = f"+{tag}" if here.os != "Darwin" else ""
        pins = [f"torch=={pair.torch}{local}"] if not only_vision else []
        pins.append(f"torchvision=={pair.release.torchvision}{local}")
        source = ["--index-url", index(tag)] if local else []
        yield joined([*here.install, *here.force, *pins, *source], here.shell)


def _torch_build(remedy: Remedy, here: Situation, index: Callable[[str], str]) -> Iterator[str]:
    """Spell the very build that was asked for; those before CUDA 11 lie on one old page."""
    if remedy.name and remedy.value:
        old = remedy.value.startswith("cu") and remedy.value < "cu113" and len(remedy.value) < 6
        source = ["-f", _OLD_BUILDS] if old else ["--index-url", index(remedy.value)]
        pin = f"torch=={remedy.name}+{remedy.value}"
        yield joined([*here.install, pin, *source], here.shell)


def _decoder(here: Situation, recipes: Recipes) -> Iterator[str]:
    for row in recipes.stacks.decoder:
        if f"{here.os}-{here.arch}" in row.platforms:
            version = here.pins.get(row.package, row.version)
            yield joined([*here.install, f"{row.package}=={version}"], here.shell)
            return


def _package(remedy: Remedy, here: Situation) -> Iterator[str]:
    if not remedy.name:
        return
    pinned = here.pins.get(remedy.name)
    upgrade = ["-U"] if not pinned and not remedy.again else []
    again = [*here.force, "--no-deps"] if remedy.again else []
    name = f"{remedy.name}=={pinned}" if pinned else f"{remedy.name}{remedy.spec}"
    yield joined([*here.install, *upgrade, *again, name], here.shell)


def _wheel(remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell the newest release that has a wheel here: nothing is built."""
    if remedy.name:
        pinned = here.pins.get(remedy.name)
        name = f"{remedy.name}=={pinned}" if pinned else remedy.name
        yield joined([*here.install, "--only-binary", remedy.name, name], here.shell)


def _build(remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell a build against the torch that is there, not against one that the build fetches."""
    again = [*here.force, "--no-deps"] if remedy.again else []
    yield joined([*here.install, "--no-build-isolation", *again, remedy.name], here.shell)


def _remove(remedy: Remedy, here: Situation) -> Iterator[str]:
    if remedy.name:
        yield joined([*here.remove, remedy.name], here.shell)


def _check(_remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell what tells which packages disagree: `pip check`, or uv's."""
    yield joined([*here.install[: here.install.index("install")], "check"], here.shell)


def _cache(_remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell what empties the installer's cache of wheels."""
    yield "uv cache clean" if here.install[0] == "uv" else "pip cache purge"


def _conda(remedy: Remedy, here: Situation) -> Iterator[str]:
    name = f"{remedy.name}{remedy.spec}"
    yield joined(["conda", "install", "-c", "conda-forge", name], here.shell)


def _unset(remedy: Remedy, here: Situation) -> Iterator[str]:
    if remedy.name:
        yield {"posix": f"unset {remedy.name}", "cmd": f"set {remedy.name}=",
               "powershell": f"Remove-Item Env:{remedy.name}"}[here.shell]  # fmt: skip


def _set(remedy: Remedy, here: Situation) -> Iterator[str]:
    name, value = remedy.name, remedy.value
    yield {"posix": f"export {name}={shlex.quote(value)}", "cmd": f'set "{name}={value}"',
           "powershell": f"$env:{name} = '{value}'"}[here.shell]  # fmt: skip


def _reboot(_remedy: Remedy, here: Situation) -> Iterator[str]:
    if here.wsl:
        yield "wsl.exe --shutdown"
    elif not here.container:
        yield "shutdown /r /t 0" if here.os == "Windows" else "sudo reboot"


def _system(remedy: Remedy, here: Situation) -> Iterator[str]:
    if here.os != "Linux":
        if here.os == "Windows" and remedy.windows:
            yield remedy.windows
        return
    manager, names = {
        "fedora": ("dnf install", remedy.fedora), "arch": ("pacman -S", remedy.arch),
    }.get(here.family, ("apt install", remedy.debian))  # fmt: skip
    if names:
        yield f"sudo {manager} {names}"


def _driver(_remedy: Remedy, here: Situation) -> Iterator[str]:
    if here.container:
        yield "docker run --rm --gpus all ubuntu nvidia-smi"
    elif here.wsl:
        yield "wsl.exe --update"
    elif here.os == "Linux" and here.family == "fedora":
        yield "sudo dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda"
    elif here.os == "Linux" and here.family == "arch":
        yield "sudo pacman -S nvidia-open nvidia-utils"
    elif here.os == "Linux" and here.family == "debian":
        # Ubuntu's program is not there; the package lies in Debian's section non-free.
        yield "sudo apt install nvidia-driver"
    elif here.os == "Linux":
        yield "sudo ubuntu-drivers install"


def _run(remedy: Remedy, here: Situation) -> Iterator[str]:
    if here.os == "Windows":
        line = remedy.windows
    elif here.os == "Linux":
        own = {"fedora": remedy.fedora, "arch": remedy.arch}.get(here.family, remedy.debian)
        line = own or remedy.posix
    else:
        line = remedy.posix if not remedy.posix.startswith((*_SUDO, "nvidia-smi")) else ""
    if line:
        # Under WSL the cards have another device, and the kernel is that of Windows.
        yield line.replace("/dev/nvidia*", "/dev/dxg") if here.wsl else line


def _reach(remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell what lets a source be reached that is slow, or closed from here."""
    installer = "UV_HTTP_TIMEOUT" if here.install[0] == "uv" else "PIP_DEFAULT_TIMEOUT"
    variables = {
        "huggingface": ("HF_ENDPOINT", "https://hf-mirror.com"),
        "pypi": (installer, "120"), "torch": (installer, "120"),
    }  # fmt: skip
    if remedy.name in variables:
        name, value = variables[remedy.name]
        yield from _set(Remedy(need="set", name=name, value=value), here)
    elif remedy.name == "mirror":
        yield "pip config set global.index-url https://pypi.org/simple"
    elif remedy.name == "conda":
        yield "conda config --set remote_read_timeout_secs 300"


def _mirror(remedy: Remedy, here: Situation) -> Iterator[str]:
    """Spell another address for a source whose connections are cut on their way."""
    if remedy.name != "pypi":
        yield from _reach(remedy, here)
    elif here.install[0] == "uv":
        yield from _set(Remedy(need="set", name="UV_DEFAULT_INDEX", value=_MIRROR), here)
    else:
        yield f"pip config set global.index-url {_MIRROR}"


_PLAIN: Mapping[str, Callable[[Remedy, Situation], Iterator[str]]] = {
    "package": _package, "wheel": _wheel, "build": _build, "remove": _remove, "conda": _conda,
    "check": _check, "cache": _cache, "unset": _unset, "set": _set, "reboot": _reboot,
    "system": _system, "driver": _driver, "run": _run, "reach": _reach,
    "mirror": _mirror,
}  # fmt: skip
NEEDS = frozenset(
    {"torch", "torch-for-card", "torch-newer", "torchvision", "torch-build", "decoder", *_PLAIN}
)
