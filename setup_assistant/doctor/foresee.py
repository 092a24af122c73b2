"""What a remedy's commands would do to an environment, by the resolver's word, before they do it.

The commands are played through on a shadow: an environment of the same Python that holds nothing
but the metadata of the packages. What is then done is what was resolved, version by version.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.doctor.install_words import Installing, installing
from setup_assistant.host import removal, run
from setup_assistant.host.prefix import Change, normal_name, packages, python_in, site_packages
from setup_assistant.host.removal_proofs import called
from setup_assistant.steps.backends import uv

_LIMIT = 600.0
# Never moved by a remedy that does not name them, whatever else has to move.
_ROCKS = ("torch", "torchvision")


@dataclass(frozen=True, kw_only=True)
class Act:
    """One command of a remedy; `words` are what uv is asked in its place, if anything."""

    command: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a remedy would do, and every package that would change; `refused`: why it cannot.

    A change to the version that is there: put anew.
    """

    acts: tuple[Act, ...]
    changes: tuple[Change, ...] = ()
    refused: str = ""


@dataclass
class _Shadow:
    """The metadata of an environment, on which commands are played through."""

    prefix: Path
    scratch: Path
    pins: Mapping[str, str]
    touched: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = self.scratch / "shadow"
        real = site_packages(self.prefix)
        self.home = self.root / (real[0].relative_to(self.prefix) if real else "lib")
        self.home.mkdir(parents=True)
        for folder in reversed(real):
            for info in (*folder.glob("*.dist-info"), *folder.glob("*.egg-info")):
                if info.is_dir():
                    shutil.copytree(info, self.home / info.name, dirs_exist_ok=True)
        python = python_in(self.prefix)
        link = self.root / python.relative_to(self.prefix)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(python.resolve())
        settings = self.prefix / "pyvenv.cfg"
        if settings.is_file():
            shutil.copy(settings, self.root)
        else:
            (self.root / "pyvenv.cfg").write_text(f"home = {python.resolve().parent}\n")
        self.python = link

    def versions(self) -> dict[str, str]:
        return packages(self.root)

    def drop(self, name: str) -> None:
        self.touched[name] = None
        for info in self.home.glob("*.dist-info"):
            if normal_name(info.name.partition("-")[0]) == name:
                removal.remove(info, under=self.home, proof=called(info, folders=True))

    def put(self, name: str, version: str) -> None:
        self.drop(name)
        info = self.home / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(head, encoding="utf-8")


def foresee(
    prefix: Path, commands: Sequence[str], pins: Mapping[str, str], scratch: Path
) -> Foreseen:
    """Return what commands would do.

    Args:
        prefix: the environment.
        commands: a remedy, as it is printed.
        pins: name → version of the site's lock, none of which may be left.
        scratch: an empty folder.
    """
    before = packages(prefix)
    if not python_in(prefix).exists() or not any(map(_changes, commands)):
        return Foreseen(acts=tuple(Act(command=c) for c in commands))
    shadow = _Shadow(prefix, scratch, pins)
    acts = []
    for command in commands:
        act, refused = _played(command, shadow)
        if refused:
            return Foreseen(acts=(), refused=refused)
        acts.append(act)
    after = shadow.versions()
    names = sorted({n for n in {*before, *after} if before.get(n) != after.get(n)}
                   | set(shadow.touched))  # fmt: skip
    changes = tuple(Change(name=n, old=before.get(n), new=after.get(n)) for n in names)
    return Foreseen(acts=tuple(acts), changes=changes)


def _changes(command: str) -> bool:
    words = shlex.split(command)
    return "pip" in words[:4] or (words[0] == "rm" and ".dist-info" in command)


def _played(command: str, shadow: _Shadow) -> tuple[Act, str]:
    words = shlex.split(command)
    asked = installing(command)
    if asked is not None:
        return _installed(command, asked, shadow)
    if words[0] == "rm":
        for info in (Path(w) for w in words if w.endswith(".dist-info")):
            _removed(info, shadow)
    elif "uninstall" in words:
        for name in words[words.index("uninstall") + 1 :]:
            if not name.startswith("-") and "/" not in name:
                shadow.drop(normal_name(name))
    return Act(command=command), ""


def _removed(info: Path, shadow: _Shadow) -> None:
    shadow.touched[normal_name(info.name.partition("-")[0])] = None
    place = shadow.home / info.name
    removal.tidy(place, under=shadow.home, proof=called(place, folders=True))


def _installed(command: str, asked: Installing, shadow: _Shadow) -> tuple[Act, str]:
    """Resolve one installation: at first beside all else as it is, then beside what must stay."""
    there = shadow.versions()
    free = set(asked.names)
    pins = {n: v for n, v in shadow.pins.items() if n in there or n in free}
    rocks = {n: there[n] for n in _ROCKS if n in there and n not in free} | pins
    said = ""
    for number, fixed in enumerate(({n: v for n, v in there.items() if n not in free} | pins,
                                    rocks)):  # fmt: skip
        file = shadow.scratch / f"held-{number}.txt"
        file.write_text("".join(f"{n}=={v}\n" for n, v in fixed.items()), encoding="utf-8")
        outcome = _asked(shadow, asked, file)
        if outcome.ok:
            new = dict(_lines(outcome.err, "+~"))
            gone = dict(_lines(outcome.err, "-~"))
            for name, version in new.items():
                shadow.put(name, version)
            return Act(command=command, words=_exactly(shadow, asked, new, gone)), ""
        said = outcome.last_words()
    return Act(command=command), said


def _asked(shadow: _Shadow, asked: Installing, held: Path) -> run.Outcome:
    anew = [w for n in asked.names if asked.again for w in ("--reinstall-package", n)]
    newer = [w for n in asked.names if asked.upgrade for w in ("--upgrade-package", n)]
    words = ["pip", "install", "--dry-run", "--python", str(shadow.python), *anew, *newer,
             *(["--no-deps"] if asked.alone else []), "--constraint", str(held),
             *asked.requirements, *asked.source]  # fmt: skip
    return run.run([uv.uv_program(), *words], deadline=_LIMIT, cwd=shadow.scratch,
                   env=uv.environment(shadow.scratch))  # fmt: skip


def _exactly(
    shadow: _Shadow, asked: Installing, new: Mapping[str, str], gone: Mapping[str, str]
) -> tuple[str, ...]:
    """Return uv's words for just what was resolved."""
    if not new:
        return ("--version",)
    anew = [w for n in gone for w in ("--reinstall-package", n)]
    python = ("--python", str(python_in(shadow.prefix)))
    pins = (f"{n}=={v}" for n, v in new.items())
    return ("pip", "install", *python, "--no-deps", *anew, *pins, *asked.source)


def _lines(text: str, signs: str) -> Iterator[tuple[str, str]]:
    """Yield the packages of the resolver's lines such as ` + numpy==2.4.6`."""
    pattern = rf"^\s*[{re.escape(signs)}] ([\w.-]+)==(\S+)"
    for found in re.finditer(pattern, text, re.MULTILINE):
        yield normal_name(found[1]), found[2]
