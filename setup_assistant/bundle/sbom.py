"""The bill of materials in CycloneDX 1.5 (JSON): packages, models and tools of a bundle."""

from __future__ import annotations

import email
import email.message
import importlib.metadata
import re
import uuid
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.manifest import Item
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.catalog import models as catalog
from setup_assistant.host.prefix import normal_name

_LARGEST_METADATA = 1 << 20


def render(
    created: str,
    tool: str,
    *,
    folder: Path,
    offers: Iterable[Offer],
    models: Iterable[tuple[str, list[Item]]],
    agents: Sequence[Item],
) -> dict[str, Any]:
    """Return the document.

    Args:
        created: ISO 8601.
        tool: version of this tool.
        folder: the bundle, in which the packages lie; they know their licences.
        offers: every package in it.
        models: id and files of every model in it.
        agents: this tool itself, for every processor.
    """
    components = [_package(o, folder) for o in sorted(offers, key=lambda o: o.path)]
    known = {m.id: m.licence for m in catalog.load()}
    components += [_model(name, items, known.get(name, "")) for name, items in models]
    components += [_agent(i, tool) for i in agents]
    names = "\n".join(f"{c['bom-ref']} {c.get('hashes')}" for c in components)
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


def _package(offer: Offer, folder: Path) -> dict[str, Any]:
    if isinstance(offer, Package):
        return _conda(offer)
    assert isinstance(offer, Wheel)  # noqa: S101 - there are no others
    purl = f"pkg:pypi/{normal_name(offer.project)}@{quote(offer.version, safe='.-_~')}"
    return {
        "type": "library",
        "bom-ref": f"{purl}#{quote(offer.path)}",
        "name": offer.project,
        "version": offer.version,
        "purl": f"{purl}?file_name={quote(offer.name)}",
        "hashes": [_hash(offer.sha256)],
        **_licences(_metadata(folder / offer.path)),
    }


def _conda(package: Package) -> dict[str, Any]:
    record = package.record
    name, version = str(record["name"]), str(record["version"])
    kind = "conda" if package.name.endswith(".conda") else "tar.bz2"
    purl = (
        f"pkg:conda/{quote(name)}@{quote(version)}?build={quote(str(record['build']))}"
        f"&channel=conda-forge&subdir={quote(str(record['subdir']))}&type={kind}"
    )
    licence = str(record.get("license") or "")
    return {
        "type": "library",
        "bom-ref": f"{purl}#{quote(package.path)}",
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [_hash(package.sha256)],
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
    }


def _model(name: str, items: list[Item], licence: str) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{name}",
        "name": name,
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
        "components": [
            {
                "type": "file",
                "bom-ref": i.path,
                "name": i.path.rsplit("/", 1)[-1],
                "hashes": [_hash(i.sha256)],
            }
            for i in items
        ],
    }


def _agent(item: Item, tool: str) -> dict[str, Any]:
    """Return this tool's component, with the uv in it."""
    uv = importlib.metadata.version("uv")
    return {
        "type": "application",
        "bom-ref": item.path,
        "name": "setup-assistant",
        "version": tool,
        "hashes": [_hash(item.sha256)],
        "components": [
            {
                "type": "application",
                "bom-ref": f"{item.path}#uv",
                "name": "uv",
                "version": uv,
                "purl": f"pkg:pypi/uv@{uv}",
            }
        ],
    }


def _hash(sha256: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": sha256}


def _metadata(wheel: Path) -> email.message.Message:
    """Return what a wheel says of itself; nothing where it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            inside = next(
                i
                for i in archive.infolist()
                if re.fullmatch(r"[^/]+\.dist-info/METADATA", i.filename)
            )
            with archive.open(inside) as stream:
                text = stream.read(_LARGEST_METADATA).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile, StopIteration, RuntimeError, NotImplementedError):
        text = ""
    return email.message_from_string(text)


def _licences(metadata: email.message.Message) -> dict[str, Any]:
    """Return the licences as the wheel names them: an expression, classifiers, or a short name."""
    if expression := str(metadata.get("License-Expression") or "").strip():
        return {"licenses": [{"expression": expression}]}
    said = [str(c) for c in metadata.get_all("Classifier", [])]
    names = [c.rpartition(" :: ")[2] for c in said if c.startswith("License :: ")]
    names = [n for n in names if n != "OSI Approved"]
    if not names:
        # Some put the whole text of the licence there.
        short = str(metadata.get("License") or "").strip()
        names = [short] if short and "\n" not in short and len(short) < 100 else []
    return {"licenses": [{"license": {"name": n}} for n in dict.fromkeys(names)]} if names else {}
