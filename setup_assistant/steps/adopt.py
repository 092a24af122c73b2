"""Take over an environment that somebody else made: looked at, proved, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.plan import Package, Plan, Reason
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, prefix, run
from setup_assistant.messages import msg
from setup_assistant.site.layout import python_in
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Context

BEFORE = "adopted-before.txt"
# What the record in an adopted environment names as its engine.
ENGINE = "adopted"
_READERS = {
    "decord2": "decord",
    "decord": "decord",
    "torchcodec": "torchcodec",
    "av": "torchvision",
}


def is_foreign(folder: Path) -> bool:
    """Whether a whole environment lies there that this tool has no record in."""
    return prefix.kind(folder) is not None and not (folder / ".setup-assistant.json").exists()


def fitted(wishes: Wishes) -> Wishes:
    """Return wishes that suit the environment they name, where it is one of somebody else's.

    Its Python is the one to plan for: another would make every compiled package a wrong one.
    """
    if not wishes.env or wishes.python:
        return wishes
    folder = Path(wishes.env).expanduser().absolute()
    version = prefix.python_version(folder) if is_foreign(folder) else None
    return replace(wishes, python=".".join(version.split(".")[:2])) if version else wishes


def as_it_is(plan: Plan, folder: Path) -> Plan:
    """Return a plan that keeps every version that the environment already has."""
    present = prefix.packages(folder)

    def kept(package: Package) -> Package:
        found = present.get(prefix.normal_name(package.name))
        return replace(package, version=found.partition("+")[0]) if found else package

    torch = prefix.torch(folder)
    decoder = next((name for name in _READERS if name in present), None)
    return replace(
        plan,
        torch=replace(plan.torch, version=torch.version, build=torch.build or plan.torch.build)
        if torch
        else plan.torch,
        torchvision=kept(plan.torchvision),
        transformers=kept(plan.transformers),
        accelerate=kept(plan.accelerate),
        qwen_vl_utils=kept(plan.qwen_vl_utils),
        modelscope=kept(plan.modelscope),
        decoder=replace(
            plan.decoder, package=decoder, version=present[decoder], reader=_READERS[decoder]
        )
        if decoder
        else plan.decoder,
        # Nothing of it is fetched again.
        sizes=replace(plan.sizes, packages_download_bytes=0, packages_installed_bytes=0),
        warnings=tuple(w for w in plan.warnings if w.about != "sizes"),
        reasons=(
            *plan.reasons,
            Reason(
                about="environment",
                message=msg("{path} was there before and keeps its packages.", path=str(folder)),
            ),
        ),
    )


def look_at(folder: Path) -> None:
    """Make sure that an environment can be adopted at all.

    Raises:
        SetupError: `env_none` where there is none, `env_broken` where its Python does not run.
    """
    if prefix.kind(folder) is None:
        raise SetupError("env_none", path=str(folder))
    outcome = run.run([python_in(folder), "-I", "-c", "pass"], deadline=30)
    if not outcome.ok:
        detail = outcome.err.strip().splitlines()[-1:] or [f"exit status {outcome.code}"]
        raise SetupError("env_broken", path=str(folder), detail=detail[0])


def differing(
    context: Context, wrong: dict[str, str | None], wanted: dict[str, str]
) -> dict[str, str | None]:
    """Return `wrong`: the packages that would change. That needs consent.

    Raises:
        SetupError: `environment_differs`, naming every package that would change.
    """
    look_at(context.site.env)
    if not context.wishes.adopt:
        refuse_changes(context.site.env, wrong, wanted, flag="--adopt")
    return wrong


def refuse_changes(
    folder: Path, wrong: dict[str, str | None], wanted: dict[str, str], *, flag: str
) -> None:
    """Stop where packages would change; `flag` is what agrees to it.

    Raises:
        SetupError: `environment_differs`, naming every package that would change.
    """
    if wrong:
        said = ", ".join(f"{k} {v or '-'} → {wanted[k]}" for k, v in sorted(wrong.items()))
        raise SetupError("environment_differs", path=str(folder), detail=said, flag=flag)


def take(context: Context, marker: Path, job: Job, *, change: bool) -> None:
    """Record the adoption, and where agreed bring the packages to the plan's versions."""
    context.ledger.made("environment", marker, "file")
    if change:
        from setup_assistant.steps.backends import uv

        context.ledger.made("environment", remember(job.prefix, context.site.root), "file")
        uv.install(job)


def remember(folder: Path, site: Path) -> Path:
    """Keep the list of what was installed before anything is changed; return its file."""
    lines = [f"{name}=={version}\n" for name, version in sorted(prefix.packages(folder).items())]
    path = site / BEFORE
    if not path.exists():
        files.write_text(path, "".join(lines))
    return path


def changed(folder: Path, site: Path) -> dict[str, tuple[str | None, str | None]]:
    """Return each package that differs from before the adoption: its version then and now."""
    try:
        lines = (site / BEFORE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    before = dict(line.split("==", 1) for line in lines if "==" in line)
    now = prefix.packages(folder)
    names = sorted({*before, *now})
    return {n: (before.get(n), now.get(n)) for n in names if before.get(n) != now.get(n)}


def commands_back(
    folder: Path, differing: Mapping[str, tuple[str | None, str | None]]
) -> list[str]:
    """Return the commands that bring an adopted environment's packages back."""
    from setup_assistant.verify.installs import install_command, torch_index, uninstall_command

    found = [uninstall_command(folder, name) for name, (old, _now) in differing.items() if not old]
    pins = {n: old for n, (old, _now) in differing.items() if old}
    # Builds for a CUDA version lie in torch's own index.
    built = {n: old for n, old in pins.items() if "+" in old}
    if plain := [f"{n}=={old}" for n, old in pins.items() if n not in built]:
        found.append(install_command(folder, *plain, again=True))
    for name, old in built.items():
        index = torch_index(pins.get("torch", ""), old, None)
        found.append(install_command(folder, f"{name}=={old}", again=True, index_url=index))
    return found
