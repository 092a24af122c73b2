"""What the first start says, in English and Chinese. Must parse on an old Python 3, too."""

from __future__ import annotations

import os
import sys

SENTENCES = {
    "old_here": (
        "Setup Assistant needs Python {oldest} or newer; this is Python {found}.",
        "Setup Assistant 需要 Python {oldest} 或更新版本；当前是 Python {found}。",
    ),
    "old_here_remedy": (
        "A newer one is here. Run: {command}",
        "本机已有更新的版本。请运行：{command}",
    ),
    "old_get": (
        "Setup Assistant needs Python {oldest} or newer; this is Python {found}.",
        "Setup Assistant 需要 Python {oldest} 或更新版本；当前是 Python {found}。",
    ),
    "old_get_remedy": (
        "No newer one was found here. Get one and run it: {command}",
        "本机未找到更新的版本。请安装并运行：{command}",
    ),
    "no_venv": (
        "This Python cannot make virtual environments: its module {module} is missing.",
        "这个 Python 无法创建虚拟环境：缺少模块 {module}。",
    ),
    "no_venv_remedy": (
        "Install it with: {command}",
        "请先安装：{command}",
    ),
    "no_home": (
        "This account has no home folder: HOME is not set, and the system does not know the user.",
        "此账户没有主目录：未设置 HOME，系统也不认识该用户。",
    ),
    "no_home_remedy": (
        "Name a folder that you may write to, for example: export HOME=/path/to/a/folder",
        "请指定一个可写的文件夹，例如：export HOME=/path/to/a/folder",
    ),
    "making": (
        "Preparing Setup Assistant's own environment in {path} (once, about 15 s) ...",
        "正在准备 Setup Assistant 自己的环境 {path}（仅一次，约 15 秒）……",
    ),
    "disk_full": (
        "The disk that holds {path}, or the folder for temporary files, is full: {detail}",
        "{path} 所在的磁盘或临时文件夹已满：{detail}",
    ),
    "disk_full_remedy": (
        "Free some space (about 300 MB), then run the same command again.",
        "请腾出一些空间（约 300 MB），然后重新运行同一命令。",
    ),
    "unreachable": (
        "The package index cannot be reached: {detail}",
        "无法访问软件包索引：{detail}",
    ),
    "unreachable_remedy": (
        "Check the connection, the proxy (HTTPS_PROXY) and your pip settings (pip config list), "
        "or name another index with PIP_INDEX_URL; then run the same command again.",
        "请检查网络、代理（HTTPS_PROXY）和 pip 设置（pip config list），或改用国内镜像，例如 "
        "PIP_INDEX_URL=https://pypi.tuna.tsinghua.edu.cn/simple；然后重新运行同一命令。",
    ),
    "not_offered": (
        "The package index does not offer a package that Setup Assistant needs: {detail}",
        "软件包索引中没有 Setup Assistant 需要的软件包：{detail}",
    ),
    "not_offered_remedy": (
        "Name a complete index with PIP_INDEX_URL, or fill yours or a folder of wheels with: "
        "pip download --require-hashes -r {lock}",
        "请用 PIP_INDEX_URL 指定完整的索引，或用以下命令补全您的索引或 wheel 文件夹："
        "pip download --require-hashes -r {lock}",
    ),
    "hashes": (
        "The package index serves other files than those that Setup Assistant was tested with: "
        "{detail}",
        "软件包索引提供的文件与 Setup Assistant 测试所用的文件不同：{detail}",
    ),
    "hashes_remedy": (
        "Nothing of it was installed. Use the official index or an unchanged mirror of it "
        "(PIP_INDEX_URL).",
        "这些文件未被安装。请使用官方索引或其未改动的镜像（PIP_INDEX_URL）。",
    ),
    "failed": (
        "Could not install Setup Assistant's own packages: {detail}",
        "无法安装 Setup Assistant 自己的软件包：{detail}",
    ),
    "failed_remedy": (
        "Check your pip settings (pip config list), then run it again.",
        "请检查 pip 设置（pip config list），然后重新运行。",
    ),
    "readonly": (
        "{path} cannot be written: {detail}",
        "无法写入 {path}：{detail}",
    ),
    "readonly_remedy": (
        "Copy this folder to a place of your own, and run it there.",
        "请把这个文件夹复制到有写权限的位置再运行。",
    ),
}
# Code in the envelope, and exit status: as those of the command line, 3 where a rerun goes on.
_CODES = {
    "old_here": ("python_too_old", 4),
    "old_get": ("python_too_old", 4),
    "no_venv": ("venv_missing", 4),
    "no_home": ("no_home", 2),
    "readonly": ("not_writable", 4),
    "disk_full": ("disk_filled", 3),
    "unreachable": ("packages_unreachable", 3),
    "not_offered": ("wheel_missing", 1),
    "hashes": ("hash_mismatch", 1),
    "failed": ("install_failed", 1),
}


def tell(key: str, args: dict[str, str], *, json: bool) -> int:
    """Say why it cannot go on and what helps, and return the exit status.

    With `json`, and `--json` among the arguments, the envelope is printed on stdout instead.
    """
    code, status = _CODES[key]
    if not json or "--json" not in sys.argv[1:]:
        say(key, **args)
        say(key + "_remedy", prefix="  -> ", **args)
        return status
    from json import dumps

    error = {"code": code, "message": _text(key, args), "hint": _text(key + "_remedy", args)}
    envelope: dict[str, object] = {
        "schema": "setup-assistant/1", "command": _verb(),
        "status": "partial" if status == 3 else "error", "exit_code": status,
        "data": {}, "errors": [error],
    }  # fmt: skip
    sys.stdout.write(dumps(envelope) + "\n")
    sys.stdout.flush()
    return status


def say(key: str, prefix: str = "", **args: str) -> None:
    """Say one sentence on stderr, in the person's language."""
    try:
        sys.stderr.write(prefix + _text(key, args) + "\n")
    except UnicodeEncodeError:
        text = SENTENCES[key][0].format(**args)
        sys.stderr.write(prefix + text.encode("ascii", "replace").decode("ascii") + "\n")
    sys.stderr.flush()


def _text(key: str, args: dict[str, str]) -> str:
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    chinese = any(a.lower().startswith("zh") for a in [language or "", *_language_argument()])
    return SENTENCES[key][1 if chinese else 0].format(**args)


def _language_argument() -> list[str]:
    arguments = sys.argv[1:]
    found = [a.split("=", 1)[1] for a in arguments if a.startswith("--lang=")]
    if "--lang" in arguments[:-1]:
        found.append(arguments[arguments.index("--lang") + 1])
    return found


def _verb() -> str:
    """Return the verb as far as it can be told without the command line's own parser."""
    words = []
    for argument in sys.argv[1:]:
        if argument.startswith("-"):
            break
        words.append(argument)
    groups = ("env", "fleet", "bundle", "recipes", "mirror")
    return " ".join(words[: 2 if words[:1] and words[0] in groups else 1])
