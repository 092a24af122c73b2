"""The packages: all there, whole, once, and made for each other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from setup_assistant.doctor.builds import missing_commands
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Dist, Install
from setup_assistant.doctor.requirements import Unmet, taking_part, unmet
from setup_assistant.host import lenient
from setup_assistant.messages import Message, msg
from setup_assistant.verify.installs import install_command, torch_index, torchvision_for
from setup_assistant.versions import numbers

layer = Layered("packages")
_NEEDED = {"torchvision": "torchvision", "transformers": "transformers",
           "qwen-vl-utils": "qwen_vl_utils", "accelerate": "accelerate", "pillow": "PIL",
           "numpy": "numpy", "safetensors": "safetensors", "tokenizers": "tokenizers",
           "huggingface-hub": "huggingface_hub"}  # fmt: skip
_VERSION = re.compile(r"^Version:[ \t]*(\S+)", re.MULTILINE)
_OF_CUDA = ("nvidia-", "cuda-", "triton")
NO_PYTHON = ("python-missing", "python-moved", "python-broken")
FIRST = (*NO_PYTHON, "torch-missing", "torch-overlaid")


def again(install: Install, dist: Dist) -> str:
    """Return the command that installs a distribution once more, from where it came."""
    ours = dist.name in ("torch", "torchvision")
    # By its record: torch's own files may be gone, or those of another build.
    index = torch_index(dist.version, dist.version, None) if ours else ""
    pin = f"{dist.name}=={dist.version}"
    return install_command(install.prefix, pin, again=True, index_url=index)


@layer.check("leftovers", needs=NO_PYTHON)
def leftovers(case: Case) -> Trouble | NotHere | None:
    """Look for names that begin with `~`, such as `~orch`."""
    if case.install is None:
        return NOT_HERE
    found = case.install.leftovers
    if not found:
        return None
    command = shlex.join(["rm", "-r", "--", *map(str, found)])
    return trouble(*((p.parent, p.name) for p in found[:4]), commands=(command,),
                   name=found[0].name)  # fmt: skip


@layer.check("duplicates", needs=NO_PYTHON)
def duplicates(case: Case) -> Trouble | NotHere | None:
    """Look for two records of one name in one folder, which pip shows once."""
    install = case.install
    if install is None:
        return NOT_HERE
    for name, dists in install.duplicates.items():
        kept = _imported(install, dists)
        stale = [str(d.info) for d in dists if d is not kept]
        commands = (shlex.join(["rm", "-r", "--", *stale]), again(install, kept))
        return trouble(*((d.home, d.info.name) for d in dists), commands=commands, name=name,
                       versions=", ".join(d.version for d in dists))  # fmt: skip
    return None


def _imported(install: Install, dists: list[Dist]) -> Dist:
    """Return the record of what would be imported, else the newest."""
    module = dists[0].name.replace("-", "_")
    said = install.read(module, "version.py") or install.read(module, "_version.py") or ""
    said += install.read(module, "__init__.py") or ""
    named = [d for d in dists if f'"{d.version}' in said or f"'{d.version}" in said]
    return (named or sorted(dists, key=lambda d: numbers(d.version)))[-1]


@layer.check("metadata-broken", needs=NO_PYTHON)
def metadata_broken(case: Case) -> Trouble | NotHere | None:
    """Look for the two files without which pip neither sees nor removes a package."""
    install = case.install
    if install is None:
        return NOT_HERE
    for dist in install.dists:
        for name in ("METADATA", "RECORD", "entry_points.txt"):
            said = _unreadable(dist, name)
            if said is not None:
                # Without a version pip does not find what it is to replace.
                stale = shlex.join(["rm", "-r", "--", str(dist.info)])
                return trouble((dist.info / name, said), name=dist.name, file=name,
                               detail=str(said),
                               commands=(stale, again(install, dist)))  # fmt: skip
    return _without_record(install)


def _unreadable(dist: Dist, name: str) -> Message | None:
    """Return what is wrong with a file of the metadata; None for nothing."""
    text = dist.text(name)
    if text is None:
        # Conda writes neither RECORD nor INSTALLER of its own for every package.
        return None if _of_conda(dist) or name == "entry_points.txt" else msg("absent")
    if name == "METADATA":
        said = _VERSION.search(text)
        if said is None:
            return msg("names no version")
        # Those that ask what is installed believe the file, pip believes the folder's name.
        other = numbers(said[1]) != numbers(dist.version.replace("_", "!"))
        return msg("names version {version}", version=said[1]) if other else None
    last = text.rpartition("\n")[2]
    if name == "RECORD" and last and last.count(",") < 2:
        return msg("is cut short")
    # Whoever asks for entries reads those of all packages: torch does as it is imported.
    return None if lenient.is_text(dist.info / name) else msg("is no text in UTF-8")


def _without_record(install: Install) -> Trouble | None:
    """Look for files of a package whose whole record is gone: others take it for not installed."""
    for name, module in _NEEDED.items():
        place = install.holds(module)
        if name in install.by_name or place is None or not (place / "__init__.py").is_file():
            continue
        # Of a system's own, and of very old ones, the record is called otherwise.
        begins = (f"{name}-", f"{name}.", f"{module}-", f"{module}.")
        other = any(e.lower().startswith(begins) and e.endswith((".egg-info", ".egg-link"))
                    for e in install.entries[place.parent])  # fmt: skip
        if place.parent.name == "site-packages" and not other:
            pin, index = wanted(install, name)
            command = install_command(install.prefix, pin, again=True, index_url=index)
            return trouble((place, msg("no record")), name=name, file=f"{module}-*.dist-info",
                           detail=str(msg("absent")),
                           commands=(command,))  # fmt: skip
    return None


def _of_conda(dist: Dist) -> bool:
    text = dist.text("INSTALLER") or ""
    system = "dist-packages" in str(dist.home)
    return system or text.strip() in ("conda", "debian", "rpm")


@layer.check("torch-missing", needs=NO_PYTHON, gathers=("cuda",))
def torch_missing(case: Case) -> Trouble | NotHere | None:
    """Look for torch's own files."""
    install = case.install
    if install is None:
        return NOT_HERE
    if install.torch is not None:
        return None
    dist = install.by_name.get("torch")
    record = msg("record of {version}", version=dist.version) if dist else msg("no record")
    commands = (again(install, dist),) if dist else missing_commands(case)
    said = f"torch/version.py: {msg('absent')}; {record}"
    return trouble((install.prefix, said), package="torch", commands=commands)


@layer.check("torch-overlaid", needs=(*NO_PYTHON, "torch-missing", "duplicates"))
def torch_overlaid(case: Case) -> Trouble | NotHere | None:
    """Compare the version in torch's files with its record."""
    install = case.install
    if install is None or install.torch is None:
        return NOT_HERE
    conda = sorted((install.prefix / "conda-meta").glob("pytorch-[0-9]*.json"))
    dist = install.by_name.get("torch")
    if dist is None:
        return None
    pip = (dist.text("INSTALLER") or "").strip()
    same = dist.version.partition("+")[0] == install.torch.version
    both = bool(conda) and pip in ("pip", "uv")
    local = dist.version.partition("+")[2]
    if same and not both and (not local or local == install.torch.build):
        return None
    return trouble(
        ("torch/version.py", f"{install.torch.version}+{install.torch.build}"),
        (dist.info.name, pip),
        *((p.name, "conda") for p in conda),
        commands=(again(install, dist),),
        files=f"{install.torch.version}+{install.torch.build}",
        record=dist.version,
    )


@layer.check("package-missing", needs=NO_PYTHON)
def package_missing(case: Case) -> Trouble | NotHere | None:
    """Look for what a Qwen2-VL answer needs beside torch."""
    install = case.install
    if install is None or install.torch is None or case.purpose == TORCH_ONLY:
        return NOT_HERE
    absent = [name for name, module in _NEEDED.items() if not install.holds(module)]
    if not absent:
        return None
    # All of them: what is printed once must be enough.
    evidence = [(name, _record(install, name)) for name in absent]
    commands = tuple(_absent_commands(install, absent))
    return trouble(*evidence, package=", ".join(absent), commands=commands)


def _record(install: Install, name: str) -> Message:
    record = install.by_name.get(name)
    if record is None:
        return msg("absent")
    return msg("record of {version}, but no files", version=record.version)


def _absent_commands(install: Install, absent: list[str]) -> Iterator[str]:
    """Yield one command for all packages of one source that are put in the same way."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for name in absent:
        pin, index = wanted(install, name)
        groups.setdefault((name in install.by_name, index), []).append(pin)
    for (again_, index), pins in groups.items():
        yield install_command(install.prefix, *pins, again=again_, index_url=index)


def wanted(install: Install, name: str) -> tuple[str, str]:
    """Return what to install for a missing package, and from which index."""
    record = install.version(name)
    if name != "torchvision" or install.torch is None:
        return (f"{name}=={record}" if record else name), ""
    torch = f"{install.torch.version}+{install.torch.build}"
    release = torchvision_for(torch, None)
    index = torch_index(torch, install.version("torch") or "", None)
    return (f"{name}=={release}" if release else name), index


@layer.check(
    "nvidia-missing", needs=(*NO_PYTHON, "torch-missing"), refutable=True, gathers=("unmet",)
)
def nvidia_missing(case: Case) -> Trouble | NotHere | None:
    """Follow torch's requirements to NVIDIA's wheels, such as cuDNN's."""
    install = case.install
    if install is None or not install.cuda:
        return NOT_HERE
    lacking = [n for n in case.unmet if n.name.startswith(_OF_CUDA)]
    return _unmet(install, lacking) if lacking else None


def _unmet(install: Install, lacking: list[Unmet]) -> Trouble:
    """Return the finding of all requirements that are not met, and the one command for them."""
    bound = {need.name for need in lacking if need.pin != need.name}
    pins = dict.fromkeys(n.pin for n in lacking if n.pin != n.name or n.name not in bound)
    evidence = [e for n in lacking
                for e in ((n.asked_by, n.text), (n.name, n.have or msg("absent")))]  # fmt: skip
    torch, first = install.torch, lacking[0]
    return trouble(*evidence, package=first.asked_by, need=first.text,
                   have=first.have or str(msg("absent")),
                   commands=(install_command(install.prefix, *pins),),
                   torch=f"{torch.version}+{torch.build}" if torch else "?")  # fmt: skip


@layer.check("dependency-version", needs=(*NO_PYTHON, "torch-missing", "transformers-floor"),
             refutable=True, gathers=("unmet",))  # fmt: skip
def dependency_version(case: Case) -> Trouble | NotHere | None:
    """Follow the requirements of everything that takes part."""
    install = case.install
    if install is None or install.torch is None:
        return NOT_HERE
    rest = [need for need in case.unmet if not _named_elsewhere(case, need)]
    # What is itself to be replaced asks for nothing.
    replaced = {need.name for need in rest}
    lacking = [need for need in rest if need.asked_by not in replaced]
    if any(need.name == "torch" and need.have is None for need in rest):
        # Its files are there without a record: which build, torchvision's own version says.
        found = _unmet(install, rest)
        return replace(found, commands=missing_commands(case) or found.commands)
    if rest:
        return _unmet(install, lacking or rest)
    # Nothing here asks for the others; pip check names what they lack, and so is it told.
    beside = [n for n in unmet(install, tuple(install.by_name)) if n not in case.unmet]
    return replace(_beside(install, beside), status="warn") if beside else None


def _beside(install: Install, lacking: list[Unmet]) -> Trouble:
    """Return the finding of what packages lack that no answer goes through: it is they that move.

    What an answer goes through stays, whatever they ask for.
    """
    found, kept = _unmet(install, lacking), taking_part(install)
    moved = dict.fromkeys(n.asked_by for n in lacking if n.have and n.name in kept)
    if not moved:
        return found
    held = (f"{n}=={v}" for n in sorted({n.name for n in lacking} & kept)
            if (v := install.version(n)))  # fmt: skip
    return replace(found, commands=(install_command(install.prefix, "--upgrade", *moved, *held),))


def _named_elsewhere(case: Case, need: Unmet) -> bool:
    """Whether a check before this one has named it, with a better remedy."""
    pair = need.asked_by == "torchvision" and need.name == "torch" and need.have is not None
    absent = need.have is None and need.name in _NEEDED and case.purpose != TORCH_ONLY
    return pair or absent or need.name.startswith(_OF_CUDA)


# What one wrong pin breaks has a better name among the pairs, which come before it.
# A package that is not there harms none of the others.
LAST = tuple(c for c in layer.checks if c.id in ("package-missing", "dependency-version"))
CHECKS = tuple(c for c in layer.checks if c not in LAST)
