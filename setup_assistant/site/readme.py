"""`README.txt` of a site: what lies here and how to use it, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.site.activation import by_hand
from setup_assistant.site.layout import Layout

_TEXT = """\
Qwen2-VL on this machine
========================

Model        {model}
Environment  {env}
Weights      {weights}

Use the environment in a terminal:

  {activate}

Ready-to-run scripts; edit them as you like, a rerun keeps your edits:

{scripts}

Files:

  machine.json      this computer, when the plan was made
  answers.toml      your answers; replay: setup-assistant up --answers answers.toml
  plan.json         exact versions, sources and sizes, with a reason for each
  environment.yml   the plan for conda, mamba and micromamba
  requirements.txt  the plan for pip and uv
  receipt.json      what was done and measured; to read it: setup-assistant report --site .

To remove it all: setup-assistant uninstall --site .


本机上的 Qwen2-VL
================

模型    {model_zh}
环境    {env}
权重    {weights}

在终端中使用该环境：

  {activate}

可直接运行的脚本（可随意修改，再次运行部署时会保留您的修改）：

{scripts}

文件：

  machine.json      生成方案时的本机情况
  answers.toml      您的回答；重现：setup-assistant up --answers answers.toml
  plan.json         确切的版本、来源与大小，每项附有理由
  environment.yml   供 conda、mamba、micromamba 使用的方案
  requirements.txt  供 pip 与 uv 使用的方案
  receipt.json      已完成的步骤与测量结果；阅读：setup-assistant report --site .

全部移除：setup-assistant uninstall --site .
"""
_NO_MODEL = (
    """\
none yet: the environment is proved with the test model (canary), which knows simple
             scenes only. Get a real one: setup-assistant up --site . --model auto""",
    """\
还没有真正的模型：环境已用只认识简单图形的测试模型（canary）验证。
        装入真正的模型：setup-assistant up --site . --model auto""",
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
    runs = (f"  python {_quoted(f'scripts/{name}')}" for name in scripts if name.endswith(".py"))
    canary = plan.model.id == "canary"
    english, chinese = _NO_MODEL if canary else (plan.model.id, plan.model.id)
    return _TEXT.format(
        model=english,
        model_zh=chinese,
        env=layout.env,
        weights=recipes / "canary" if canary else layout.weights(plan.model.modelscope_id),
        activate=activation(plan.backend, str(layout.env), os_name),
        scripts="\n".join(runs) or "  -",
    )


def activation(backend: str, prefix: str, os_name: str) -> str:
    """Return the command that activates an environment in the system's usual shell."""
    if backend in _CONDA:
        return f"{backend} activate {_quoted(prefix)}"
    if backend == "rattler":
        # Made without conda, so perhaps there is none.
        return by_hand(Path(prefix), "cmd" if os_name == "Windows" else "bash", "CONDA_PREFIX")
    if os_name == "Windows":
        return _quoted(f"{prefix}\\Scripts\\activate")
    return f"source {_quoted(f'{prefix}/bin/activate')}"


def _quoted(path: str) -> str:
    """Quote a path for a shell; double quotes, since cmd knows no others."""
    return f'"{path}"' if any(c in path for c in " ()&'$") else path
