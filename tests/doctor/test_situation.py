"""What of the situation a remedy needs is read where it stands, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.situation import commands, of_machine, site_pins
from setup_assistant.host import paths
from setup_assistant.site.layout import Layout
from setup_assistant.site.write import write_site
from tests.site.samples import machine, plan, wishes


def test_pins_are_those_of_the_sites_own_environment(tmp_path: Path) -> None:
    """Another environment in the folder of a site is not the one that the site is pinned to."""
    site = Layout(tmp_path / "site")
    write_site(plan(), machine(), wishes(), site, paths.recipes_folder())
    site.packages_lock.write_text("numpy==2.4.1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    assert site_pins(site.env) == ({"numpy": "2.4.1"}, plan().torch.index_url)
    assert site_pins(site.root / "other") == ({}, "")
    site.plan.unlink()
    assert site_pins(site.env) == ({}, "")


@pytest.mark.parametrize(
    ("mark", "environment", "command"),
    [
        ("pyvenv.cfg", "venv", "export CUDA_HOME=/usr/local/cuda-12.8"),
        ("conda-meta/history", "conda", "export CUDA_HOME=$CONDA_PREFIX"),
        ("notes.txt", "", "export CUDA_HOME=$CONDA_PREFIX"),
    ],
)
def test_an_environment_is_of_whom_its_own_files_say(
    tmp_path: Path, mark: str, environment: str, command: str
) -> None:
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).write_text("")
    here = of_machine(machine(), install=Install(tmp_path))
    assert here.environment == environment
    assert commands([Remedy(need="toolkit", value="12.8")], here)[-1] == command
