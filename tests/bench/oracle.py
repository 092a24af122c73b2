"""What can run where, from the facts, and independent of `recipes/` and `setup_assistant`.

The tables restate PyTorch's release matrix, the kernel lists read from its wheels and NVIDIA's
table of driver floors, in a form of their own; nothing here imports the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.bench.machines import Box

OLD = (50, 60, 70, 75, 80, 86, 90)
KEPLER = (37, *OLD)
VOLTA = (70, 75, 80, 86, 90, 100, 120)
TURING = (75, 80, 86, 90, 100, 120)
ARM_HOPPER = (80, 90)
ARM_BLACKWELL = (80, 90, 100, 120)
ARM_THOR = (80, 90, 100, 110, 120)
# Release: torchvision, first and last Python, least glibc, then build: (x86-64, ARM).
Builds = dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
WHEELS: dict[str, tuple[str, int, int, int, Builds]] = {
    "2.15.0": ("0.29.2", 11, 15, 28, {"cu130": (TURING, ()), "cu132": (TURING, ARM_THOR)}),
    "2.14.1": ("0.29.1", 10, 14, 28, {
        "cu126": (OLD, ARM_HOPPER), "cu130": (TURING, ARM_THOR), "cu132": (TURING, ())}),
    "2.13.0": ("0.28.0", 10, 14, 28, {
        "cu126": (OLD, ARM_HOPPER), "cu129": (TURING, ARM_BLACKWELL),
        "cu130": (TURING, ARM_THOR), "cu132": (TURING, ())}),
    "2.12.1": ("0.27.1", 10, 14, 28, {
        "cu126": (OLD, ARM_HOPPER), "cu130": (TURING, ARM_THOR), "cu132": (TURING, ())}),
    "2.11.0": ("0.26.0", 10, 14, 28, {
        "cu126": (OLD, ARM_HOPPER), "cu128": (TURING, ARM_BLACKWELL), "cu130": (TURING, ARM_THOR)}),
    "2.10.0": ("0.25.0", 10, 14, 28, {
        "cu126": (OLD, ARM_HOPPER), "cu128": (VOLTA, ARM_BLACKWELL), "cu130": (TURING, ())}),
    "2.8.0": ("0.23.0", 9, 13, 28, {
        "cu126": (OLD, ()), "cu128": (VOLTA, ()), "cu129": (VOLTA, ())}),
    "2.7.1": ("0.22.1", 9, 13, 28, {"cu118": (OLD, ()), "cu126": (OLD, ()), "cu128": (TURING, ())}),
    "2.6.0": ("0.21.0", 9, 13, 17, {"cu118": (OLD, ()), "cu124": (OLD, ()), "cu126": (OLD, ())}),
    "2.5.1": ("0.20.1", 9, 12, 17, {"cu118": (KEPLER, ()), "cu121": (OLD, ()), "cu124": (OLD, ())}),
    "2.4.1": ("0.19.1", 8, 12, 17, {"cu118": (KEPLER, ()), "cu121": (OLD, ()), "cu124": (OLD, ())}),
    "2.3.1": ("0.18.1", 8, 12, 17, {"cu118": (KEPLER, ()), "cu121": (OLD, ())}),
    "2.2.2": ("0.17.2", 8, 12, 17, {"cu118": (KEPLER, ()), "cu121": (OLD, ())}),
    "2.1.2": ("0.16.2", 8, 11, 17, {"cu118": (KEPLER, ()), "cu121": (OLD, ())}),
}  # fmt: skip
# Built for Linux only: the Windows matrix has left CUDA 12.9 out since 2.9.1.
NOT_ON_WINDOWS = {("2.13.0", "cu129")}
# The least driver of each CUDA major (CUDA release notes, minor-version compatibility).
FLOORS = {
    "Linux": {11: (450, 80, 2), 12: (525, 60, 13), 13: (580,)},
    "Windows": {11: (452, 39), 12: (528, 33), 13: (580,)},
}
# The CUDA version that drivers from a branch on report, times ten.
REPORTS = (
    (450, 110), (455, 111), (460, 112), (465, 113), (470, 114), (495, 115), (510, 116),
    (515, 117), (520, 118), (525, 120), (530, 121), (535, 122), (545, 123), (550, 124),
    (555, 125), (560, 126), (565, 127), (570, 128), (575, 129), (580, 130), (590, 131),
    (595, 132), (610, 133), (615, 134),
)  # fmt: skip
CURRENT = (2, 6)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What some tool chose; `error` is its refusal. `left_out` are positions of cards."""

    torch: str = ""
    build: str = ""
    python: str | None = None
    torchvision: str = ""
    left_out: tuple[int, ...] = ()
    native: bool | None = None
    error: str = ""

    @property
    def pair(self) -> str:
        """Release and build, or the refusal."""
        return f"{self.torch}+{self.build}" if self.torch else self.error


def runnable(box: Box, answer: Answer) -> str:
    """Return why a choice does not run on this machine, or nothing where it runs."""
    if answer.torch not in WHEELS:
        return "no such release, or one to avoid"
    if answer.build not in WHEELS[answer.torch][4]:
        return "no such build"
    if not installs(box, answer.torch, answer.python):
        return "no wheel for this Python or C library"
    if (answer.torch, answer.build) in NOT_ON_WINDOWS and box.system == "Windows":
        return "no wheel for this system"
    if not _starts(box, answer.build):
        return "the driver does not start it"
    kept = [c.part for i, c in enumerate(box.cards) if i not in answer.left_out]
    lacking = [part for part in kept if not _code(box, answer.torch, answer.build, part)]
    return f"no kernels for {', '.join(lacking)}" if lacking else ""


def faults(box: Box, answer: Answer) -> Iterator[str]:
    """Yield everything that the policy would not have chosen on this machine."""
    if answer.error:
        yield from _refused(box, answer.error)
    elif why := runnable(box, answer):
        yield why
    else:
        yield from _not_best(box, answer)
        yield from _wrong_build(box, answer)


def _refused(box: Box, error: str) -> Iterator[str]:
    if error.startswith("!"):
        yield "it failed instead of refusing"
    for part in sorted({c.part for c in box.cards}):
        if other := _best(box, {part}, None):
            yield f"{part} could run {other}"


def _not_best(box: Box, answer: Answer) -> Iterator[str]:
    if WHEELS[answer.torch][0] != answer.torchvision:
        yield "another torchvision belongs to it"
    kept = {c.part for i, c in enumerate(box.cards) if i not in answer.left_out}
    if not kept:
        yield "no card is left"
    whole = _best(box, {c.part for c in box.cards}, answer.python)
    if answer.left_out and whole and _number(whole) >= CURRENT:
        yield f"all cards could run {whole}"
    if (best := _best(box, kept, answer.python)) != answer.torch:
        yield f"{best} would run too"


def _wrong_build(box: Box, answer: Answer) -> Iterator[str]:
    ways = [b for b in WHEELS[answer.torch][4] if not runnable(box, replace(answer, build=b))]
    own = [b for b in ways if int(b[2:]) <= _reported(box)]
    if answer.build != (max(own) if own else min(ways)):
        yield f"its build {max(own) if own else min(ways)} is the policy's"
    if answer.native is not None and answer.native != bool(own):
        yield "native or not is told wrongly"


def _best(box: Box, parts: set[str], python: str | None) -> str:
    """Return the newest release with some build for all of these parts."""
    for torch, (_vision, _first, _last, _glibc, builds) in WHEELS.items():
        if not installs(box, torch, python):
            continue
        for build in builds:
            if box.system == "Windows" and (torch, build) in NOT_ON_WINDOWS:
                continue
            if _starts(box, build) and all(_code(box, torch, build, p) for p in parts):
                return torch
    return ""


def installs(box: Box, torch: str, python: str | None) -> bool:
    """Whether a release has a wheel for this Python and C library."""
    _vision, first, last, glibc, _builds = WHEELS[torch]
    if python is not None and not first <= int(python.split(".")[1]) <= last:
        return False
    return box.glibc is None or int(box.glibc.split(".")[1]) >= glibc


def _starts(box: Box, build: str) -> bool:
    driver = tuple(int(n) for n in box.driver.split("."))
    return driver >= FLOORS[box.system][int(build[2:4])]


def _code(box: Box, torch: str, build: str, part: str) -> bool:
    """Whether a build has code for a part: same major, minor not above; Thor its own only."""
    number = int(part.replace(".", ""))
    codes = WHEELS[torch][4][build][box.arch == "aarch64"]
    if number == 110:
        return 110 in codes
    return any(c // 10 == number // 10 and c <= number for c in codes if c != 110)


def _reported(box: Box) -> int:
    return max(cuda for branch, cuda in REPORTS if branch <= box.branch)


def _number(torch: str) -> tuple[int, ...]:
    return tuple(int(n) for n in torch.split("."))
