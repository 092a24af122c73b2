"""User data for cloud-init: small, since providers limit it; the rest is fetched by its sum."""

from __future__ import annotations

import gzip
import io
import re
import shlex
import tarfile
from hashlib import sha256
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.site.exports.source import MODELS, ROOT, Source, shared, template

_ARCHIVE = "context.tar.gz"
_URL = re.compile(r"https?://[!-~]+")


def cloud_init(source: Source, url: str) -> dict[str, bytes]:
    """Return the user data, and the archive that is to be found at `url`.

    Raises:
        SetupError: `usage` where `url` is no address.
    """
    if not _URL.fullmatch(url):
        detail = _("--url wants an address that new machines reach, not {given}", given=url)
        raise SetupError("usage", detail=detail, verb="export cloud-init")
    archive = _archive(shared(source, root=ROOT, weights=MODELS, device="cpu"))
    text = template(
        "user-data",
        PYTHON=source.python,
        ROOT=ROOT,
        URL=shlex.quote(f"{url.rstrip('/')}/{_ARCHIVE}"),
        SUM=sha256(archive).hexdigest(),
    )
    return {"user-data": text.encode(), _ARCHIVE: archive}


def cloud_commands(folder: Path) -> tuple[str, ...]:
    """Return a command that serves the archive."""
    return (f"python3 -m http.server --directory {shlex.quote(str(folder))} 8000",)


def _archive(files: dict[str, bytes]) -> bytes:
    """Return a tar archive: the same files give the same bytes, so that a rerun changes nothing."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
