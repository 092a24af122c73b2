"""The check `imports`: what is installed, whether it pairs, whether it can be imported."""

from __future__ import annotations

import importlib.util
import os
import re
import sys

from inside.explain import explain, text_of
from inside.lines import Fault

try:
    from importlib import metadata
except ImportError:  # Python 3.7: too old for every package here, but it must say so itself
    metadata = None

# module → distributions that provide it, the usual one first.
REQUIRED = {
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "transformers": ("transformers",),
    "accelerate": ("accelerate",),
    "qwen_vl_utils": ("qwen-vl-utils",),
    "PIL": ("pillow",),
}
OPTIONAL = {
    "decord": ("decord2", "decord", "eva-decord"),
    "torchcodec": ("torchcodec",),
    "av": ("av",),
    "tokenizers": ("tokenizers",),
    "safetensors": ("safetensors",),
    "huggingface_hub": ("huggingface-hub",),
    "modelscope": ("modelscope",),
    "numpy": ("numpy",),
}


def version_of(names):
    """Return (distribution, version) of the first installed one, or None."""
    for name in names:
        try:
            return name, metadata.version(name)
        except Exception:
            continue
    return None


def versions():
    """Return distribution → version of everything that takes part, and Python's own."""
    found = {"python": "%d.%d.%d" % sys.version_info[:3]}  # noqa: UP031
    for names in (*REQUIRED.values(), *OPTIONAL.values()):
        pair = version_of(names)
        if pair:
            found[pair[0]] = pair[1]
    return found


def is_there(module):
    """Whether a module could be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def folder_of(module):
    """Return the folder of a package without importing it, or None."""
    spec = importlib.util.find_spec(module)
    places = list(getattr(spec, "submodule_search_locations", None) or [])
    return places[0] if places else None


def written(module, name):
    """Return a string assigned to `name` in MODULE/version.py, "" if None, else None."""
    folder = folder_of(module)
    try:
        with open(os.path.join(folder, "version.py"), encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, TypeError):
        return None
    found = re.search(
        r"^%s(?:\s*:[^=\n]+)?\s*=\s*(?:['\"]([^'\"]*)|None)" % name, text, re.MULTILINE
    )
    return None if found is None else found.group(1) or ""


def build_tag(cuda):
    """Return "cu132" for "13.2", "cpu" for ""."""
    return "cu" + cuda.replace(".", "") if cuda else "cpu"


def torchvision_build():
    """Return "cu132", "cuda", "cpu" or None: how torchvision's binary was built."""
    local = (written("torchvision", "__version__") or "").partition("+")[2]
    if local:
        return local
    folder = folder_of("torchvision")
    for name in ("_C.so", "_C_stable.so", "_C.pyd", "_C_stable.pyd"):
        try:
            with open(os.path.join(folder, name), "rb") as stream:
                return "cuda" if re.search(rb"torch_cuda\.|cudart", stream.read()) else "cpu"
        except OSError:
            continue
    return None


def release(version):
    """Return the numbers of a version: "2.15.0+cu132" → (2, 15, 0)."""
    return tuple(int(n) for n in re.findall(r"\d+", version.partition("+")[0])[:3])


def needed_torch():
    """Return torchvision's own demand on torch, e.g. "==2.9.1" or ">=2.14.0"; "" if none."""
    for line in metadata.requires("torchvision") or ():
        found = re.match(r"torch\s*\(?\s*([=<>!~][^;)]*)", line)
        if found and "extra" not in line:
            return found.group(1).strip()
    return ""


def satisfied(demand, version):
    """Whether `version` meets `demand`; True where packaging is not there to tell."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        exact = re.match(r"==\s*([\d.]+)$", demand)
        return exact is None or release(exact.group(1)) == release(version)
    return SpecifierSet(demand).contains(version.partition("+")[0], prereleases=True)


def pairing():
    """Return None where torch and torchvision go together, else the fault, from files alone.

    Nothing is imported: with a wrong pair the import itself may kill the process.
    """
    torch = written("torch", "__version__") or (version_of(("torch",)) or ("", ""))[1]
    vision = written("torchvision", "__version__") or (version_of(("torchvision",)) or ("", ""))[1]
    cuda = written("torch", "cuda")
    build = torchvision_build()
    values = {"torch": torch, "torchvision": vision, "build": build_tag(cuda or "")}
    demand = needed_torch()
    if demand and torch and not satisfied(demand, torch):
        return Fault(
            "torchvision-mismatch",
            f"torchvision {vision} demands torch {demand}; installed is torch {torch}",
            **values,
        )
    if cuda is not None and build is not None:
        mine = build_tag(cuda)
        if (mine == "cpu") != (build == "cpu") or (
            build.startswith("cu") and build != "cuda" and build != mine
        ):
            return Fault(
                "torchvision-mismatch",
                f"torch {torch} is a {mine} build, torchvision {vision} a {build} build",
                **values,
            )
    return None


def same_minor(fault):
    """Whether a demand on torch is missed by a patch release only: those usually work."""
    demanded = re.search(r"demands torch ==\s*([\d.]+)", " ".join(fault.evidence))
    return bool(demanded) and release(demanded.group(1))[:2] == release(fault.values["torch"])[:2]


def check(lines):
    """Return the fields of the check `imports`."""
    found = versions()
    missing = [m for m in REQUIRED if not is_there(m)]
    if missing:
        raise with_versions(
            Fault(
                "package-missing",
                f"not installed: {', '.join(missing)}",
                package=REQUIRED[missing[0]][0],
            ),
            found,
        )
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
    if pair and not same_minor(pair):
        raise with_versions(pair, found)
    if pair:
        evidence.extend([*pair.evidence, "torchvision.ops.nms ran all the same"])
    return {"versions": found, "evidence": evidence}


def why(module, error, pair):
    """Return the fault behind a failed import."""
    said = text_of(error)
    if pair and module == "torchvision":
        return Fault(pair.cause, *pair.evidence, said, **pair.values)
    package = REQUIRED[module][0]
    found = explain(error, "import-failed", package=package, detail=said)
    if found.cause == "torchvision-mismatch":
        if "operator" in said:  # the versions go together: its binary is damaged
            return Fault("import-failed", said, package="torchvision", detail=said)
        return Fault(found.cause, said, torch=written("torch", "__version__"),
                     torchvision=written("torchvision", "__version__"),
                     build=build_tag(written("torch", "cuda") or ""))
    versions_clash = re.search(r"(\w[\w.-]*[<>=!]=?[\w.,<>=! ]+) is required for", said)
    if versions_clash:
        return Fault("dependency-version", said, package=package, need=versions_clash.group(1))
    if found.cause == "transformers-mismatch":
        found.values["transformers"] = (version_of(("transformers",)) or ("", "?"))[1]
        found.values["torch"] = (version_of(("torch",)) or ("", "?"))[1]
    return found


def with_versions(fault, found):
    """Keep the versions on the line of a failed check."""
    fault.fields = {"versions": found}
    return fault


def _torch():
    import torch

    torch.zeros(1).add(1)


def _torchvision():
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


def _transformers():
    from transformers import AutoProcessor, Qwen2VLForConditionalGeneration  # noqa: F401


def _accelerate():
    import accelerate  # noqa: F401


def _qwen_vl_utils():
    from qwen_vl_utils import process_vision_info  # noqa: F401


def _pillow():
    from PIL import Image  # noqa: F401


_PROBES = (
    ("torch", _torch),
    ("torchvision", _torchvision),
    ("PIL", _pillow),
    ("accelerate", _accelerate),
    ("transformers", _transformers),
    ("qwen_vl_utils", _qwen_vl_utils),
)
