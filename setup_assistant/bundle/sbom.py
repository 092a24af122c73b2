"""The bill of materials in CycloneDX 1.5 (JSON): packages, models and tools of a bundle.

Hashes are of files as they lie in the bundle; licences and needs are as each part names its own.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from setup_assistant.bundle import inside_zip
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.inside_zip import Licence
from setup_assistant.bundle.manifest import Item
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.catalog import models as catalog
from setup_assistant.host.prefix import normal_name

Component = dict[str, Any]
_ROOT = "bundle"
# Of this tool itself.
_OWN_LICENCE = "Apache-2.0"


def render(
    created: str,
    tool: str,
    *,
    folder: Path,
    offers: Iterable[Offer],
    models: Iterable[tuple[str, list[Item]]],
    agents: Sequence[Item],
    pythons: Sequence[Item] = (),
) -> dict[str, Any]:
    """Return the document.

    Args:
        created: ISO 8601.
        tool: version of this tool.
        folder: the bundle, in which the packages lie; they know their licences and needs.
        offers: every package in it.
        models: id and files of every model in it.
        agents: this tool itself, for every processor.
        pythons: archives of Python, likewise.
    """
    packages = [(o, _needs_of(o, folder)) for o in sorted(offers, key=lambda o: o.path)]
    components = [_package(o, folder) for o, _needs in packages]
    dependencies = _dependencies(components, packages)
    known = {m.id: m.licence for m in catalog.load()}
    components += [_model(name, items, known.get(name, "")) for name, items in models]
    components += [_agent(i, tool, folder) for i in agents]
    components += [_python(i) for i in pythons]
    names = "\n".join(f"{c['bom-ref']} {c.get('hashes')}" for c in components)
    refs = [c["bom-ref"] for c in components]
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
            "component": {"type": "data", "bom-ref": _ROOT, "name": "setup-assistant bundle"},
        },
        "components": components,
        "dependencies": [{"ref": _ROOT, "dependsOn": refs}, *dependencies],
    }


def _needs_of(offer: Offer, folder: Path) -> set[str]:
    """Return the names of what a package needs, as its own kind names them."""
    if isinstance(offer, Package):
        return {
            re.split(r"[\s=<>!~\[]", str(d), maxsplit=1)[0] for d in offer.record.get("depends", [])
        }
    return inside_zip.needs(inside_zip.metadata(folder / offer.path))


def _dependencies(
    components: Sequence[Component], packages: Sequence[tuple[Offer, set[str]]]
) -> list[dict[str, Any]]:
    """Return which package needs which; of a name that lies there in several versions, all."""
    there: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for component, (offer, _needs) in zip(components, packages, strict=True):
        there[isinstance(offer, Package), normal_name(component["name"])].append(
            component["bom-ref"]
        )
    return [
        {
            "ref": component["bom-ref"],
            "dependsOn": sorted(
                ref
                for name in needs
                for ref in there[isinstance(offer, Package), normal_name(name)]
                if ref != component["bom-ref"]
            ),
        }
        for component, (offer, needs) in zip(components, packages, strict=True)
    ]


def _package(offer: Offer, folder: Path) -> Component:
    if isinstance(offer, Package):
        return _conda(offer)
    assert isinstance(offer, Wheel)  # noqa: S101 - there are no others
    purl = f"pkg:pypi/{normal_name(offer.project)}@{quote(offer.version, safe='.-_~')}"
    file = folder / offer.path
    parts = inside_zip.libraries(file)
    return {
        "type": "library",
        "bom-ref": f"{purl}#{quote(offer.path)}",
        "name": offer.project,
        "version": offer.version,
        "purl": f"{purl}?file_name={quote(offer.name)}",
        "hashes": [_hash(offer.sha256)],
        **_licensed(inside_zip.licences(inside_zip.metadata(file))),
        **_holding([_file(f"{offer.path}!{name}", sum_) for name, sum_ in parts.items()]),
    }


def _conda(package: Package) -> Component:
    record = package.record
    name, version = str(record["name"]), str(record["version"])
    kind = "conda" if package.name.endswith(".conda") else "tar.bz2"
    purl = (
        f"pkg:conda/{quote(name)}@{quote(version)}?build={quote(str(record['build']))}"
        f"&channel=conda-forge&subdir={quote(str(record['subdir']))}&type={kind}"
    )
    return {
        "type": "library",
        "bom-ref": f"{purl}#{quote(package.path)}",
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [_hash(package.sha256)],
        **_licensed(inside_zip.licence(str(record.get("license") or ""))),
    }


def _model(name: str, items: list[Item], licence: str) -> Component:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{name}",
        "name": name,
        **_licensed(inside_zip.licence(licence)),
        **_holding([_file(i.path, i.sha256) for i in items]),
    }


def _agent(item: Item, tool: str, folder: Path) -> Component:
    """Return this tool's component, with the packages and the uv in it."""
    inside = [
        {
            "type": "library",
            "bom-ref": f"{item.path}#{normal_name(name)}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{normal_name(name)}@{quote(version, safe='.-_~')}",
            **_licensed(inside_zip.licences(said)),
        }
        for (name, version), said in inside_zip.packages(folder / item.path).items()
    ]
    return {
        "type": "application",
        "bom-ref": item.path,
        "name": "setup-assistant",
        "version": tool,
        "hashes": [_hash(item.sha256)],
        **_licensed(inside_zip.licence(_OWN_LICENCE)),
        **_holding(inside),
    }


def _python(item: Item) -> Component:
    return {
        "type": "platform",
        "bom-ref": item.path,
        "name": "CPython",
        "hashes": [_hash(item.sha256)],
        **_licensed(inside_zip.licence("PSF-2.0")),
    }


def _file(path: str, sha256: str) -> Component:
    name = path.rpartition("/")[2]
    return {"type": "file", "bom-ref": path, "name": name, "hashes": [_hash(sha256)]}


def _licensed(licences: list[Licence]) -> dict[str, Any]:
    return {"licenses": licences} if licences else {}


def _holding(components: list[Component]) -> dict[str, Any]:
    return {"components": components} if components else {}


def _hash(sha256: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": sha256}
