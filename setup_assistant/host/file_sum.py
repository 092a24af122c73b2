"""A file by its path, size and sha256: what listings, records, bundles and transfers speak of."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class FileSum:
    """One file: `path` relative with `/`, `size` in bytes, `sha256` in lower-case hex.

    `sha256` is None where nobody says it.
    """

    path: str
    size: int
    sha256: str | None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]


def is_sha256(text: str) -> bool:
    """Whether `text` is a sha256 in lower-case hex."""
    return bool(_SHA256.fullmatch(text))
