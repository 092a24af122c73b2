"""What is installed for a module that is imported, where the two have different names."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Each was looked up in the package index; the bounds say where a module was taken out.
_PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "pkg_resources": "setuptools<82",
    "distutils": "setuptools",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "OpenSSL": "pyopenssl",
    "git": "gitpython",
    "google.protobuf": "protobuf",
    "attr": "attrs",
    "dotenv": "python-dotenv",
    "awq": "autoawq",
    "fitz": "pymupdf",
    "auto_gptq": "gptqmodel",
    "decord": "decord2",
    "pynvml": "nvidia-ml-py",
    "socks": "pysocks",
    "open_clip": "open-clip-torch",
    "clip": "openai-clip",
    "faiss": "faiss-cpu",
    "magic": "python-magic",
    "swift": "ms-swift",
    "multipart": "python-multipart",
    "jwt": "pyjwt",
    "serial": "pyserial",
}
_NAME = re.compile(r"[A-Za-z][\w.-]{0,60}$")
# What a place may hold, where it is not the name of a package.
_FORMS = {
    "spec": re.compile(r"[<>=!~][<>=!~\d.,*]{1,60}$"),
    "version": re.compile(r"\d[\d.]{0,20}$"),
    "tag": re.compile(r"(?:cu\d{2,3}|cpu)$"),
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
