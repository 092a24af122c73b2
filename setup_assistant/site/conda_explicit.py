"""The conda packages of an environment as an explicit lock: exact files, nothing is solved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from setup_assistant.host import lenient
from setup_assistant.host.secrets import without_login
from setup_assistant.versions import minor

_HEAD = """\
# The conda packages of this environment, file by file: written by Setup Assistant.
# 本环境中的 conda 软件包，精确到文件：由 Setup Assistant 写入。
#
#   conda create --name {name} --file conda-explicit.txt
#   conda run --name {name} python -m pip install --require-hashes -r requirements.lock
#
# mamba and micromamba read it as well. No channel of your settings is asked.
# mamba 和 micromamba 也能读取；不会查询您设置中的任何频道。
@EXPLICIT
"""
_MD5 = re.compile(r"[0-9a-f]{32}")


def render_explicit(folder: Path, name: str) -> str | None:
    """Return the explicit lock of a conda environment; None where there is none to be had."""
    lines = []
    for record in _records(folder):
        url, md5 = record.get("url"), record.get("md5")
        if not (isinstance(url, str) and isinstance(md5, str) and _MD5.fullmatch(md5)):
            return None
        lines.append(f"{without_login(url)}#{md5}\n")
    return _HEAD.format(name=name) + "".join(lines) if lines else None


def exact_pins(folder: Path, python: str) -> tuple[str, ...]:
    """Return `python=3.12.4` and `pip=25.1` of a conda environment; nothing in any other.

    Args:
        folder: the environment.
        python: the planned version, of which it must be a patch release.
    """
    found = {r.get("name"): str(r.get("version")) for r in _records(folder)}
    if not {"python", "pip"} <= set(found) or minor(found["python"]) != minor(python):
        return ()
    return tuple(f"{name}={found[name]}" for name in ("python", "pip"))


def _records(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "conda-meta").glob("*.json")):
        if value := lenient.json_object(path):
            yield value
