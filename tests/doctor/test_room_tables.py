"""Room for a model, and what an environment must have for it: every case of each look."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import diagnose, disk, gather, model_run, model_support
from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import Check as Look
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.cuda_answer import Cuda
from setup_assistant.machine.facts import Driver, Memory
from setup_assistant.verify.results import Check, Verification
from setup_assistant.weights.model_folder import ModelFolder
from tests.doctor.body import CARD, GIB, Body
from tests.doctor.tables import Rows, Tables, case_of
from tests.recorded import names

table = Tables(Path(__file__).with_name("recorded_room.txt"))


def model_of(folder: Path, count: int, **config: object) -> ModelFolder:
    """A folder whose weights are of so many GiB; nothing of them is on the disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    size = count * GIB
    row = {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}
    head = json.dumps({"t": row}).encode()
    with (folder / "model.safetensors").open("wb") as stream:
        stream.write(len(head).to_bytes(8, "little") + head)
        stream.truncate(8 + len(head) + size)
    (folder / "config.json").write_text(json.dumps(config))
    return ModelFolder(folder)


@table
def room_for_a_model(body: Body) -> Rows:
    quantized = {"quantization_config": {"quant_method": "awq"}}
    for config in ({}, {"torch_dtype": "float32"}, {"torch_dtype": "float16"}, quantized):
        model = model_of(body.folder / "large", 4, **config)
        for free, limit in ((40, None), (40, 9), (None, 8), (None, None)):
            memory = Memory(available_bytes=free and free * GIB, limit_bytes=limit and limit * GIB)
            room = model_run.room(model, memory, ())
            yield f"{config}, {free} GiB free, limit {limit}", room
            machine = replace(body.machine, memory=memory, gpus=())
            case = case_of(body, model=model, machine=machine)
            yield f"{config}, {free}, {limit}: the look", model_run.model_memory(case)
    model = model_of(body.folder / "large", 4)
    for counts in ((5,), (6,), (3, 3), (0,), (None, 6)):
        found = tuple(replace(CARD, memory_free_bytes=n and n * GIB) for n in counts)
        yield f"cards with {counts}", model_run.room(model, Memory(), found)
        machine = replace(body.machine, gpus=found)
        case = case_of(body, model=model, machine=machine)
        yield f"cards with {counts}: the look", model_run.model_memory(case)
    yield "no model", model_run.room(None, Memory(available_bytes=GIB), ())
    empty = ModelFolder(body.file(body.folder / "none/config.json", "{}").parent)
    yield "no weights", model_run.room(empty, Memory(available_bytes=GIB), ())
    sound = Verification(model="canary", env="", seconds=1.0, status="ok", checks=())
    broken = replace(sound, checks=(Check(name="x", kind="device", status="fail"),))
    full = ("GPU", 9, 20, None)
    for arguments in ((None, model, full, sound), (body.env, None, full, sound),
                      (body.env, model, None, sound), (body.env, model, full, None),
                      (body.env, model, full, broken), (body.env, model, full, sound),
                      (body.env, model, ("CPU", 9, 8, None), sound)):  # fmt: skip
        ran = model_run.run(*arguments, first_free=8)  # type: ignore[arg-type]
        yield f"run: {[a is not None for a in arguments]}, {arguments[2]}", ran


@table
def models_that_are_known(body: Body) -> Rows:
    for look in (model_support.transformers_too_old, model_support.quantizer_missing):
        yield f"{look.__name__}, no model", look(case_of(body))
    for kind in ("qwen2_vl", "qwen2_5_vl", "qwen3_vl", "of_tomorrow", ""):
        model = model_of(body.folder / "m", 1, model_type=kind)
        yield kind, model_support.transformers_too_old(case_of(body, model=model))
    for method in ("awq", "gptq", "bitsandbytes", "fp8", "odd", ""):
        config = {"quantization_config": {"quant_method": method}}
        model = model_of(body.folder / "m", 1, **config)
        yield method, model_support.quantizer_missing(case_of(body, model=model))
    for name in ("autoawq", "gptqmodel", "bitsandbytes"):
        body.install(name, name, "1.0")
    for method in ("awq", "gptq", "bitsandbytes"):
        config = {"quantization_config": {"quant_method": method}}
        model = model_of(body.folder / "m", 1, **config)
        yield f"{method}, there", model_support.quantizer_missing(case_of(body, model=model))
    shutil.rmtree(body.packages / "transformers/models")
    model = model_of(body.folder / "m", 1, model_type="qwen3_vl")
    yield "no folder of models", model_support.transformers_too_old(case_of(body, model=model))


# What these say is of the machine that the tests run on.
HERE = ("no-exec", "address-space")


@table
def every_look_at_little(body: Body) -> Rows:
    checks = [c for c in diagnose.CHECKS if c.layer != "disk" and c.id not in HERE]
    bare = replace(body.machine, gpus=(), sources=(), driver=Driver())
    nobody = case_of(body, prefix=None, install=None, folder=None, machine=bare)
    body.with_model = True
    cases = {
        "nobody": nobody, "nobody, live": replace(nobody, live=True),
        "a body without a model": replace(case_of(body), folder=None, model=None),
        "a model alone": case_of(body, prefix=None, install=None),
        "torch alone": case_of(body, purpose=TORCH_ONLY), "all that is sound": case_of(body),
    }  # fmt: skip
    for label, case in cases.items():
        yield label, answered(case, checks)
    body.remove("torch", "torch-*.dist-info")
    yield "without torch", answered(case_of(body), checks)
    yield "what comes before", [(c.id, c.layer, c.needs, c.gathers, c.refutable) for c in checks]


def answered(case: Case, checks: list[Look]) -> str:
    answers = ((c.id, c.look(case)) for c in checks)
    return "; ".join(f"{i} {a.status if isinstance(a, Trouble) else a}" for i, a in answers)


@table
def devices_and_disks(body: Body) -> Rows:
    for died in (None, "", "signal 11"):
        answer = None if died is None else Cuda(path="/l", code=0, died=died)
        for gpus in ((), (CARD,)):
            for build in ("cu126", "cpu"):
                body.torch("2.8.0", build, pair="0.23.0")
                machine = replace(body.machine, gpus=gpus)
                case = case_of(body, machine=machine, cuda=answer)
                label = f"CUDA {died!r}, {len(gpus)} cards, {build}"
                yield label, gather._device(case, otherwise="auto")
    for value in (body.folder, body.folder / "gone", ""):
        yield f"TMPDIR={value}", disk.temp_missing(case_of(body, {"TMPDIR": str(value)}))
    body.with_model = True
    (body.folder / "home").mkdir()
    case = case_of(body, {"TMPDIR": str(body.folder / "deep/down")})
    yield "places", [(r, p) for r, p in disk.places(case) if r != "cache"]
    bare = replace(case, folder=None, prefix=None)
    yield "places of nobody", [(r, p) for r, p in disk.places(bare) if r != "cache"]


@pytest.mark.parametrize("name", list(table.makers))
def test_each_case_of_a_look_is_answered_as_before(body: Body, name: str) -> None:
    table.compare(name, body)


def test_no_table_is_kept_that_is_made_no_more() -> None:
    assert names(table.kept) == set(table.makers)
