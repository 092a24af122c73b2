"""Make `.venv`: an environment, the locked packages, and the command. Standard library only."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from pathlib import Path

from setup_assistant import _bootstrap_state as state
from setup_assistant import _bootstrap_words
from setup_assistant._bootstrap_state import ROOT, STAMP, VENV, StopError
from setup_assistant.host import pip_settings

# The Python that `.venv` is made of, also where its own is running.
_BASE = getattr(sys, "_base_executable", None) or sys.executable
_FULL = ("no space left", "errno 28", "os error 28", "disk quota exceeded", "errno 122")
_UNREACHABLE = (
    ": connection error: ", "confirming the ssl certificate", "retrying (", "max retries exceeded",
    "newconnectionerror", "connection broken", "connection aborted", "read timed out",
    "proxyerror", "sslerror", "network is unreachable", "name resolution", "getaddrinfo failed",
)  # fmt: skip
# What pip says, and which sentence tells it: the first that fits. pip asks for a package in vain
# after a connection failed too, so that stands before it.
_CAUSES = (
    ("disk_full", _FULL),
    ("no_ensurepip", ("ensurepip is not", "no module named ensurepip", "'ensurepip'")),
    ("hashes", ("do not match the hashes",)),
    ("unreachable", _UNREACHABLE),
    ("not_offered", ("no matching distribution found",)),
)


def make(extras: tuple[str, ...]) -> None:
    """Make `.venv`, or bring it up to date, with the runtime's packages and those of `extras`.

    Raises:
        StopError: what is in the way, and what to do about it.
    """
    with _Lock():
        if state.is_ready(extras):
            return  # another start has made it meanwhile
        try:
            _make(extras)
        except OSError as error:
            detail = error.strerror or str(error)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise StopError(
                "disk_full" if full else "readonly", path=str(VENV), detail=detail
            ) from error


def _make(extras: tuple[str, ...]) -> None:
    there = state.stamped()
    known = {t.split(":")[0] for t in there if state.lock(t.split(":")[0]).is_file()}
    names = ["runtime", *sorted((known | set(extras)) - {"runtime"})]
    usable = _usable()
    if not usable:
        _check_modules()
    _bootstrap_words.say("making", path=str(VENV))
    if not usable:
        _create(there)
    _install(names)
    _point_here()
    _command()
    _compile()
    tokens = {state.token(name) for name in names}
    pythons = {t for t in there if t.startswith("python:")} if tokens <= there else set()
    inside = _token_inside()
    if not inside:
        raise StopError("failed", detail=f"{state.python()} -I -c ...")
    STAMP.write_text("\n".join(sorted(tokens | pythons | {inside})) + "\n")


def _check_modules() -> None:
    for name in ("venv", "ensurepip"):
        try:
            __import__(name)
        except ImportError as error:
            raise StopError("no_venv", module=name, command=_venv_command()) from error


def _create(there: set[str]) -> None:
    if VENV.is_symlink() or not _only_other_pythons(there):
        from setup_assistant.errors import SetupError
        from setup_assistant.host import removal
        from setup_assistant.host.removal_proofs import called

        # Ours (it bears our name and lies in our tree), left half made or broken; its own Python
        # may be the one that runs this.
        try:
            ours = called(VENV, folders=True)
            removal.remove(VENV, under=ROOT, proof=ours, running=True)
        except SetupError as error:
            raise StopError("readonly", path=str(VENV), detail=str(error)) from error
    _child([_BASE, "-m", "venv", str(VENV)])


def _only_other_pythons(there: set[str]) -> bool:
    """Whether `.venv` is whole but for this Python: then its part is added beside the other's.

    The home folder may be shared with a computer on which the same link leads to another Python.
    """
    mine = state.python_token()
    return bool(there) and mine not in there and _token_inside() == mine


def _install(names: list[str]) -> None:
    only_uv = VENV / "uv.txt"
    only_uv.write_text(_entry("uv"), encoding="utf-8")
    # Only with -vv does it tell that an index did not answer, where it may not ask again.
    pip = [str(state.python()), "-m", "pip", "install", "-vv", "--no-cache-dir"]
    pip += ["--disable-pip-version-check", "--require-hashes"]
    # pip honours the person's index, proxy and certificate settings by itself.
    _child([*pip, "-r", str(only_uv)])
    wanted = [part for name in names for part in ("-r", str(state.lock(name)))]
    if not _by_uv(wanted):
        _child([*pip, *wanted])


def _by_uv(wanted: list[str]) -> bool:
    """Install the rest with uv, which is several times faster; pip stays the fallback."""
    uv = VENV / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    env = _environment()
    env.update(pip_settings.uv_environment(env))
    env["UV_PROJECT"] = ROOT.anchor  # no project around has a say
    # Versions and hashes are fixed, so no index can bring in another package; an additional one
    # that has only other versions of a package must not hide the one that is meant.
    env["UV_INDEX_STRATEGY"] = "unsafe-first-match"
    # No cache: nothing may be left in the home folder by merely starting.
    command = [str(uv), "pip", "install", "--quiet", "--no-cache", "--require-hashes"]
    # Without it every start would read its packages from source where the person (as container
    # images do) sets PYTHONDONTWRITEBYTECODE: 80 ms.
    command += ["--compile-bytecode", "--python", str(state.python())]
    code, said = _run([*command, *wanted], env)
    if code and any(sign in said.lower() for sign in _FULL):
        raise StopError("disk_full", path=str(VENV), detail=_end(said))
    return code == 0


def _entry(name: str) -> str:
    """Return the part of the runtime's lock that is about one package."""
    text = state.lock("runtime").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==.*\n(?:[ \t].*\n)*", text, re.MULTILINE)
    assert found is not None, name  # noqa: S101 - a broken checkout
    return found.group(0)


def _usable() -> bool:
    """Whether `.venv` is a whole environment of ours that only needs other packages."""
    if not os.access(str(STAMP), os.R_OK) or not os.access(str(state.python()), os.X_OK):
        return False
    code = "import sys, pip; sys.exit(sys.version_info < (3, 10))"
    return _run([str(state.python()), "-c", code])[0] == 0


def _token_inside() -> str:
    """Return the token of the Python that `.venv` starts, which need not be this one."""
    code = "import sys; print('python:%d.%d' % sys.version_info[:2])"
    status, said = _run([str(state.python()), "-I", "-c", code])
    return said.strip() if status == 0 else ""


def _point_here() -> None:
    """Let `.venv` import this checkout from any folder, through a .pth file."""
    for folder in [*VENV.glob("lib/python3*/site-packages"), *VENV.glob("Lib/site-packages")]:
        path = folder / "setup_assistant_checkout.pth"
        path.write_text(str(ROOT) + "\n", encoding="utf-8")


def _command() -> None:
    """Write the command `setup-assistant` into `.venv`, for any folder and for PATH."""
    code = (
        f"import sys\nsys.path[0] = {str(ROOT)!r}\n"
        "from setup_assistant import _bootstrap\n_bootstrap.main('setup_assistant')\n"
        "from setup_assistant.cli.app import main\nmain()\n"
    )
    program = state.python()
    if os.name == "nt":
        script = program.with_name("setup-assistant.py")
        script.write_text(code, encoding="utf-8")
        text = f'@"{program}" -E "{script}" %*\n'
        program.with_name("setup-assistant.cmd").write_text(text, encoding="utf-8")
        return
    # A path with spaces, or a long one, is none that the first line could name.
    head = f"#!/bin/sh\n'''exec' {_quoted(program)} -E \"$0\" \"$@\"\n' '''\n"
    path = program.with_name("setup-assistant")
    path.write_text(head + code, encoding="utf-8")
    path.chmod(0o755)


def _quoted(path: Path) -> str:
    """Quote a path for the shell, within what Python reads as a text in ''' quotes."""
    return '"' + re.sub(r'([\\"$`])', r"\\\1", str(path)) + '"'


def _compile() -> None:
    """Compile this tool's own modules for `.venv`, as an installer would; nothing hangs on it."""
    code = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2)"
    _run([str(state.python()), "-I", "-c", code, str(ROOT / "setup_assistant")])


def _environment() -> dict[str, str]:
    """Return the variables for pip and uv: the person's sources, and nothing else that decides."""
    env = pip_settings.without_choices(dict(os.environ))
    # pip asks `rustc` for its version; where that is rustup's, it would fill the home folder.
    env.setdefault("RUSTUP_HOME", str(VENV / ".rustup"))
    return env


def _child(command: list[str]) -> None:
    code, said = _run(command)
    if code == 0:
        return
    key = next((k for k, signs in _CAUSES if any(s in said.lower() for s in signs)), "failed")
    if key == "no_ensurepip":
        raise StopError("no_venv", module="ensurepip", command=_venv_command())
    raise StopError(key, path=str(VENV), detail=_end(said), lock=str(state.lock("runtime")))


def _run(command: list[str], env: dict[str, str] | None = None) -> tuple[int, str]:
    """Return a child's exit status and all that it said; 127 where it cannot be started."""
    import subprocess

    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            env=env or _environment(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _end(said: str) -> str:
    from setup_assistant.host.secrets import redact

    lines = said.strip().splitlines() or ["?"]
    # pip warns of much before it says what stops it.
    errors = [line for line in lines if line.startswith(("ERROR: ", "error: "))]
    failed = [line.strip() for line in lines if any(s in line.lower() for s in _UNREACHABLE)]
    return redact(" / ".join(failed[-1:] + errors[-2:] or lines[-3:]))


def _venv_command() -> str:
    import shutil

    if shutil.which("apt-get"):
        return f"sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if shutil.which("dnf"):
        return "sudo dnf install python3-pip"
    if shutil.which("zypper"):
        return "sudo zypper install python3-virtualenv"
    return "python3 -m ensurepip --upgrade"


class _Lock:
    """Two first runs at once make one environment; the second waits."""

    def __enter__(self) -> None:
        path = ROOT / ".venv.lock"
        try:
            self._file = path.open("a")
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise StopError(
                "disk_full" if full else "readonly", path=str(ROOT), detail=str(error.strerror)
            ) from error
        if os.name != "nt":
            import fcntl

            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        self._file.close()
