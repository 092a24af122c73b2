"""Every remedy resolves: for each card, system and shell; and what does not is told."""

from __future__ import annotations

import pytest

from setup_assistant.catalog import causes, resolved
from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.remedies import spell
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import situation
from setup_assistant.doctor.explain import explain
from tests.maintain.remedies import SITUATIONS, others, unresolved, wrong

KNOWN = resolved.load().packages
NO_KERNEL = "RuntimeError: CUDA error: no kernel image is available for execution on the device"


def test_every_remedy_of_every_cause_resolves() -> None:
    assert [w for _layer, row in causes.every() for w in unresolved(row, KNOWN)] == []
    assert list(others(KNOWN)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pip install PIL", "PIL"),
        ("python -m pip install -U cv2", "cv2"),
        ("uv pip install yaml", "yaml"),
        ("pip install torch torchvision", "neither version nor index"),
        ('pip install "setuptools>=9000"', "setuptools>=9000"),
        ("C:\\v\\python.exe -m pip install pkg_resources", "pkg_resources"),
    ],
)
def test_what_does_not_resolve_is_told(line: str, said: str) -> None:
    assert said in next(wrong(line, KNOWN))


def test_what_installs_nothing_of_an_index_is_left_alone() -> None:
    assert list(wrong("sudo apt install nvidia-driver-570", KNOWN)) == []
    assert list(wrong("pip install torch==2.6.0 --index-url https://x.example/cu124", KNOWN)) == []


def test_no_remedy_calls_a_program_that_is_gone() -> None:
    for _layer, row in causes.every():
        for here in SITUATIONS.values():
            assert not any("huggingface-cli" in c for c in situation.commands(row.remedy, here))


def test_one_text_leads_each_card_to_its_own_build() -> None:
    found = {}
    for name in ("V100", "GTX 1080", "RTX 5090", "K80", "Jetson Orin"):
        here = SITUATIONS[name]
        fix = explain(NO_KERNEL, lambda here=here: here)[0].fix  # type: ignore[misc]
        assert fix is not None
        found[name] = fix.commands[-1]
    # Both cards before Volta's successors are last served by builds for CUDA 12.6.
    assert "/cu126" in found["V100"]
    assert "/cu126" in found["GTX 1080"]
    assert "/cu12" in found["RTX 5090"]
    assert "/cu126" not in found["RTX 5090"]
    assert "/cu118" in found["K80"]
    assert "jetson" in found["Jetson Orin"]
    assert len(set(found.values())) >= 4


def test_packages_of_the_system_are_named_as_the_distribution_does() -> None:
    text = "error: command 'gcc' failed: No such file or directory\nPython.h: No such file"
    for family, word in (("debian", "apt install"), ("fedora", "dnf install"),
                         ("arch", "pacman -S")):  # fmt: skip
        fix = explain(text, lambda f=family: Situation(family=f))[0].fix  # type: ignore[misc]
        assert fix is not None
        assert any(word in c for c in fix.commands), (family, fix.commands)


def test_a_driver_is_installed_with_what_the_distribution_has() -> None:
    driver = (Remedy(need="driver"),)
    told = {
        name: spell(driver, Situation(family=situation.family(name)), load_all, str)
        for name in ("Ubuntu 24.04.1 LTS", "Linux Mint 22", "Debian GNU/Linux 13 (trixie)",
                     "Fedora Linux 43", "Arch Linux", "something else")
    }  # fmt: skip
    assert told["Debian GNU/Linux 13 (trixie)"] == ("sudo apt install nvidia-driver",)
    assert told["Ubuntu 24.04.1 LTS"] == told["Linux Mint 22"] == ("sudo ubuntu-drivers install",)
    assert len(set(told.values())) == 4
