"""One file that a source offers: the value that listings, transfers and records share."""

from __future__ import annotations

from dataclasses import dataclass

# What stands behind the name of a file on its way, and of the note that goes with it.
PART_SUFFIX = ".sa-part"
STATE_SUFFIX = ".sa-part.state"


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """One file that a source offers. `path` is relative, with `/`; `sha256` lower-case hex.

    `revision` is the source's own name for this state of the file; `git_blob` the id that Git
    gives its bytes (40 hex digits), where that is all the source tells.
    """

    path: str
    size: int
    sha256: str | None = None
    revision: str | None = None
    git_blob: str | None = None
