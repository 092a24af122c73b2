"""`environment.yml`: the plan as a conda environment file that stock conda accepts unchanged.

conda-forge is the only channel: the `pytorch` channel ended with torch 2.5, and `nodefaults`, which
conda 26.7 and micromamba take for a channel, is replaced by a variable before the command. So
python and pip come from conda-forge and everything else from wheels, in the `pip:` section, whose
options apply to every line of it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.secrets import without_login
from setup_assistant.site.requirements import options, pins

# What keeps packages in ~/.local from being taken for installed, and Anaconda's own channels out:
# `channels: [defaults]` in a person's settings then means conda-forge, in every conda.
CREATE = "CONDA_DEFAULT_CHANNELS=conda-forge PYTHONNOUSERSITE=1 conda env create -f environment.yml"
_HEAD = """\
# The conda environment of this site's plan. Setup Assistant writes this file again with each plan.
#
#   Make it:   {create}
#   Use it:    conda activate {name}
#   Remove it: conda deactivate, then: conda env remove --name {name}
#
# PYTHONNOUSERSITE=1 keeps packages in ~/.local from being taken for installed, and
# CONDA_DEFAULT_CHANNELS=conda-forge keeps out `defaults`, which conda asks as well where your
# settings name it (on Windows, first run `set NAME=VALUE` for each). Look at `conda env list`
# before: older conda replaces an environment of the same name without asking; `-n NAME` gives
# another name. mamba and micromamba read this file as well.
#
# Where your settings name other channels, or `default_channels` of your own, keep them out by:
#   conda create --name {name} --override-channels --channel conda-forge {specs}
#   conda run --name {name} python -m pip install -r requirements.txt
# (`nodefaults` in this file would do it up to conda 26.5; conda 26.7 and micromamba take it for a
# channel, and fail.)
# Do not replace this file by that of `conda env export`: it loses the index of the torch wheels
# and the hashes. conda-explicit.txt and requirements.lock beside it are the exact record.
#
# 本部署计划对应的 conda 环境。每次生成新计划时，本文件都会重新写入。
#
#   创建： {create}
#   使用： conda activate {name}
#   删除： 先 conda deactivate，再 conda env remove --name {name}
#
# PYTHONNOUSERSITE=1 可避免把 ~/.local 中的包当作已安装；CONDA_DEFAULT_CHANNELS=conda-forge 可在
# 您的设置列有 `defaults` 时把它排除在外（Windows 上请先逐个运行 `set 名称=值`）。创建前请先看
# `conda env list`：旧版 conda 会不加询问地替换同名环境；可用 `-n 名称` 另取名字。mamba 和
# micromamba 也能读取本文件。
#
# 如果您的设置还列有其他频道，或自行设置了 `default_channels`，请改用上面的 conda create
# --override-channels 两条命令。（在本文件中写 `nodefaults` 只对 conda 26.5 及更早版本有效；
# conda 26.7 和 micromamba 会把它当作频道而失败。）不要用 `conda env export` 的结果替换本文件：它会
# 丢失 torch 的索引地址和哈希值；旁边的 conda-explicit.txt 和 requirements.lock 才是准确的记录。
"""
_MIRROR = """\
#
# conda-forge through the mirror of the plan / 通过计划中的镜像使用 conda-forge：
#   CONDA_CHANNEL_ALIAS={alias} {create}
"""
_WITHHELD = """\
#
# Credentials never reach this file. Your own pip configuration must provide:
# 凭据不会写入本文件。以下地址须由您自己的 pip 配置提供：
"""
_VARIABLES = """\
# Set while the environment is active, so that no other package folder shadows these packages.
# 环境激活时生效，防止其他目录中的包遮盖这里的包。
variables:
  PYTHONNOUSERSITE: "1"
  PYTHONPATH: ""
"""
_OFFICIAL = "https://conda.anaconda.org/conda-forge"
# What YAML reads as a string by itself; the words it takes for something else are quoted.
_PLAIN = re.compile(r"[A-Za-z-][\w./:=+%~-]*( [\w./:=+%~-]+)?")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def conda_name(name: str) -> str:
    """Return a name that conda takes: characters that it refuses become `-`."""
    name = re.sub(r"[\s/:#]+", "-", name).strip("-")
    # conda keeps these for itself.
    return "qwen2-vl" if name in ("", "base", "root") else name


def render_environment_yml(plan: Plan, name: str = "qwen2-vl", exact: tuple[str, ...] = ()) -> str:
    """Return the text of `environment.yml`.

    Args:
        plan: what to install.
        name: the environment's name, as `conda_name` makes it.
        exact: what is taken from conda-forge, where an environment tells the exact versions.
    """
    name = conda_name(name)
    specs = exact or (f"python={'.'.join(plan.python.split('.')[:2])}", "pip")
    chosen = options(plan)
    lines = [
        _HEAD.format(create=CREATE, name=name, specs=" ".join(specs)) + _mirror(plan),
        _withheld(chosen.withheld),
        f"name: {scalar(name)}\n",
        "channels:\n  - conda-forge\ndependencies:\n",
        *(f"  - {scalar(spec)}\n" for spec in specs),
        "  - pip:\n",
        *(f"      - {scalar(line)}\n" for line in (*chosen.lines, *pins(plan))),
        _VARIABLES,
    ]
    return "".join(lines)


def conda_specs(path: Path) -> tuple[str, ...]:
    """Return what an `environment.yml` takes from its channel, e.g. ("python=3.12", "pip").

    Raises:
        SetupError: `file_missing`, or `file_invalid` where it is not such a file.
    """
    listed = _read(path).get("dependencies")
    if not isinstance(listed, list):
        raise SetupError("file_invalid", path=str(path), detail="dependencies")
    return tuple(str(line) for line in listed if isinstance(line, str))


def variables(path: Path) -> dict[str, str]:
    """Return the variables that an `environment.yml` sets while its environment is active."""
    found = _read(path).get("variables")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _read(path: Path) -> dict[str, object]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        value = YAML(typ="safe", pure=True).load(files.read_text(path))
    except YAMLError as error:
        raise SetupError("file_invalid", path=str(path), detail=str(error)) from error
    if not isinstance(value, dict):
        raise SetupError("file_invalid", path=str(path), detail="environment.yml")
    return value


def _mirror(plan: Plan) -> str:
    """Say how to reach conda-forge through a mirror; the file itself names no other channel."""
    channel = without_login(plan.sources.conda).rstrip("/")
    if channel == _OFFICIAL or not channel.endswith("/conda-forge"):
        return ""
    return _MIRROR.format(alias=channel.removesuffix("/conda-forge"), create=CREATE)


def _withheld(lines: tuple[str, ...]) -> str:
    return _WITHHELD + "".join(f"#   {line}\n" for line in lines) if lines else ""


def scalar(text: str) -> str:
    """Return `text` as a YAML string; JSON's quoting is valid YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith(":"):
        return text
    return json.dumps(text, ensure_ascii=False)
