"""The plan as a person reads it: where packages come from, and what is fetched."""

from __future__ import annotations

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.plan import text
from tests.site.samples import machine, plan, wishes


def shown(capsys: pytest.CaptureFixture[str], wanted: Wishes) -> tuple[str, str]:
    """Return the brief plan and the whole one, in one line each."""
    found = []
    for show in (
        lambda: text.show_brief(plan(), machine(), "/site", wanted),
        lambda: text.show_plan(plan(), machine(), wanted),
    ):
        show()
        found.append(" ".join(capsys.readouterr().out.split()))
    return found[0], found[1]


def test_what_is_fetched_names_its_hosts_and_its_size(capsys: pytest.CaptureFixture[str]) -> None:
    for said in shown(capsys, wishes()):
        assert "pypi.org" in said
        assert "modelscope" in said
        assert " 0 bytes to download" not in said


@pytest.mark.parametrize(
    ("wanted", "place", "weights"),
    [
        ({"wheelhouse": "/media/stick/wheels"}, "/media/stick/wheels", True),
        ({"offline": True}, "the package cache", False),
        ({"offline": True, "wheelhouse": "/w"}, "/w", False),
    ],
)
def test_what_lies_here_already_is_not_said_to_be_fetched(
    capsys: pytest.CaptureFixture[str], wanted: dict[str, object], place: str, weights: bool
) -> None:
    for said in shown(capsys, wishes(**wanted)):
        assert f"from {place}" in said
        assert "pypi.org" not in said
        assert "download.pytorch.org" not in said
        assert ("modelscope.cn" in said) is weights
        assert (" 0 bytes to download" in said) is not weights
