"""Which words of a sentence may name a person, an account or a computer: those that mean nothing.

A place such as "ask X" or "on X" takes names and words alike; a name is what no list of words has.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from setup_assistant.host.secrets.matching import regex

# What a word may end in, and what its stem ends in instead.
_ENDINGS = (
    ("s", ""), ("es", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("ly", ""),
    ("er", ""), ("er", "e"), ("ers", ""), ("ers", "e"), ("ies", "y"), ("ied", "y"),
    ("ation", "e"), ("ment", ""), ("able", ""), ("ness", ""),
)  # fmt: skip
_BEGINNINGS = ("un", "re", "non", "pre", "multi", "sub", "auto")
_SHORTEST_STEM = 3
# No forms of "hade", "are" and "home".
_ODD = frozenset({"hades", "ares", "homer", "ganges", "badger"})
# Cards, builds, types, models and devices: letters with figures that name no computer.
_KINDS = regex(
    r"(?:cuda|cu|sm|compute|py|cp|python|pypy|rtx|gtx|rx|mi|tf|int|uint|fp|bf|nf|float|q|qwen|llama|gpt|gemma|phi|yi|glm|"
    r"vicuna|mistral|internvl|intern|deepseek|minicpm|llava|clip|vit|siglip|resnet|bert|t|a|b|c|d|g|h|i|k|l|m|n|p|r|s|u|v|w|x|y|z|"
    r"gb|gh|amd|arm|aarch|utf|sha|md|ipv|http|sse|avx|ec|id|pts|tty|ttys|eth|wlan|eno|ens|enp|ib|bond|docker|veth|br|"
    r"nvme|sd|hd|vd|md|loop|card|gpu|cpu|core|socket|numa|slot|port|pcie?|usb|hdmi|dp|level|step|epoch|layer|block|rank|local|"
    r"version|ver|torch|rocm|gfx|hip|el|fc|win|windows|ubuntu|debian|centos|rhel|fedora|macos|ios|nccl|gcc|clang|glibc|"
    r"worker|proc|process|thread|device|dev|video|image|page|chapter|part|line|row|col|test|case|figure|fig|table|item|"
    r"step|phase|stage|round|run|trial|xid|error|err|exit|signal|sig|rev|build|kb|mb|gb|kib|mib|gib|tb|ram|ddr|lpddr|hbm|"
    r"ddr|orin|agx|jetpack|jp|r|tesla|quadro|titan|ax|bx|cx|connectx|ds|zero|lora|rouge|f|e|o|j)\d{1,6}[a-z]{0,3}"
)
_PIECE = regex(r"[A-Za-z]+|\d+")
# In names that are put together, these tell computers.
_PLACES = frozenset({
    "node", "srv", "server", "box", "ws", "cn", "compute", "login", "hgx", "dgx", "rack", "lab", "host", "head",
    "gw", "gateway", "nas", "vm", "pc", "hpc", "storage", "jump", "bastion", "station", "desktop", "laptop",
    "workstation", "master", "edge", "cluster", "gpunode", "gpubox", "gpusrv", "gpulab", "rig", "farm",
})  # fmt: skip
_WORD = regex(
    r"[A-ZÀ-ÖØ-ÞĆČĎĐĘĚĞİŁŃŇŌŘŚŞŠŤŪŮŹŻŽ]?[a-zß-öø-ž]+(?:['’-][A-ZÀ-ÖØ-ÞĆČĎĐĘĚĞİŁŃŇŌŘŚŞŠŤŪŮŹŻŽ]?[a-zß-öø-ž]+)*|(?:Mc|Mac|O['’]|D['’])[A-Z][a-z]+"
)


@functools.cache
def _stems() -> frozenset[str]:
    from setup_assistant.host.secrets.common_words import GERMAN, STEMS

    return frozenset(STEMS.split()) | frozenset(GERMAN.split())


@functools.cache
def _given() -> frozenset[str]:
    from setup_assistant.host.secrets.given_names import GIVEN

    return frozenset(GIVEN.split())


@functools.lru_cache(maxsize=8192)
def known(word: str) -> bool:
    """Whether a word in small letters means something."""
    if len(word) < _SHORTEST_STEM:
        return True
    if word in _ODD:
        return False
    return word in _stems() or any(stem in _stems() for stem in _stems_of(word))


def _stems_of(word: str) -> Iterator[str]:
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM:
            yield stem + instead
            # "running"
            if not instead and len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
                yield stem[:-1]
    for beginning in _BEGINNINGS:
        stem = word.removeprefix(beginning)
        if stem != word and len(stem) > _SHORTEST_STEM:
            yield stem


def given(word: str) -> bool:
    """Whether a word is a given name and nothing else."""
    return word in _given()


def person(word: str) -> bool:
    """Whether a word with a capital, in a place of persons, names one."""
    bare = word.removesuffix("'s").removesuffix("’s")
    if not bare[:1].isupper() or not _WORD.fullmatch(bare):
        return False
    return given(bare) or not all(known(p.lower()) for p in re.split(r"['’-]", bare))


def account(word: str) -> bool:
    """Whether a word in a place of accounts is one: `bpeters`, `svc-vllm`, `e.marchetti`."""
    if word[:1].isupper() or _KINDS.fullmatch(word):
        return False
    pieces = _PIECE.findall(word)
    return not all(p.isdigit() or known(p) for p in pieces) and not re.search(r"[A-Z]", word)


def computer(word: str, *, sure: bool = False) -> bool:
    """Whether a word in a place of computers is one. `sure`: nothing but a computer stands there."""
    lower = word.lower()
    if " " in word or (not sure and "_" in word):
        return False
    pieces = re.split(r"[-_.]", lower)
    if len(lower) < _SHORTEST_STEM or _KINDS.fullmatch(lower) or _of_a_kind(word):
        return False
    if len(pieces) == 1:
        bare = lower.rstrip("0123456789")
        return not known(bare) or (bare != lower and (sure or bare in _PLACES))
    if lower.startswith(("lib", "python")) or lower.endswith((".py", ".so", ".json", ".sh")):
        return False
    if not sure and all(known(p) or p.isdigit() or _KINDS.fullmatch(p) for p in pieces):
        # "n1-standard-8" and "qwen2-vl-7" are of a kind.
        told = len(pieces) > 2 and not _KINDS.fullmatch(pieces[0])
        return pieces[-1].isdigit() and (told or pieces[0] in _PLACES)
    return True


def _of_a_kind(word: str) -> bool:
    """Whether a word is written as no name of a computer is: `CUDA`, `PyTorch`, `Miguel`."""
    return word.isalpha() and (not (word.islower() or word.istitle()) or given(word))
