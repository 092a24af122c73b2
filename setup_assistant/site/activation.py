"""How to activate an environment in each shell, as text that works when pasted.

conda's own `conda activate` needs `conda init` first, and an environment made by rattler has no
conda beside it. So the text goes through conda's program where there is one, and otherwise sets
what activation would set.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Literal

from setup_assistant.host import lenient

Shell = Literal["bash", "zsh", "fish", "csh", "powershell", "cmd"]
SHELLS: tuple[Shell, ...] = ("bash", "zsh", "fish", "csh", "powershell", "cmd")
_POSIX = ("bash", "zsh")
# Not sh: a script may stand between a person's shell and this tool.
_INTERACTIVE = ("bash", "zsh", "fish", "csh", "tcsh", "bsd-csh", "pwsh")
_GENERATIONS = 8
# What the activation scripts of venv and conda themselves stumble over in a path.
_AWKWARD = set("'\"`$!") if os.name != "nt" else set("'`$!%&^")
# conda's own names of the shells.
_CONDA_NAMES = {
    "bash": "posix", "zsh": "posix", "fish": "fish", "csh": "csh", "powershell": "powershell",
    "cmd": "cmd.exe",
}  # fmt: skip
# What remembers PYTHONPATH before a virtual environment is activated, and what lets its own
# `deactivate` bring it back. Activated twice, it is the first that counts.
_POSIX_RESTORED = (
    "_SA_PYTHONPATH=${_SA_PYTHONPATH-$PYTHONPATH}; ",
    (
        """; eval "$(typeset -f deactivate | sed '1s/deactivate/_sa_off/')"; """
        """deactivate() { _sa_off "$@"; [ "${1-}" = nondestructive ] || { """
        """export PYTHONPATH="$_SA_PYTHONPATH"; unset _SA_PYTHONPATH; """
        """unset -f _sa_off deactivate 2>/dev/null; :; }; }"""
    ),
)
_FISH_RESTORED = (
    "set -q _SA_PYTHONPATH; or set -g _SA_PYTHONPATH $PYTHONPATH; ",
    (
        "; functions -e _sa_off; functions -c deactivate _sa_off; function deactivate; "
        "functions -c _sa_off _sa_now; _sa_now $argv; functions -e _sa_now; "
        'if test "$argv[1]" != nondestructive; set -gx PYTHONPATH $_SA_PYTHONPATH; '
        "set -e _SA_PYTHONPATH; functions -e _sa_off deactivate; end; end"
    ),
)
# Both Activate.ps1 of venv and activate.ps1 of uv make a global function, which removes itself.
_POWERSHELL_RESTORED = (
    "if ($null -eq $Global:_SA_PYTHONPATH) { $Global:_SA_PYTHONPATH = $Env:PYTHONPATH }; ",
    (
        "; Copy-Item -Force Function:deactivate Function:Global:_sa_off; "
        "function Global:deactivate ([switch]$NonDestructive) { "
        "_sa_off -NonDestructive:$NonDestructive; if (-not $NonDestructive) { "
        "$Env:PYTHONPATH = $Global:_SA_PYTHONPATH; $Global:_SA_PYTHONPATH = $null; "
        "Remove-Item Function:_sa_off, Function:deactivate -ErrorAction SilentlyContinue } }"
    ),
)
# cmd has no functions: what `deactivation` says brings it back.
_CMD_RESTORED = ('(if defined PYTHONPATH set "_SA_PYTHONPATH=%PYTHONPATH%") & ', "")
_CMD_BACK = ' & set "PYTHONPATH=%_SA_PYTHONPATH%" & set "_SA_PYTHONPATH="'
_RESTORED = {
    "bash": _POSIX_RESTORED, "zsh": _POSIX_RESTORED, "fish": _FISH_RESTORED,
    "powershell": _POWERSHELL_RESTORED, "cmd": _CMD_RESTORED,
}  # fmt: skip


def current_shell() -> Shell:
    """Return the shell this runs under: a process above this one, else what the variables say.

    `SHELL` is the login shell, which a person may have left for another.
    """
    name = _shell_above() or PurePath(os.environ.get("SHELL", "")).name
    if name in ("zsh", "fish"):
        return "zsh" if name == "zsh" else "fish"
    if name.endswith("csh"):
        return "csh"
    if name in ("pwsh", "powershell"):
        return "powershell"
    if os.name == "nt" and not name:
        return "powershell" if os.environ.get("PSMODULEPATH") else "cmd"
    return "bash"


def _shell_above(proc: Path = Path("/proc")) -> str:
    """Return the name of the nearest shell among the processes above this one; Linux tells."""
    pid = os.getppid()
    for _step in range(_GENERATIONS):
        try:
            said = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        # The name stands in brackets and may hold some itself.
        name = said.partition("(")[2].rpartition(")")[0]
        if name in _INTERACTIVE:
            return name
        pid = int(said.rpartition(")")[2].split()[1])
    return ""


def activation(
    prefix: Path, kind: str, shell: Shell, program: Path | None = None, *, restore: bool = False
) -> str:
    """Return the lines that activate the environment at `prefix`.

    Args:
        prefix: the environment's folder.
        kind: "venv" or "conda".
        shell: for which shell.
        program: conda, mamba or micromamba, where one is on this machine.
        restore: whether PYTHONPATH is set, so that `deactivate` has to bring it back.
    """
    plain = _is_plain(prefix, shell, program)
    if kind == "venv" and shell == "csh":
        # activate.csh cannot know where it lies, and ours have been moved into their place.
        plain = False
    if kind == "venv":
        first, last = _RESTORED.get(shell, ("", "")) if restore else ("", "")
        return (
            f"{first}{_venv(prefix, shell)}{last}"
            if plain
            else by_hand(prefix, shell, "VIRTUAL_ENV")
        )
    if program is not None and plain:
        return _by_program(prefix, shell, program)
    return by_hand(prefix, shell, "CONDA_PREFIX", "CONDA_DEFAULT_ENV")


def deactivation(
    prefix: Path, kind: str, shell: Shell, program: Path | None = None, *, restore: bool = False
) -> str:
    """Return the command that ends it; what was set by hand ends with the shell.

    The arguments are those of `activation`.
    """
    if not _is_plain(prefix, shell, program) or (kind == "venv" and shell == "csh"):
        return "exit"
    if kind == "venv":
        return f"call deactivate{_CMD_BACK}" if restore and shell == "cmd" else "deactivate"
    if program is None:
        return "exit"
    command = "micromamba" if program.stem == "micromamba" else "conda"
    return f"{command} deactivate"


def _is_plain(prefix: Path, shell: Shell, program: Path | None) -> bool:
    """Whether the activation scripts of venv and conda can cope with these paths.

    zsh expands what they ask for by the locale, and in the C locale mangles other letters; a
    tab it never gives back.
    """
    text = f"{prefix}{program or ''}"
    plain_in_zsh = text.isascii() and text.isprintable()
    return not _AWKWARD & set(text) and (shell != "zsh" or plain_in_zsh)


def quoted(text: str, shell: Shell) -> str:
    """Return `text` as one word of that shell, whatever is in it."""
    if shell in _POSIX:
        return "'" + text.replace("'", "'\"'\"'") + "'"
    if shell == "fish":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if shell == "csh":
        return "'" + text.replace("'", "'\\''").replace("!", "\\!") + "'"
    if shell == "powershell":
        # PowerShell takes typographic quotes for quotes, too.
        for quote in "'‘’‚‛":
            text = text.replace(quote, quote * 2)
        return f"'{text}'"
    return f'"{text}"'  # cmd knows no escape: a quote cannot be in a Windows path


def _venv(prefix: Path, shell: Shell) -> str:
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    if shell in _POSIX:
        return f"unset PYTHONPATH; . {quoted(str(scripts / 'activate'), shell)}"
    if shell == "fish":
        return f"set -e PYTHONPATH; source {quoted(str(scripts / 'activate.fish'), shell)}"
    if shell == "powershell":
        name = next((n for n in ("Activate.ps1",) if (scripts / n).is_file()), "activate.ps1")
        return f"$Env:PYTHONPATH = ''; & {quoted(str(scripts / name), shell)}"
    return f'set "PYTHONPATH=" & call {quoted(str(scripts / "activate.bat"), shell)}'


def _by_program(prefix: Path, shell: Shell, program: Path) -> str:
    tool, folder = quoted(str(program), shell), quoted(str(prefix), shell)
    if program.stem in ("mamba", "micromamba"):
        name = {"powershell": "powershell", "cmd": "cmd.exe"}.get(shell, shell)
        call = f"{tool} shell activate --shell {name} {folder}"
    else:
        call = f"{tool} shell.{_CONDA_NAMES[shell]} activate {folder}"
    if shell in _POSIX:
        return f'eval "$({call})"'
    if shell == "fish":
        return f"{call} | source"
    if shell == "csh":
        return f"eval `{call}`"
    if shell == "powershell":
        return f"& {call} | Out-String | Invoke-Expression"
    # conda answers with the name of a script that it has written.
    return f'for /f "delims=" %i in (\'{call}\') do @call "%i"'


def by_hand(prefix: Path, shell: Shell, *names: str) -> str:
    """Return lines that set what activation sets, without any program's help.

    The search path, the prefix under each of `names`, and the environment's own variables.
    """
    values = {"PYTHONPATH": "", **dict.fromkeys(names, str(prefix)), **_variables(prefix)}
    folders = [str(f) for f in _folders(prefix)]
    if shell in _POSIX:
        path = ":".join(quoted(f, shell) for f in folders)
        words = " ".join(f"{k}={quoted(v, shell)}" for k, v in values.items())
        lines = [f'export PATH={path}:"$PATH" {words}']
        lines += [f". {quoted(str(s), shell)}" for s in _scripts(prefix, "*.sh")]
        return "; ".join(lines)
    if shell == "fish":
        lines = [f"set -gx PATH {' '.join(quoted(f, shell) for f in folders)} $PATH"]
        lines += [f"set -gx {k} {quoted(v, shell)}" for k, v in values.items()]
        lines += [f"source {quoted(str(s), shell)}" for s in _scripts(prefix, "*.fish")]
        return "; ".join(lines)
    if shell == "csh":
        lines = [f'setenv PATH {":".join(quoted(f, shell) for f in folders)}:"$PATH"']
        lines += [f"setenv {k} {quoted(v, shell)}" for k, v in values.items()]
        lines += [f"source {quoted(str(s), shell)}" for s in _scripts(prefix, "*.csh")]
        return "; ".join(lines)
    if shell == "powershell":
        first = quoted(os.pathsep.join([*folders, ""]), shell)
        lines = [f"$Env:PATH = {first} + $Env:PATH"]
        lines += [f"$Env:{k} = {quoted(v, shell)}" for k, v in values.items()]
        lines += [f". {quoted(str(s), shell)}" for s in _scripts(prefix, "*.ps1")]
        return "; ".join(lines)
    lines = [f'set "PATH={os.pathsep.join(folders)}{os.pathsep}%PATH%"']
    lines += [f'set "{k}={v}"' for k, v in values.items()]
    lines += [f"call {quoted(str(s), shell)}" for s in _scripts(prefix, "*.bat")]
    return " & ".join(lines)


def _folders(prefix: Path) -> list[Path]:
    if os.name != "nt":
        return [prefix / "bin"]
    inner = ("Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin")
    return [prefix, *(prefix / name for name in inner)]


def _scripts(prefix: Path, pattern: str) -> list[Path]:
    """Return what packages want to be run at activation."""
    return sorted((prefix / "etc" / "conda" / "activate.d").glob(pattern))


def _variables(prefix: Path) -> dict[str, str]:
    found = lenient.json_object(prefix / "conda-meta" / "state").get("env_vars")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
