"""A Python that a bundle carries, for machines that have none: an archive that runs where it lies.

Such archives are made by python-build-standalone (`install_only`): one folder with `bin/python3`.
"""

from __future__ import annotations

import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import _

# The processor of an ELF file, at its 18th byte.
_PROCESSORS = {62: "x86_64", 183: "aarch64"}
_PROGRAM = re.compile(r"(?:\./)?[^/]+/bin/python(3\.\d+)")


@dataclass(frozen=True, kw_only=True)
class CarriedPython:
    """An archive, and what is in it: `minor` is such as "3.12"."""

    archive: Path
    arch: str
    minor: str

    @property
    def path(self) -> str:
        """Where it lies in the bundle; the launcher looks there."""
        return f"python/python-{self.arch}.tar.gz"

    def put_into(self, folder: Path) -> None:
        """Copy it into a bundle, unless it is there."""
        target = folder / self.path
        if target.exists() and files.sha256(target) == files.sha256(self.archive):
            return
        target.parent.mkdir(exist_ok=True)
        aside = target.with_name(target.name + ".part")
        with self.archive.open("rb") as source, files.open_anew(aside) as out:
            shutil.copyfileobj(source, out)
        aside.replace(target)


def look_at(archive: Path) -> CarriedPython:
    """Return what an archive holds.

    Raises:
        SetupError: `file_missing`, `file_invalid`.
    """
    if not archive.is_file():
        raise SetupError("file_missing", path=str(archive), flag="--carry-python")
    try:
        with tarfile.open(archive, "r:gz") as opened:
            for member in opened:
                found = _PROGRAM.fullmatch(member.name)
                if found and member.isfile() and (stream := opened.extractfile(member)):
                    head = stream.read(20)
                    arch = _PROCESSORS.get(int.from_bytes(head[18:20], "little"), "")
                    if head[:4] == b"\x7fELF" and arch:
                        return CarriedPython(archive=archive, arch=arch, minor=found[1])
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SetupError("file_invalid", path=str(archive), detail=str(error)) from error
    detail = _("it is no .tar.gz with one folder that holds bin/python3.N for Linux")
    raise SetupError("file_invalid", path=str(archive), detail=detail)
