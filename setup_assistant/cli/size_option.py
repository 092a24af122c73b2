"""An option that takes a size such as 3900M."""

from __future__ import annotations

import re

import click

from setup_assistant.messages import _

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size_option(context: click.Context, parameter: click.Parameter, given: str | None) -> int:
    """Return a size such as 3900M in bytes (powers of ten, as sticks are sold); 0 for none."""
    if given is None:
        return 0
    found = _SIZE.fullmatch(given.strip())
    if not found or not float(found[1]):
        raise click.BadParameter(_("write it as 3900M or 4G"), context, parameter)
    return int(float(found[1]) * _UNITS[found[2]])
