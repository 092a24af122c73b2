"""Every known cause of trouble, from `recipes/causes/<layer>.toml`: one row, one id.

The doctor's checks, the probe's verdicts, verify, the fleet and `--explain` name a cause by its
id; how it is said and what mends it stands in its row. A layer is read when one of its causes is
asked for, so that a run in which all is well reads none.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from setup_assistant.catalog.folder import Sourced, read
from setup_assistant.messages import Message, Value

Layer = Literal["driver", "gpu", "environment", "packages", "weights", "runtime", "network", "disk"]
LAYERS: tuple[Layer, ...] = (
    "driver", "gpu", "environment", "packages", "weights", "runtime", "network", "disk",
)  # fmt: skip
# Faults of a host among many: the fleet's own.
FLEET = "fleet"
NAMES: tuple[str, ...] = (*LAYERS, FLEET)


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One sentence in both languages; it may hold `{places}` for values."""

    en: str
    zh: str

    @property
    def places(self) -> frozenset[str]:
        """The names of its places."""
        return frozenset(n for _t, n, _s, _c in string.Formatter().parse(self.en) if n)


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """What is needed, to be spelled by `choose.remedies` for a driver, card, system and shell.

    Args:
        need: torch (of the release that is there, where one runs here), torch-newer,
            torch-for-card (asks for the card where it is not known), torchvision, torch-build
            (version `name`, build `value`), decoder, package, reach (what lets the source `name`
            be reached), mirror (another address of it), wheel (the newest release that has one
            here), build (against the torch that is there), remove, conda, check (which packages
            disagree), cache (empty the installer's), toolkit (nvcc of CUDA `value`, else of torch's
            CUDA), system, driver, unset, set, folder (`value` in place of that which the variable
            `name` names), reboot, or run (a command line that is the same wherever it applies).
        name: of a package or variable; `{place}` stands for a named group of the text's pattern.
        spec: bounds of its version, such as `>=1.1`; empty: the pinned one, else the newest.
        value: of a variable.
        again: put the same package in place once more.
        debian: names of system packages, or a command line, for Debian and Ubuntu.
        fedora: the same for Fedora and its relatives.
        arch: the same for Arch and its relatives.
        posix: a command line for Linux and macOS.
        windows: a command line for Windows; of `system`, the one that installs it there.
    """

    need: str
    name: str = ""
    spec: str = ""
    value: str = ""
    again: bool = False
    debian: str = ""
    fedora: str = ""
    arch: str = ""
    posix: str = ""
    windows: str = ""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A regular expression over a pasted text, without regard to case, and a line it matches.

    A `hint` says little by itself, such as a warning, and gives way to any other.
    """

    pattern: str
    example: str
    hint: bool = False


@dataclass(frozen=True, kw_only=True)
class Cause(Sourced):
    """One cause.

    Args:
        id: its name in every output.
        sentences: what is wrong, the most exact first: the first whose places are all known is
            said.
        advice: what mends it, likewise.
        remedy: what is needed for that, in order.
        root: whether the remedy needs administrator rights.
        reboot: whether it takes effect after a reboot.
        reversible: whether what it does can be taken back.
        own_shell: whether it only helps when typed into the person's own shell.
        weak: its texts all say little by themselves.
        accuses: it blames a package in general terms; no word of it where the innermost frame of
            the exception is in a file of the person's own.
        general: it only says that versions or indexes do not fit; gives way to what is inferred.
        common: any program may print its texts: within longer ones they count where these speak of
            Python, packages, models or a GPU as well.
        context: a regular expression that the text must hold as well; empty: none.
        symptom_of: ids of deeper causes; where one of them is seen too, this one comes after it.
        texts: what a pasted text shows of it.
        cuda: results of the CUDA driver (cuda.h, CUresult) that mean it.
        nvml: results of the management library (nvml.h, nvmlReturn_t).
        exit: exit statuses of nvidia-smi.
        signal: names of signals that end a child.
        since: package and version from which on it exists, e.g. `transformers 5.0`.
        until: package and version in which it was mended.
        aliases: ids it had before.
    """

    id: str
    sentences: tuple[Sentence, ...]
    advice: tuple[Sentence, ...]
    remedy: tuple[Remedy, ...] = ()
    root: bool = False
    reboot: bool = False
    reversible: bool = True
    own_shell: bool = False
    weak: bool = False
    accuses: bool = False
    general: bool = False
    common: bool = False
    context: str = ""
    symptom_of: tuple[str, ...] = ()
    texts: tuple[Text, ...] = ()
    cuda: tuple[int, ...] = ()
    nvml: tuple[int, ...] = ()
    exit: tuple[int, ...] = ()
    signal: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def open_text(self) -> str:
        """What is wrong, in the language in use, its places still open."""
        first = self.sentences[0]
        return Message(first.en, {}, first.zh).open_text

    def sentence(self, values: Mapping[str, Value] | None = None) -> Message:
        """Return what is wrong, as exactly as the values allow."""
        return _said(self.sentences, values or {})

    def remedy_text(self, values: Mapping[str, Value] | None = None) -> Message:
        """Return what mends it, as exactly as the values allow."""
        return _said(self.advice, values or {})


@dataclass(frozen=True, kw_only=True)
class CauseFile:
    """One file of the catalogue."""

    cause: tuple[Cause, ...]


@cache
def layer(name: str, folder: Path | None = None) -> tuple[Cause, ...]:
    """Return the causes of one of `NAMES`."""
    return read(f"causes/{name}.toml", CauseFile, folder).cause


def every(folder: Path | None = None) -> Iterator[tuple[str, Cause]]:
    """Yield every cause with the name of its layer, in order."""
    for name in NAMES:
        for row in layer(name, folder):
            yield name, row


def find(name: str, near: str = "") -> Cause:
    """Return the cause with an id, or with one it had before; `near` is the layer to read first.

    Underscores count as hyphens: the probe and the fleet write their ids so.

    Raises:
        KeyError: there is none.
    """
    wanted = name.replace("_", "-")
    order = sorted(NAMES, key=lambda n: n != near)
    for place in order:
        if row := _ids(place).get(wanted) or _ids(place).get(name):
            return row
    raise KeyError(name)


def known(name: str, near: str = "") -> bool:
    """Whether there is a cause with an id."""
    try:
        find(name, near)
    except KeyError:
        return False
    return True


def layer_of(name: str) -> str:
    """Return the layer of a cause."""
    return next(n for n in NAMES if name in _ids(n))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a compiled pattern; the cache of `re` itself is smaller than the catalogue."""
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def told(text: str, names: Iterable[str], near: str) -> tuple[str, re.Match[str]] | None:
    """Return the first of the causes `names` that a text tells of, and where it does.

    `near` is the layer to read first. Rows are looked at in the order of `names`, their texts in
    the order of the row; neither context nor the rest of the text is weighed as the doctor does.
    """
    for name in names:
        for said in find(name, near).texts:
            if found := compiled(said.pattern).search(text):
                return name, found
    return None


@cache
def _ids(name: str) -> dict[str, Cause]:
    rows = layer(name)
    return {alias: row for row in rows for alias in row.aliases} | {row.id: row for row in rows}


def _said(sentences: tuple[Sentence, ...], values: Mapping[str, Value]) -> Message:
    given = {key for key, value in values.items() if value is not None}
    chosen = next((s for s in sentences if s.places <= given), sentences[-1])
    filled = {name: values.get(name, "?") for name in sorted(chosen.places)}
    if not filled:
        # Nothing is filled in, so that doubled braces stand for themselves.
        plain = (t.replace("{{", "{").replace("}}", "}") for t in (chosen.en, chosen.zh))
        return Message(next(plain), {}, next(plain))
    return Message(chosen.en, filled, chosen.zh)
