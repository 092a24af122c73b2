"""Before and after a rehearsal: what to run where, whether it may be tried, what is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NoReturn

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.recipes import Recipes, load_all
from setup_assistant.choose import cpu, rehearsal_trials
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.memory import TEXT_TOKENS, Setting, estimate
from setup_assistant.choose.model_names import find
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.rehearsal_trials import Trial, own_trials, trials
from setup_assistant.choose.vision_tokens import PictureError, image_grid, video_grid
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.frozen_json import to_builtins
from setup_assistant.host import files, paths, prefix
from setup_assistant.host.prefix import python_in
from setup_assistant.machine.facts import Machine
from setup_assistant.machine.probe import probe
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_layout, read_plan
from setup_assistant.steps.smoke_memory import planned_setting
from setup_assistant.units_text import gib
from setup_assistant.verify.rehearse import Place, Rehearsed, largest

# Tokens of a picture and of a video on a CPU where no size is asked for: memory grows in step
# with them, and the planned sizes would take many minutes.
CPU_PICTURE, CPU_VIDEO = 512, 1024


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the person said; None and "auto" leave it to the plan.

    `images` (width, height) and `videos` (width, height, seconds) are sizes of their own.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: str | None = None
    max_pixels: int | None = None
    total_pixels: int | None = None
    new_tokens: int = 8
    images: tuple[tuple[int, int], ...] = ()
    videos: tuple[tuple[int, int, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What `verify.rehearse` is given. `left_out` are trials that would not fit."""

    model: Model
    trials: tuple[Trial, ...]
    setting: Setting
    place: Place
    layout: Layout
    left_out: tuple[str, ...] = ()
    max_pixels: int = 0

    @property
    def expected_seconds(self) -> float:
        """About how long it takes."""
        return rehearsal_trials.seconds(self.model, self.trials, self.setting)

    @property
    def predicted(self) -> int:
        """The bytes of the largest trial."""
        return estimate(
            self.model, largest(self.trials, self.model, self.setting).work, self.setting
        ).total


def prepare(model: str, env: Path | None, site: Path | None, asked: Asked) -> Prepared:
    """Return the rehearsal of a model in an environment.

    Raises:
        SetupError: an unknown model, no environment, no GPU where one is asked for, or a model
            that would not fit in what is free now (exit 4).
    """
    recipes = load_all()
    layout, where = _environment(env, site)
    machine = probe()
    wished = Wishes(model=model, gpus=("none",) if asked.device == "cpu" else ())
    known = _known(recipes, model)
    # What the site was planned for, its cards and caps, where it was planned for this model.
    plan = _plan_of(layout, where, known, asked) or make_plan(machine, wished, recipes)
    if asked.device == "cuda" and plan.placement.device != "cuda":
        raise SetupError("no_gpu")
    setting = _setting(plan, where, machine, asked)
    place = Place(
        env=where,
        device=plan.placement.device,
        gpus=plan.placement.gpus,
        limits=plan.placement.max_memory_bytes,
        budget=_budget(plan, machine),
    )
    picture, clip = _caps(plan, known)
    if asked.images or asked.videos:
        wanted = _own(known, plan, asked)
    else:
        wanted = trials(
            known.vision,
            max_pixels=asked.max_pixels or picture,
            total_pixels=asked.total_pixels or clip,
            text_tokens=TEXT_TOKENS,
            new_tokens=asked.new_tokens,
            pictures=plan.model.pictures,
        )
    kept = tuple(t for t in wanted if _fits(known, t, setting, place.budget))
    if not kept:
        _refuse(known, wanted[0], setting, place)
    return Prepared(
        model=known,
        trials=kept,
        setting=setting,
        place=place,
        layout=layout,
        left_out=tuple(t.name for t in wanted if t not in kept),
        max_pixels=asked.max_pixels or picture,
    )


def _own(model: Model, plan: Plan, asked: Asked) -> tuple[Trial, ...]:
    """Return the trials of a person's own sizes, as the scripts would read them."""
    shared = plan.model.max_pixels * plan.model.pictures // max(1, len(asked.images))
    most = asked.max_pixels or min(plan.model.max_pixels, shared)
    try:
        pictures = [image_grid(w, h, model.vision, max_pixels=most) for w, h in asked.images]
        clips = [
            video_grid(
                width, height, length, model.vision,
                max_pixels=asked.max_pixels,
                total_pixels=asked.total_pixels or plan.model.video_total_pixels,
                max_frames=plan.model.video_max_frames,
            )
            for width, height, length in asked.videos
        ]  # fmt: skip
    except PictureError as error:
        remedy = _("Give another size.")
        raise SetupError(
            "picture_refused", flag="--image, --video", what="", detail=str(error), remedy=remedy
        ) from error
    return own_trials(pictures, clips, text_tokens=TEXT_TOKENS, new_tokens=asked.new_tokens)


def keep(ready: Prepared, found: Rehearsed) -> None:
    """Write the outcome into the site, where the environment is a site's own."""
    layout = ready.layout
    if layout.plan.exists() and layout.env.absolute() == ready.place.env:
        files.write_json(layout.rehearsal, to_builtins(found))


def _known(recipes: Recipes, wish: str) -> Model:
    """Return the named model."""
    found = find(recipes.models, wish)
    if found is None:
        raise SetupError("model_unknown", model=wish, known=", ".join(m.id for m in recipes.models))
    return found


def _environment(env: Path | None, site: Path | None) -> tuple[Layout, Path]:
    root = site or (env.expanduser().absolute().parent if env else paths.default_site())
    layout = read_layout(root)
    where = (env or layout.env).expanduser().absolute()
    if not python_in(where).exists() and env is None:
        detail = _("There is no environment in {path}; name one with --env.", path=str(where))
        raise SetupError("usage", detail=detail, verb="rehearse")
    if not python_in(where).exists():
        raise SetupError("file_missing", path=str(where), flag="--env")
    return layout, where


def _plan_of(layout: Layout, env: Path, model: Model, asked: Asked) -> Plan | None:
    if not layout.plan.exists() or layout.env.absolute() != env:
        return None
    try:
        plan = read_plan(layout)
    except SetupError:
        return None
    fitting = plan.model.id == model.id and asked.device in {"auto", plan.placement.device}
    return plan if fitting else None


def _setting(plan: Plan, env: Path, machine: Machine, asked: Asked) -> Setting:
    """Return the setting, with the versions that are in the environment, not planned ones."""
    packages = prefix.packages(env)
    torch = prefix.torch(env)
    planned = planned_setting(plan, machine)
    return replace(
        planned,
        dtype=asked.dtype or planned.dtype,
        part=planned.part if plan.placement.device == "cuda" else None,
        transformers=packages.get("transformers", planned.transformers),
        torch=torch.version if torch else planned.torch,
    )


def _caps(plan: Plan, model: Model) -> tuple[int, int]:
    """Return the pixels of a picture and of a video: the planned ones, fewer on a CPU."""
    caps = plan.model.max_pixels, plan.model.video_total_pixels
    if plan.placement.device == "cuda":
        return caps
    area = model.vision.factor**2
    return min(caps[0], CPU_PICTURE * area), min(caps[1], CPU_VIDEO * area)


def _budget(plan: Plan, machine: Machine) -> int | None:
    """Return the bytes that are free now, not those that were free when the plan was made."""
    if plan.placement.device == "cpu":
        return cpu.budget(machine.memory)
    now = [
        g.memory_free_bytes
        for g in machine.gpus
        if g.memory_free_bytes is not None and (g.uuid or str(g.index)) in plan.placement.gpus
    ]
    planned = plan.model.budget_bytes
    if not now or planned is None:
        return planned
    return min(planned, sum(now))


def _fits(model: Model, trial: Trial, setting: Setting, budget: int | None) -> bool:
    return budget is None or estimate(model, trial.work, setting).total <= budget


def _refuse(model: Model, trial: Trial, setting: Setting, place: Place) -> NoReturn:
    need, have = estimate(model, trial.work, setting).total, place.budget or 0
    if place.device == "cpu":
        raise SetupError("memory_too_small", model=model.id, need=gib(need), have=gib(have))
    raise SetupError(
        "model_does_not_fit", model=model.id, need=gib(need), have=gib(have), other=CANARY
    )
