"""Verify an environment with the canary or a model folder, and name the one cause of a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from setup_assistant import messages
from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.catalog import smoke as smoke_recipe
from setup_assistant.choose.plan import Plan
from setup_assistant.host import clock
from setup_assistant.host.prefix import python_in
from setup_assistant.messages import Value
from setup_assistant.verify import child, surroundings, verdict
from setup_assistant.verify.files_check import canary_files
from setup_assistant.verify.model_files import model_files
from setup_assistant.verify.request import Wanted, build
from setup_assistant.verify.results import Check, Verification

CANARY = "canary"
# A limit of the recipe is stretched so far while something is computed.
_MOST = 4.0
# Seconds for importing everything once more without the variables below.
_IMPORT_DEADLINE = 180.0
_LIBRARY_VARIABLES = ("LD_PRELOAD", "LD_LIBRARY_PATH")


def verify(
    env: Path,
    *,
    model: str | Path = CANARY,
    plan: Plan | None = None,
    images: Sequence[str] = (),
    videos: Sequence[str] = (),
    question: str | None = None,
    device: str = "auto",
    dtype: str | None = None,
    deadline: float | None = None,
    recipes: Path | None = None,
    trust_unchanged: bool = False,
    questions: int | None = None,
    beside: Sequence[str] = (),
    on_check: Callable[[Check], None] = lambda _check: None,
) -> Verification:
    """Run every check inside `env` and return the verdict.

    Args:
        env: prefix of the environment (venv, conda or system).
        model: "canary", or a model folder.
        plan: what was planned: decoder, device, GPUs, dtype, pixel caps.
        images: the person's own pictures, as paths or URLs.
        videos: the person's own clips, as paths.
        question: what to ask about them.
        device: auto (the plan's, else a GPU where torch has one), cpu or cuda.
        dtype: float32, float16 or bfloat16; by default the plan's or the device's usual one.
        deadline: seconds for everything inside the environment; by default the recipe's, which
            is stretched on a computer without a card that is busy or emulated.
        recipes: folder of the recipes.
        trust_unchanged: do not hash again files of a model that are as their record says.
        questions: ask no more than this many; all by default.
        beside: modules that are imported first, as a person's own program does.
        on_check: told of each check as it ends; inside the environment, from another thread.

    Raises:
        SetupError: a recipe is missing or invalid, or nothing can be written anywhere.
    """
    started = clock.monotonic()
    canary = canary_recipe.load(recipes)
    smoke = smoke_recipe.load(recipes)
    folder = None if str(model) == CANARY else Path(model).expanduser().absolute()
    wanted = Wanted(
        model=folder,
        plan=plan,
        images=tuple(i if "://" in i else str(Path(i).expanduser().absolute()) for i in images),
        videos=tuple(str(Path(v).expanduser().absolute()) for v in videos),
        question=question,
        language="zh" if messages.language() == "zh_CN" else "en",
        device=device,
        dtype=dtype,
    )
    # Not resolved: a link is the environment's name.
    env = env.expanduser().absolute()
    report = (
        model_files(folder, trust_unchanged=trust_unchanged) if folder else canary_files(canary)
    )
    facts = verdict.Facts(
        env=env,
        plan=plan,
        report=report,
        decoder=smoke.decoder,
        canary=canary.folder,
        model=folder,
    )
    done: list[Check] = []

    def tell(check: Check) -> None:
        done.append(verdict.finish(check, facts))
        on_check(done[-1])

    if not python_in(env).exists():
        values: dict[str, Value] = {"prefix": str(env)}
        name = "imports"
        tell(Check(name=name, kind=name, status="fail", cause="python-missing", values=values))
    else:
        for check in report.checks:
            tell(check)
        limit = deadline or (
            smoke.limits.model_deadline_seconds if folder else smoke.limits.canary_deadline_seconds
        )
        request = build(wanted, canary, smoke, report.stops)
        request |= {"cases": request["cases"][:questions], "beside": list(beside)}
        _inside(env, wanted, request, (limit, stretch(wanted, deadline)), tell)
    return verdict.conclude(
        done, facts, model=str(folder or CANARY), seconds=clock.monotonic() - started
    )


def stretch(wanted: Wanted, deadline: float | None) -> float:
    """Return how many times its limit a proof may take while it computes.

    What a person names is meant; and who waits for a card that hangs computes as well.
    """
    return _MOST if wanted.place == "cpu" and not deadline else 1.0


def _inside(
    env: Path,
    wanted: Wanted,
    request: dict[str, object],
    limit: tuple[float, float],
    tell: Callable[[Check], None],
) -> None:
    """Run the checks in the environment; where imports fail, look for a foreign library.

    `limit` is the deadline, and how many times it is while something is computed.
    """
    held: list[Check] = []

    def pass_on(check: Check) -> None:
        if held or (check.name == "imports" and not check.passed and _suspects(os.environ)):
            held.append(check)  # its cause may yet be another
        else:
            tell(check)

    with surroundings.scratch_folder() as scratch:
        variables = surroundings.planned(scratch, wanted.plan, wanted.place)
        child.talk(env, request, limit[0], variables, pass_on, most=limit[1])
        if held:
            held[0] = _without_foreign_libraries(env, held[0], request, variables)
    for check in held:
        tell(check)


def _suspects(variables: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in _LIBRARY_VARIABLES if variables.get(name))


def _without_foreign_libraries(
    env: Path, failed: Check, request: dict[str, object], variables: Mapping[str, str]
) -> Check:
    """Import everything again without the loader's variables; success proves them guilty."""
    suspects = _suspects(variables)
    clean = {k: v for k, v in variables.items() if k not in suspects}
    again = child.talk(
        env, {**request, "only_imports": True}, _IMPORT_DEADLINE, clean, lambda _check: None
    )
    if not again.checks or not again.checks[0].passed:
        return failed
    guilty = " ".join(suspects)
    return replace(
        failed,
        cause="library-path",
        evidence=(*(f"{name}={variables[name]}" for name in suspects), *failed.evidence),
        values={
            "variable": guilty,
            "detail": str(failed.values.get("detail") or failed.cause or ""),
        },
    )
