"""`requirements.txt`: the packages of a plan as exact requirements, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.choose.plan import Package, Plan
from setup_assistant.host.secrets import without_login


@dataclass(frozen=True, kw_only=True)
class Options:
    """pip options, one a line, e.g. `--extra-index-url https://…`.

    `withheld` are the options whose address carries credentials, without them. They must stay
    comments: as live lines they would override the setting that knows the password.
    """

    lines: tuple[str, ...]
    withheld: tuple[str, ...]


def pins(plan: Plan) -> tuple[str, ...]:
    """Return one exact requirement per package, in the order they are shown.

    torchaudio is never among them: these models do not use it, and its last release fails to
    import beside newer CUDA builds.
    """
    local = _local_version(plan)
    pairs = [
        ("torch", plan.torch.version + local),
        ("torchvision", plan.torchvision.version + local),
        *((p.name, p.version) for p in _libraries(plan)),
        (plan.decoder.package, plan.decoder.version),
        *((p.name, p.version) for p in plan.extra_packages),
    ]
    return tuple(dict.fromkeys(f"{name}=={version}" for name, version in pairs))


def options(plan: Plan) -> Options:
    """Return the index options of a plan; pip applies each to every package of the file."""
    wanted = [("--index-url", plan.sources.packages)]
    if plan.torch.find_links:
        wanted.append(("--find-links", plan.torch.find_links))
    elif _own_index(plan):
        wanted.append(("--extra-index-url", plan.torch.index_url))
    wanted += [("--extra-index-url", url) for url in plan.sources.extra_index_urls]
    known = plan.sources.with_credentials
    lines = dict.fromkeys(
        f"{o} {url}" for o, url in wanted if url and without_login(url) == url and url not in known
    )
    secret = dict.fromkeys(
        f"{o} {without_login(url)}"
        for o, url in wanted
        if without_login(url) != url or url in known
    )
    return Options(lines=tuple(lines), withheld=tuple(secret))


def _libraries(plan: Plan) -> tuple[Package, ...]:
    return (plan.transformers, plan.accelerate, plan.qwen_vl_utils, plan.modelscope)


def _own_index(plan: Plan) -> bool:
    """Whether torch comes from elsewhere than the other packages."""
    return plan.torch.index_url.rstrip("/") != plan.sources.packages.rstrip("/")


def _local_version(plan: Plan) -> str:
    """Return `+cu128` where one place carries several builds of one version, else nothing.

    A package index carries a single build, published without a local version; asking for one
    there would find nothing.
    """
    if plan.torch.compatibility == "default-build" or "+" in plan.torch.version:
        return ""
    if not plan.torch.find_links and not _own_index(plan):
        return ""
    return f"+{plan.torch.build}"


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
