"""Whether CUDA starts: a stand-in libcuda, asked by the real child and by the real torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import diagnose as diagnosing
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.finding import Diagnosis, Finding, Layer, Status
from setup_assistant.machine.facts import Driver
from tests.doctor.body import WITH_GPU, Body

SOURCE = Path(__file__).with_name("cuda_shim.c")
Shim = Callable[[str], "dict[str, str]"]
NOBODY = replace(WITH_GPU, gpus=(), driver=Driver())


@pytest.fixture(scope="session")
def cuda_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the stand-in library once."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the stand-in libcuda needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("cuda")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(folder / "libcuda.so.1"),
         str(SOURCE)], check=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def cuda(cuda_folder: Path) -> Shim:
    """Return a function that gives the variables under which CUDA behaves as told."""

    def use(settings: str) -> dict[str, str]:
        return {"CUDA_STUB": settings, "LD_LIBRARY_PATH": str(cuda_folder)}

    return use


def look(body: Body, variables: dict[str, str], *, env: bool = False) -> Diagnosis:
    usual = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    case = Case(machine=body.machine, prefix=body.env if env else None, folder=None,
                variables={**usual, **variables}, root=body.root, cwd=body.folder)  # fmt: skip
    return diagnose(case)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ("init=2", "cuda-memory"),
        ("init=3", "cuda-unknown-error"),
        ("init=34", "cuda-stub"),
        ("init=46", "gpu-busy"),
        ("init=100", "cuda-no-device"),
        ("count=0", "cuda-no-device"),
        ("init=214", "gpu-memory-fault"),
        ("init=719", "cuda-failed"),
        ("init=802", "fabric-manager"),
        ("init=803", "cuda-driver-mismatch"),
        ("init=804", "cuda-compat"),
        ("init=805", "mps-down"),
        ("init=999", "cuda-unknown-error"),
        ("crash=11", "cuda-hangs"),
    ],
)
def test_what_cuda_says_is_named(body: Body, cuda: Shim, settings: str, wanted: str) -> None:
    found = look(body, cuda(settings))
    assert [f.id for f in found.failed] == [wanted]
    assert found.failed[0].confidence == "proven"
    assert "libcuda.so.1" in " ".join(s + v for s, v in found.failed[0].evidence)


def test_a_library_that_hangs_is_named_once(
    body: Body, cuda: Shim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setup_assistant.doctor.cuda_answer._DEADLINE", 9.0)
    found = look(body, cuda("hang=1"))
    assert [f.id for f in found.failed] == ["cuda-hangs"]
    assert "no answer in time" in [value for _source, value in found.failed[0].evidence]


def test_cuda_that_starts_raises_no_alarm(body: Body, cuda: Shim) -> None:
    assert look(body, cuda("count=1")).failed == ()
    body.machine = NOBODY
    assert look(body, {"LD_LIBRARY_PATH": ""}).failed == ()


def test_a_hidden_card_is_not_taken_for_a_missing_one(body: Body, cuda: Shim) -> None:
    assert look(body, {**cuda("count=1"), "CUDA_VISIBLE_DEVICES": ""}).failed == ()


def test_a_libcuda_of_ones_own_is_left_out_and_no_reboot_is_asked_for(
    body: Body, cuda: Shim
) -> None:
    fix = look(body, cuda("init=803")).failed[0].fix
    assert fix is not None
    assert fix.commands == ("unset LD_LIBRARY_PATH",)


def test_the_driver_is_too_old_by_its_own_words(body: Body, cuda: Shim) -> None:
    body.machine = NOBODY
    body.torch("2.11.0", "cu130", pair="0.26.0")
    (body.env / "bin/python").unlink()
    (body.env / "bin/python").symlink_to("/bin/false")
    first = look(body, cuda("version=12020"), env=True).failed[0]
    assert first.id == "driver-too-old"
    assert first.fix is not None
    assert "2.11.0+cu126" in " ".join(first.fix.commands)


def _found(name: str, layer: Layer, status: Status = "fail") -> Finding:
    return Finding(id=name, layer=layer, status=status)


@pytest.mark.parametrize(
    ("live", "first"),
    [("live-no-kernel", "live-no-kernel"), ("live-import-failed", "library-missing")],
)
def test_a_run_that_imported_everything_leads_where_the_gpu_fails(
    body: Body, live: str, first: str
) -> None:
    case = Case(machine=NOBODY, prefix=body.env, folder=None, variables={}, root=body.root,
                cwd=body.folder)  # fmt: skip
    missing = _found("library-missing", "packages")
    concluded = diagnosing.concluded(
        [missing, _found("live-imports", "runtime", "ok"), _found(live, "runtime")], case
    )
    assert [f.id for f in concluded if f.primary] == [first]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        ("init=803", "cuda-driver-mismatch", "live-cuda-driver-mismatch"),
        ("version=12020", "driver-too-old", "live-driver-too-old"),
        ("context=209", "live-no-kernel", ""),
        ("context=214", "live-gpu-memory-fault", ""),
    ],
)
def test_the_real_torch_comes_to_the_same_cause(
    body: Body, cuda: Shim, built_environment: Path, monkeypatch: pytest.MonkeyPatch,
    settings: str, first: str, second: str,
) -> None:  # fmt: skip
    version = next(built_environment.glob("lib/python3*/site-packages")) / "torch/version.py"
    if "cuda: Optional[str] = None" in version.read_text(encoding="utf-8"):
        pytest.skip("the built torch is for CPUs")
    for name, value in cuda(settings).items():
        monkeypatch.setenv(name, value)
    case = Case(machine=NOBODY, prefix=built_environment, folder=None, variables=dict(os.environ),
                root=body.root, cwd=body.folder)  # fmt: skip
    found = diagnose(case)
    # The root has no system libraries; torch was imported, so that none of them is missing.
    assert found.failed[0].id == first
    assert [f.id for f in found.failed if f.consequence_of == first][-1:] == [second] * bool(second)
