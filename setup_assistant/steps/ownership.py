"""What of a machine is a site's own to remove: by its ledger, and by what lies in the folders.

A site that was copied, moved to another disk or received says of itself what it likes. In its own
folder only what carries this tool's record is then removed, and nothing outside of it: that
belongs to the site it was made for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient, removal
from setup_assistant.host.removal_proofs import Both, Identity, Marked, Proof, Same
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, STATE_SUFFIX
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout
from setup_assistant.steps import adopt
from setup_assistant.steps.environment_preflight import MARKER, SCHEMA, read_marker
from setup_assistant.steps.ledger import Ledger
from setup_assistant.weights import folder_record
from setup_assistant.weights.listing import OWN_PREFIX

# Beside an environment: what is built, what is replaced, what an upgrade builds and keeps.
BESIDE = (".part", ".old", ".next", ".next.part", ".next.old", ".swap", ".previous")
# The site's files of the time before an upgrade.
PREVIOUS = ".previous"
# In the site's folder: scratch space, and what an upgrade builds and keeps.
INSIDE = (".work", ".next", PREVIOUS)
# In a folder that a site has made and that has no other record of it.
SIGN = f"{OWN_PREFIX}.site"


def beside(env: Path) -> list[Path]:
    """Return where an environment waits on its way to its place, or from it."""
    return [env.parent / (env.name + ending) for ending in BESIDE]


class Owner:
    """Judges for one site what is its own."""

    def __init__(self, site: Layout, ledger: Ledger | None = None) -> None:
        ledger = ledger or Ledger(site.ledger)
        self.root = ledger.root
        self._env = site.env
        self._home = ledger.home()
        owned = ledger.owned()
        self._listed = {data["path"]: data for data in owned if data.get("kind") != "above"}
        # Whether the folder is the one that the ledger was begun in.
        self.original = bool(self._home and self._home.is_at(self.root))
        # The folders that were made only to hold what is the site's.
        above = (Path(d["path"]) for d in owned if self.original and d.get("kind") == "above")
        holds = {p for path in (self.root, *self._listed) for p in Path(path).parents}
        self.above = holds.intersection(above)

    def lists(self, path: Path) -> bool:
        """Whether the ledger of the site, made here, names a path."""
        return self.original and str(path) in self._listed

    def proof(self, path: Path) -> Proof:
        """Return the proof that `path` is the site's to remove.

        Raises:
            SetupError: `removal_refused`, saying why it is not.
        """
        if fault := removal.fault_of(path, self.under(path)) or self._fault(path):
            raise SetupError("removal_refused", path=str(path), detail=fault)
        here = Same(Identity.of(path))
        if not path.is_dir() or self._by_ledger(path):
            return here
        return Both((here, Marked(MARKER, partial(self._is_ours, path))))

    def remove(self, path: Path, proof: Proof | None = None) -> bool:
        """Remove what is the site's own; return whether it was there.

        Args:
            path: what goes.
            proof: as it was given before, where it was shown to the person.

        Raises:
            SetupError: `removal_refused`, `not_removed`.
        """
        if not os.path.lexists(path):
            return False
        return removal.remove(path, under=self.under(path), proof=proof or self.proof(path))

    def remove_unfinished(self, path: Path) -> bool:
        """Remove an environment that a run has begun and not finished; else as `remove`.

        Raises:
            SetupError: `removal_refused`, `not_removed`.
        """
        begun = path == self._env or self._is_beside(path)
        known = self.lists(path) or self._inside(path)
        if begun and known and path.is_dir() and not path.is_symlink() and not read_marker(path):
            return self.remove(path, Same(Identity.of(path)))
        return self.remove(path)

    def refuse_strangers(self) -> None:
        """Stop where the site names an environment outside of it that is not its own.

        Raises:
            SetupError: `removal_refused`, saying whose it is.
        """
        for folder in (self._env, *beside(self._env)):
            begun = self.lists(folder) and not read_marker(folder)
            if not self._inside(folder) and os.path.lexists(folder) and not begun:
                self.proof(folder)

    def under(self, path: Path) -> Path:
        """Return the folder that a path is removed in: the site's, else the one around it."""
        return self.root if self._inside(path) else path.parent

    def _inside(self, path: Path) -> bool:
        return self.root in path.parents

    def _fault(self, path: Path) -> str | None:
        """Return why something is not the site's to remove."""
        if path.is_symlink():
            target = os.path.realpath(path)
            return _("it is a link, which somebody else made, to {target}", target=target)
        if not path.is_dir():
            return None if self._own_file(path) else self._unproved(path)
        marker = read_marker(path)
        if marker.get("engine") == adopt.ENGINE:
            return _("somebody else made it; this site only uses it")
        if self._by_ledger(path) or self._is_ours(path, marker):
            return None
        return self._unproved(path)

    def _unproved(self, path: Path) -> str:
        """Return why nothing proves that a path is the site's."""
        owner = read_marker(path).get("site")
        if isinstance(owner, str) and owner and owner != str(self.root):
            return _("it belongs to the site in {site}", site=owner)
        if self._home and not self.original:
            return _("this site was copied or moved here from {site}", site=self._home.root)
        if str(path) in self._listed:
            return _("it is not the one that this site has made")
        return _("nothing proves that this site has made it")

    def _by_ledger(self, path: Path) -> bool:
        """Whether the site's own ledger proves it: by its place inside, else by which it is."""
        if path.parent == self.root and path.name in INSIDE:
            return True
        if not self.lists(path):
            return False
        if self._is_beside(path) and not read_marker(path):
            return True
        said = self._listed[str(path)]
        same = Identity(said.get("device", 0), said.get("inode", 0)) == Identity.of(path)
        return (same or self._inside(path)) and self._bears_sign(path)

    def _bears_sign(self, path: Path) -> bool:
        """Whether a folder is one that this site began: another may have taken its place."""
        with contextlib.suppress(OSError):
            if not any(path.iterdir()):
                return True
            said = lenient.json_object(path / SIGN)
            return self._home is not None and said == {"site_id": self._home.id}
        return False

    def _is_beside(self, path: Path) -> bool:
        """Whether it is on its way to, or from, the environment's place."""
        return path in beside(self._env)

    def _is_ours(self, path: Path, marker: Mapping[str, Any]) -> bool:
        """Whether the record in a folder names this very site."""
        if marker.get("engine") == adopt.ENGINE or marker.get("schema") != SCHEMA:
            return False
        if self._inside(path):
            return True
        if known := marker.get("site_id"):
            return self.original and self._home is not None and known == self._home.id
        # Of an earlier version: by the place alone.
        copied = self._home is not None and not self.original
        return not copied and marker.get("site") in (str(self.root), str(self.root / ".next"))

    def _own_file(self, path: Path) -> bool:
        """Whether a file that the ledger lists is as this tool left it."""
        if not self.lists(path):
            return False
        if self._inside(path) or path.name.startswith(OWN_PREFIX):
            return True
        return path.name.endswith((PART_SUFFIX, STATE_SUFFIX)) or is_recorded(path)


def sign(folder: Path, ledger: Ledger) -> None:
    """Leave in a folder that a site makes which site that is."""
    if home := ledger.home():
        files.write_json(folder / SIGN, {"site_id": home.id})


def is_recorded(path: Path) -> bool:
    """Whether a file is untouched since the record of the weights folder it lies in proved it."""
    for folder in list(path.parents)[:4]:
        there = (folder / folder_record.NAME).is_file()
        if there and (record := folder_record.load(folder)):
            name = path.relative_to(folder).as_posix()
            return any(k.path == name and folder_record.untouched(folder, k) for k in record.files)
    return False


Fate = Literal["remove", "changed", "shared", "kept"]
Kind = Literal["file", "folder", "cache", "line"]


@dataclass(frozen=True)
class Item:
    """One thing that goes, or stays: changed by the person, shared with others, not ours.

    `reason` says why it stays, or for a line in somebody else's file which one it is. `proof` is
    the one that was found when it was shown; `under` is the folder that it is removed in.
    """

    path: Path
    kind: Kind
    size_bytes: int
    fate: Fate
    reason: str = ""
    under: Path | None = field(default=None, compare=False)
    proof: Proof | None = field(default=None, compare=False, repr=False)


def going(path: Path, kind: Kind, under: Path, proof: Proof) -> Item:
    """Return what goes, measured; what cannot be reached stays."""
    try:
        if stop := removal.obstacle(path, under):
            return Item(path, kind, 0, "kept", reason=stop)
    except OSError as error:
        return Item(path, kind, 0, "kept", reason=error.strerror or str(error))
    return Item(path, kind, _size(path), "remove", under=under, proof=proof)


def judged(owner: Owner, path: Path) -> Item | None:
    """Return a path as its site's owner judges it; None where nothing lies there."""
    if Identity.of(path) is None:
        return None
    kind: Kind = "folder" if path.is_dir() and not path.is_symlink() else "file"
    try:
        proof = owner.proof(path)
    except SetupError as error:
        return Item(path, kind, 0, "kept", reason=str(error.args_.get("detail", "")))
    return going(path, kind, owner.under(path), proof)


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return files.folder_bytes(path)
    return path.lstat().st_size
