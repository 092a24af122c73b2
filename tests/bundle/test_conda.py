"""A plan with a conda engine brings its conda packages, and makes the environment from them."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bundle.conftest import OFFLINE, agent_of
from tests.conda.channel import MINOR, PYTHON, Package, make_channel

pytest.importorskip("rattler", reason="py-rattler is an optional part")
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Return a channel with more in it than the environment takes."""
    other = Package("unrelated", "1.0", files={"share/unrelated.txt": b"x"})
    return make_channel(tmp_path / "频道 channels", other)


def pack(folder: Path, name: str) -> Path:
    """Make a wheel of a package that is installed here, without compressing it."""
    found = importlib.metadata.distribution(name)
    tag = next(
        line.split()[1] for line in str(found.read_text("WHEEL")).splitlines() if line[:4] == "Tag:"
    )
    target = folder / f"{name.replace('-', '_')}-{found.version}-{tag}.whl"
    lines = []
    with zipfile.ZipFile(target, "w") as archive:
        for file in found.files or ():
            path = Path(str(found.locate_file(file)))
            if ".." in file.parts or path.suffix == ".pyc" or path.name in {"RECORD", "INSTALLER"}:
                continue
            archive.write(path, file.as_posix())
            digest = base64.urlsafe_b64encode(_sha256(path)).rstrip(b"=").decode()
            lines.append(f"{file.as_posix()},sha256={digest},{path.stat().st_size}\n")
        info = f"{name.replace('-', '_')}-{found.version}.dist-info"
        archive.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))
    return target


def _sha256(path: Path) -> bytes:
    import hashlib

    return hashlib.sha256(path.read_bytes()).digest()


def records(prefix: Path) -> dict[str, str]:
    found = {}
    for path in (prefix / "conda-meta").glob("*.json"):
        value = json.loads(path.read_text())
        found[value["name"]] = f"{value['version']} {value['build']} {value['sha256']}"
    return found


def installed(prefix: Path) -> set[str]:
    return {p.name for p in prefix.glob("lib/python3*/site-packages/*.dist-info")}


def test_without_conda_and_without_a_network(
    call: Call, stocked: dict[str, str], channel: Path, tmp_path: Path
) -> None:
    pack(tmp_path / "index", "py-rattler")
    wishes = ("--model", "canary", "--backend", "rattler", "--mirror", f"conda={channel}")
    bundle, site = tmp_path / "捆绑 bundle", tmp_path / "有 空格" / "site"
    made = call("bundle", "create", "--to", str(bundle), "--part-size", "3M", *wishes)
    assert made["exit_code"] == 0, made["errors"]
    (target,) = made["data"]["targets"]
    assert [Path(p).name.split("-")[0] for p in target["conda"]] == ["python", "pip"]
    assert target["tools"][0].startswith("tools/py_rattler-")
    sbom = json.loads((bundle / "sbom.cdx.json").read_text())
    urls = [c.get("purl", "") for c in sbom["components"]]
    assert any(u.startswith(f"pkg:conda/python@{PYTHON}?build=") for u in urls), urls
    online = tmp_path / "online"
    done = call("up", "--yes", "--site", str(online), "--wheelhouse", str(tmp_path / "index"),
                *wishes)  # fmt: skip
    steps = {s["name"]: s["status"] for s in done["data"]["steps"]}
    assert steps["environment"] == "done", done["errors"]
    # All that it came from is gone; the agent runs with a Python that has no py-rattler.
    channel.rename(tmp_path / "gone")
    shutil.rmtree(tmp_path / "index")
    done = call("bundle", "apply", str(bundle), "--site", str(site), before=OFFLINE,
                program=agent_of(bundle, sys.executable))  # fmt: skip
    steps = {s["name"]: s["status"] for s in done["data"]["steps"]}
    assert steps["environment"] == "done", done["errors"]
    assert records(site / "env") == records(online / "env")
    assert records(site / "env")["python"].startswith(f"{PYTHON} ")
    assert installed(site / "env") == installed(online / "env")
    assert (site / "env" / "bin" / f"python{MINOR}").exists()
    # The second run finds all of it there.
    marker = (site / "env" / "conda-meta" / "history").read_bytes()
    again = call("bundle", "apply", str(bundle), "--site", str(site), before=OFFLINE,
                 program=agent_of(bundle, sys.executable))  # fmt: skip
    assert {s["name"]: s["status"] for s in again["data"]["steps"]}["environment"] == "already"
    assert (site / "env" / "conda-meta" / "history").read_bytes() == marker
    # What was made for the installation is gone.
    assert not (tmp_path / "own-cache" / "bundle").exists()
