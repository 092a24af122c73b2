"""The weights, continued: whether the environment knows and runs such a model."""

from __future__ import annotations

from setup_assistant.catalog import stacks
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.messages import msg
from setup_assistant.verify.installs import install_command

layer = Layered("weights")
# The first transformers that has a model type (facts on failures, PKG01).
_SINCE = {"qwen2_vl": "4.45.2", "qwen2_5_vl": "4.49", "qwen3_vl": "4.57"}


@layer.check("transformers-too-old", needs=("config-missing", "config-invalid", "package-missing"))
def transformers_too_old(case: Case) -> Trouble | NotHere | None:
    """Look for the model type among transformers' own folders."""
    install, model = case.install, case.model
    kind = str(model.config.get("model_type") or "") if model else ""
    folder = install.holds("transformers") if install else None
    if install is None or folder is None or not kind:
        return NOT_HERE
    if (folder / "models" / kind).is_dir() or not (folder / "models").is_dir():
        return None
    need = _SINCE.get(kind, "")
    pin = f"transformers>={need}" if need else "transformers"
    extra = () if need else ("--upgrade",)
    return trouble(("config.json", kind), (folder / "models" / kind, msg("absent")), kind=kind,
                   have=install.version("transformers") or "?", need=need or "?",
                   commands=(install_command(install.prefix, *extra, pin),))  # fmt: skip


@layer.check("quantizer-missing", needs=("config-missing", "config-invalid"))
def quantizer_missing(case: Case) -> Trouble | NotHere | None:
    """Look for the kernels that config.json's quantization needs."""
    install, model = case.install, case.model
    said = model.config.get("quantization_config") if model else None
    kind = str(said.get("quant_method") or "") if isinstance(said, dict) else ""
    if install is None or not kind:
        return NOT_HERE
    row = next((q for q in stacks.load().quantizer
                if any(name.startswith(kind) for name in q.quantizations)), None)  # fmt: skip
    packages = dict(row.packages) if row else {"bitsandbytes": ""} if kind == "bitsandbytes" else {}
    if kind == "awq" and install.by_name.get("autoawq"):
        return None
    for package, version in packages.items():
        if package not in install.by_name:
            pin = f"{package}=={version}" if version else package
            return trouble(("config.json", f"quant_method {kind}"), (package, msg("absent")),
                           kind=kind, package=package,
                           commands=(install_command(install.prefix, pin),))  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
