"""The packages of a plan as exact requirements, and the options that say where they come from."""

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
