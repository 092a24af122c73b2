"""What a failure of uv means, by its own words."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths, run
from setup_assistant.steps.backends.base import failure

# What uv says when the network, not the request, is at fault.
_NETWORK = (
    "error sending request",
    "failed to fetch",
    "dns error",
    "tcp connect",
    "timed out",
    "connection refused",
    "network unreachable",
    "tls handshake",
    "certificate",
    "failed to download",
    "response body",
    "connection reset",
    "server error (5",
)


# What it says where a package is not in the places it may look in.
_NOT_THERE = ("network was disabled", "not found in the provided package locations")


def explained(outcome: run.Outcome, prefix: Path) -> SetupError:
    """Return the error of a run that failed."""
    return known_cause(outcome, prefix) or failure("install_failed", outcome)


def known_cause(outcome: run.Outcome, prefix: Path) -> SetupError | None:
    """Return the error of a failure that is the disk's, the network's or a missing wheel's."""
    words = outcome.last_words()
    lowered = words.lower()
    if "no space left" in lowered or "os error 28" in lowered:
        return SetupError("disk_filled", path=str(_fullest(prefix)))
    if "hash mismatch" in lowered:
        return SetupError("hash_mismatch", detail=words)
    if any(sign in lowered for sign in _NOT_THERE):
        return SetupError("wheel_missing", detail=words)
    if any(sign in lowered for sign in _NETWORK):
        return SetupError("packages_unreachable", detail=words)
    return None


def _fullest(prefix: Path) -> Path:
    """Return which of the two places that uv writes to has the least room left."""
    return min((prefix, paths.package_cache()), key=files.free_bytes)
