"""Memory to the byte: every term of every model, of calls, of servers and of training."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

from setup_assistant.catalog.models import Model
from setup_assistant.choose import gguf, memory, parallel, rehearsal_trials, serving, training
from setup_assistant.choose.memory import Need, Work
from setup_assistant.choose.parallel import Split
from setup_assistant.choose.serving import Served
from setup_assistant.choose.terms import Setting
from setup_assistant.choose.training import Targets
from setup_assistant.choose.vision_tokens import Grid
from setup_assistant.choose.workloads import comfortable, least, pictures, video
from tests.choose.described import GIB, known
from tests.recorded import compare

KEPT = Path(__file__).with_name("recorded_needs.txt")
MODELS = [m for m in known().models if m.id.startswith("Qwen/")]
SETTINGS = {
    "new": Setting(dtype="bfloat16", part="8.9"),
    "half": Setting(dtype="float16", part="7.5"),
    "eager": Setting(dtype="bfloat16", part="8.0", attention="eager"),
    "eager tower": Setting(dtype="float16", part="6.1", tower="eager"),
    "old torch": Setting(dtype="bfloat16", part="8.6", torch="2.4.1", transformers="4.46.0"),
    "older": Setting(dtype="bfloat16", part="9.0", torch="2.1.2", transformers="4.45.0"),
    "preview": Setting(dtype="bfloat16", part="8.0", transformers="4.44.0.dev0"),
    "cpu": Setting(dtype="float32", part=None),
    "two": Setting(dtype="bfloat16", part="8.0", gpus=2),
    "three": Setting(dtype="bfloat16", part="12.0", gpus=3),
}


def said(need: Need) -> str:
    return " ".join(str(v) for v in dataclasses.astuple(need))


def works(model: Model) -> dict[str, Work]:
    tower = model.vision
    grid = Grid(steps=2, height=36, width=52, merge=tower.merge)
    return {
        "text": Work(text_tokens=700), "least": least(tower), "comfortable": comfortable(tower),
        "three pictures": pictures(1000, 3, tower), "video": video(9000, tower),
        "four at a time": Work(grids=(grid,), text_tokens=33, new_tokens=5, batch=4),
    }  # fmt: skip


def test_needs_are_as_they_were_recorded() -> None:
    found: dict[str, str] = {}
    for number, model in enumerate(MODELS):
        lines = []
        for name, setting in SETTINGS.items():
            # Every setting with the smallest; else in turn, so that each model meets some.
            for order, (what, work) in enumerate(works(model).items()):
                if number == 0 or (number + order) % 4 == len(name) % 4:
                    lines.append(f"{name}, {what}: {said(memory.estimate(model, work, setting))}")
        found[model.id] = "\n".join(lines)
    compare(KEPT, found)


def test_servers_are_as_they_were_recorded() -> None:
    lines = []
    for model in MODELS[::3]:
        for split in (Split(), Split(cards=2), Split(cards=4, whole_tower=True)):
            for engine in get_args(serving.Engine):
                served = Served(users=3, context=5001, engine=engine, split=split)
                need = serving.estimate(model, served, SETTINGS["new"])
                share = serving.fraction(need, served, 80 * GIB, 79 * GIB)
                most = serving.most_users(model, served, SETTINGS["new"], 79 * GIB)
                words = serving.command(model.id, served, share, 1_003_520)
                token = parallel.token_bytes(model.shapes, 2, split)
                lines += [said(need), f"{share} {most} {token} {' '.join(words)}"]
    none = serving.command("m", Served(users=1, context=9), None, 0)
    compare(KEPT, {"servers": "\n".join([*lines, " ".join(none)])})


def test_training_is_as_it_was_recorded() -> None:
    lines = []
    for model in MODELS[::2]:
        for number, targets in enumerate(get_args(Targets)):
            work = list(works(model).values())[2 + number]
            need = training.estimate(model, work, SETTINGS["new"], 8 + number, targets)
            lines.append(f"{training.trained(model.shapes, 8, targets)} {said(need)}")
    compare(KEPT, {"training": "\n".join(lines)})


def test_files_of_llama_cpp_are_as_they_were_recorded() -> None:
    lines = []
    for model in [m for m in MODELS if m.quantization == "none"][::3]:
        sizes = [f"{kind} {gguf.file_bytes(model, kind)}" for kind in gguf.KINDS]
        need = gguf.estimate(model, comfortable(model.vision), gguf.KINDS[0], 8192)
        lines += [model.id, *sizes, f"{gguf.projector_bytes(model.shapes)} {said(need)}"]
    compare(KEPT, {"gguf": "\n".join(lines)})


def test_rehearsals_are_as_they_were_recorded() -> None:
    lines = []
    for number, model in enumerate(MODELS[::2]):
        asked = rehearsal_trials.trials(
            model.vision, max_pixels=1_003_520 * (number + 1), total_pixels=9_000_000 * number,
            text_tokens=64, new_tokens=16, pictures=number % 4,
        )  # fmt: skip
        grids = [g for trial in asked for g in trial.work.grids]
        asked += rehearsal_trials.own_trials(grids, grids[:2], text_tokens=9, new_tokens=3)
        for kind in ("new", "cpu"):
            lines += [f"{kind} {rehearsal_trials.seconds(model, asked, SETTINGS[kind]):.6g}"]
        lines += [f"{t} {rehearsal_trials.operations(model, t.work):.9g}" for t in asked]
    compare(KEPT, {"rehearsals": "\n".join(lines)})
