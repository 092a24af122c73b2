"""What `uninstall` finds in a site's own folder: its files, its weights, what killed runs left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient, removal
from setup_assistant.host.files import sha256 as file_sum
from setup_assistant.host.removal_proofs import called, seen
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, STATE_SUFFIX
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_plan
from setup_assistant.site.scripts import HELPER, SCRIPTS
from setup_assistant.site.write import RECORD
from setup_assistant.steps.adopt import BEFORE
from setup_assistant.steps.ownership import PREVIOUS, Item, Owner, going, is_recorded
from setup_assistant.weights import folder_record
from setup_assistant.weights.listing import OWN_PREFIX

# Written for people, and under names that people give as well: these say whose they are.
_PLAIN = ("README.txt", "requirements.txt", "environment.yml", "conda-explicit.txt",
          "answers.toml", "report.md", "report.html")  # fmt: skip
_OURS = re.compile(rb"setup[ -]assistant", re.IGNORECASE)
# What is written aside before it takes a file's place, left by a run that was killed.
_ASIDE = r"\.{name}\.[a-z0-9_]{{8}}"


def own_files(owner: Owner, site: Layout) -> Iterator[Item]:
    """Yield the site's own files, and what stays of them."""
    genuine = owner.original or _has_plan(site)
    for path in (*_files(site), *_scripts(site)):
        if path.is_symlink() or not path.is_file():
            continue
        ours = genuine and (_is_unchanged(path) or _is_first(site, path))
        item = going(path, "file", site.root, seen(path))
        yield (
            item if ours or item.fate == "kept" else Item(path, "file", item.size_bytes, "changed")
        )
    yield from left_aside(site) if genuine else ()


def sweep(site: Layout) -> None:
    """Remove what runs that were killed had written aside; nothing else may work in the site."""
    removal.tidy(site.work, under=site.root, proof=called(site.work, folders=True))
    for item in (*left_aside(site), *_aside_in(site, site.root / PREVIOUS)):
        if item.proof is not None:
            removal.tidy(item.path, under=site.root, proof=item.proof)


def records(site: Layout) -> list[Item]:
    """Return what goes last: the record of the scripts, the lock, the ledger."""
    paths = (site.scripts / RECORD, site.lock, site.ledger)
    there = (p for p in paths if p.is_file() and not p.is_symlink())
    return [going(p, "file", site.root, seen(p)) for p in there]


def weights(owner: Owner, site: Layout) -> Iterator[Item]:
    """Yield the files of weights inside a site, where its ledger does not name their folder."""
    for record in sorted((site.root / "models").glob(f"*/{folder_record.NAME}")):
        folder = record.parent
        if folder.is_symlink() or folder.parent.is_symlink() or owner.lists(folder):
            continue
        for path in sorted(folder.rglob("*"), key=lambda p: (p.name.startswith(OWN_PREFIX), p)):
            suffixes = (PART_SUFFIX, STATE_SUFFIX)
            ours = path.name.startswith(OWN_PREFIX) or path.name.endswith(suffixes)
            if path.is_file() and not path.is_symlink() and (ours or is_recorded(path)):
                yield going(path, "file", site.root, seen(path))


def holds_weights(site: Layout, path: Path) -> bool:
    """Whether a folder is one that `weights` looks into."""
    inside = path.parent == site.root / "models"
    return inside and not path.is_symlink() and (path / folder_record.NAME).is_file()


def _files(site: Layout) -> list[Path]:
    return [
        site.report, site.report_html, site.receipt, site.smoke_result, site.rehearsal,
        site.canary_result, site.root / "README.txt", site.root / BEFORE, site.unit,
        site.serve_token, site.requirements, site.packages_lock, site.environment_yml,
        site.conda_explicit, site.machine, site.plan, site.answers,
    ]  # fmt: skip


def _scripts(site: Layout) -> list[Path]:
    """Return the scripts, and what Python has made of those that are its own."""
    if not site.scripts.is_dir() or site.scripts.is_symlink():
        return []
    names = {Path(name).stem for name in _written(site)}
    compiled = (site.scripts / "__pycache__").glob("*.pyc")
    found = [p for p in sorted(site.scripts.rglob("*.py")) if "__pycache__" not in p.parts]
    return [*found, *(p for p in sorted(compiled) if p.name.partition(".")[0] in names)]


def left_aside(site: Layout) -> Iterator[Item]:
    """Yield what runs that were killed had written and not put into place."""
    for folder in (site.root, site.scripts):
        yield from _aside_in(site, folder)


def _aside_in(site: Layout, folder: Path) -> Iterator[Item]:
    names = [p.name for p in (*_files(site), site.scripts / RECORD)] + sorted(_written(site))
    aside = re.compile("|".join(_ASIDE.format(name=re.escape(name)) for name in names))
    if folder.is_dir() and not folder.is_symlink():
        for path in sorted(folder.iterdir()):
            if aside.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                yield going(path, "file", site.root, seen(path))


def _has_plan(site: Layout) -> bool:
    try:
        return site.plan.is_file() and bool(read_plan(site))
    except (SetupError, RecursionError):
        return False


def _is_unchanged(path: Path) -> bool:
    """Whether a file is this tool's: a script by its recorded sum, a text by what it says."""
    if path.suffix == ".py":
        return _written_in(path.parent).get(path.name) == file_sum(path)
    if path.name not in _PLAIN:
        return True
    try:
        return bool(_OURS.search(files.plain(path).read_bytes()))
    except OSError:
        return False


def _is_first(site: Layout, path: Path) -> bool:
    """Whether a script is of a run that was killed before it had first written the site."""
    begun = not (site.plan.exists() or (site.scripts / RECORD).exists())
    return begun and path.parent == site.scripts and path.name in (*SCRIPTS, HELPER)


def _written(site: Layout) -> dict[str, str]:
    return dict.fromkeys((*SCRIPTS, HELPER), "") | _written_in(site.scripts)


def _written_in(folder: Path) -> dict[str, str]:
    """Return the sums of the scripts as they were written."""
    known = lenient.json_object(folder / RECORD)
    return {k: v for k, v in known.items() if isinstance(v, str)}
