"""The whole road with a conda environment, from a channel in a folder, without conda."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.built import Built, Place

pytest.importorskip("rattler", reason="py-rattler is an optional part")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]


def pip_list(prefix: Path) -> dict[str, str]:
    done = subprocess.run(
        [prefix / "bin" / "python", "-I", "-m", "pip", "list", "--format", "json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {p["name"]: p["version"] for p in json.loads(done.stdout)}


def test_the_same_set_as_with_uv(
    built: Built, place: Place, channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONDA_EXE", "CONDA_PREFIX", "MAMBA_ROOT_PREFIX", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    site = tmp_path / "有 空格" / "conda-site"
    done = place.json(
        "up", "--yes", "--model", "canary", "--backend", "rattler", "--mirror", f"conda={channel}",
        "--keep-mirror", "--site", str(site),
    )  # fmt: skip
    assert done["exit_code"] == 0, done
    assert {c["status"] for c in done["data"]["checks"]} == {"ok"}
    ours, theirs = pip_list(site / "env"), pip_list(built.env)
    assert ours.pop("pip")
    assert theirs.pop("pip")
    assert ours == theirs
    # The environment's own settings lead to the same channel.
    assert channel.parent.as_uri() in (site / "env" / ".condarc").read_text()
    # conda's records and ours agree.
    listed = place.home / ".conda" / "environments.txt"
    assert listed.read_text() == f"{site / 'env'}\n"
    environments = place.json("env", "list")["data"]["environments"]
    (only,) = [e for e in environments if e["site"] == str(site)]
    assert (only["made_by"], only["backend"], only["listed"]) == ("conda", "rattler", True)
    assert only["torch"]["version"] == ours["torch"].partition("+")[0]
    refused = place.json("env", "remove", "conda-site", "--yes", CONDA_PREFIX=str(site / "env"))
    assert refused["errors"][0]["code"] == "env_active"
    # Uninstalling leaves nothing, on conda's list neither.
    assert place.run("uninstall", "--yes", "--site", str(site)).returncode == 0
    assert not site.exists()
    assert not listed.parent.exists()
