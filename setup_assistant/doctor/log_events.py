"""What the lines of a log are: warnings, errors, frames of a traceback, and how it all ended."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

# Characters of a line that tell what it is.
_HEAD = 1_000
_FRAME = re.compile(r"^[\s|#>]*(?:\S+ )?File \"(?P<file>[^\"\n]{1,400})\", line \d+")
_EXCEPTION = re.compile(r"^[\s|(\w=).:\[\]-]{0,80}?\b(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception"
                        r"|Interrupt|Iteration|Exit|Warning)\b(?::|$|\()")  # fmt: skip
_RETRY = re.compile(r"Retrying|retrying in|will retry|Trying to resume|Retry\(total="
                    r"|attempt \d+ of |reconnecting", re.IGNORECASE)  # fmt: skip
_ERROR = re.compile(r"\berror\b|\bfatal\b|\bfailed\b|\bcannot\b|Traceback|[×╰]|\b\w+Error\b"
                    r"|not found|Aborted|Killed|denied|No space", re.IGNORECASE)  # fmt: skip
_WELL = re.compile(r"^(?:Successfully (?:installed|built|uninstalled|tagged)\b"
                   r"|Installed \d+ packages?\b|INFO:? .*(?:\" 200 OK|startup complete)"
                   r"|Requirement already satisfied|done$|Done[.!]?$|Finished\b|Download complete"
                   r"|Loading (?:checkpoint shards|weights): +100%"
                   r"|All (?:tests )?(?:passed|done)|\S+ {2,}OK$|Everything is up to date)",
                   re.IGNORECASE)  # fmt: skip
# A line that warns says nothing of how it ended.
_WARNS = re.compile(r"\W{0,3}(?:\[?WARN|\[W|W\d{4} )")
_FOREIGN = re.compile(r"site-packages|dist-packages|[/\\]lib[/\\]python3|[/\\]Lib[/\\]|<frozen"
                      r"|<string>|^<__array_function__|/usr/lib/|importlib|unsloth_compiled"
                      r"|transformers_modules|custom_nodes")  # fmt: skip
_BUILD = re.compile(r"Building wheels? for |\s+Running setup\.py bdist_wheel")
# A bar or a step of a run that goes on.
_STEP = re.compile(r"\d%\|[^\n]*(?:it/s|s/it)|^\{'loss': ")
# Signs that a program went on after an attempt that failed.
_PROGRESS = re.compile(r"Downloading|Collecting|Installing|Using cached|Building|Preparing|"
                       r"Obtaining|Requirement already|\d%|\d [kMG]i?B|Created wheel")  # fmt: skip


class Events:
    """What the lines of a cleaned log tell of, by the place of the text."""

    def __init__(
        self, lines: Sequence[str], starts: Sequence[int], overcome: AbstractSet[int]
    ) -> None:
        self._starts, self._overcome = starts, overcome
        self._own: set[int] = set()
        frame = ""
        for number, line in enumerate(lines):
            head = line[:_HEAD]
            if found := _FRAME.match(head):
                frame = found["file"]
            elif _EXCEPTION.match(head) and "Warning" not in head[:80]:
                self._own |= {number} if frame and not _FOREIGN.search(frame) else set()
                frame = ""

    def own(self, place: int) -> bool:
        """Whether an exception was raised in a file of the person's own."""
        return bisect_right(self._starts, place) - 1 in self._own

    def overcome(self, place: int) -> bool:
        """Whether a line tells of an attempt after which the program went on."""
        return bisect_right(self._starts, place) - 1 in self._overcome


def ended_well(text: str) -> bool:
    """Whether the last lines tell of success, or of steps that go on, and of no error."""
    last = [line[:_HEAD].strip() for line in text.rstrip()[-4_000:].split("\n")[-3:]]
    return any(_WELL.match(line) or _STEP.search(line) for line in last) and not any(
        _ERROR.search(line) for line in last if not _WARNS.match(line))  # fmt: skip


def _went_on(head: str) -> bool:
    return bool(_PROGRESS.search(head) or _WELL.match(head.strip()))


class Attempts:
    """The attempts in a log after which the program went on, or ended well.

    One that is followed by nothing but the end of the program was the last: what is said of it
    is the cause.
    """

    def __init__(self) -> None:
        self.overcome: set[int] = set()
        self._waiting: list[int] = []
        self._building: list[int] | None = None

    def read(self, text: str, number: int | None) -> None:
        """Take the next line, and its place among the lines that are kept."""
        head = text[:_HEAD]
        self._build(head, number)
        if _RETRY.search(head):
            if number is not None:
                self._waiting.append(number)
        elif self._waiting and _went_on(head) and not _ERROR.search(head):
            self.overcome.update(self._waiting)
            self._waiting = []

    def _build(self, head: str, number: int | None) -> None:
        """Take back what was said of a build after which the package was installed all the same."""
        if _BUILD.match(head):
            self._building = self._building or []
        if self._building is None:
            return
        if head.startswith("Successfully installed"):
            self.overcome.update(self._building)
            self._building = None
        elif number is not None:
            self._building.append(number)
