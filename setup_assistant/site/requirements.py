"""`requirements.txt`: the exact packages of a plan, for pip and uv."""

from __future__ import annotations

from setup_assistant.choose.plan import Plan
from setup_assistant.site.pins import options, pins

# pip decodes a file by the system's encoding unless the first lines name one.
_HEAD = """\
# -*- coding: utf-8 -*-
# The exact packages of this site's plan. Setup Assistant writes this file again with each plan.
#   pip:  python -m pip install -r requirements.txt
#   uv:   uv pip install --index-strategy unsafe-first-match -r requirements.txt
# (uv stops at the first index that knows a package; with that option it goes on where a version
#  is missing. requirements.lock has hashes besides: no other file can take a package's place.)
# 本部署计划的全部软件包及其确切版本。每次生成新计划时，本文件都会重新写入。
#   pip： python -m pip install -r requirements.txt
#   uv：  uv pip install --index-strategy unsafe-first-match -r requirements.txt
# （uv 默认只查第一个含有该包的索引；加上此选项后，缺少该版本时会查下一个。
#  requirements.lock 另有哈希。）
"""
_WITHHELD = """\
# Credentials never reach this file. Your own pip or uv configuration must provide:
# 凭据不会写入本文件。以下地址须由您自己的 pip 或 uv 配置提供：
"""
_DEFAULT_BUILD = """\
# torch is the package index's default build: no index with a choice of builds was reachable.
# torch 为软件包索引上的默认构建：没有可访问的、提供多种构建的索引。
"""


def render_requirements(plan: Plan) -> str:
    """Return the text of `requirements.txt`: options first, then one exact pin a line."""
    chosen = options(plan)
    parts = [_HEAD]
    if plan.torch.compatibility == "default-build":
        parts.append(_DEFAULT_BUILD)
    if chosen.withheld:
        parts.append(_WITHHELD + "".join(f"#   {line}\n" for line in chosen.withheld))
    parts.append("\n" + "".join(f"{line}\n" for line in chosen.lines))
    parts.append("\n" + "".join(f"{line}\n" for line in pins(plan)))
    return "".join(parts)
