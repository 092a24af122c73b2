"""Which engine makes the environment, with which Python."""

from dataclasses import replace

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine, Tool
from tests.choose.described import described, planned, reached

CONDA = Tool(name="conda", path="/opt/conda/bin/conda", version="26.1.0")
MAMBA = Tool(name="mamba", path="/opt/conda/bin/mamba", version="2.3.0")
UV = Tool(name="uv", path="/usr/bin/uv", version="0.9.0")
EVERYTHING = reached("packages/pypi", "torch/pytorch", "conda/conda-forge", "weights/modelscope")


def machine(*tools: Tool, python: str = "3.12", conda: bool = True) -> Machine:
    sources = EVERYTHING if conda else reached("packages/pypi", "torch/pytorch")
    return replace(described(None, ram_gib=24, python=python), tools=tools, sources=sources)


def test_conda_where_it_is_and_its_channel_answers() -> None:
    assert planned(machine(UV, CONDA)).backend == "conda"
    assert planned(machine(UV, CONDA, MAMBA)).backend == "mamba"


def test_uv_otherwise() -> None:
    assert planned(machine(UV)).backend == "uv"
    assert planned(machine(UV, CONDA, conda=False)).backend == "uv"


def test_a_wish_wins() -> None:
    assert planned(machine(UV, CONDA), backend="pip").backend == "pip"


def test_only_pythons_found_here_without_conda() -> None:
    with pytest.raises(SetupError) as caught:
        planned(machine(UV, python="3.7"))
    assert caught.value.code == "python_unsupported"
    other = Tool(name="python3.13", path="/usr/bin/python3.13")
    assert planned(machine(UV, other, python="3.7")).python == "3.13"


def test_conda_gives_a_python_that_has_wheels() -> None:
    plan = planned(machine(UV, CONDA, python="3.7"))
    assert (plan.backend, plan.python) == ("conda", "3.12")
    assert any("3.7 has no torch wheel" in r.message.english for r in plan.reasons)


def test_the_running_python_is_kept_where_it_can_be() -> None:
    assert planned(machine(UV, CONDA, python="3.11")).python == "3.11"
    assert planned(machine(UV), python="3.10").python == "3.10"


@pytest.mark.parametrize("wish", ["conda", "mamba", "micromamba"])
def test_a_conda_that_is_not_here_is_a_wish_for_a_conda_environment(wish: str) -> None:
    plan = planned(machine(UV), backend=wish)
    assert plan.backend == "rattler"
    (reason,) = [r.message.english for r in plan.warnings if r.about == "backend"]
    assert wish in reason
    assert "conda-forge" in reason
    # Without a channel nothing can make one: the wish stays, with what is missing.
    plan = planned(machine(UV, conda=False), backend=wish)
    assert plan.backend == wish
    assert any(w.about == "backend" for w in plan.warnings)


def test_rattler_by_name() -> None:
    plan = planned(machine(UV, CONDA), backend="rattler")
    assert plan.backend == "rattler"
    assert not [w for w in plan.warnings if w.about == "backend"]
    # Its channel has any Python, not only those found here.
    assert planned(machine(UV, python="3.7"), backend="rattler").python == "3.12"
    plan = planned(machine(UV, conda=False), backend="rattler", mirror="conda=/opt/conda-forge")
    assert plan.sources.conda == "file:///opt/conda-forge"
    (reason,) = [r.message.english for r in plan.reasons if r.about == "backend"]
    assert "file:///opt/conda-forge" in reason


def test_what_if_keeps_the_wish() -> None:
    assert planned(machine(), backend="conda").backend == "conda"
