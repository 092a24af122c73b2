"""What a lock, or a folder of wheels, says about a plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose import locked
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from tests.choose.described import described

LOCK = """\
# Made by Setup Assistant from requirements.txt with sha256 00
# For Python 3.12 on Linux-x86_64
--index-url https://pypi.org/simple
Accelerate==1.2.3 \\
    --hash=sha256:11
decord2==3.3.0 \\
    --hash=sha256:22
qwen_vl.utils[decord]==0.0.11 ; python_version >= '3.9' \\
    --hash=sha256:33
torch==2.10.0{local} \\
    --hash=sha256:44
torchvision==0.25.0{local}
transformers==5.1.0
"""
RECIPES = load_all()
CARD = "NVIDIA GeForce RTX 4090,8.9,24564,23900"


def _plan(
    text: str, *cards: str, driver: str = "580.65.06", python: str = "", gpus: str = ""
) -> Plan:
    machine = described(driver, *cards)
    wishes = Wishes(model="canary", lock="a.lock", python=python, gpus=(gpus,) if gpus else ())
    return locked.make(machine, wishes, RECIPES, text)


def test_names_are_compared_as_indexes_do() -> None:
    found = locked.pins(LOCK.format(local="+cu128"))
    assert found["accelerate"] == "1.2.3"
    assert found["qwen-vl-utils"] == "0.0.11"
    assert found["torch"] == "2.10.0+cu128"
    assert locked.made_for(LOCK) == ("3.12", "Linux-x86_64")
    assert locked.made_for("torch==2.10.0") is None


@pytest.mark.parametrize("gpus", ["", "none"])
def test_the_lock_decides_every_version(gpus: str) -> None:
    plan = _plan(LOCK.format(local=""), CARD, gpus=gpus)
    assert (plan.python, plan.torch.version, plan.torchvision.version) == (
        "3.12", "2.10.0", "0.25.0")  # fmt: skip
    assert (plan.transformers.version, plan.accelerate.version) == ("5.1.0", "1.2.3")
    assert (plan.decoder.package, plan.decoder.version) == ("decord2", "3.3.0")
    # Without a local version it is the package index's own build.
    assert (plan.torch.build, plan.torch.compatibility) == ("cu128", "default-build")
    assert plan.torch.index_url == plan.sources.packages
    # The room that is asked for is that of the build that comes.
    own = _plan(LOCK.format(local="+cu128"), CARD)
    assert plan.torch.installed_bytes == own.torch.installed_bytes
    assert replace(plan.sizes, expected_seconds=0) == replace(own.sizes, expected_seconds=0)


def test_a_build_in_the_lock_is_kept() -> None:
    plan = _plan(LOCK.format(local="+cu126"), CARD)
    assert (plan.torch.build, plan.torch.compatibility) == ("cu126", "native")


def test_a_lock_that_cannot_run_here_is_refused() -> None:
    # A Blackwell card finds no code in CUDA 12.6 builds.
    with pytest.raises(SetupError):
        _plan(LOCK.format(local="+cu126"), "NVIDIA GeForce RTX 5090,12.0,32607,31900")


@pytest.mark.parametrize(
    ("text", "python", "code"),
    [
        (LOCK.format(local="").replace("torch==2.10.0", "torch==2.10.9"), "", "lock_unknown"),
        ("nothing", "", "lock_unknown"),
        (LOCK.format(local=""), "3.11", "lock_elsewhere"),
        (LOCK.format(local="").replace("x86_64", "aarch64"), "", "lock_elsewhere"),
    ],
)
def test_what_it_is_not_for_is_said(text: str, python: str, code: str) -> None:
    with pytest.raises(SetupError) as caught:
        _plan(text, python=python, gpus="none")
    assert caught.value.code == code
    assert "a.lock" in str(caught.value.message)


def test_a_folder_of_wheels_is_as_good_as_a_lock() -> None:
    names = [
        "torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "torch-2.8.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "qwen_vl_utils-0.0.11-py3-none-any.whl",
        "numpy-1.26.4-cp312.whl",
        "numpy-2.0.0-cp312.whl",
    ]
    assert locked.pins(locked.text_of(names)) == {"torch": "2.10.0", "qwen-vl-utils": "0.0.11"}
    assert locked.text_of([]) == ""


def test_releases_to_avoid_are_replayed_all_the_same() -> None:
    """Whoever has a lock with torch 2.9 has chosen it."""
    text = LOCK.format(local="").replace("2.10.0", "2.9.1").replace("0.25.0", "0.24.1")
    plan = _plan(text, gpus="none")
    assert plan.torch.version == "2.9.1"
