"""What happens in a download, for programs that follow it and for whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

# listed      source, files, total_bytes
# start       missing_bytes, free_bytes, expected_seconds (None: nothing is known of this source)
# progress    done_bytes, total_bytes, bytes_per_second, remaining_seconds (None: not known yet),
#             files: path, done_bytes and size_bytes of those that are under way
# verifying   done_bytes, total_bytes, path
# file        path, size_bytes, how ("fetched", "reused" or "kept"), checked ("sha256" or "size"),
#             source
# damaged     path, source
# source      source that is given up, detail, path (None: all of it)
# waiting     folder
# leftover    path, size_bytes of an unfinished file that another client or an earlier run left
# retry       source (host), seconds and until (clock time) that it asks to be left alone, detail
Kind = Literal[
    "listed",
    "start",
    "progress",
    "verifying",
    "file",
    "damaged",
    "source",
    "waiting",
    "retry",
    "leftover",
]


@dataclass(frozen=True)
class Event:
    """One thing that happened. Sizes are bytes, times seconds; `data` can be written as JSON."""

    kind: Kind
    data: dict[str, Any] = field(default_factory=dict)


def unheard(_event: Event) -> None:
    """Follow nothing."""
