"""Every leg has official and other sources, each with a page to probe."""

import pytest

from setup_assistant.catalog import mirrors

ALL = mirrors.load()


@pytest.mark.parametrize("leg", ["packages", "torch", "conda", "weights"])
def test_each_leg_has_an_official_source_and_one_in_china(leg: str) -> None:
    regions = {m.region for m in ALL if m.leg == leg}
    assert regions == {"official", "cn"}


def test_names_are_unique_within_a_leg() -> None:
    names = [(m.leg, m.name) for m in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("mirror", ALL, ids=lambda m: f"{m.leg}-{m.name}")
def test_probes_lie_below_their_source(mirror: mirrors.Mirror) -> None:
    assert mirror.probe.startswith(mirror.url.split("{build}")[0].rstrip("/"))
    assert ("{build}" in mirror.url) == (mirror.leg == "torch")
    forms = {"packages": {"index"}, "torch": {"index", "find-links"}, "conda": {"channel"},
             "weights": {"hub"}}  # fmt: skip
    assert mirror.form in forms[mirror.leg]


def test_the_build_takes_its_place() -> None:
    official = next(m for m in ALL if m.leg == "torch")
    assert official.address("cu126").endswith("/whl/cu126")
