"""The command that puts a package into an environment, and which package goes with which."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.host.prefix import python_in


def install_command(
    prefix: Path, *requirements: str, again: bool = False, index_url: str = ""
) -> str:
    """Return a shell command that installs into `prefix`, with its own pip or else with uv.

    Args:
        prefix: the environment.
        requirements: e.g. `decord2==3.4.0`.
        again: replace what is there, even in the same version, and nothing else.
        index_url: where to take it from, if not from the usual index.
    """
    command, forced = installer(prefix)
    source = ["--index-url", index_url] if index_url else []
    alone = [forced, "--no-deps"] if again else []
    return shlex.join([*command, *alone, *requirements, *source])


def installer(prefix: Path) -> tuple[tuple[str, ...], str]:
    """Return the words that install into `prefix`, and the flag that puts a package anew."""
    python = str(python_in(prefix))
    if _has_pip(prefix):
        return (python, "-m", "pip", "install"), "--force-reinstall"
    # Environments made by uv have no pip of their own.
    uv = ("uv",) if shutil.which("uv") else (sys.executable, "-m", "uv")
    return (*uv, "pip", "install", "--python", python), "--reinstall"


def remover(prefix: Path) -> tuple[str, ...]:
    """Return the words that remove a package from `prefix` and ask nothing."""
    if _has_pip(prefix):
        # Without -y pip asks, and nobody answers a command that runs by itself.
        return (str(python_in(prefix)), "-m", "pip", "uninstall", "-y")
    return tuple("uninstall" if w == "install" else w for w in installer(prefix)[0])


def uninstall_command(prefix: Path, name: str) -> str:
    """Return a shell command that removes one package from `prefix`, and asks nothing."""
    return shlex.join([*remover(prefix), name])


def requirement(package: str, plan: Plan | None) -> str:
    """Return `package==version` as the plan has it, or the bare name where it has none."""
    if plan is None:
        return package
    version = plan.versions.get(package)
    return f"{package}=={version}" if version else package


def torchvision_for(torch: str, plan: Plan | None) -> str | None:
    """Return the torchvision release that was built for a torch release, if known.

    `torch` may carry a local version: `2.9.1+cu128`.
    """
    release = torch.partition("+")[0]
    if plan is not None and plan.torch.version.partition("+")[0] == release:
        return plan.torchvision.version.partition("+")[0]
    from setup_assistant.catalog import torch as table

    for line in table.load().release:
        found = _same_line(release, line.torch, line.torchvision)
        if found:
            return found
    return None


def _same_line(release: str, torch: str, torchvision: str) -> str | None:
    """Return the torchvision of a patch release, counted back from the newest pair of its line.

    2.9.1 pairs with 0.24.1, so 2.9.0 pairs with 0.24.0.
    """
    *line, patch = torch.split(".")
    *vision, last = torchvision.split(".")
    if release.split(".")[:-1] != line:
        return None
    return ".".join((*vision, str(int(last) - int(patch) + int(release.rsplit(".", 1)[1]))))


def torch_index(torch: str, metadata: str, plan: Plan | None) -> str:
    """Return the index that a torch build came from; "" for the usual package index.

    A wheel from the package index has no local version in its metadata, whatever its build.
    """
    build = torch.partition("+")[2]
    if "+" not in metadata or not build:
        return ""
    if plan is not None and plan.torch.build == build and not plan.torch.find_links:
        return plan.torch.index_url
    from setup_assistant.catalog import mirrors

    found = (m for m in mirrors.load() if m.leg == "torch" and m.form == "index")
    return next((m.address(build) for m in found), "")


def restore_command(folder: Path) -> str:
    """Return the command that puts the canary's files back as they were published."""
    root = next((p for p in folder.parents if (p / ".git").exists()), None)
    if root is not None:
        return shlex.join(["git", "-C", str(root), "checkout", "--", str(folder)])
    pip = ["-m", "pip", "install", "--force-reinstall", "--no-deps", "setup-assistant"]
    return shlex.join([sys.executable, *pip])


def download_command(folder: Path) -> str:
    """Return the command that completes a model folder."""
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder)
    # Without a record, the folder's name is the best guess: downloads are named that way.
    model = record.model if record else folder.name
    return shlex.join(["setup-assistant", "download", model, "--to", str(folder)])


def _has_pip(prefix: Path) -> bool:
    return any(prefix.glob("lib*/python3*/site-packages/pip/__init__.py")) or any(
        prefix.glob("Lib/site-packages/pip/__init__.py")
    )
