"""A newer release of a pinned package: the recipes with it, and how it is written once proved."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from packaging.version import InvalidVersion, Version

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import PINNED, Proof, Stack
from setup_assistant.errors import SetupError

_LINE = re.compile(r"transformers-\d+\.\d+")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A stack as it is pinned, and as it would be with the newer releases."""

    old: Stack
    new: Stack

    def proofs(self, recipes: Recipes) -> tuple[Proof, ...]:
        """Return the proofs of the stack, as rows of the new one; nothing is found yet."""
        rows = (p for p in recipes.stacks.proof if p.stack == self.old.id)
        return tuple(replace(p, stack=self.new.id, found=None) for p in rows)

    def recipes(self, recipes: Recipes) -> Recipes:
        """Return the recipes with the new stack in the place of the old one."""
        rows = tuple(self.new if s == self.old else s for s in recipes.stacks.stack)
        return replace(recipes, stacks=replace(recipes.stacks, stack=rows))

    def written(self, text: str) -> str:
        """Return the text of `stacks.toml` with the pins, the source and the date of the new stack.

        A proof of quantizations or of a server is one of the old pins and is left out; the rows
        of the stack's proofs carry its new name, and what they found stays until it is replaced.
        """
        blocks = re.split(r"(?m)^(?=\[\[|# \[\[)", text)
        return "".join(map(self._block, blocks))

    def _block(self, block: str) -> str:
        if block.startswith("[[stack]]") and _line("id", self.old.id) in block:
            for key in ("id", *(n.replace("-", "_") for n in PINNED), "source", "date"):
                old, new = getattr(self.old, key), getattr(self.new, key)
                block = block.replace(_line(key, old), _line(key, new), 1)
            return re.sub(r"(?m)^proved(_source)? = .*\n", "", block)
        if _line("stack", self.old.id) not in block:
            return block
        if block.startswith("[[server]]"):
            return ""
        return block.replace(_line("stack", self.old.id), _line("stack", self.new.id), 1)


def candidate(recipes: Recipes, wanted: Sequence[str], date: str) -> Candidate:
    """Return the newest stack with other releases of its packages.

    Args:
        recipes: the recipes as they are.
        wanted: PACKAGE==VERSION for each.
        date: today, YYYY-MM-DD.

    Raises:
        SetupError: `usage` where one is no package of a stack, no version, or not newer.
    """
    old = recipes.stacks.stack[0]
    pins: dict[str, str] = {}
    for text in wanted:
        name, _equals, version = (part.strip() for part in text.partition("=="))
        key = name.lower().replace("-", "_")
        if key.replace("_", "-") not in PINNED:
            raise _refused(text, f"PACKAGE==VERSION, with one of {', '.join(PINNED)}")
        if not _newer(version, getattr(old, key)):
            raise _refused(text, f"{name} newer than {getattr(old, key)}")
        pins[key] = version
    named = ", ".join(f"{k.replace('_', '-')} {v}" for k, v in pins.items())
    source = f"setup-assistant recipes prove --candidate: {named}, every proof of the stack passed"
    moved: dict[str, Any] = {**pins, "id": _id(old, pins), "source": source, "date": date}
    new = replace(old, **moved, proved=(), proved_source="")
    return Candidate(old=old, new=new)


def _id(old: Stack, pins: dict[str, str]) -> str:
    if "transformers" not in pins or not _LINE.fullmatch(old.id):
        return old.id
    version = Version(pins["transformers"])
    return f"transformers-{version.major}.{version.minor}"


def _newer(version: str, than: str) -> bool:
    try:
        return Version(version) > Version(than)
    except InvalidVersion:
        return False


def _refused(given: str, wanted: str) -> SetupError:
    return SetupError("candidate_refused", given=given, wanted=wanted)


def _line(key: str, value: str) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
