"""Driver faults through the whole tool: a stand-in NVML that the real pynvml loads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.examine import open_case
from setup_assistant.doctor.finding import Diagnosis
from tests.doctor.body import Body
from tests.machine.conftest import no_nvml, no_programs, nvml, shim, tree

__all__ = ["no_nvml", "no_programs", "nvml", "shim", "tree"]

Nvml = Callable[..., None]
Tree = Callable[..., Path]
R4090 = "gpu NVIDIA GeForce RTX 4090|8|9|24564|1000|0|-1|0|0"
R5090 = "gpu NVIDIA GeForce RTX 5090|12|0|32607|1000|0|-1|0|0"


def look(env: Path | None, root: Path) -> Diagnosis:
    return diagnose(open_case(env, None, live=False, root=root))


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (4, "permission-denied"),
        (9, "driver-not-loaded"),
        (17, "blocked-by-os"),
        (18, "driver-library-mismatch"),
        (999, "nvml-unknown-error"),
    ],
)
def test_what_nvml_says_is_the_first_finding(
    nvml: Nvml, tree: Tree, code: int, wanted: str
) -> None:
    nvml(f"init {code}", R4090)
    root = tree(card=("0000:01:00.0", "0x10de", "0x2684", "nvidia"))
    found = look(None, root)
    assert found.failed
    assert found.failed[0].id == wanted
    assert found.failed[0].layer == "driver"


def test_nouveau_is_named_from_the_bus(no_nvml: None, tree: Tree) -> None:
    root = tree(card=("0000:01:00.0", "0x10de", "0x2684", "nouveau"))
    assert look(None, root).failed[0].id == "nouveau-bound"


def test_a_card_without_driver(no_nvml: None, tree: Tree) -> None:
    root = tree(card=("0000:01:00.0", "0x10de", "0x2684", ""))
    assert look(None, root).failed[0].id in ("driver-missing", "driver-not-loaded")


def test_hidden_cards(nvml: Nvml, tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml("driver 580.65.06", "cuda 13000", R4090)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert look(None, tree()).failed[0].id == "visible-devices"


def test_a_card_without_kernels(nvml: Nvml, tree: Tree, body: Body) -> None:
    nvml("driver 580.65.06", "cuda 13000", R5090)
    found = look(body.env, tree())
    assert found.failed[0].id == "no-kernel"
    assert found.failed[0].fix is not None
    assert "2.8.0+cu129" in " ".join(found.failed[0].fix.commands)


def test_a_driver_below_the_build(nvml: Nvml, tree: Tree, body: Body) -> None:
    nvml("driver 535.104.05", "cuda 12020", R4090)
    body.torch("2.11.0", "cu130", pair="0.26.0")
    found = look(body.env, tree())
    assert found.failed[0].id == "driver-too-old"
    assert found.failed[0].fix is not None
    assert "2.11.0+cu126" in " ".join(found.failed[0].fix.commands)


def test_a_sound_card_raises_no_alarm(nvml: Nvml, tree: Tree, body: Body) -> None:
    nvml("driver 580.65.06", "cuda 13000", R4090)
    found = look(body.env, tree())
    assert [f.id for f in found.findings if f.layer in ("driver", "gpu", "environment", "packages")
            and f.status not in ("ok", "skipped")] == []  # fmt: skip
