"""The chosen sources as settings of one environment: pip's, uv's and conda's own files in it.

They hold for this environment alone, and only where the person agreed: what is installed later by
hand comes from the same places. Credentials never reach them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.host.secrets import without_login
from setup_assistant.site.requirements import options

_HEAD = """\
# The sources that were chosen for this environment. Setup Assistant wrote this file.
# 为此环境选定的软件源。本文件由 Setup Assistant 写入。
"""
_UV = """\
# uv reads it where it is named:  UV_CONFIG_FILE=uv.toml uv pip install …
# 使用方法： UV_CONFIG_FILE=uv.toml uv pip install …
"""
_FORGE = "conda-forge"


def mirror_settings(plan: Plan, *, windows: bool = os.name == "nt") -> dict[str, str]:
    """Return file name → text, for the folder of the environment.

    `pip.conf` (`pip.ini` on Windows) is read by the environment's own pip; `.condarc` by conda
    while the environment is active. conda-forge is the only channel in it.
    """
    found = {"pip.ini" if windows else "pip.conf": _pip(plan), "uv.toml": _uv(plan)}
    if condarc := _condarc(plan):
        found[".condarc"] = condarc
    return found


def missing(prefix: Path, plan: Plan) -> list[str]:
    """Return the settings files that an environment does not have, ours or anybody's."""
    return [name for name in mirror_settings(plan) if not (prefix / name).exists()]


def write_into(prefix: Path, plan: Plan) -> list[Path]:
    """Write the settings into an environment; a file that somebody else wrote is left alone.

    Returns:
        The files that hold the settings now.
    """
    from setup_assistant.host import files

    done = []
    for name, text in mirror_settings(plan).items():
        path = prefix / name
        ours = _HEAD.partition("\n")[0].encode()
        if path.exists() and not files.plain(path).read_bytes().startswith(ours):
            continue
        files.write_text(path, text)
        done.append(path)
    return done


def _chosen(plan: Plan, option: str) -> list[str]:
    lines = (line.split(" ", 1) for line in options(plan).lines)
    return [value for name, value in lines if name == option]


def _pip(plan: Plan) -> str:
    lines = ["[global]\n"]
    for option in ("index-url", "extra-index-url", "find-links"):
        values = _chosen(plan, f"--{option}")
        if values:
            lines.append(f"{option} = " + "\n    ".join(values) + "\n")
    return _HEAD + "".join(lines)


def _uv(plan: Plan) -> str:
    # The package index first: the others serve only what it does not have.
    text = [_HEAD, _UV, 'index-strategy = "unsafe-first-match"\n']
    if links := _chosen(plan, "--find-links"):
        text.append(f"find-links = {json.dumps(links)}\n")
    places = (("--index-url", ""), ("--extra-index-url", ""), ("--index-url", "default = true\n"))
    text += [
        f"\n[[index]]\nurl = {json.dumps(url)}\n{extra}"
        for option, extra in places
        for url in _chosen(plan, option)
    ]
    return "".join(text)


def _condarc(plan: Plan) -> str:
    """Return conda's settings, or nothing where its channel has another name."""
    channel = without_login(plan.sources.conda).rstrip("/")
    if channel != plan.sources.conda.rstrip("/") or not channel.endswith(f"/{_FORGE}"):
        return ""
    alias = channel.removesuffix(f"/{_FORGE}")
    lines = (
        f"channels:\n  - {_FORGE}\n",
        f"custom_channels:\n  {_FORGE}: {json.dumps(alias)}\n",
        "default_channels: []\n",
    )
    return _HEAD + "".join(lines)
