"""What of the situation a remedy needs is read where it stands, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.doctor.situation import site_pins
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
