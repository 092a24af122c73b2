"""What lies around a person's folders and variables does not reach a conda environment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.built import Place
from tests.conda.channel import MINOR
from tests.steps.index import serving, small_recipes

pytest.importorskip("rattler", reason="py-rattler is an optional part")
pytestmark = [pytest.mark.e2e]


def test_a_hostile_folder_home_and_variables(tmp_path: Path, channel: Path, home: Path) -> None:
    around = tmp_path / "工作 folder"
    theirs = home / ".local" / "lib" / f"python{MINOR}" / "site-packages"
    for folder in (around, theirs):
        folder.mkdir(parents=True)
        for name in ("torch", "transformers", "pip"):
            (folder / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")
    place = Place(home, tmp_path / "cache")
    recipes = small_recipes(tmp_path / "recipes")
    site = tmp_path / "有 空格" / "a site"
    with serving(recipes) as index:
        variables = {
            "PYTHONPATH": os.pathsep.join([str(around), os.environ.get("PYTHONPATH", "")]),
            "LD_LIBRARY_PATH": str(around),
            "TMPDIR": "/nowhere/at/all",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "SETUP_ASSISTANT_RECIPES": str(recipes),
            "CONDA_CREATE_DEFAULT_PACKAGES": "nothing-of-this-name",
        }
        done = subprocess.run(
            place.command(
                "up", "--yes", "--model", "canary", "--gpus", "none", "--backend", "rattler",
                "--mirror", index.url, "--mirror", f"conda={channel}", "--site", str(site),
                "--json",
            ),
            cwd=Path(__file__).resolve().parents[2], env=place.environment(**variables),
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
    value = json.loads(done.stdout)
    step = value["data"]["steps"][0]
    assert (step["name"], step["status"]) == ("environment", "done"), value["errors"]
    # Used by its path alone, from that folder, with that home.
    code = "import torch, transformers; print(torch.__file__, transformers.__file__)"
    here = subprocess.run(
        [site / "env" / "bin" / "python", "-I", "-c", code], cwd=around,
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert here.stdout.count(f"{site}/env/lib") == 2
    # Activated, PYTHONPATH is closed as well.
    text = place.json("env", "activate", "a site", "--shell", "bash")["data"]["activate"]
    active = subprocess.run(
        ["bash", "-c", f'{text}\ncd /\npython -c "{code}"'],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(around)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert active.stdout == here.stdout
