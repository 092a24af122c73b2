"""What `--mirror` says: a region or a mirror for every leg, and addresses for single ones."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePath

from setup_assistant.errors import SetupError

REGIONS = ("auto", "cn", "official")
LEGS = ("packages", "torch", "conda", "weights")
_BETWEEN = re.compile(
    rf"[,\s]+(?=(?:{'|'.join(REGIONS)})\b|(?:{'|'.join(LEGS)})=|\w+://|/|[a-z][\w-]*(?:[,\s]|$))"
)
_ADDRESS = re.compile(r"https?://\S|file:")


@dataclass(frozen=True, kw_only=True)
class MirrorWish:
    """`region` is auto, cn or official; `name` a mirror of the recipes, e.g. "tuna".

    `addresses` are given per leg and win over both, as do the mirrors `named` per leg.
    """

    region: str = "auto"
    name: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)


def parse(text: str, names: Collection[str]) -> MirrorWish:
    """Read a wish such as `cn`, `https://…/simple`, or `tuna conda=https://…/conda-forge`.

    An address without a leg is one of torch wheels if it holds `{build}`, of a conda channel if
    it ends in `conda-forge`, else of packages. A folder may stand for its `file://` address.

    Args:
        text: parts with commas or spaces between them.
        names: the names of the mirrors in the recipes.

    Raises:
        SetupError: `mirror_unknown`.
    """
    region, name = "auto", ""
    addresses: dict[str, str] = {}
    named: dict[str, str] = {}
    for part in _BETWEEN.split(text.strip()):
        leg, _, rest = part.partition("=")
        if part in REGIONS:
            region = part
        elif part in names:
            name = part
        elif leg in LEGS and _address(rest):
            addresses[leg] = _address(rest)
        elif leg in LEGS and rest in names:
            named[leg] = rest
        elif url := _address(part):
            addresses[_leg(url)] = url
        elif part:
            known = ", ".join([*REGIONS, *sorted(set(names))])
            raise SetupError("mirror_unknown", given=part, known=known)
    return MirrorWish(region=region, name=name, addresses=addresses, named=named)


def _address(text: str) -> str:
    """Return the address that was given, or nothing."""
    if _ADDRESS.match(text):
        return text.rstrip("/").replace(" ", "%20")
    if PurePath(text).is_absolute():
        return "file://" + urllib.parse.quote(PurePath(text).as_posix().rstrip("/"), safe="/{}:")
    return ""


def _leg(url: str) -> str:
    if "{build}" in url:
        return "torch"
    return "conda" if url.endswith("/conda-forge") else "packages"
