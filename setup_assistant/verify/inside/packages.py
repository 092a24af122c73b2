"""The check `imports`: every package is there, and can be imported and used."""

from __future__ import annotations

import re

from inside.explain import explain, text_of
from inside.lines import JSON, Fault, Lines
from inside.torch_pairing import forgivable, pairing
from inside.versions import REQUIRED, build_tag, is_there, version_of, versions, written


def check(lines: Lines) -> JSON:
    """Return the fields of the check `imports`."""
    found = versions()
    missing = [names[0] for module, names in REQUIRED.items() if not is_there(module)]
    if missing:
        fault = Fault("package-missing", f"absent: {', '.join(missing)}", package=missing[0])
        raise with_versions(fault, found)
    pair = pairing()
    if pair:
        lines.hint(pair.cause, *pair.evidence, **pair.values)
    evidence = []
    for module, probe in _PROBES:
        if not pair:
            lines.hint(
                "import-failed",
                f"while importing {module}",
                package=REQUIRED[module][0],
                detail="the interpreter died while importing it",
            )
        try:
            probe()
        except Exception as error:
            raise with_versions(why(module, error, pair), found) from error
    if pair and not forgivable(pair):
        raise with_versions(pair, found)
    if pair:
        evidence.extend([*pair.evidence, "torchvision.ops.nms ran all the same"])
    return {"versions": found, "evidence": evidence}


def why(module: str, error: Exception, pair: Fault | None) -> Fault:
    """Return the fault behind a failed import."""
    said = text_of(error)
    if pair and module == "torchvision":
        return Fault(pair.cause, *pair.evidence, said, **pair.values)
    package = REQUIRED[module][0]
    found = explain(error, "import-failed", package=package, detail=said)
    if found.cause == "torchvision-mismatch":
        return damaged_or_mismatched(found, said)
    versions_clash = re.search(r"(\w[\w.-]*[<>=!]=?[\w.,<>=! ]+) is required for", said)
    if versions_clash:
        return Fault("dependency-version", said, package=package, need=versions_clash.group(1))
    if found.cause == "transformers-mismatch":
        found.values["transformers"] = (version_of(("transformers",)) or ("", "?"))[1]
        found.values["torch"] = (version_of(("torch",)) or ("", "?"))[1]
    return found


def damaged_or_mismatched(found: Fault, said: str) -> Fault:
    """Return the fault behind a torchvision that fails although its files say it fits."""
    if "operator" in said:  # the versions go together, so its binary is damaged
        return Fault("import-failed", said, package="torchvision", detail=said)
    return Fault(
        found.cause,
        said,
        torch=written("torch", "__version__"),
        torchvision=written("torchvision", "__version__"),
        build=build_tag(written("torch", "cuda") or ""),
    )


def with_versions(fault: Fault, found: dict[str, str]) -> Fault:
    """Keep the versions on the line of a failed check."""
    fault.fields = {"versions": found}
    return fault


def _torch() -> None:
    import torch

    torch.zeros(1).add(1)


def _torchvision() -> None:
    import torch
    import torchvision
    from torchvision.ops import nms
    from torchvision.transforms import InterpolationMode  # noqa: F401 - what qwen_vl_utils imports

    kept = nms(
        torch.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0]]), torch.tensor([0.9, 0.8]), 0.5
    )
    if kept.tolist() != [0]:
        raise Fault(
            "torchvision-mismatch",
            f"torchvision.ops.nms returned {kept.tolist()}",
            torch=torch.__version__,
            torchvision=torchvision.__version__,
            build=build_tag(torch.version.cuda or ""),
        )


def _transformers() -> None:
    from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: F401


def _accelerate() -> None:
    import accelerate  # noqa: F401


def _qwen_vl_utils() -> None:
    from qwen_vl_utils import process_vision_info  # noqa: F401


def _pillow() -> None:
    from PIL import Image  # noqa: F401


_PROBES = (
    ("torch", _torch),
    ("torchvision", _torchvision),
    ("PIL", _pillow),
    ("accelerate", _accelerate),
    ("transformers", _transformers),
    ("qwen_vl_utils", _qwen_vl_utils),
)
