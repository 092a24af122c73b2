"""An environment read from outside: metadata, folders and leftovers. Nothing of it is run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from setup_assistant.host import prefix as files
from setup_assistant.host.files import plain
from setup_assistant.host.prefix import normal_name

_RECORDED = re.compile(
    r"^([^\n,]+\.so(?:\.[\d.]+)?|(?:[^\n,/]+/)?[^\n,/]+\.py|"
    r"certifi/cacert\.pem|"
    r"transformers/models/(?:auto|qwen\w*vl\w*)/[^\n,/]+\.py),[^\n,]*,(\d*)\r?$",
    re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True)
class Dist:
    """One installed distribution, as its `.dist-info` folder says."""

    name: str
    version: str
    info: Path

    @property
    def home(self) -> Path:
        """The folder of packages that it lies in."""
        return self.info.parent

    def text(self, name: str) -> str | None:
        """Return a file of the metadata, or None where it is not there."""
        try:
            return plain(self.info / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def requires(self) -> Iterator[str]:
        """Yield its requirements as written, e.g. `torch (>=2.14.0)`."""
        head = (self.text("METADATA") or "").partition("\n\n")[0]
        for line in head.splitlines():
            if line.startswith("Requires-Dist:"):
                yield line.partition(":")[2].strip()

    def tags(self) -> tuple[str, ...]:
        """Return the wheel's tags, e.g. `cp311-cp311-manylinux_2_28_x86_64`."""
        return tuple(re.findall(r"^Tag:\s*(\S+)", self.text("WHEEL") or "", re.MULTILINE))

    def recorded(self) -> Iterator[tuple[str, int | None]]:
        """Yield the files that were installed and that an answer needs, and their sizes in bytes.

        Compiled ones all; certificates; of the sources those of the first level, and of the
        models': stating every file of a full environment would take a second.
        """
        home = str(self.home)
        for name, size in _RECORDED.findall(self.text("RECORD") or ""):
            # Text, not Path: there are thousands.
            yield f"{home}/{name}", int(size) if size else None


class Install:
    """The packages of one environment. Every property is read once."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self.folders = files.search_path(prefix)

    @cached_property
    def entries(self) -> dict[Path, list[str]]:
        """The names in each folder of packages."""
        return {folder: sorted(p.name for p in folder.iterdir()) for folder in self.folders}

    @cached_property
    def dists(self) -> tuple[Dist, ...]:
        """Every distribution, duplicates included."""
        found = []
        for folder, names in self.entries.items():
            for entry in names:
                if entry.endswith(".dist-info") and not entry.startswith("~"):
                    name, _, version = entry.removesuffix(".dist-info").partition("-")
                    dist = Dist(name=normal_name(name), version=version, info=folder / entry)
                    found.append(dist)
        return tuple(found)

    @cached_property
    def by_name(self) -> dict[str, Dist]:
        """One distribution per name; the first folder wins, as on the search path."""
        return {d.name: d for d in reversed(self.dists)}

    @cached_property
    def duplicates(self) -> dict[str, list[Dist]]:
        """The names that one folder holds more than once."""
        counts = Counter((d.name, d.home) for d in self.dists)
        twice = {name for (name, _home), count in counts.items() if count > 1}
        return {n: [d for d in self.dists if d.name == n] for n in sorted(twice)}

    @cached_property
    def leftovers(self) -> tuple[Path, ...]:
        """What interrupted installations have left behind: names that begin with `~`."""
        return tuple(f / n for f, names in self.entries.items() for n in names if n[0] == "~")

    @cached_property
    def torch(self) -> files.TorchFiles | None:
        """The torch that would be imported."""
        return files.torch(self.prefix)

    @cached_property
    def cuda(self) -> str | None:
        """The CUDA version that torch was built for, e.g. "13.2"; None for a CPU build."""
        text = self.read("torch", "version.py") or ""
        found = re.search(r"^cuda(?:\s*:[^=]+)?\s*=\s*['\"](\d+\.\d+)", text, re.MULTILINE)
        return found[1] if found else None

    @cached_property
    def python(self) -> str | None:
        """The interpreter's version."""
        return files.python_version(self.prefix)

    def offering(self, group: str) -> tuple[Dist, ...]:
        """Return the distributions that offer something to whoever asks for a group's entries."""
        return tuple(d for d in self.dists if f"[{group}]" in (d.text("entry_points.txt") or ""))

    def version(self, name: str) -> str | None:
        """Return the version of a distribution by its metadata, or None."""
        dist = self.by_name.get(name)
        return dist.version if dist else None

    def holds(self, module: str) -> Path | None:
        """Return where a module lies, or None."""
        for folder, names in self.entries.items():
            for entry in (module, f"{module}.py"):
                if entry in names:
                    return folder / entry
        return None

    def read(self, module: str, name: str) -> str | None:
        """Return the text of a file in a package, or None."""
        for folder in self.folders:
            try:
                return plain(folder / module / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
        return None
