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
    "2.9.0rc1",
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


def environment(prefix: Path, **packages: tuple[str, tuple[str, ...]]) -> Install:
    home = prefix / "lib" / "python3.12" / "site-packages"
    (prefix / "pyvenv.cfg").parent.mkdir(parents=True, exist_ok=True)
    (prefix / "pyvenv.cfg").write_text("version = 3.12.4\n")
    for name, (version, needs) in packages.items():
        info = home / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = "".join(f"Requires-Dist: {need}\n" for need in needs)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n{lines}")
    return Install(prefix)


NEEDS = (
    'accelerate>=0.26.0,<2; extra == "torch"',
    "pillow>=10.0.1,<=15; extra == 'vision'",
    'timm>=9; extra == "timm"',
    'kernels>=0.9,>=0.10; extra == "torch"',
    'absent>=1; extra == "torch"',
    "numpy>=5",
)


def test_what_is_older_than_an_optional_use_accepts(tmp_path: Path) -> None:
    """Only what is there, under the extras that are named, and below the highest floor."""
    old = environment(
        tmp_path / "old",
        transformers=("5.0", NEEDS), accelerate=("0.25.9", ()), pillow=("9.5", ()),
        timm=("1.0", ()), kernels=("0.9.5", ()), numpy=("1.0", ()),
    )  # fmt: skip
    found = list(requirements.below_floor(old, "transformers", ("torch", "vision")))
    assert [(n.asked_by, n.name, n.have, n.text) for n in found] == [
        ("transformers", "accelerate", "0.25.9", "accelerate>=0.26.0"),
        ("transformers", "pillow", "9.5", "pillow>=10.0.1"),
        ("transformers", "kernels", "0.9.5", "kernels>=0.10,>=0.9"),
    ]
    new = environment(
        tmp_path / "new",
        transformers=("5.0", NEEDS), accelerate=("9.0", ()), pillow=("10.0.1", ()),
        kernels=("0.10", ()),
    )  # fmt: skip
    assert list(requirements.below_floor(new, "transformers", ("torch", "vision"))) == []
    assert list(requirements.below_floor(new, "nobody", ("torch",))) == []


def test_needs_are_followed_through_extras_and_round_in_circles(tmp_path: Path) -> None:
    install = environment(
        tmp_path / "env",
        one=("1.0", ("two[fast]>=2", 'old; python_version < "3.9"')),
        two=("1.5", ('three<3; extra == "fast"', 'four; extra == "slow"', "one>=1", "gone")),
        three=("3.0", ()),
    )
    asked = {(who, need.name, need.bounds) for who, need in requirements.asked(install, "one")}
    assert asked == {("one", "two", ">=2"), ("two", "three", "<3"), ("two", "one", ">=1"),
                     ("two", "gone", "")}  # fmt: skip
    unmet = {(n.asked_by, n.name, n.have) for n in requirements.unmet(install, ("one",))}
    assert unmet == {("one", "two", "1.5"), ("two", "three", "3.0"), ("two", "gone", None)}
