"""Which code runs on which part."""

import pytest

from setup_assistant.choose.kernels import code_runs, runs
from tests.choose.described import known

JETSON = known().torch.jetson


@pytest.mark.parametrize(
    ("code", "part", "expected"),
    [
        ("8.0", "8.6", True),
        ("8.6", "8.0", False),
        ("8.6", "8.9", True),
        ("9.0", "10.0", False),
        ("10.0", "10.3", True),
        ("12.0", "12.1", True),
        ("5.0", "5.2", True),
        ("5.0", "5.3", False),
        ("6.0", "6.1", True),
        ("6.0", "6.2", False),
        ("7.0", "7.2", False),
        ("7.0", "7.5", True),
        ("7.5", "7.0", False),
        ("8.0", "8.7", False),
        ("8.7", "8.7", True),
        ("10.0", "11.0", False),
        ("11.0", "10.1", True),
        ("11.0", "11.0", True),
        ("10.0", "10.1", False),
    ],
)
def test_code_runs_on_the_same_major_from_its_minor_on(
    code: str, part: str, *, expected: bool
) -> None:
    assert code_runs(code, part, "12.8", JETSON) is expected


def test_from_cuda_13_2_ordinary_code_runs_on_orin() -> None:
    assert code_runs("8.0", "8.7", "13.2", JETSON)
    assert not code_runs("8.0", "8.7", "13.0", JETSON)
    assert not code_runs("5.0", "5.3", "13.2", JETSON)


def test_ptx_needs_a_driver_that_compiles_it() -> None:
    def newer(*, compiles: bool) -> bool:
        return runs(["12.0"], "12.0", "13.0", build_cuda="12.8", jetson=JETSON,
                    driver_compiles=compiles)  # fmt: skip

    assert newer(compiles=True)
    assert not newer(compiles=False)


def test_ptx_does_not_run_on_older_parts() -> None:
    assert not runs(["12.0"], "12.0", "7.0", build_cuda="12.8", jetson=JETSON, driver_compiles=True)
