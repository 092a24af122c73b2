"""click's own texts in the language in use.

click asks gettext for them under its own name, in the language of the environment; it offers no
other way in. `--lang` must win, and no variable may be set that child processes would see, so
its modules are given our translation of the same templates, which `tests.catalogs` reads in its
source.
"""

from __future__ import annotations

import sys

import click

from setup_assistant.messages import msg, translated

# What click calls "float range" is a number.
_KINDS = {
    "FloatParamType": msg("number"),
    "FloatRange": msg("number"),
    "IntParamType": msg("whole number"),
    "IntRange": msg("whole number"),
}


def speak() -> None:
    """Make click speak the language in use, whatever it is by then."""
    for kind, said in _KINDS.items():
        if hasattr(click.types, kind):
            getattr(click.types, kind).name = str(said)
    for name in ("core", "decorators", "exceptions", "formatting", "parser", "types"):
        module = sys.modules.get(f"click.{name}")
        for asked, ours in (("_", translated), ("ngettext", _plural)):
            if module is not None and hasattr(module, asked):
                setattr(module, asked, ours)


def _plural(one: str, many: str, count: int) -> str:
    return translated(one if count == 1 else many)
