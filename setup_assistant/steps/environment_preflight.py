"""Where an environment will be: whose it is, whether there is room, and nobody else at it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import caches, clock, files, lenient, paths, removal
from setup_assistant.host.users_of import users_of
from setup_assistant.steps import swap
from setup_assistant.steps.step import Context
from setup_assistant.units_text import size_text

MARKER = ".setup-assistant.json"
SCHEMA = "setup-assistant/environment/1"
_STRAGGLER_SECONDS = 60.0


def read_marker(prefix: Path) -> dict[str, object]:
    """Return our record inside an environment; empty where there is none or it is damaged."""
    return lenient.json_object(prefix / MARKER)


def check_cache() -> None:
    """Refuse a package cache that cannot be written, which uv would say in other words."""
    cache = paths.package_cache()
    flag = "UV_CACHE_DIR" if "UV_CACHE_DIR" in os.environ else "SETUP_ASSISTANT_CACHE"
    try:
        caches.begin(cache).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        raise files.refusal(error, cache, flag=flag, named=False) from error


def check_space(context: Context) -> None:
    """Refuse before anything is downloaded: uv keeps wheels unpacked and links them."""
    need = context.plan.sizes.packages_installed_bytes
    cache, env = paths.package_cache(), context.site.env
    same = files.nearest_existing(cache).stat().st_dev == files.nearest_existing(env).stat().st_dev
    for path in (env,) if same else (env, cache):
        free, wanted = files.free_bytes(path), need
        if free < wanted and same:
            # What is cached already is linked, not copied. Counting it takes a while.
            wanted = max(0, need - files.folder_bytes(cache))
        if free < wanted:
            raise SetupError(
                "no_space",
                path=str(files.nearest_existing(path)),
                free=size_text(free),
                need=size_text(wanted),
                flag="--site" if path == env else "SETUP_ASSISTANT_CACHE",
            )


def refuse_foreign(context: Context, *, in_place: bool) -> None:
    """Stop where something lies in the way that is not ours to replace.

    Ours is what carries our marker, an empty folder, and what this site's ledger names where a
    killed `create` leaves no marker. Another site's environment is that site's.
    """
    prefix = context.site.env
    ours = made(context) - (set() if in_place else {str(prefix)})
    for path in (prefix, swap.part(prefix), swap.old(prefix)):
        if str(path) in ours or not swap.there(path):
            continue
        if path.is_symlink() or not path.is_dir():
            raise SetupError("environment_foreign", path=str(path))
        owner = read_marker(path)
        if not owner and any(path.iterdir()):
            raise SetupError("environment_foreign", path=str(path))
        root = context.ledger.root
        site = Path(str(owner.get("site") or root))
        if site != root and site.is_dir() and not _same_site(owner, context):
            raise SetupError("environment_of_site", path=str(path), site=str(site))


def _same_site(owner: Mapping[str, object], context: Context) -> bool:
    """Whether a record names this site by its id: it was moved, and another has its old place."""
    home = context.ledger.home()
    return home is not None and home.is_at(context.ledger.root) and owner.get("site_id") == home.id


def wait_for_stragglers(*folders: Path) -> None:
    """Wait until nothing runs any more from what a killed run has left half made.

    A child dies with its parent; a grandchild, such as the pip that `venv` starts, goes on
    writing for a while, and would write into what is made next.

    Raises:
        SetupError: `env_in_use`, naming what does not end.
    """
    until = clock.monotonic() + _STRAGGLER_SECONDS
    while users := [u for some in users_of(filter(swap.there, folders)).values() for u in some]:
        if clock.monotonic() > until:
            shown = ", ".join(f"{u.name} ({u.pid})" for u in users)
            raise SetupError("env_in_use", path=str(folders[0]), programs=shown)
        clock.sleep(0.2)


def made(context: Context) -> set[object]:
    """Return the paths that this site's ledger says it makes."""
    return {data.get("path") for data in context.ledger.owned()}


def leftovers(context: Context) -> bool:
    """Whether a killed run left something beside the environment."""
    prefix = context.site.env
    found = [path for path in (swap.part(prefix), swap.old(prefix)) if swap.there(path)]
    return bool(found) and not {str(path) for path in found}.isdisjoint(made(context))


@contextlib.contextmanager
def lock(context: Context) -> Iterator[None]:
    """Keep a run in another site out of an environment that lies outside of this one."""
    prefix = context.site.env
    if prefix.parent == context.site.root:
        yield
        return
    path = prefix.with_name(f".{prefix.name}.lock")
    with files.exclusive(path, flag="--env"):
        try:
            yield
        finally:
            removal.drop(path, under=path.parent)  # Windows keeps what is open
