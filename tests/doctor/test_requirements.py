"""Requirements judged without packaging agree with packaging, on every line installed here."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from setup_assistant.doctor import requirements
from setup_assistant.doctor.install import Install
from setup_assistant.versions import minor

VERSIONS = (
    "1.0",
    "2.0.0",
    "0.22.1",
    "4.57.6",
    "2.15.0+cu132",
    "3.20.3",
    "9.26.0.51",
    "2.3.0.post1",
)


def test_every_requirement_here_is_judged_as_packaging_does() -> None:
    install = Install(Path(sys.prefix))
    python = install.python or "3.11"
    about = {"python_version": minor(python), "python_full_version": python}
    judged = 0
    for text in (t for dist in install.dists for t in dist.requires()):
        for extras in (frozenset[str](), frozenset({"torch", "all", "dev"})):
            real = Requirement(text)
            marker = real.marker
            holds = marker is None or any(
                marker.evaluate({**about, "extra": e}) for e in extras or {""}
            )
            ours = requirements._applies(text, install, extras)
            assert (ours is not None) == holds, text
            if ours is not None:
                assert SpecifierSet(ours.bounds) == real.specifier, text
                assert ours.extras == frozenset(real.extras)
                judged += 1
    assert judged > 20


@pytest.mark.parametrize(
    "bounds",
    ["", ">=2", "==2.0", "==2.*", "!=2.3.*,<3", "~=2.3.0", "~=4.57", ">1,<=3.20.3", "===2.0.0",
     ">=2.0rc1", "<2.3.0.post2"],
)  # fmt: skip
@pytest.mark.parametrize("version", VERSIONS)
def test_bounds_are_kept_as_packaging_keeps_them(version: str, bounds: str) -> None:
    wanted = SpecifierSet(bounds).contains(version, prereleases=True)
    assert requirements.meets(version, bounds) == wanted


def test_what_nobody_can_read_raises_no_alarm() -> None:
    assert requirements.meets("unknown", ">=1")
    assert requirements.meets("1.0", "at least two")
