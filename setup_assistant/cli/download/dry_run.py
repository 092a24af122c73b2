"""`download --dry-run`: what would be fetched, from where; nothing is written."""

from __future__ import annotations

from typing import Any

from setup_assistant.cli.download.download_display import to_fetch
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.host.secrets import redact
from setup_assistant.messages import _
from setup_assistant.steps.download.folder import Job, foresee
from setup_assistant.units_text import size_text


def foreseen(job: Job) -> Result:
    """Ask the sources and return what a download would fetch."""
    found = foresee(job)
    data = {
        "dry_run": True,
        "model": job.model,
        "folder": str(job.folder),
        "source": redact(found.source),
        "total_bytes": sum(f.size for f in found.files),
        "missing_bytes": found.missing_bytes,
        "free_bytes": found.free_bytes,
        "expected_seconds": found.expected_seconds,
        "files": [{"path": f.path, "size_bytes": f.size, "sha256": f.sha256} for f in found.files],
    }
    return Result("download", data, text=lambda: _show(data))


def _show(data: dict[str, Any]) -> None:
    rows = [(f["path"], size_text(f["size_bytes"])) for f in data["files"]]
    show.table(rows, (_("file"), _("size")))
    show.line(_("From {source} into {folder}", source=data["source"], folder=data["folder"]))
    show.line(to_fetch(data))
    show.line(_("Nothing was done."))
