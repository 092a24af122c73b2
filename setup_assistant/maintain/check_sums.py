"""Whether the sums of weight files are sums, of files that a source may not change."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.models import Model
from setup_assistant.host.file_sum import is_sha256
from setup_assistant.maintain.fault import Fault


def sum_faults(models: Sequence[Model]) -> list[Fault]:
    """Return what is wrong with the sums of the models."""
    found = []
    for model in models:
        for path, digest in model.sha256.items():
            key = f"sums.{model.id}.{path}"
            if not is_sha256(digest):
                found.append(Fault(file="models", key=key, what=f"{digest!r} is no sha256"))
            if not path.endswith(".safetensors"):
                what = "owners mend such files: a new one would be refused"
                found.append(Fault(file="models", key=key, what=what))
        if len(set(model.sha256.values())) != len(model.sha256):
            key = f"sums.{model.id}"
            found.append(Fault(file="models", key=key, what="two files have one sha256"))
    return found
