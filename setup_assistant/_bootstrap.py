"""Make `.venv` on first use and hand over to it. Standard library only.

This module must also *parse* on an old Python 3, so that it can say what is wrong: no syntax
newer than 3.7 here. On every later start it only reads two small files before it hands over,
so whatever only the first start needs is imported there.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".setup-assistant-stamp"
OLDEST = (3, 10)


class StopError(Exception):
    """Setting up cannot go on: a sentence and its remedy, by key."""

    def __init__(self, key: str, **args: str) -> None:
        super().__init__(key)
        self.key, self.args_ = key, args


def main(module: str, extras: tuple[str, ...] = ()) -> None:
    """Run `module` inside `.venv`, making it first where needed; does not return."""
    try:
        _check_python()
        from setup_assistant.host.paths import in_checkout

        if not in_checkout():
            return
        if not _is_ready(extras):
            with _Lock():
                if not _is_ready(extras):
                    _make(extras)
        if Path(sys.prefix) != VENV:
            _hand_over(module)
    except StopError as stop:
        _say(stop.key, **stop.args_)
        _say(stop.key + "_remedy", prefix="  -> ", **stop.args_)
        sys.exit(4)
    except KeyboardInterrupt:
        sys.exit(130)


def _check_python() -> None:
    if sys.version_info < OLDEST:
        raise StopError("old", oldest="3.10", found=".".join(map(str, sys.version_info[:3])))


def _is_ready(extras: tuple[str, ...]) -> bool:
    try:
        lines = STAMP.read_text().split()
        # `access`, not `exists`: the .venv may be another account's, closed to this one.
        there = os.access(str(_python()), os.X_OK)
    except (OSError, UnicodeDecodeError):
        return False
    return lines[:1] == [_fingerprint()] and set(extras) <= set(lines[1:]) and there


def _make(extras: tuple[str, ...]) -> None:
    wanted = sorted(set(extras) | _known_extras())
    _say("making", path=str(VENV))
    try:
        if not _usable():
            _create()
        _install(wanted)
        _point_here()
        _compile()
        STAMP.write_text("\n".join([_fingerprint(), *wanted]) + "\n")
    except OSError as error:
        detail = error.strerror or str(error)
        raise StopError("readonly", path=str(VENV), detail=detail) from error


def _create() -> None:
    for name in ("venv", "ensurepip"):
        try:
            __import__(name)
        except ImportError as error:
            raise StopError("no_venv", module=name, command=_venv_command()) from error
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        import shutil

        # Ours (it bears our name and lies in our tree), left half made or broken.
        shutil.rmtree(str(VENV))
    _child([sys.executable, "-m", "venv", str(VENV)])


def _install(extras: list[str]) -> None:
    pip = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip.append("--no-cache-dir")
    # pip honours the person's index, proxy and certificate settings by itself.
    _child([*pip, _requirement("uv")])
    if not _by_uv(extras):
        _child([*pip, *_others(extras)])


def _by_uv(extras: list[str]) -> bool:
    """Install the rest with uv, which is several times faster; pip stays the fallback."""
    uv = VENV / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
    env = dict(os.environ)
    try:
        from setup_assistant.host.pip_settings import uv_environment

        env.update(uv_environment(env))
        env["UV_PROJECT"] = ROOT.anchor  # no project around has a say
    except Exception:  # noqa: BLE001 - pip will do it instead
        return False
    # No cache: nothing may be left in the home folder by merely starting.
    command = [str(uv), "pip", "install", "--quiet", "--no-cache", "--python", str(_python())]
    # Without it every start would read its packages from source where the person (as container
    # images do) sets PYTHONDONTWRITEBYTECODE: 80 ms.
    command.append("--compile-bytecode")
    return _quiet([*command, *_others(extras)], env)


def _compile() -> None:
    """Compile this tool's own modules for `.venv`, as an installer would; nothing hangs on it."""
    code = "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2)"
    command = [str(_python()), "-I", "-c", code, str(ROOT / "setup_assistant")]
    _quiet(command, dict(os.environ))


def _others(extras: list[str]) -> list[str]:
    found = list(_dependencies())
    for extra in extras:
        found += _dependencies(extra)
    return found


def _requirement(name: str) -> str:
    import re

    return next(r for r in _dependencies() if re.match(re.escape(name) + r"\b", r))


def _dependencies(extra: str = "") -> list[str]:
    """Return requirements from pyproject.toml; there is no TOML reader in Python 3.10."""
    import re

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    key = extra or "dependencies"
    block = re.search(rf"^{re.escape(key)} = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None, key  # noqa: S101 - a broken checkout
    return re.findall(r'^\s*"([^"]+)",', block.group(1), re.MULTILINE)


def _fingerprint() -> str:
    """Changes with the dependencies and the place: a moved `.venv` points to where it was."""
    text = (ROOT / "pyproject.toml").read_bytes().split(b"[tool.", 1)[0] + str(ROOT).encode()
    # No secret hangs on it, and hashlib would load OpenSSL first.
    return f"{zlib.crc32(text):08x}{zlib.adler32(text):08x}"


def _known_extras() -> set[str]:
    try:
        return set(STAMP.read_text().split()[1:])
    except (OSError, UnicodeDecodeError):
        return set()


def _usable() -> bool:
    """Whether `.venv` is a whole environment of ours that only needs other packages."""
    if not os.access(str(STAMP), os.R_OK) or not os.access(str(_python()), os.X_OK):
        return False
    code = "import sys, pip; sys.exit(sys.version_info < (3, 10))"
    return _quiet([str(_python()), "-c", code], dict(os.environ))


def _point_here() -> None:
    """Let `.venv` import this checkout from any folder, through a .pth file."""
    for folder in [*VENV.glob("lib/python3*/site-packages"), *VENV.glob("Lib/site-packages")]:
        path = folder / "setup_assistant_checkout.pth"
        path.write_text(str(ROOT) + "\n", encoding="utf-8")


def _python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _hand_over(module: str) -> None:
    command = [str(_python()), "-m", module, *sys.argv[1:]]
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell wanted
    except OSError as error:
        detail = error.strerror or str(error)
        raise StopError("readonly", path=str(VENV), detail=detail) from error


def _child(command: list[str]) -> None:
    import subprocess

    # pip asks `rustc` for its version; where that is rustup's, it would fill the home folder.
    env = dict(os.environ)
    env.setdefault("RUSTUP_HOME", str(VENV / ".rustup"))
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env=env
    )
    if done.returncode != 0:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["?"]
        if "ensurepip" in lines[-1] or any("ensurepip is not" in x for x in lines):
            raise StopError("no_venv", module="ensurepip", command=_venv_command())
        raise StopError("failed", detail=" / ".join(lines[-3:]))


def _quiet(command: list[str], env: dict[str, str]) -> bool:
    import subprocess

    try:
        return (
            subprocess.run(
                command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            ).returncode
            == 0
        )
    except OSError:
        return False


def _venv_command() -> str:
    import shutil

    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if shutil.which("apt-get"):
        return f"sudo apt install python{version}-venv"
    if shutil.which("dnf"):
        return "sudo dnf install python3-pip"
    if shutil.which("zypper"):
        return "sudo zypper install python3-virtualenv"
    return "python3 -m ensurepip --upgrade"


def _say(key: str, prefix: str = "", **args: str) -> None:
    from setup_assistant._bootstrap_words import SENTENCES

    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    chinese = any(a.lower().startswith("zh") for a in [language or "", *_language_argument()])
    text = prefix + SENTENCES[key][1 if chinese else 0].format(**args) + "\n"
    try:
        sys.stderr.write(text)
    except UnicodeEncodeError:
        sys.stderr.write(prefix + SENTENCES[key][0].format(**args) + "\n")
    sys.stderr.flush()


def _language_argument() -> list[str]:
    arguments = sys.argv[1:]
    found = [a.split("=", 1)[1] for a in arguments if a.startswith("--lang=")]
    if "--lang" in arguments[:-1]:
        found.append(arguments[arguments.index("--lang") + 1])
    return found


class _Lock:
    """Two first runs at once make one environment; the second waits."""

    def __enter__(self) -> None:
        path = ROOT / ".venv.lock"
        try:
            self._file = path.open("a")
        except OSError as error:
            raise StopError("readonly", path=str(ROOT), detail=str(error.strerror)) from error
        if os.name != "nt":
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        self._file.close()
