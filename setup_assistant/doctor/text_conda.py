"""Infer from what conda and mamba say of packages and of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor.inferred import Inferred

_CONDA = re.compile(
    r"PackagesNotFoundError:[^\n]{0,200}\s+(?:-\s+)?(?P<package>[A-Za-z][\w.-]{0,60})|"
    r"nothing provides requested (?P<requested>[A-Za-z][\w.-]{0,60})|"
    r"^[\s│├└─]*(?P<absent>[A-Za-z][\w.-]{0,60}) [^\n]{0,120}does not exist \(perhaps a typo",
    re.MULTILINE,
)
# Names of torch and of its parts in conda's channels.
_TORCH = ("torch", "pytorch", "torchvision", "torchaudio", "pytorch-cuda", "cudatoolkit",
          "pytorch-gpu", "pytorch-mutex")  # fmt: skip
# What libmamba says of a package and of the Python that is requested.
_CONDA_PYTHON = re.compile(
    r"(?:package )?(?P<package>[a-z][\w-]{0,60}?)[- ](?P<version>\d[\w.]{0,20})\S{0,60}\s"
    r"[^\n]{0,80}?requires?\s[^\w\n]{0,20}(?:\n[^\w\n]{0,20})?python "
    r"(?P<need>[<>=][^\s]{1,40}?),?\s"
)
_CONDA_HAS = re.compile(r"python (?P<have>3\.\d{1,2})\S*\s+is requested|"
                        r"^\W{0,6}python ?==?(?P<pin>3\.\d{1,2})", re.MULTILINE)  # fmt: skip


def unknown(text: str) -> Iterator[Inferred]:
    """Yield a package that no channel has."""
    for found in _CONDA.finditer(text):
        package = next(name for name in found.groups() if name).lower()
        # A list of many packages was made for one channel; a single one is often pip's.
        need = "package" if found["package"] else "conda"
        remedy = Remedy(need=need, name=package)
        if package in _TORCH:
            remedy = Remedy(need="torch")
        yield Inferred(cause="conda-package-unknown", start=found.start(), remedy=(remedy,),
                       values={"package": package})  # fmt: skip


def unsatisfied(text: str) -> Iterator[Inferred]:
    """Yield a package of conda's that asks for another Python than the one that is requested."""
    has = _CONDA_HAS.search(text)
    asks = _CONDA_PYTHON.search(text) if has else None
    low = re.search(r">=(3\.\d{1,2})|=(3\.\d{1,2})", asks["need"]) if asks else None
    if not has or not asks or not low:
        return
    have, least = has["have"] or has["pin"], low[1] or low[2]
    line = f"conda create -n qwen -c conda-forge --override-channels python={least} pip"
    yield Inferred(cause="conda-unsatisfiable", start=asks.start(),
                   remedy=(Remedy(need="run", posix=line, windows=line),),
                   values={"package": f"{asks['package']} {asks['version']}", "have": have,
                           "need": f"python {asks['need']}"})  # fmt: skip
