"""For whom and where a remedy is spelled: system, cards, environment, and the shell's quotes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Shell = Literal["posix", "cmd", "powershell"]
# cmd.exe gives these a meaning of their own outside of double quotes.
_CMD_SPECIAL = set(" <>|&^%()!,;='\"")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What decides how a remedy is spelled.

    Args:
        os: Linux, Windows or Darwin.
        arch: x86_64, aarch64 or arm64.
        family: debian, ubuntu, fedora or arch; empty where it is not known.
        shell: of the person.
        glibc: of the system, where known.
        python: minor version of the environment's Python.
        driver: version of the driver, where known.
        cuda: the newest CUDA version that the driver supports, where known.
        parts: compute capabilities of the cards; empty where not known.
        has_gpu: whether a CUDA build is wanted at all.
        install: the words of the command that installs into that environment.
        remove: the words of the command that removes from it.
        force: the flags with which `install` replaces what is there.
        pins: name → version of the site's lock.
        torch_index: the index of the site's torch.
        torch: the torch release in that environment, e.g. `2.9.1+cu128`.
        environment: of whom that environment is: conda, or venv (made by venv, virtualenv or uv);
            empty where it is not known.
        container: whether it is in a container, whose driver is that of the host.
        wsl: whether this Linux runs inside Windows: its driver is that of Windows.
    """

    os: str = "Linux"
    arch: str = "x86_64"
    family: str = ""
    shell: Shell = "posix"
    glibc: str | None = None
    python: str = "3.12"
    driver: str | None = None
    cuda: str | None = None
    parts: tuple[str, ...] = ()
    has_gpu: bool = True
    install: tuple[str, ...] = ("pip", "install")
    remove: tuple[str, ...] = ("pip", "uninstall", "-y")
    force: tuple[str, ...] = ("--force-reinstall",)
    pins: Mapping[str, str] = field(default_factory=dict)
    torch_index: str = ""
    torch: str = ""
    environment: Literal["", "conda", "venv"] = ""
    wsl: bool = False
    container: bool = False


def joined(words: Sequence[str], shell: Shell) -> str:
    """Return words as one line of a shell, quoted as that shell wants it."""
    if shell == "posix":
        return shlex.join(words)
    if shell == "powershell":
        # A line that begins with a string needs the call operator.
        quoted = [w if not set(w) & (_CMD_SPECIAL | {"$", "`", "@"}) else f'"{w}"' for w in words]
        return ("& " if quoted[0][:1] == '"' else "") + " ".join(quoted)
    return " ".join(f'"{w}"' if set(w) & _CMD_SPECIAL else w for w in words)
