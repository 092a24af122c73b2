"""Infer from what an index offers: nothing, other releases, or the last for a Python or system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from packaging.version import Version

from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import load_all
from setup_assistant.doctor import text_versions
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import installed
from setup_assistant.messages import msg

# They are chosen for the machine.
_TORCH = ("torch", "torchvision")
# They come as wheels for certain Pythons alone, and with no sources that pip could build.
_WHEELS_ALONE = ("xformers", "open3d", "tensorrt", "mediapipe", "onnxruntime-gpu", "tensorflow",
                 "onnxruntime", "faiss-gpu", "sgl-kernel", "lmdeploy")  # fmt: skip
_ON_PYTORCH = re.compile(r"download\.pytorch\.org/whl|/pytorch-wheels/")
# An index that could not be read, or that has releases for other Pythons, offers nothing either.
_UNREACHED = re.compile(r"Retrying \(|Could not fetch URL|Max retries|Requires-Python|SSL module"
                        r"|different python version|ssl module", re.IGNORECASE)  # fmt: skip
_NOT_FOUND = re.compile(r"No matching distribution found for (?P<name>[A-Za-z][\w.-]{0,60})")


def offered(text: str) -> Iterator[Inferred]:
    """Yield what an index offers in place of what is wanted."""
    for offer in text_versions.offers(text):
        if not offer.versions:
            if _ON_PYTORCH.search(text) and not offer.name.startswith(("torch", "nvidia")):
                yield Inferred(cause="index-alone", start=offer.start,
                               values={"package": offer.name})  # fmt: skip
            elif offer.name not in _TORCH and not _UNREACHED.search(text):
                yield _nothing(offer)
            continue
        low, high = offer.versions[0], offer.versions[-1]
        if offer.name.startswith("nvidia-") and high.major < 1:
            # Only the stub that stands for it is offered to other systems than Linux.
            yield Inferred(cause="package-for-linux", start=offer.start, values={
                "package": offer.name}, remedy=(Remedy(need="torch"),))  # fmt: skip
            return
        if offer.name == "torch" and (high.major, high.minor) < (1, 0):
            yield Inferred(cause="torch-not-for-python", start=offer.start)
            return
        wanted = min((s.version.removesuffix(".*") for s in offer.wanted), default="")
        if offer.name == "torch" and wanted and (last := _ended(offer, wanted)):
            yield last
            return
        values = {"package": offer.name, "wanted": wanted, "low": str(low), "high": str(high)}
        remedy = installed(offer.name, f"=={high}")
        if wanted:
            cause = "torch-not-on-index" if remedy.need == "torch" else "version-not-on-index"
            yield Inferred(cause=cause, start=offer.start, values=values, remedy=(remedy,),
                           chain=(msg("the index offers {low} to {high}", low=low.public,
                                      high=high.public),))  # fmt: skip


def _nothing(offer: text_versions.Offer) -> Inferred:
    """Say that an index has no file of a package that this Python and system could take."""
    lines = [f"pip index versions {offer.name} --index-url https://pypi.org/simple"]
    if offer.name in _WHEELS_ALONE:
        lines.insert(0, "uv venv --python 3.12 env")
    remedy = tuple(Remedy(need="run", posix=line, windows=line) for line in lines)
    return Inferred(cause="package-not-on-index", start=offer.start,
                    values={"package": offer.name}, remedy=remedy)  # fmt: skip


def _ended(offer: text_versions.Offer, wanted: str) -> Inferred | None:
    """Tell a Python or a system that newer torch has no wheels for by the newest that is offered.

    An index of one CUDA version ends for reasons of its own; its versions name the build, and
    equal no row.
    """
    high = offer.versions[-1]
    if Version(wanted) < high:
        return None
    row = next((r for r in load_all().torch.ended if r.torch == str(high)), None)
    if row is None:
        return None
    there = row.system or f"Python {row.python}"
    chain = msg("torch {version} is the last one for {there}", version=row.torch, there=there)
    remedy: tuple[Remedy, ...] = (Remedy(need="torch"),)
    if row.system:
        line = f"pip install torch=={row.torch} torchvision=={row.torchvision}"
        remedy = (Remedy(need="run", posix=line, windows=line),)
    else:
        # The text's Python is the one that is too old.
        line = "uv venv --python 3.12 env"
        remedy = (Remedy(need="run", posix=line, windows=line), *remedy)
    values = {"package": "torch", "wanted": wanted, "low": str(offer.versions[0]),
              "high": str(high), "there": there}  # fmt: skip
    return Inferred(cause="torch-ended", start=offer.start, values=values, remedy=remedy,
                    chain=(chain,))  # fmt: skip


def not_found(text: str) -> Iterator[Inferred]:
    """Yield what PyTorch's index lacks, where the second of pip's two lines alone was pasted."""
    if "(from versions" in text or not _ON_PYTORCH.search(text):
        return
    for found in islice(_NOT_FOUND.finditer(text), 1):
        name = found["name"].lower()
        if not name.startswith(("torch", "nvidia")):
            yield Inferred(cause="index-alone", start=found.start(), values={"package": name})
