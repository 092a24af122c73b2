"""GPUs as people write them: "RTX4090", "3060ti", "6000 Ada", "4090 laptop"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace

from setup_assistant.catalog.gpus import (
    GENERATIONS,
    UNIFIED,
    Known,
    Row,
    goes_on,
    lookup,
    plain,
    rows,
)
from setup_assistant.units_text import GIB

# What people leave out in front of a name.
_SERIES = (
    "", "geforce ", "geforce rtx ", "geforce gtx ", "geforce gt ", "tesla ", "quadro ",
    "rtx ", "rtx pro ", "jetson ",
)  # fmt: skip
_SIZE = re.compile(r"\b(\d{1,3}) ?gi?b?\b")
_MANY = 4


def spoken(name: str) -> Known:
    """Return what is known of a GPU as people call it; never a guess.

    Known is only what every card that may be meant agrees in: "RTX 6000" has two generations.
    """
    for word in _forms(name):
        known = lookup(word)
        if known.compute_capability is None and (found := _called(word)):
            capabilities = {row.compute_capability for row in found}
            sizes = {row.gib for row in found}
            known = Known(
                compute_capability=capabilities.pop() if len(capabilities) == 1 else None,
                memory_bytes=int(sizes.pop() * GIB) or None if len(sizes) == 1 else None,
            )
            return _with_size(word, known)
        if known.compute_capability:
            return _with_size(word, known)
    return lookup(name)


def near(name: str) -> tuple[str, ...]:
    """Return names of the table that may have been meant: all so called, else others like it."""
    for word in _forms(name):
        if meant := _called(word):
            return tuple(dict.fromkeys(row.name for row in meant))[:_MANY]
    keys = {row.key: row.name for row in rows()}
    words = list(_forms(name))
    if not re.search(r"\d{2}|[a-z]{4}", words[-1]):
        return ()
    wanted = [f"{series}{words[-1]}" for series in _SERIES]
    alike = [k for w in wanted for k in difflib.get_close_matches(w, keys, n=_MANY, cutoff=0.85)]
    numbers = set(re.findall(r"\d{3,}", words[-1]))
    numbered = [k for k in alike if numbers & set(re.findall(r"\d{3,}", k))]
    return tuple(keys[k] for k in dict.fromkeys(numbered or alike))[:_MANY]


def _called(word: str) -> list[Row]:
    """Return the cards that may be called so."""
    start = (word.split() or ["?"])[0]
    near_by = [row for row in rows() if start in row.key]
    found: dict[str, Row] = {}
    for series in _SERIES:
        full = f"{series}{word}"
        exact = [r for r in near_by if r.key == f"{full} generation" or goes_on(full, r.key)]
        if exact:
            best = max(exact, key=lambda r: len(r.key))
            found[best.key] = best
        for row in near_by:
            if _names_more(row.key, full) and (not exact or row.key.startswith(f"{full} (")):
                found[row.key] = row
    return list(found.values()) or _with_all_words(word)


def _with_all_words(word: str) -> list[Row]:
    """Return the cards whose names hold all these words, a number among them."""
    wanted = set(word.split())
    if not re.search(r"\d{3}", word):
        return []
    return [row for row in rows() if wanted <= set(row.key.split())]


def _names_more(key: str, word: str) -> bool:
    """Whether a card's name goes on where people stop: "RTX PRO 6000 Blackwell", "V100S-PCIE"."""
    if key.startswith((f"{word} (", f"{word}-")):
        return True
    return key.startswith(f"{word} ") and not set(GENERATIONS).isdisjoint(key.split())


def _with_size(word: str, known: Known) -> Known:
    """Add the size that a name tells, where a card with memory of its own is sold in several."""
    said = _SIZE.search(word)
    if known.memory_bytes or not said or known.compute_capability in UNIFIED:
        return known
    return replace(known, memory_bytes=int(said[1]) * GIB)


def _forms(name: str) -> Iterator[str]:
    """Yield a name as it is compared, then with its words apart as NVIDIA writes them."""
    word = re.sub(
        r"(?:\b(?:laptop|notebook|mobile)(?: gpu)?\b|笔记本(?:电脑)?|移动版|移动端)",
        " laptop gpu",
        plain(name),
    )
    word = re.sub(
        r"\b((?:[gr]tx ?)?[1-5]0[5-9]0(?: ?ti)?) ?m\b", r"\1 laptop gpu", " ".join(word.split())
    )
    word = re.sub(r"\btitan ?x pascal\b", "titan x (pascal)", word)
    yield word
    word = plain(re.sub(r"[_-]", " ", word)).replace("tisuper", "ti super")
    word = re.sub(r"\b(rtx|gtx|gt|titan|tesla|quadro|geforce)(?=[apk]?\d)", r"\1 ", word)
    word = re.sub(r"(?<=\d)(ti|super|d|laptop)\b", r" \1", word)
    word = re.sub(r"\b(16[56]0|20[678]0) ?s\b", r"\1 super", word)
    word = re.sub(r"\bmx (?=\d)", "mx", word)
    word = re.sub(r"\b(ada|blackwell) laptop gpu", r"\1 generation laptop gpu", word)
    # "JetsonOrinNano", "jetson-orin-nano"
    word = re.sub(r"(jetson|agx|drive|tegra|orin|xavier)(?=[a-z])", r"\1 ", word)
    yield re.sub(r"^spark$", "dgx spark", " ".join(word.split()))
