"""Disks that are too small or cannot be written, where this machine lets us mount them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doctor.body import Body

Mount = Callable[[str], Path]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a small disk with the given options."""
    folder = tmp_path / "small"
    folder.mkdir()

    def mount(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("no mount here")
        if done.returncode:
            pytest.skip("this user may not mount")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def test_a_full_temporary_folder(body: Body, mounted: Mount) -> None:
    found = body.diagnose(TMPDIR=str(mounted("size=600k")))
    assert found.failed[0].id == "disk-full"
    assert "(temporary files)" in str(found.failed[0].cause)


def test_no_inodes_left(body: Body, mounted: Mount) -> None:
    found = body.diagnose(TMPDIR=str(mounted("size=300m,nr_inodes=20")))
    assert found.failed[0].id == "inodes"


def test_a_read_only_disk(body: Body, mounted: Mount) -> None:
    found = body.diagnose(TMPDIR=str(mounted("size=300m,ro")))
    assert found.failed[0].id == "disk-read-only"


def test_what_is_only_read_may_be_on_a_read_only_disk(body: Body, mounted: Mount) -> None:
    disk = mounted("size=60m")
    body.with_model = True
    shutil.move(body.env, disk / "env")
    shutil.move(body.model, disk / "model")
    body.env.symlink_to(disk / "env")
    body.model.symlink_to(disk / "model")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    found = body.diagnose()
    assert not [f.id for f in found.findings if f.status in ("fail", "warn")]


def test_a_tight_temporary_folder_is_a_warning(body: Body, mounted: Mount) -> None:
    found = body.diagnose(TMPDIR=str(mounted("size=300m")))
    assert not found.failed
    assert [f.id for f in found.findings if f.status == "warn"] == ["disk-tight"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_full_disk_matters_to_weights_that_are_unfinished(
    body: Body, mounted: Mount, whole: bool
) -> None:
    disk = mounted("size=60m")
    body.with_model = True
    shutil.move(body.model, disk / "model")
    body.model.symlink_to(disk / "model")
    if not whole:
        (body.model / "model.safetensors").unlink()
    (found,) = [f for f in body.diagnose().findings if f.id == "disk-full"]
    assert "(model)" in str(found.cause)
    assert found.status == ("warn" if whole else "fail")
