"""A bundle as `--json` data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setup_assistant.bundle.manifest import Manifest


def bundle_data(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return what `--json` says of a bundle."""
    from setup_assistant.frozen_json import to_builtins

    return {
        "bundle": str(folder),
        "created": manifest.created,
        "size_bytes": sum(i.size for i in manifest.files),
        "files": len(manifest.files),
        # What the targets would take without sharing.
        "unshared_bytes": unshared_bytes(manifest),
        "targets": to_builtins(manifest.targets),
    }


def unshared_bytes(manifest: Manifest) -> int:
    """Return the bytes of one bundle for each kind of machine, all together."""
    sizes = {i.path: i.size for i in manifest.files}
    own = [p for t in manifest.targets for p in (t.lock, *t.packages(), *t.weights)]
    everywhere = sum(sizes.values()) - sum(sizes[p] for p in set(own))
    return sum(sizes[p] for p in own) + len(manifest.targets) * everywhere
