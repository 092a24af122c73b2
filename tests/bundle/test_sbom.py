"""The bill of materials keeps to the rules of CycloneDX 1.5 and of package URLs."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import sbom
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.manifest import Item
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.steps.backends.uv import uv_program
from tests.bundle.conftest import wheel

# https://cyclonedx.org/docs/1.5/json/
_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TYPES = {"application", "framework", "library", "container", "platform", "operating-system",
          "device", "device-driver", "firmware", "file", "machine-learning-model",
          "data"}  # fmt: skip
_KNOWN = {"type", "bom-ref", "name", "version", "purl", "hashes", "licenses", "components"}
# https://github.com/package-url/purl-spec: nothing is written that must be escaped.
_PURL = re.compile(
    r"pkg:(?:pypi|conda)/[a-z0-9][a-z0-9._-]*@(?:[\w.~:-]|%[0-9A-F]{2})+"
    r"(?:\?[a-z_]+=(?:[\w.~:/-]|%[0-9A-F]{2})+(?:&[a-z_]+=(?:[\w.~:/-]|%[0-9A-F]{2})+)*)?"
)
_SUM = "0" * 64
VALIDATOR = "cyclonedx-python-lib[json-validation]==11.5.0"
VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read()))
"""
_OSI = "Classifier: License :: OSI Approved\n"


def every(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from every(component.get("components", []))


def document(folder: Path) -> dict[str, Any]:
    (folder / "wheels").mkdir()
    offers: list[Wheel | Package] = []
    for name, version in (("Zope.Odd_Name", "1!2.0+cu126"), ("plain", "1.0rc1")):
        path = wheel(folder / "wheels", name, version)
        with zipfile.ZipFile(path, "a") as archive:
            if name == "plain":  # as auditwheel repairs a wheel
                archive.writestr("plain.libs/libgomp-a34b3233.so.1", "elf")
                archive.writestr("plain/lib/libplain.so", "its own")
        offers.append(Wheel(path=f"wheels/{path.name}", url="", sha256=_SUM, size=1,
                            project=name, version=version))  # fmt: skip
    for end, licence in ((".conda", "PSF-2.0"), (".tar.bz2", "")):
        record = {"name": "python", "version": "3.12.1", "build": "h1_0_cp312",
                  "subdir": "linux-64", "license": licence}  # fmt: skip
        offers.append(Package(path=f"conda/linux-64/python-3.12.1-h1{end}", url="", sha256=_SUM,
                              size=1, record=record))  # fmt: skip
    items = [Item(path="weights/Qwen/m/config.json", size=1, sha256=_SUM)]
    agents = [Item(path="agent/agent-x86_64.pyz", size=1, sha256=_SUM)]
    (folder / "agent").mkdir()
    with zipfile.ZipFile(folder / agents[0].path, "w") as archive:
        for place, name, text in (
            ("common", "click", "License-Expression: BSD-3-Clause\n"),
            ("cp311-x86_64", "msgspec", ""), ("cp312-x86_64", "msgspec", ""),
            ("uv-x86_64", "uv", "License-Expression: mit or apache-2.0\n"),
        ):  # fmt: skip
            archive.writestr(f"{place}/{name}-1.5.dist-info/METADATA",
                             f"Name: {name}\nVersion: 1.5\n{text}")  # fmt: skip
    models = [("Qwen/Qwen2-VL-2B-Instruct", items)]
    found = sbom.render("2026-01-02T03:04:05Z", "1.0", folder=folder, offers=offers,
                        models=models, agents=agents)  # fmt: skip
    value: dict[str, Any] = json.loads(json.dumps(found))
    return value


def test_it_keeps_to_the_rules(tmp_path: Path) -> None:
    value = document(tmp_path)
    assert (value["bomFormat"], value["specVersion"], value["version"]) == ("CycloneDX", "1.5", 1)
    assert _SERIAL.fullmatch(value["serialNumber"])
    assert _DATE.fullmatch(value["metadata"]["timestamp"])
    components = list(every(value["components"]))
    refs = [c["bom-ref"] for c in components]
    assert len(refs) == len(set(refs))
    for component in components:
        assert set(component) <= _KNOWN
        assert component["type"] in _TYPES
        assert component["name"]
        if "purl" in component:
            assert _PURL.fullmatch(component["purl"]), component["purl"]
        for digest in component.get("hashes", []):
            assert (digest["alg"], len(digest["content"])) == ("SHA-256", 64)
        for entry in component.get("licenses", []):
            # One of both, never both.
            assert set(entry) in ({"license"}, {"expression"})
    named = {c["name"]: c for c in components}
    (root,) = [d for d in value["dependencies"] if d["ref"] == "bundle"]
    assert root["dependsOn"] == [c["bom-ref"] for c in value["components"]]
    assert {r for d in value["dependencies"] for r in (d["ref"], *d["dependsOn"])} <= {
        *refs, "bundle"}  # fmt: skip
    assert named["Zope.Odd_Name"]["purl"].startswith("pkg:pypi/zope-odd-name@1%212.0%2Bcu126?")
    assert named["Qwen/Qwen2-VL-2B-Instruct"]["licenses"] == [{"expression": "Apache-2.0"}]
    # What lies inside others is told too: packages of the agent, libraries taken along.
    assert [c["name"] for c in named["setup-assistant"]["components"]] == ["click", "msgspec", "uv"]
    assert named["uv"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert [c["name"] for c in named["plain"]["components"]] == ["libgomp-a34b3233.so.1"]
    assert "components" not in named["Zope.Odd_Name"]


def test_what_a_package_needs_is_linked_to_all_of_that_name(tmp_path: Path) -> None:
    offers = []
    needs = ('Odd.Name (>=1); sys_platform == "linux"', 'numpy; extra == "all"', "gone", "//bad//")
    for name, version in (("plain", "1"), ("odd-name", "1"), ("odd-name", "2"), ("numpy", "1")):
        path = wheel(tmp_path, name, version)
        if name == "plain":
            with zipfile.ZipFile(path, "w") as archive:
                lines = "".join(f"Requires-Dist: {n}\n" for n in needs)
                archive.writestr("plain-1.dist-info/METADATA", f"Name: plain\n{lines}")
        offers.append(Wheel(path=path.name, url="", sha256=_SUM, size=1, project=name,
                            version=version))  # fmt: skip
    value = sbom.render("", "1", folder=tmp_path, offers=offers, models=[], agents=[])
    linked = {d["ref"].split("#")[0]: d["dependsOn"] for d in value["dependencies"]}
    assert [r.split("#")[0] for r in linked["pkg:pypi/plain@1"]] == [
        "pkg:pypi/odd-name@1", "pkg:pypi/odd-name@2"]  # fmt: skip
    assert linked["pkg:pypi/numpy@1"] == []


@pytest.mark.e2e
def test_a_stock_validator_finds_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "sbom.cdx.json"
    path.write_text(json.dumps(document(tmp_path)))
    # A package of its own environment: this project needs it for nothing else.
    run = [uv_program(), "run", "--no-project", "--quiet", "--with", VALIDATOR, "python", "-c"]
    ready = subprocess.run([*run, "import cyclonedx"], capture_output=True, text=True, check=False)
    if ready.returncode:
        pytest.skip(f"the package index does not give {VALIDATOR}: {ready.stderr[-200:]}")
    for text, faults in (
        (path.read_text(), "None"),
        (path.read_text().replace("SHA-256", "SHA"), ""),
    ):
        path.write_text(text)
        done = subprocess.run([*run, VALIDATE, path], capture_output=True, text=True, check=True)
        assert (done.stdout.strip() == "None") == bool(faults), done.stdout


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "License-Expression: MIT OR Apache-2.0\nLicense: old\n",
            {"expression": "MIT OR Apache-2.0"},
        ),
        ("License-Expression: not (one\n", {"license": {"name": "not (one"}}),
        (_OSI + _OSI.rstrip() + " :: BSD License\n", {"license": {"name": "BSD License"}}),
        ("License: bsd-3-clause\n", {"expression": "BSD-3-Clause"}),
        ("License: my own\n", {"license": {"name": "my own"}}),
        (f"License: {'long ' * 50}\n", None),
        ("Name: x\n", None),
    ],
)
def test_licences_as_a_wheel_names_them(
    tmp_path: Path, text: str, wanted: dict[str, Any] | None
) -> None:
    path = tmp_path / "wheels" / "x-1-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/vendored-1.dist-info/METADATA", "License: not this one\n")
        archive.writestr("x-1.dist-info/METADATA", text)
    offer = Wheel(path=f"wheels/{path.name}", url="", sha256=_SUM, size=1, project="x", version="1")
    value = sbom.render("", "", folder=tmp_path, offers=[offer], models=[], agents=[])
    assert value["components"][0].get("licenses") == ([wanted] if wanted else None)
    path.write_bytes(b"no zip")
    value = sbom.render("", "", folder=tmp_path, offers=[offer], models=[], agents=[])
    assert "licenses" not in value["components"][0]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("BSD-3-Clause", [{"expression": "BSD-3-Clause"}]), ("", None), (None, None)],
)
def test_a_conda_package_is_told_as_its_channel_does(said: str | None, wanted: Any) -> None:
    record = {"name": "python", "version": "3.12", "build": "h1_0", "subdir": "linux-64",
              "license": said}  # fmt: skip
    offer = Package(path="conda/python-3.12-h1_0.conda", url="", sha256=_SUM, size=1, record=record)
    told = sbom._conda(offer)
    purl = "pkg:conda/python@3.12?build=h1_0&channel=conda-forge&subdir=linux-64&type="
    assert (told["name"], told["version"], told["purl"]) == ("python", "3.12", f"{purl}conda")
    assert told.get("licenses") == wanted
    older = sbom._conda(dataclasses.replace(offer, path="conda/python-3.12-h1_0.tar.bz2"))
    assert older["purl"] == f"{purl}tar.bz2"
