"""`README.txt` of a site: what lies here and how to use it, in English and Chinese."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.host.program import program
from setup_assistant.site.activation import by_hand
from setup_assistant.site.layout import Layout
from setup_assistant.site.scripts import SCRIPTS

_TEXT = """\
Qwen2-VL on this machine
========================

Made by Setup Assistant.

Model        {model}
Environment  {env}
Weights      {weights}

Use the environment in a terminal:

  {activate}

Ask about a picture, or serve the model to programs and to the browser:

  {program} ask PICTURE "QUESTION" --site {site}
  {program} serve --site {site}

Scripts to start from. Edit them as you like; a rerun keeps your edits:

{scripts}

Read the report, verify it again, set it up again, or remove everything:

  {program} report --site {site}
  {program} verify --env {prefix}
  {program} up --answers {answers}
  {program} uninstall --site {site}

In VS Code, choose "Python: Select Interpreter" and enter the first line below. For a Jupyter
kernel, run the other two:

  {python}
  {python} -m pip install ipykernel
  {python} -m ipykernel install --user --name qwen2-vl

Files (each appears when it is made):

  machine.json        this computer, when the plan was made
  answers.toml        your answers
  plan.json           exact versions, sources and sizes, with a reason for each
  environment.yml     the plan for conda, mamba and micromamba
  requirements.txt    the plan for pip and uv
  requirements.lock   every package that was installed, with its hashes; up --lock takes it
  conda-explicit.txt  every package of conda, where conda has made the environment
  env/                the environment
  models/             the weights
  scripts/            the scripts above
  ledger.jsonl        what was done, step by step; uninstall goes by it
  canary.json         how the environment was checked; rehearsal.json and smoke.json: the model
  receipt.json        what was done and measured
  report.html         the same, to read; report.md is plain text


本机上的 Qwen2-VL
================

由 Setup Assistant 生成。

模型    {model_zh}
环境    {env}
权重    {weights}

在终端中使用该环境：

  {activate}

就图片提问，或把模型提供给程序和浏览器使用：

  {program} ask 图片 "问题" --site {site}
  {program} serve --site {site}

可以由此入手的脚本（可随意修改，再次运行部署时会保留您的修改）：

{scripts}

阅读报告、再次验证、重新部署或全部移除：

  {program} report --site {site}
  {program} verify --env {prefix}
  {program} up --answers {answers}
  {program} uninstall --site {site}

在 VS Code 中选择“Python: Select Interpreter”，填入下面第一行。用作 Jupyter 内核，请运行后两行：

  {python}
  {python} -m pip install ipykernel
  {python} -m ipykernel install --user --name qwen2-vl

文件（生成后才会出现）：

  machine.json        生成方案时的本机情况
  answers.toml        您的回答
  plan.json           确切的版本、来源与大小，每项附有理由
  environment.yml     供 conda、mamba、micromamba 使用的方案
  requirements.txt    供 pip 与 uv 使用的方案
  requirements.lock   实际安装的每个包及其哈希值，可用于 up --lock
  conda-explicit.txt  conda 的每个包（仅当环境由 conda 创建时）
  env/                环境
  models/             权重
  scripts/            上面列出的脚本
  ledger.jsonl        逐步记录所做的操作，卸载时以此为准
  canary.json         环境的检查结果；rehearsal.json、smoke.json 为模型的检查结果
  receipt.json        已完成的步骤与测量结果
  report.html         供阅读的报告；report.md 为纯文本
"""
_NO_MODEL = (
    """\
none yet: the environment was verified with the test model (canary), which knows only
             simple scenes. Get a real one: {program} up --site {site} --model auto""",
    """\
还没有真正的模型：环境已用只认识简单图形的测试模型（canary）验证。
        装入真正的模型：{program} up --site {site} --model auto""",
)
_CONDA = ("conda", "mamba", "micromamba")


def render_readme(
    plan: Plan, layout: Layout, recipes: Path, os_name: str, scripts: Iterable[str]
) -> str:
    """Return the text of `README.txt`.

    Args:
        plan: the plan of this site.
        layout: where its files lie.
        recipes: the folder of the recipes, where the canary's own weights lie.
        os_name: the machine's system: Linux, Windows or Darwin.
        scripts: names of the files in the scripts folder.
    """

    def word(path: Path) -> str:
        return _quoted(str(path), os_name)

    named = (layout.scripts / name for name in scripts if name in SCRIPTS)
    runs = (f"  {word(layout.env_python)} {word(path)}" for path in named)
    canary = plan.model.id == "canary"
    texts = _NO_MODEL if canary else (plan.model.id, plan.model.id)
    own = {"program": program(), "site": word(layout.root)}
    english, chinese = (text.format(**own) for text in texts)
    return _TEXT.format(
        model=english,
        model_zh=chinese,
        env=layout.env,
        weights=recipes / "canary" if canary else layout.weights(plan.model.modelscope_id),
        activate=activation(plan.backend, str(layout.env), os_name),
        scripts="\n".join(runs) or "  -",
        python=word(layout.env_python),
        **own,
        prefix=word(layout.env),
        answers=word(layout.answers),
    )


def activation(backend: str, prefix: str, os_name: str) -> str:
    """Return the command that activates an environment in the system's usual shell."""
    if backend in _CONDA:
        return f"{backend} activate {_quoted(prefix, os_name)}"
    if backend == "rattler":
        # Made without conda, so perhaps there is none.
        return by_hand(Path(prefix), "cmd" if os_name == "Windows" else "bash", "CONDA_PREFIX")
    if os_name == "Windows":
        return _quoted(f"{prefix}\\Scripts\\activate", os_name)
    return f"source {_quoted(f'{prefix}/bin/activate', os_name)}"


def _quoted(path: str, os_name: str) -> str:
    """Quote a path for the system's usual shell; cmd knows double quotes only."""
    if os_name != "Windows":
        return shlex.quote(path)
    return f'"{path}"' if any(c in path for c in " ()&'") else path
