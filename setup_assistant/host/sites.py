"""The sites this tool has made on this machine: one small file each in the cache folder.

One file per site, not one list, so that two runs at once never write the same file.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient, paths


def register(site: Path) -> None:
    """Remember the folder of a site.

    Raises:
        SetupError: `not_writable` or `disk_filled`, of the cache folder.
    """
    site = site.expanduser().absolute()
    try:
        files.write_json(record_of(site), {"site": str(site)})
    except SetupError as error:
        if error.code != "not_writable":
            raise
        raise SetupError(error.code, **{**error.args_, "flag": "SETUP_ASSISTANT_CACHE"}) from error


def all() -> list[Path]:  # noqa: A001 - read as `sites.all()`
    """Return the known sites that still exist, by name."""
    found = []
    for record in paths.cache_folder().glob("sites/*.json"):
        site = lenient.json_object(record).get("site")
        if isinstance(site, str) and Path(site).is_dir():
            found.append(Path(site))
    return sorted(found)


def record_of(site: Path) -> Path:
    """Return the file in which a site is remembered."""
    return paths.cache_folder() / "sites" / f"{sha256(str(site).encode()).hexdigest()[:16]}.json"
