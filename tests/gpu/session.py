"""One unattended session on a GPU: rehearse the usual inputs and write down what they took.

    python -m tests.gpu.session --env PREFIX [--write] [--minutes 9]

PREFIX is any environment with torch, transformers and accelerate, e.g. a site's own, or the
machine's. No weights and no network are needed: the architectures come from the recipes, the
weights are made up. Prints a table of prediction and measurement; `--write` makes it
`recipes/rehearsed.toml`, which the everyday tests then hold the formula to. A model that does
not fit in what is free, or for which no time is left, is left out and named.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.candidates import dtype as dtype_on
from setup_assistant.choose.memory import Setting, Work, estimate
from setup_assistant.choose.rehearsal_trials import Trial
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.choose.vision_tokens import Grid, image_grid, video_grid
from setup_assistant.host import clock, prefix
from setup_assistant.machine.facts import Gpu
from setup_assistant.machine.probe import probe
from setup_assistant.units_text import GIB
from setup_assistant.verify.rehearse import Place, rehearse
from tests.gpu.rehearsed import FILE, Rehearsal

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
MODELS = (
    "Qwen/Qwen2-VL-2B-Instruct",
    "Qwen/Qwen2-VL-7B-Instruct",
    "Qwen/Qwen2-VL-72B-Instruct-AWQ",
)
TEXT, NEW = 64, 16
HEAD = """\
# Rehearsals on real GPUs, by tests/gpu/session.py: dummy weights of the real shapes; bytes that
# torch's allocator held at most, with the context that the formula counts, beside the formula.
"""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The card, what runs on it, and until when."""

    env: Path
    gpu: Gpu
    driver: str
    torch: str
    transformers: str
    end: float


def cases(model: Model) -> tuple[Trial, ...]:
    """Return the usual inputs: four pictures, two at once, and ten seconds of video."""
    vision = model.vision
    small, wide, demo, large = (
        image_grid(*size, vision) for size in ((448, 448), (1280, 720), (2044, 1372), (4032, 3024))
    )
    clip = video_grid(1280, 720, 10, vision)
    given: tuple[tuple[str, str, tuple[Grid, ...]], ...] = (
        ("448x448", "image", (small,)),
        ("1280x720", "image", (wide,)),
        ("2044x1372", "image", (demo,)),
        ("4032x3024", "image", (large,)),
        ("two of 1280x720", "multi-image", (wide, wide)),
        ("10 s of 1280x720", "video", (clip,)),
    )
    return tuple(
        Trial(name=name, kind=kind, work=Work(grids=grids, text_tokens=TEXT, new_tokens=NEW))
        for name, kind, grids in given
    )


def setting(model: Model, bench: Bench) -> Setting:
    """Return how a model runs on the card of the bench."""
    part = bench.gpu.compute_capability or "8.0"
    card = Card(id="0", name=bench.gpu.name, index=0, part=part, free=None, budget=0)
    return Setting(
        dtype=dtype_on(model, [card]), part=part, torch=bench.torch,
        transformers=bench.transformers,
    )  # fmt: skip


def measure(model: Model, bench: Bench) -> Iterator[Rehearsal]:
    """Rehearse a model and yield a row for each case that ended well."""
    here, free = setting(model, bench), bench.gpu.memory_free_bytes or 0
    fitting = [t for t in cases(model) if estimate(model, t.work, here).total <= free]
    left = bench.end - time.monotonic()
    if not fitting or left < 30:
        _say(f"{model.id}: left out, {'no time is left' if fitting else 'it does not fit'}")
        return
    place = Place(env=bench.env, device="cuda", gpus=(bench.gpu.uuid or "0",))
    found = rehearse(model, fitting, here, place, deadline=left)
    if found.status != "ok":
        _say(f"{model.id}: {found.evidence}")
    for trial, case in zip(fitting, found.cases, strict=True):
        if case.measured_bytes is None:
            continue
        yield Rehearsal(
            model=model.id, case=case.name, dtype=here.dtype,
            grids=" ".join(f"{g.steps}x{g.height}x{g.width}" for g in trial.work.grids),
            text_tokens=TEXT, new_tokens=NEW, gpu=bench.gpu.name, driver=bench.driver,
            compute_capability=here.part or "", torch=bench.torch,
            transformers=bench.transformers, predicted=case.predicted_bytes,
            measured=case.measured_bytes, date=clock.now()[:10],
        )  # fmt: skip


def render(rows: list[Rehearsal]) -> str:
    """Return rows as TOML."""
    lines = [HEAD]
    for row in rows:
        about = (f"{k} = {_toml(v)}" for k, v in asdict(row).items())
        lines += ["[[row]]", *about, ""]
    return "\n".join(lines)


def main() -> int:
    """Rehearse every model that fits; return 1 where nothing could be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--model", action="append", choices=MODELS)
    given = parser.parse_args()
    end = time.monotonic() + given.minutes * 60
    machine = probe(sources=False)
    gpu = next((g for g in machine.gpus if g.vendor == "nvidia" and g.usable), None)
    packages, torch = prefix.packages(given.env), prefix.torch(given.env)
    if gpu is None or torch is None or "transformers" not in packages:
        _say("No NVIDIA GPU here, or no torch and transformers in the environment.")
        return 1
    bench = Bench(
        env=given.env.absolute(), gpu=gpu, driver=machine.driver.version or "?",
        torch=torch.version, transformers=packages["transformers"], end=end,
    )  # fmt: skip
    by_id = {m.id: m for m in load_all().models}
    rows = [row for name in given.model or MODELS for row in measure(by_id[name], bench)]
    for row in rows:
        _say(
            f"{row.model:34} {row.case:18} predicted {row.predicted / GIB:6.2f} GiB, measured "
            f"{row.measured / GIB:6.2f} GiB, {row.predicted / row.measured - 1:+.1%}"
        )
    if not rows:
        return 1
    apart = [abs(row.predicted / row.measured - 1) for row in rows]
    _say(f"median {statistics.median(apart):.1%}, worst {max(apart):.1%} of {len(rows)}")
    if given.write:
        (RECIPES / FILE).write_text(render(rows), encoding="utf-8")
    return 0


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
