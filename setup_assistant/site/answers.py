"""`answers.toml`: what the person wanted, to be read, edited, handed on and replayed."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from setup_assistant import frozen_json
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host.program import program
from setup_assistant.host.secrets import without_login
from setup_assistant.messages import _

_HEAD = """\
# The answers that Setup Assistant made this site from. Replay them, here or elsewhere, with:
# 本部署所依据的回答。在本机或其他机器上重现：
#   {command}
# A flag on the command line wins over its line here; a line left out takes its default.
# 命令行选项优先于本文件；省略的行取默认值。

"""
_NOTES = {
    "model": "auto, canary, or a model id / auto、canary 或模型编号",
    "family": "qwen2-vl, qwen2.5-vl or qwen3-vl; of it auto takes a model / auto 所选的系列",
    "purpose": "try, images, documents or video / 试用、图像、文档或视频",
    "max_pixels": "cap of a picture or frame, below the plan's own; 0: the plan's / 0 表示按计划",
    "max_frames": "most frames of a video, below the plan's own; 0: the plan's / 0 表示按计划",
    "backend": "auto, uv, conda, mamba, micromamba, rattler or pip",
    "site": "folder of the deployment; empty: the default / 部署目录；留空为默认",
    "env": "folder of the environment; empty: inside the site / 环境文件夹；留空则在部署目录内",
    "weights": "folder of the weights; empty: inside the site / 权重文件夹；留空则在部署目录内",
    "python": 'Python of the environment, e.g. "3.12"; empty: chosen / 留空则自动选择',
    "mirror": "auto, cn, official, a mirror's name, addresses / 或镜像名称、网址",
    "keep_mirror": "true: the mirrors go into the environment's pip.conf, uv.toml and .condarc "
    "/ 将镜像写入环境自己的配置",
    "weights_source": "modelscope, huggingface, an address or a folder / 或网址、文件夹",
    "gpus": "UUIDs or indices; empty: all usable ones / UUID 或序号；留空为全部可用显卡",
    "strict_cuda": "true: no build above the driver's CUDA / true：不选高于驱动的 CUDA 构建",
    "adopt": "true: packages may change in an environment made by others / 允许改动他人创建的环境",
    "keep": "true: packages changed by hand stay as they are / 保留手动改动的软件包",
    "lock": "requirements.lock to replay; empty: made anew / 要重放的锁文件；留空则重新生成",
    "offline": "true: packages from the cache and local folders only / 只用缓存和本地文件夹",
    "wheelhouse": "folder of wheels to take packages from, and nowhere else / 只从此文件夹取轮子包",
    "rehearse": "yes, no; empty: on a GPU before a large download / 留空：在 GPU 上大下载前预演",
    "language": "en or zh_CN; empty: the terminal's / 留空则随终端",
}


def render_answers(wishes: Wishes, path: Path) -> str:
    """Return wishes as TOML, one commented line each; credentials in addresses are left out.

    `path` is where they will lie.
    """
    lines = []
    for field in dataclasses.fields(Wishes):
        if getattr(wishes, field.name) is None:  # TOML has no null
            continue
        if note := _NOTES.get(field.name):
            lines.append(f"# {note}")
        lines.append(f"{field.name} = {_toml(getattr(wishes, field.name))}")
    # A line break in a folder's name must not end the comment.
    where = str(path) if str(path).isprintable() else path.name
    command = f"{program()} up --answers {shlex.quote(where)}"
    return _HEAD.format(command=command) + "\n".join(lines) + "\n"


def read_answers(path: Path) -> dict[str, Any]:
    """Return only the answers that `path` gives, checked, so that the rest can still be asked.

    Raises:
        SetupError: `file_missing`, or `answers_invalid` naming file and key.
    """
    found: dict[str, Any] = frozen_json.load_toml(path, dict, code="answers_invalid")
    known = [f.name for f in dataclasses.fields(Wishes)]
    for key in found:
        if key not in known:
            raise _invalid(path, _unknown(key, known))
    wishes = _convert(path, found)
    return {key: getattr(wishes, key) for key in found}


def load_answers(path: Path) -> Wishes:
    """Return the wishes in `path`; what it leaves out has its default.

    Raises:
        SetupError: `file_missing`, or `answers_invalid` naming file and key.
    """
    return Wishes(**read_answers(path))


def merge(flags: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> Wishes:
    """Return the wishes of a run: flags win over the answers file, that over the defaults.

    A flag that is None was not given.
    """
    given = {key: value for key, value in flags.items() if value is not None}
    return Wishes(**{**(answers or {}), **given})


def _convert(path: Path, found: dict[str, Any]) -> Wishes:
    try:
        return msgspec.convert(found, Wishes)
    except msgspec.ValidationError as error:
        raise _invalid(path, _mismatch(str(error).replace("`$.", "`"))) from error


def _mismatch(said: str) -> str:
    """Return the checker's words in the language in use, where they have their usual form."""
    found = re.fullmatch(r"Expected `(.+?)`, got `(.+?)` - at `(.+?)`", said)
    if found is None:
        return said
    wanted, given, key = found.groups()
    return _("{key} must be of type {wanted}, not {given}", key=key, wanted=wanted, given=given)


def _unknown(key: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return _("unknown key `{key}`; did you mean `{near}`?", key=key, near=near[0])
    return _("unknown key `{key}`; the keys are {known}", key=key, known=", ".join(known))


def _invalid(path: Path, detail: str) -> SetupError:
    return SetupError("answers_invalid", file=str(path), detail=detail)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    # A JSON string is a TOML string, except that TOML wants DEL escaped.
    return json.dumps(without_login(str(value)), ensure_ascii=False).replace("\x7f", "\\u007f")
