"""What an upgrade keeps of the environment before it, and the exchange that brings it back.

An exchange is three renames with the site's files in between. Its journal holds those files
from before the first move, so that whatever kills it, the next run ends it: either nothing was
moved yet, or the rest is to be done. The journal goes last, after the account was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import durable, files, lenient, prefix, removal
from setup_assistant.host.removal_proofs import named
from setup_assistant.site.layout import Layout
from setup_assistant.steps.ownership import PREVIOUS, Owner

# What belongs to one environment and goes with it.
FILES = (
    "plan.json", "machine.json", "answers.toml", "requirements.txt", "requirements.lock",
    "environment.yml", "conda-explicit.txt", "canary.json", "README.txt",
)  # fmt: skip
# The states of an exchange: written down; begun to be moved.
_EXCHANGING, _MOVED = "exchanging", "moved"


def folder(layout: Layout) -> Path:
    """Return where the environment before the last upgrade is kept."""
    return layout.env.with_name(layout.env.name + ".previous")


def kept(layout: Layout) -> Path:
    """Return where the site's files of that time are kept."""
    return layout.root / PREVIOUS


def stage_root(layout: Layout) -> Path:
    """Return the folder that is there while an upgrade or an exchange is under way."""
    return layout.root / ".next"


def there(layout: Layout) -> bool:
    """Whether there is something to go back to."""
    return prefix.kind(folder(layout)) is not None and (kept(layout) / "plan.json").exists()


def exchange(layout: Layout) -> None:
    """Exchange the environment and its files with the previous ones; twice is there and back.

    The journal stays until `end`, since the caller still has to tell what was done.

    Raises:
        SetupError: `nothing_previous`.
    """
    if not there(layout):
        raise SetupError("nothing_previous", path=str(layout.env))
    texts = {n: [text(layout.root / n), text(kept(layout) / n)] for n in FILES}
    write_journal(layout, {"state": _EXCHANGING, "files": texts})
    durable.rename(layout.env, _between(layout))
    complete_exchange(layout)


def complete_exchange(layout: Layout) -> bool:
    """Do what is left of an exchange; return whether one is done now."""
    journal = read_journal(layout)
    between = _between(layout).exists()
    if journal.get("state") == _EXCHANGING and between:
        # From here on, nothing beside the environment means that the last move was made.
        journal["state"] = _MOVED
        write_journal(layout, journal)
    if journal.get("state") != _MOVED:
        return False
    if between:
        _finish(layout, journal)
    return True


def end(layout: Layout) -> None:
    """Remove the journal, then the rest of its folder: without it nothing is under way.

    Raises:
        SetupError: `removal_refused`, `not_removed`.
    """
    removal.drop(_journal(layout), under=layout.root)
    Owner(layout).remove(stage_root(layout))


def write_journal(layout: Layout, value: dict[str, Any]) -> None:
    """Write down what is under way, for the run after a kill."""
    files.write_json(_journal(layout), value)


def read_journal(layout: Layout) -> dict[str, Any]:
    """Return what was under way; empty where nothing was, or it is not to be read."""
    return lenient.json_object(_journal(layout))


def text(path: Path) -> str | None:
    """Return a file's text; None where there is none."""
    try:
        return files.plain(path).read_text(encoding="utf-8")
    except OSError:
        return None


def put(path: Path, content: str | None) -> None:
    """Write a file; for None, remove it."""
    if content is None:
        removal.remove(path, under=path.parent, proof=named(*FILES))
    else:
        files.write_text(path, content)


def _finish(layout: Layout, journal: dict[str, Any]) -> None:
    """Do what is left after the first move; every part can be repeated."""
    if not layout.env.exists():
        durable.rename(folder(layout), layout.env)
    for name, (ours, theirs) in _texts(journal).items():
        put(layout.root / name, theirs)
        put(kept(layout) / name, ours)
    durable.rename(_between(layout), folder(layout))


def _texts(journal: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Return the texts of the site's own files in a journal; whatever else it names is left."""
    said = journal.get("files")
    found = {n: said.get(n) for n in FILES} if isinstance(said, dict) else {}
    texts = (str, type(None))
    return {
        name: (pair[0], pair[1])
        for name, pair in found.items()
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, texts) for t in pair)
    }


def _between(layout: Layout) -> Path:
    return layout.env.with_name(layout.env.name + ".swap")


def _journal(layout: Layout) -> Path:
    return stage_root(layout) / "journal.json"
