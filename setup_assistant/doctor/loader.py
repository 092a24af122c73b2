"""Where the dynamic loader would take each library from, told without loading anything.

The order is that of ld.so(8): the paths written into the asking library and its askers
(DT_RPATH, only where it has no DT_RUNPATH), LD_LIBRARY_PATH, its DT_RUNPATH, the system's
folders. A library that is loaded already is not looked for again: the first of a name wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.doctor import elf

_USUAL = ("lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib")
_MULTIARCH = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
_LOADER = "ld-linux"


@dataclass(frozen=True, kw_only=True)
class Linked:
    """One library that another asks for.

    `path` is None where it is nowhere. `how` is "own" (a path of the asking library), "variable"
    (LD_LIBRARY_PATH), "system", "torch" (torch looks for it by itself), or "" where it is nowhere.
    """

    name: str
    asked_by: Path
    path: Path | None = None
    how: str = ""


@dataclass
class Loader:
    """A process into which libraries are loaded, one after another.

    Args:
        machine: the interpreter's architecture; libraries of others are passed over.
        variable: the folders of LD_LIBRARY_PATH.
        system: the folders that the loader knows by itself.
        own: folders in which torch looks by itself for what its libraries do not find.
    """

    machine: str
    variable: Sequence[Path] = ()
    system: Sequence[Path] = ()
    own: Sequence[Path] = ()
    links: list[Linked] = field(default_factory=list)
    loaded: dict[str, Path] = field(default_factory=dict)

    def load(self, path: Path) -> None:
        """Load a library and all that it asks for, breadth first."""
        todo: list[tuple[Path, tuple[Path, ...]]] = [(path, ())]
        self.loaded.setdefault(elf.read(path).soname or path.name, path)
        while todo:
            asking, inherited = todo.pop(0)
            said = elf.read(asking)
            rpath = () if said.runpath else expanded(said.rpath, asking)
            paths = (*rpath, *inherited) if not said.runpath else ()
            for name in said.needed:
                if name in self.loaded or name.startswith(_LOADER):
                    continue
                link = self._find(name, asking, paths, expanded(said.runpath, asking))
                self.links.append(link)
                if link.path is not None:
                    self.loaded[name] = link.path
                    todo.append((link.path, (*rpath, *inherited)))

    def _find(
        self, name: str, asking: Path, rpath: Sequence[Path], runpath: Sequence[Path]
    ) -> Linked:
        places = (("own", rpath), ("variable", self.variable), ("own", runpath),
                  ("system", self.system), ("torch", self.own))  # fmt: skip
        for how, folders in places:
            for folder in folders:
                path = folder / name
                if path.is_file() and elf.read(path).machine in ("", self.machine):
                    return Linked(name=name, asked_by=asking, path=path, how=how)
        return Linked(name=name, asked_by=asking)


def expanded(paths: Sequence[str], library: Path) -> tuple[Path, ...]:
    """Return the folders that the paths written into a library lead to."""
    # As ld.so does: of the name that was opened, links in it left to the system.
    home = str(library.parent)
    return tuple(
        Path(p.replace("${ORIGIN}", home).replace("$ORIGIN", home)) for p in paths if p[0] in "$/"
    )


def system_folders(root: Path, machine: str) -> tuple[Path, ...]:
    """Return the folders that the loader looks in by itself: ld.so.conf's, then the usual ones."""
    triple = _MULTIARCH.get(machine)
    usual = [root / name for name in _USUAL]
    usual[:0] = [root / above / triple for above in ("lib", "usr/lib", "usr/local/lib")
                 if triple]  # fmt: skip
    named = [root / p.lstrip("/") for p in _configured(root, root / "etc/ld.so.conf", 0)]
    return tuple(dict.fromkeys(f for f in (*named, *usual) if f.is_dir()))


def _configured(root: Path, file: Path, depth: int) -> Iterator[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in (text.partition("#")[0].strip() for text in lines):
        if line.startswith("include") and depth < 4:
            named = line.removeprefix("include").strip().lstrip("/")
            for found in sorted(root.glob(named or "-")):
                yield from _configured(root, found, depth + 1)
        elif line.startswith("/"):
            yield line
