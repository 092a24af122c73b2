"""`uninstall`: show what was made, then remove it."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.env.unfinished import end_in
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import files, log, paths, sites
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_layout
from setup_assistant.steps import adopt, uninstall
from setup_assistant.steps.environment_preflight import read_marker
from setup_assistant.units_text import size_text


@verb(
    "uninstall",
    summary=_(
        "Remove what this tool has made: the environment, weights, files and caches.\n\n"
        "Shows everything first. Files that you have changed, and caches that others use, stay."
    ),
    examples=(
        "setup-assistant uninstall --site qwen2-vl --dry-run",
        "setup-assistant uninstall --site qwen2-vl --yes",
    ),
)
@options.SITE
@click.option("--yes", "-y", is_flag=True, help=_("Do not ask before removing."))
@click.option("--dry-run", is_flag=True, help=_("Only show what would be removed."))
def command(site: Path | None, yes: bool, dry_run: bool) -> Result:
    """Remove one site."""
    layout = read_layout(site or paths.default_site())
    begun = layout.ledger.is_file()
    if not begun and os.path.lexists(layout.ledger):
        files.read_text(layout.ledger, "--site")  # says that it is no file
    if begun and not dry_run:
        # What cannot be ended is listed as it lies there.
        with contextlib.suppress(SetupError):
            end_in(layout)
    # The same site may be known by a link, too.
    others = any(os.path.realpath(s) != os.path.realpath(layout.root) for s in sites.all())
    find = uninstall.inventory if begun else uninstall.remains
    with busy(_("Measuring what was made")):
        items = find(layout, other_sites=others, own_cache=paths.cache_folder())
    if not (begun or items):
        if not others:
            uninstall.leave_no_log(paths.cache_folder())
        raise SetupError("site_missing", path=str(layout.root))
    if not begun:
        show.note(_("There is no site in {path}; this is what runs have left that made none.",
                    path=str(layout.root)))  # fmt: skip
    data: dict[str, object] = {
        "site": str(layout.root),
        "items": [_item(i) for i in items],
        "dry_run": dry_run,
    }
    _show(items)
    _show_by_hand(items, layout)
    if dry_run:
        kept = _show_kept(uninstall.stays(items, layout.root), layout)
        return Result("uninstall", {**data, "kept": kept})
    if not (yes or _agree()):
        return Result("uninstall", {**data, "removed": False})
    log.stop()  # its file goes with the cache
    # Where no site is, none is made to lock it.
    there = begun or layout.lock.exists()
    locked = files.exclusive(layout.lock) if there else contextlib.nullcontext()
    with locked, busy(_("Removing it")):
        done = uninstall.remove(items, layout)
    _show_kept(done.kept, layout)
    data |= {"removed": not done.failed, "kept": [str(p) for p in done.kept]}
    if done.failed:
        problems = tuple(Problem.of(error) for error in done.failed)
        return Result("uninstall", data, Exit.FAILED, problems)
    show.line(_("Removed."))
    return Result("uninstall", data)


def _show_kept(paths_: Iterable[Path], layout: Layout) -> list[str]:
    kept = [str(path) for path in paths_]
    if kept:
        show.note(_("Kept in {path}, since it is not ours or was changed:", path=str(layout.root)))
        for path in kept:
            show.note(f"  {path}")
    return kept


def _agree() -> bool:
    why = ask.told(_("Only what this tool has made is deleted, as listed above; files that were "
                     "changed or added since stay."))  # fmt: skip
    return ask.confirm(_("Remove all of this?"), default=False, flag="--yes", why=why)


def _item(item: uninstall.Item) -> dict[str, object]:
    return {
        "path": str(item.path),
        "kind": item.kind,
        "size_bytes": item.size_bytes,
        "fate": item.fate,
        "reason": item.reason,
    }


def _show(items: tuple[uninstall.Item, ...]) -> None:
    fates: dict[uninstall.Fate, str] = {
        "remove": _("will be removed"),
        "changed": _("stays: you changed it"),
        "shared": _("stays: others use it"),
    }
    rows = [(str(i.path), size_text(i.size_bytes) if i.size_bytes else "-", _then(i, fates))
            for i in items]  # fmt: skip
    show.table(rows, (_("What"), _("Size"), _("Then")))


def _then(item: uninstall.Item, fates: dict[uninstall.Fate, str]) -> str:
    if item.kind == "line":
        return _("the line of {path} will be removed", path=item.reason)
    return _("stays: {reason}", reason=item.reason) if item.fate == "kept" else fates[item.fate]


def _show_by_hand(items: tuple[uninstall.Item, ...], layout: Layout) -> None:
    """Say how to remove what this tool will not, so that nobody has to look for it.

    Only inside the site: what lies elsewhere may be named by a stranger's ledger.
    """
    root = layout.root.resolve()
    for item in items:
        if item.fate != "kept" or item.path.is_symlink():
            continue
        if read_marker(item.path).get("engine") == adopt.ENGINE:
            _show_way_back(item.path, layout)
            continue
        if not item.path.resolve().is_relative_to(root):
            continue
        command = shlex.join(["rm", "-r", "--", str(item.path)])
        show.note(_("If it is yours, remove it by hand: {command}", command=command))


def _show_way_back(folder: Path, layout: Layout) -> None:
    """Say what was changed in an environment that somebody else made, and how to undo that."""
    changed = adopt.changed(folder, layout.root)
    if changed:
        said = ", ".join(f"{n} {old or '-'} → {now or '-'}" for n, (old, now) in changed.items())
        show.note(_("Changed in {path} since it was adopted: {changes}", path=str(folder),
                    changes=said))  # fmt: skip
        first = shlex.join(["setup-assistant", "env", "rollback", str(folder)])
        show.note(_("To take that back before: {command}", command=first))
