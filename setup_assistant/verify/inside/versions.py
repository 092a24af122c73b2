"""What is installed, told from files alone: nothing of the target is imported here."""

from __future__ import annotations

import importlib.util
import platform
import re
from importlib import metadata
from pathlib import Path

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


def version_of(names: tuple[str, ...]) -> tuple[str, str] | None:
    """Return (distribution, version) of the first installed one, or None."""
    for name in names:
        try:
            # A record may name no version: `metadata.version` warns, and will raise.
            record = metadata.metadata(name)
            # Python 3.14 has none at all where the file itself is gone.
            return name, (record and record.get("Version")) or "?"
        except metadata.PackageNotFoundError:
            continue
    return None


def versions() -> dict[str, str]:
    """Return distribution → version of everything that takes part, and Python's own."""
    found = {"python": platform.python_version()}
    for names in (*REQUIRED.values(), *OPTIONAL.values()):
        pair = version_of(names)
        if pair:
            found[pair[0]] = pair[1]
    return found


def is_there(module: str) -> bool:
    """Whether a module could be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def folder_of(module: str) -> Path | None:
    """Return the folder of a package without importing it, or None."""
    spec = importlib.util.find_spec(module)
    places = list(getattr(spec, "submodule_search_locations", None) or [])
    return Path(places[0]) if places else None


def written(module: str, name: str) -> str | None:
    """Return a string assigned to `name` in MODULE/version.py, "" if None, else None."""
    folder = folder_of(module)
    try:
        text = (folder / "version.py").read_text(encoding="utf-8") if folder else ""
    except OSError:
        return None
    value = r"(?:\s*:[^=\n]+)?\s*=\s*(?:['\"]([^'\"]*)|None)"
    found = re.search(f"^{re.escape(name)}{value}", text, re.MULTILINE)
    return None if found is None else found.group(1) or ""


def build_tag(cuda: str) -> str:
    """Return "cu132" for "13.2", "cpu" for ""."""
    return "cu" + cuda.replace(".", "") if cuda else "cpu"


def torchvision_build() -> str | None:
    """Return "cu132", "cuda", "cpu" or None: how torchvision's binary was built."""
    local = (written("torchvision", "__version__") or "").partition("+")[2]
    if local:
        return local
    folder = folder_of("torchvision")
    for name in ("_C.so", "_C_stable.so", "_C.pyd", "_C_stable.pyd"):
        if folder and (folder / name).is_file():
            binary = (folder / name).read_bytes()
            return "cuda" if re.search(rb"torch_cuda\.|cudart", binary) else "cpu"
    return None


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: "2.15.0+cu132" → (2, 15, 0)."""
    return tuple(int(n) for n in re.findall(r"\d+", version.partition("+")[0])[:3])
