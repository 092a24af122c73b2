"""A plan that names the versions which an environment has, in place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from setup_assistant.choose.plan import Package, Plan
from setup_assistant.host.prefix import normal_name

_READERS = {
    "decord2": "decord",
    "decord": "decord",
    "torchcodec": "torchcodec",
    "av": "torchvision",
}


def with_versions(plan: Plan, present: Mapping[str, str]) -> Plan:
    """Return a plan with the versions in `present`, by normalized name, and its own otherwise."""

    def kept(package: Package) -> Package:
        found = present.get(normal_name(package.name))
        return replace(package, version=found.partition("+")[0]) if found else package

    version, _, build = present.get("torch", plan.torch.version).partition("+")
    build = build or plan.torch.build
    decoder = next((name for name in _READERS if name in present), None)
    return replace(
        plan,
        torch=replace(plan.torch, version=version, build=build, index_url=_index(plan, build)),
        torchvision=kept(plan.torchvision),
        transformers=kept(plan.transformers),
        accelerate=kept(plan.accelerate),
        qwen_vl_utils=kept(plan.qwen_vl_utils),
        modelscope=kept(plan.modelscope),
        extra_packages=tuple(map(kept, plan.extra_packages)),
        decoder=replace(
            plan.decoder, package=decoder, version=present[decoder], reader=_READERS[decoder]
        )
        if decoder
        else plan.decoder,
    )


def _index(plan: Plan, build: str) -> str:
    """Return the address of the torch index that carries a build, where it names one."""
    return plan.torch.index_url.replace(f"/{plan.torch.build}", f"/{build}")
