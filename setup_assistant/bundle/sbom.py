"""The bill of materials in CycloneDX 1.5 (JSON): packages, models and tools of a bundle."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from setup_assistant.bundle.contents import Item
from setup_assistant.bundle.wheels import Wheel


def render(
    created: str, tool: str, wheels: Iterable[Wheel], models: Iterable[tuple[str, list[Item]]]
) -> dict[str, Any]:
    """Return the document.

    Args:
        created: ISO 8601.
        tool: version of this tool.
        wheels: every wheel in the bundle.
        models: id and files of every model in it.
    """
    components = [_package(w) for w in sorted(wheels, key=lambda w: w.name)]
    components += [_model(name, items) for name, items in models]
    names = "\n".join(c["bom-ref"] for c in components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        # From the contents, so that the same bundle has the same document.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {
            "timestamp": created,
            "tools": {
                "components": [{"type": "application", "name": "setup-assistant", "version": tool}]
            },
        },
        "components": components,
    }


def _package(wheel: Wheel) -> dict[str, Any]:
    purl = f"pkg:pypi/{wheel.project}@{wheel.version.replace('+', '%2B')}"
    return {
        "type": "library",
        "bom-ref": f"{purl}#{wheel.name}",
        "name": wheel.project,
        "version": wheel.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }


def _model(name: str, items: list[Item]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{name}",
        "name": name,
        "components": [
            {
                "type": "file",
                "bom-ref": i.path,
                "name": i.path.rsplit("/", 1)[-1],
                "hashes": [{"alg": "SHA-256", "content": i.sha256}],
            }
            for i in items
        ],
    }
