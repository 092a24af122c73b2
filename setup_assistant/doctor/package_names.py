"""What is installed for a module that is imported, where the two have different names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from setup_assistant.catalog.causes import Remedy

# Each was looked up in the package index; the bounds say where a module was taken out.
_PACKAGES = {
    "cv2": "opencv-python-headless", "PIL": "pillow", "yaml": "pyyaml", "sklearn": "scikit-learn",
    "skimage": "scikit-image", "pkg_resources": "setuptools<82", "distutils": "setuptools",
    "dateutil": "python-dateutil", "bs4": "beautifulsoup4", "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl", "git": "gitpython", "google.protobuf": "protobuf", "attr": "attrs",
    "dotenv": "python-dotenv", "awq": "autoawq", "awq_inference_engine": "autoawq-kernels",
    "awq_ext": "autoawq-kernels", "fitz": "pymupdf", "auto_gptq": "gptqmodel", "decord": "decord2",
    "pynvml": "nvidia-ml-py", "socks": "pysocks", "open_clip": "open-clip-torch",
    "clip": "openai-clip", "faiss": "faiss-cpu", "magic": "python-magic", "swift": "ms-swift",
    "multipart": "python-multipart", "jwt": "pyjwt", "serial": "pyserial",
    "flashinfer": "flashinfer-python",
}  # fmt: skip
# An upgrade of these would bring others out of step, or leave the pins.
KEPT = ("torch", "torchvision", "transformers", "numpy", "setuptools")
# Compiled for one torch each: they are taken out, and torch does their work.
MADE_FOR_ONE_TORCH = ("torchaudio", "torchtext", "xformers", "flash-attn", "triton")
# Packages of this trade, as their folders are called.
FAMILIAR = re.compile(
    r"(?:torch\w*|transformers|accelerate|peft|trl|bitsandbytes|auto_gptq|gptqmodel|awq|optimum|vllm"
    r"|sglang|lmdeploy|swift|llamafactory|unsloth\w*|diffusers|qwen_\w+|decord|av|xformers|verl|ray"
    r"|flash_attn|triton|deepspeed|modelscope|huggingface_hub|safetensors|tokenizers|datasets|timm"
    r"|llama_cpp|flashinfer|compressed_tensors|xinference|liger_kernel|gradio|sgl_kernel|torchao)$"
)
_PLACE = re.compile(r"\{([a-z]+)\}")
_NAME = re.compile(r"[A-Za-z][\w.-]{0,60}$")
# What a place may hold, where it is not the name of a package.
_FORMS = {
    "spec": re.compile(r"[<>=!~][<>=!~\d.,*]{1,60}$"),
    "version": re.compile(r"\d[\d.]{0,20}$"),
    "release": re.compile(r"\d[\d.]{0,20}$"),
    "tag": re.compile(r"(?:cu\d{2,3}|cpu)$"),
    "model": re.compile(r"[A-Za-z0-9][\w.-]{0,60}/[A-Za-z0-9][\w.-]{0,90}$"),
    "file": re.compile(r"[A-Za-z0-9][\w.-]{0,60}\.ya?ml$"),
    "api": re.compile(r"\d\.\d{1,3}$"),
    "folder": re.compile(r"(?:~|/tmp)/[\w./-]{1,60}$"),
    "path": re.compile(r"/[\w./-]{1,100}$"),
    "branch": re.compile(r"\d{3}$"),
    "driver": re.compile(r"\d{3}(?:\.\d{1,3}){1,2}$"),
    "python": re.compile(r"3\.\d{1,2}$"),
    "repository": re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9./_-]{3,100}$"),
    "variable": re.compile(r"[A-Z][A-Z0-9_]{2,50}$"),
    "requirement": re.compile(r"[A-Za-z][\w.-]*(?:\[[\w,-]+\])?(?:[<>=!~]{1,2}[\d.*]+,?)*$"),
}


def packages() -> tuple[str, ...]:
    """Return every package that a module is installed by, with its bounds."""
    return tuple(_PACKAGES.values())


def package_of(module: str) -> str:
    """Return what to install for a module, with a bound where newer ones lack it."""
    name = module.strip("'\"` ")
    return _PACKAGES.get(name) or _PACKAGES.get(name.partition(".")[0]) or (
        name.partition(".")[0].replace("_", "-").lower())  # fmt: skip


def installed(name: str, spec: str = "") -> Remedy:
    """Return a request for a package; torch's builds are chosen for the machine."""
    torch = name in ("torch", "torchvision")
    return Remedy(need="torch") if torch else Remedy(need="package", name=name, spec=spec)


def request(remedy: Remedy) -> Remedy:
    """Return a request for what goes with torch alone by its own rules, others as they are."""
    # triton comes along with torch, in the release that this one calls.
    own = {"torch": Remedy(need="torch-newer"), "torchvision": Remedy(need="torchvision"),
           "triton": Remedy(need="torch")}  # fmt: skip
    made = remedy.name in MADE_FOR_ONE_TORCH
    return own.get(remedy.name, Remedy(need="remove", name=remedy.name) if made else remedy)


def named(remedy: Remedy, values: Mapping[str, str]) -> Remedy:
    """Return a remedy with its `{places}` taken from a text; what is not told stays empty."""
    name, spec, value = (filled(t, values) for t in (remedy.name, remedy.spec, remedy.value))
    lines = (remedy.debian, remedy.fedora, remedy.arch, remedy.posix, remedy.windows)
    debian, fedora, arch, posix, windows = (_filled_line(line, values) for line in lines)
    return replace(remedy, name=name, spec=spec, value=value, debian=debian, fedora=fedora,
                   arch=arch, posix=posix, windows=windows)  # fmt: skip


def _filled_line(template: str, values: Mapping[str, str]) -> str:
    places = _PLACE.findall(template)
    said = {name: filled(f"{{{name}}}", values) for name in places}
    return _PLACE.sub(lambda found: said[found[1]], template) if all(said.values()) else ""


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a part of a remedy with its `{place}` taken from a text; empty where it is odd.

    What a text says is a stranger's: only names and bounds of versions go into a command.
    """
    found = re.fullmatch(r"\{(\w+)\}", template)
    if found is None:
        return template
    said = values.get(found[1], "")
    if found[1] == "module":
        said = package_of(said)
        return said if _NAME.match(re.split(r"[<>=!~]", said)[0]) else ""
    return said if _FORMS.get(found[1], _NAME).match(said) else ""
