"""The person's pip settings, said in uv's words. Standard library only.

uv reads its own configuration and not pip's, so a machine that reaches its packages through
pip.conf (an index, a wheel folder, a proxy, a company certificate) would fail without this.
Settings that the person already gave to uv win. Values travel in environment variables, not
arguments, so that credentials stay off command lines and logs.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path

# pip option → variable of uv that says the same.
_DIRECT = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
# uv's older names of the same settings: whoever sets one means it.
_OLDER = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
ETC = Path("/etc")
_SEVERAL = {"extra-index-url", "find-links", "trusted-host"}


# Options with which the person decides elsewhere what is installed, or into which place: here the
# plan, or the lock, does. Those that say where packages come from and what is allowed to be
# installed (only what is older than a date, only wheels, only with hashes) are obeyed.
_PIP_CHOICES = (
    "ABI", "BUILD_CONSTRAINT", "CONSTRAINT", "DRY_RUN", "EDITABLE", "FORCE_REINSTALL", "GROUP",
    "IGNORE_INSTALLED", "IGNORE_REQUIRES_PYTHON", "IMPLEMENTATION", "LOG", "NO_BINARY", "NO_DEPS",
    "PLATFORM", "PRE", "PREFIX", "PYTHON", "PYTHON_VERSION", "QUIET", "REPORT", "REQUIREMENT",
    "ROOT", "SRC", "TARGET", "UPGRADE", "UPGRADE_STRATEGY",
)  # fmt: skip
_UV_CHOICES = (
    "BUILD_CONSTRAINT", "CONSTRAINT", "EXCLUDE", "FORK_STRATEGY", "ISOLATED", "NO_BINARY",
    "NO_BINARY_PACKAGE", "NO_DEPS", "NO_VERIFY_HASHES", "OVERRIDE", "PRERELEASE",
    "PRERELEASE_PACKAGE", "PYTHON", "RESOLUTION", "SYSTEM_PYTHON", "TORCH_BACKEND", "VENV_CLEAR",
    "VENV_SEED", "WORKING_DIR", "WORKING_DIRECTORY",
)  # fmt: skip


def without_choices(env: dict[str, str]) -> dict[str, str]:
    """Return `env` without what would have pip or uv install something else, or elsewhere."""
    names = {f"PIP_{n}" for n in _PIP_CHOICES} | {f"UV_{n}" for n in _UV_CHOICES}
    # A pip.conf may say `user`, too, which no virtual environment can heed.
    return {**{k: v for k, v in env.items() if k not in names}, "PIP_USER": "0"}


def pip_settings(environ: dict[str, str] | None = None) -> dict[str, str]:
    """Return pip's effective options by name, from its files and PIP_ variables.

    Files in pip's own order (global, user, site, PIP_CONFIG_FILE), `[install]` over `[global]`;
    variables win over files. See pip's documentation, "Configuration".
    """
    env = dict(os.environ if environ is None else environ)
    found: dict[str, str] = {}
    for path in _files(env):
        found.update(_read(path))
    for name, value in env.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def setting_of(option: str, environ: dict[str, str] | None = None) -> str:
    """Return the variable or the file that an option of pip's stands in, "" where it is in none."""
    env = dict(os.environ if environ is None else environ)
    variable = f"PIP_{option.upper().replace('-', '_')}"
    if env.get(variable):
        return variable
    return next((str(path) for path in reversed(_files(env)) if option in _read(path)), "")


def uv_environment(environ: dict[str, str] | None = None) -> dict[str, str]:
    """Return the variables that make uv behave as the person told pip to."""
    env = dict(os.environ if environ is None else environ)
    found = {}
    settings = pip_settings(env)
    for option, variable in _DIRECT.items():
        value = settings.get(option, "").strip()
        said = variable in env or _OLDER.get(variable, variable) in env
        if value and not said and not (option == "timeout" and variable in found):
            words = _present(value.split(), option) if option in _SEVERAL else [value]
            if words:
                found[variable] = _join(variable, words)
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        found["UV_NO_INDEX"] = "1"
    found.update(_proxy(settings.get("proxy", ""), env))
    return found


def _join(variable: str, words: list[str]) -> str:
    return ("," if variable == "UV_FIND_LINKS" else " ").join(words)


def _present(words: list[str], option: str) -> list[str]:
    """Drop local folders that are not there: pip only warns of them, uv stops."""
    if option == "trusted-host":
        return words
    kept = []
    for word in words:
        local = word.removeprefix("file://")
        if "://" in local or Path(local).exists():
            kept.append(word)
    return kept


def _proxy(proxy: str, env: dict[str, str]) -> dict[str, str]:
    names = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}
    if not proxy or names & set(env):
        return {}
    return {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}


def _files(env: dict[str, str]) -> list[Path]:
    if env.get("PIP_CONFIG_FILE") == os.devnull:
        return []
    # "~" itself where neither a variable nor the system knows a home: then none of its files are.
    home = Path(env.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    if os.name == "nt":
        data = env.get("APPDATA", str(home))
        files = [Path(env.get("PROGRAMDATA", "C:/ProgramData")) / "pip/pip.ini"]
        files += [home / "pip/pip.ini", Path(data) / "pip/pip.ini"]
    elif sys.platform == "darwin":
        files = [Path("/Library/Application Support/pip/pip.conf"), home / ".pip/pip.conf"]
        files += [home / "Library/Application Support/pip/pip.conf", config / "pip/pip.conf"]
    else:
        shared = env.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
        files = [Path(d) / "pip/pip.conf" for d in shared if d]
        files += [ETC / "pip.conf", home / ".pip/pip.conf", config / "pip/pip.conf"]
    files.append(Path(sys.prefix) / ("pip.ini" if os.name == "nt" else "pip.conf"))
    if env.get("PIP_CONFIG_FILE"):
        files.append(Path(env["PIP_CONFIG_FILE"]))
    return files


def _read(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(str(path), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError, OSError):
        return {}
    found = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            found.update({k.replace("_", "-"): v for k, v in parser.items(section)})
    return found
