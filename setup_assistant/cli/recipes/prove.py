"""`recipes prove`: build stacks for real, ask the canary in each, and keep the proof."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.catalog.stacks import Proof
    from setup_assistant.maintain.prove_stack import Bench, Proving


@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help=_("Prove every row."))
@click.option("--list", "listing", is_flag=True, help=_("Show the rows and their proofs."))
@click.option("--write", is_flag=True, help=_("Write what is found into recipes/stacks.toml."))
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="PACKAGE==VERSION",
    help=_("Prove the newest stack with a newer release of this package; may be given again."),
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("Build in this folder (about 12 GB a stack; freed after each)."),
)
@click.option("--python", default="", metavar="VERSION", help=_("Another Python than the row's."))
@click.option("--cpu", is_flag=True, help=_("Leave GPUs out, even where there are some."))
@click.option("--keep", is_flag=True, help=_("Leave what was built in the folder."))
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("Take the recipes there instead of those this tool came with."),
)
@verb(
    "recipes prove",
    summary=_(
        "Build a stack's environment, ask the canary in it, and compare with its record.\n\n"
        "NAME is a proof, a stack or a torch release, as shown by --list. A run that was stopped "
        "goes on where it was. Wheels are kept only where UV_CACHE_DIR names a folder for them. "
        "A candidate is written once every proof of its stack has passed with it; the proofs of "
        "quantized models and of the server are not carried over to it."
    ),
    examples=(
        "setup-assistant recipes prove --list",
        "setup-assistant recipes prove newest",
        "setup-assistant recipes prove --all --write --work /scratch/proofs",
        "setup-assistant recipes prove --candidate transformers==5.25.0 --write",
    ),
)
def command(
    names: tuple[str, ...],
    *,
    everything: bool,
    listing: bool,
    write: bool,
    candidates: tuple[str, ...],
    folder: Path | None,
    **options: Any,  # noqa: ANN401 - work, python, cpu and keep, passed on by name
) -> Result:
    """Prove the named rows one after the other."""
    from setup_assistant.catalog import stacks
    from setup_assistant.catalog.folder import recipes
    from setup_assistant.maintain.prove_stack import select

    if candidates:
        return _prove_candidate(candidates, names, recipes(folder), write=write, **options)
    rows = stacks.load(folder).proof
    if listing:
        chosen = select(rows, names) if names else rows
        return Result("recipes prove", data=_listed(chosen), text=partial(_list, chosen))
    if not names and not everything:
        raise SetupError("usage", detail=_("Name a proof, or give --all."), verb="recipes prove")
    chosen = rows if everything else select(rows, names)
    home = recipes(folder)
    done = _prove_all(chosen, _bench(home, **options), home if write else None)
    return _result(done, wrote=write)


def _prove_candidate(
    wanted: tuple[str, ...],
    names: tuple[str, ...],
    home: Path,
    *,
    write: bool,
    **options: Any,  # noqa: ANN401 - work, python, cpu and keep
) -> Result:
    """Prove a stack with newer releases; it is written only where all of its proofs passed."""
    from dataclasses import replace

    from setup_assistant.host import clock, files
    from setup_assistant.maintain.candidate import candidate
    from setup_assistant.maintain.prove_stack import select

    if names and write:
        raise SetupError(
            "usage",
            detail=_("--candidate with --write proves every row of the stack: name none."),
            verb="recipes prove",
        )
    bench = _bench(home, **options)
    found = candidate(bench.recipes, wanted, clock.now()[:10])
    rows = found.proofs(bench.recipes)
    chosen = select(rows, names) if names else rows
    done = _prove_all(chosen, replace(bench, recipes=found.recipes(bench.recipes)), None)
    wrote = write and all(p.passed for p in done)
    if wrote:
        path = home / "stacks.toml"
        files.write_text(path, found.written(files.read_text(path)))
        for proving in done:
            _write(home, proving)
    elif write:
        show.note(_("Nothing was written: not every proof of the stack passed."))
    return _result(done, wrote=wrote)


def _prove_all(chosen: tuple[Proof, ...], bench: Bench, home: Path | None) -> list[Proving]:
    """Prove rows one after the other; each is written at once into the recipes in `home`."""
    from setup_assistant.cli.up.step_display import Guide
    from setup_assistant.maintain.prove_stack import finish, prove

    done: list[Proving] = []
    for number, proof in enumerate(chosen, 1):
        show.note(
            _("[{number}/{count}] {name}: torch {torch} with {stack}, Python {python}",
              number=number, count=len(chosen), name=proof.name, torch=proof.torch,
              stack=proof.stack, python=bench.python or proof.python)
        )  # fmt: skip
        guide = Guide()
        try:
            done.append(prove(proof, bench, guide, guide))
        finally:
            guide.close()
        if home and done[-1].found:
            _write(home, done[-1])
        _show_one(done[-1])
    finish(chosen, bench)
    return done


def _bench(home: Path, *, work: Path | None, python: str, cpu: bool, keep: bool) -> Bench:
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.host import paths
    from setup_assistant.machine.probe import probe
    from setup_assistant.maintain.prove_stack import Bench

    place = work.expanduser().absolute() if work else paths.cache_folder() / "prove"
    return Bench(
        machine=probe(site=place),
        recipes=load_all(home),
        folder=home,
        work=place,
        python=python,
        on_cpu=cpu,
        keep=keep,
    )


def _write(home: Path, proving: Proving) -> None:
    from setup_assistant.host import files
    from setup_assistant.maintain.stack_proof import with_found

    path = home / "stacks.toml"
    if proving.found:
        text = with_found(files.read_text(path), proving.proof.name, proving.found)
        files.write_text(path, text)


def _result(done: list[Proving], *, wrote: bool) -> Result:
    problems = tuple(Problem.of(p.error) for p in done if p.error)
    exits = [p.error.exit for p in done if p.error]
    # One that failed outweighs one that could not be tried.
    worst = Exit.FAILED if Exit.FAILED in exits else max(exits, default=Exit.DONE)
    data = {"proofs": [_json(p) for p in done], "written": wrote}
    return Result("recipes prove", data=data, exit_code=worst, errors=problems)


def _json(proving: Proving) -> dict[str, Any]:
    from setup_assistant import frozen_json
    from setup_assistant.maintain.stack_proof import differences

    changed = differences(proving.proof.found, proving.found)
    return {
        **_row(proving.proof),
        "status": "ok" if proving.passed else "failed" if proving.found else "not-tried",
        "reproduced": proving.passed and not changed if proving.proof.found else None,
        "differences": {n: {"recorded": a, "now": b} for n, (a, b) in changed.items()},
        "found": frozen_json.to_builtins(proving.found),
        "seconds": proving.seconds,
        "error": proving.error.code if proving.error else None,
    }


def _row(proof: Proof) -> dict[str, Any]:
    return {
        name: getattr(proof, name) for name in ("name", "stack", "torch", "build", "python", "why")
    }


def _listed(rows: tuple[Proof, ...]) -> dict[str, Any]:
    from setup_assistant import frozen_json

    return {"proofs": [{**_row(p), "found": frozen_json.to_builtins(p.found)} for p in rows]}


def _list(rows: tuple[Proof, ...]) -> None:
    headings = [_("Name"), "torch", "transformers", "Python", _("Build"), _("Proved")]
    show.table(
        [
            [p.name, p.torch, p.stack.removeprefix("transformers-"), p.python, p.build, _proved(p)]
            for p in rows
        ],
        headings,
    )


def _proved(proof: Proof) -> str:
    found = proof.found
    if found is None:
        return _("not yet")
    return _(
        "{date}: {passed}/{checks}, {device}, {build}",
        date=found.date,
        passed=found.passed,
        checks=found.checks,
        device=found.device,
        build=found.build,
    )


def _show_one(proving: Proving) -> None:
    """Show one proof as soon as it is made; the failures come again at the end, with remedies."""
    from setup_assistant.maintain.stack_proof import differences

    found = proving.found
    name = f"{show.mark(proving.passed)} {proving.proof.name}"
    if found is None:
        show.line(_("{name}: not proved", name=name))
        return
    show.line(
        _(
            "{name}: {passed} of {checks} checks on {device} ({dtype}), torch {torch} {build}, "
            "Python {python}; environment {environment} s, canary {canary} s",
            name=name,
            passed=found.passed,
            checks=found.checks,
            device=found.device,
            dtype=found.dtype or "-",
            torch=found.packages.get("torch", "-").partition("+")[0],
            build=found.build,
            python=found.python,
            environment=round(found.environment_seconds),
            canary=round(found.canary_seconds),
        )
    )
    for package, (then, now) in differences(proving.proof.found, found).items():
        show.line("  " + _("{name}: {now}, recorded {then}", name=package, now=now, then=then))
