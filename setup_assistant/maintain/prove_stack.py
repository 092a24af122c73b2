"""Prove a stack: build its environment for real and ask the canary in it.

It is the road of `up --model canary`, planned from recipes that hold nothing but the row's torch
release and stack. What it builds, wheels included, lies in one folder that is removed at the end;
a run that was killed goes on in that folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import Found, Proof
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, paths, removal
from setup_assistant.host.removal_proofs import seen
from setup_assistant.machine.facts import Machine
from setup_assistant.maintain.stack_proof import read_found
from setup_assistant.site.layout import Layout
from setup_assistant.site.write import write_site
from setup_assistant.steps.check_steps import CANARY, CanaryStep
from setup_assistant.steps.environment import EnvironmentStep
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import Owner
from setup_assistant.steps.run_steps import Guide, travel
from setup_assistant.steps.step import Context, Teller

# After these a run goes on where it was; after all others nothing of it is of use.
_RESUMABLE = ("packages_unreachable", "site_busy")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how proofs are made.

    `work` is the folder for everything that is built; `python` replaces the row's; `on_cpu`
    leaves GPUs out; `keep` leaves what was built.
    """

    machine: Machine
    recipes: Recipes
    folder: Path
    work: Path
    python: str = ""
    on_cpu: bool = False
    keep: bool = False


@dataclass(frozen=True, kw_only=True)
class Proving:
    """How one proof went. `found` is None where the canary was never asked."""

    proof: Proof
    found: Found | None
    error: SetupError | None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the environment was built and every question answered."""
        return self.error is None and self.found is not None and self.found.status == "ok"


def select(proofs: Sequence[Proof], names: Sequence[str]) -> tuple[Proof, ...]:
    """Return the proofs with these names, of these stacks, or with these torch releases.

    Raises:
        SetupError: `proof_unknown`, naming those there are.
    """
    chosen: dict[str, Proof] = {}
    for name in names:
        found = [p for p in proofs if name in (p.name, p.stack, p.torch)]
        if not found:
            raise SetupError("proof_unknown", name=name, known=", ".join(p.name for p in proofs))
        chosen |= {p.name: p for p in found}
    return tuple(chosen.values())


def prove(proof: Proof, bench: Bench, guide: Guide, tell: Teller) -> Proving:
    """Build the environment of a proof, ask the canary, and free the disk again.

    What cannot be planned, built or asked is part of the answer, not raised. An interruption
    is raised; it leaves the folder to go on in.
    """
    if already := _noted(proof, bench):
        return Proving(proof=proof, found=already, error=None, seconds=0.0)
    started = clock.monotonic()
    site = Layout(bench.work / proof.name)
    found: Found | None = None
    error: SetupError | None = None
    try:
        with files.exclusive(_lock(bench, proof)):
            found, error = _travel(proof, bench, site, guide, tell)
    except SetupError as failure:
        error = failure
    if not bench.keep and (error is None or error.code not in _RESUMABLE):
        free(proof, bench)
    seconds = round(clock.monotonic() - started, 1)
    proving = Proving(proof=proof, found=found, error=error, seconds=seconds)
    if proving.passed:
        files.write_json(_note(proof, bench), frozen_json.to_builtins(found))
    return proving


def finish(proofs: Sequence[Proof], bench: Bench) -> None:
    """Forget what was proved, once all of a run is: the next run proves everything anew."""
    for proof in proofs:
        removal.drop(_note(proof, bench), under=bench.work)
    removal.prune(bench.work, under=bench.work.parent)


def free(proof: Proof, bench: Bench) -> None:
    """Remove everything that was built for a proof, and the folder of all if it is empty."""
    site = Layout(bench.work / proof.name)
    if Owner(site).original:
        removal.remove(site.root, under=bench.work, proof=seen(site.root))
    removal.drop(_lock(bench, proof), under=bench.work)
    removal.prune(bench.work, under=bench.work.parent)


def only(recipes: Recipes, proof: Proof) -> Recipes:
    """Return the recipes with nothing to choose but a proof's torch, build and stack.

    Raises:
        SetupError: `recipe_invalid` where it names a release or a stack that there is not.
    """
    releases = [r for r in recipes.torch.release if r.torch == proof.torch]
    stacks = [s for s in recipes.stacks.stack if s.id == proof.stack]
    if not releases or not stacks:
        raise SetupError(
            "recipe_invalid",
            file="stacks.toml",
            detail=f"proof({proof.name}): there is no {proof.stack} or no torch {proof.torch}",
        )
    builds = tuple(b for b in releases[0].builds if b.tag == proof.build)
    return replace(
        recipes,
        torch=replace(recipes.torch, release=(replace(releases[0], builds=builds),)),
        stacks=replace(recipes.stacks, stack=tuple(stacks)),
    )


def plan_for(proof: Proof, bench: Bench, site: Layout) -> tuple[Plan, Wishes]:
    """Return the plan of a proof on this machine, and the wishes that it comes from."""
    wishes = Wishes(
        model=CANARY,
        backend="uv",
        site=str(site.root),
        python=bench.python or proof.python,
        gpus=("none",) if bench.on_cpu else (),
    )
    return make_plan(bench.machine, wishes, only(bench.recipes, proof)), wishes


def _travel(
    proof: Proof, bench: Bench, site: Layout, guide: Guide, tell: Teller
) -> tuple[Found | None, SetupError | None]:
    plan, wishes = plan_for(proof, bench, site)
    site.root.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(site.ledger)
    ledger.begin()
    write_site(plan, bench.machine, wishes, site, bench.folder)
    context = Context(
        machine=bench.machine,
        plan=plan,
        wishes=wishes,
        site=site,
        ledger=ledger,
        recipes=bench.folder,
        tell=tell,
    )
    with paths.package_cache_in(site.root / "cache"):
        done = travel(context, (EnvironmentStep(), CanaryStep()), guide)
    asked = [s for s in done.steps if s.name == CanaryStep.name]
    return read_found(proof, context) if asked else None, done.error


def _note(proof: Proof, bench: Bench) -> Path:
    return bench.work / f"{proof.name}.proved.json"


def _noted(proof: Proof, bench: Bench) -> Found | None:
    """Return what a run that was stopped has found today, with the same pins and Python."""
    try:
        found = frozen_json.load_json(_note(proof, bench), Found)
    except SetupError:
        return None
    wanted = bench.python or proof.python
    stack = next((s for s in bench.recipes.stacks.stack if s.id == proof.stack), None)
    same = found.python.startswith(f"{wanted}.") and stack is not None
    pins = {"torch": proof.torch, "transformers": stack.transformers if stack else ""}
    same = same and all(found.packages.get(n, "").partition("+")[0] == v for n, v in pins.items())
    return found if same and found.date == clock.now()[:10] else None


def _lock(bench: Bench, proof: Proof) -> Path:
    return bench.work / f"{proof.name}.lock"
