"""The regression guard: activation terms of the installed transformers against the formula."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.memory_terms import MODELS, compare

pytestmark = pytest.mark.e2e


def test_the_formula_still_holds(built_environment: Path) -> None:
    found = compare(built_environment)
    assert set(found) == set(MODELS)
    for name, apart in found.items():
        assert apart.vision == pytest.approx(0, abs=0.02), name
        assert apart.prompt == pytest.approx(0, abs=0.02), name
