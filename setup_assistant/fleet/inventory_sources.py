"""Inventories as they are given: files, folders, lists, and programs that print one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import _

_PLUGIN = re.compile(r"^plugin\s*:", re.MULTILINE)
_FILES = 4096


@dataclass(frozen=True, kw_only=True)
class Source:
    """What Ansible is given to read hosts and their values.

    `paths` as with -i; `extra` as with -e; `vaults` as with --vault-id, `vault_password` what was
    typed for --ask-vault-pass.
    """

    paths: tuple[str, ...]
    extra: tuple[str, ...] = ()
    vaults: tuple[str, ...] = ()
    vault_password: str = ""

    @property
    def shown(self) -> str:
        """The inventories in one line."""
        return " ".join(self.paths)

    def arguments(self, vault_program: Path | None) -> list[str]:
        """Return Ansible's arguments; `vault_program` prints the password that was typed."""
        said = [f"--inventory={_absolute(p)}" for p in self.paths]
        said += [f"--extra-vars={e}" for e in self.extra]
        said += [f"--vault-id={v}" for v in self.vaults]
        return [*said, f"--vault-id={vault_program}"] if vault_program else said


def must_be_there(paths: Sequence[str]) -> None:
    """Refuse an inventory that is not there, or a program that is not this person's own.

    Raises:
        SetupError: `file_missing`, `inventory_foreign`.
    """
    for given in paths:
        path = Path(given).expanduser()
        if "," in given and not path.exists():
            continue
        if not path.exists():
            raise SetupError("file_missing", path=given, flag="-i")
        for file in _files(path):
            _must_end(file)
            if _runs(file) and not _own(file):
                raise SetupError("inventory_foreign", path=str(file))
        for name in ("group_vars", "host_vars"):
            for file in _files(path.with_name(name)):
                _must_end(file)


def _must_end(file: Path) -> None:
    """Refuse what Ansible would read without end: a pipe or a device."""
    try:
        files.plain(file)
    except FileNotFoundError:
        pass  # a link that leads nowhere, which Ansible leaves out
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError("inventory_invalid", path=str(file), detail=detail) from error


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for number, (parent, _names, names) in enumerate(os.walk(path)):
        if number > _FILES:
            detail = _("the folder holds too many folders for an inventory")
            raise SetupError("inventory_invalid", path=str(path), detail=detail)
        yield from (Path(parent) / n for n in names)


def _runs(file: Path) -> bool:
    """Whether Ansible would run a file, or a plugin that it names."""
    if os.access(file, os.X_OK):
        return True
    if file.suffix not in {".yml", ".yaml"}:
        return False
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return _PLUGIN.search(stream.read(1 << 20)) is not None
    except OSError:
        return False


def _own(file: Path) -> bool:
    """Whether only this person (or root) could have written a file."""
    stat = file.stat()
    return stat.st_uid in {0, os.getuid()} and not stat.st_mode & 0o002


def _absolute(given: str) -> str:
    path = Path(given).expanduser()
    return given if "," in given and not path.exists() else str(path.absolute())
