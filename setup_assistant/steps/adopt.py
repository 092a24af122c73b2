"""Take over an environment that somebody else made: looked at, proved, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.plan import Plan, Reason
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient, prefix, run, temporary
from setup_assistant.host.prefix import python_in
from setup_assistant.messages import msg
from setup_assistant.site.answers import render_answers
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_site
from setup_assistant.site.requirements import render_requirements
from setup_assistant.steps.backends.base import Job, failure
from setup_assistant.steps.by_hand import with_versions
from setup_assistant.steps.environment_preflight import MARKER, read_marker
from setup_assistant.steps.environment_record import planned
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Context, Silent
from setup_assistant.verify.installs import torch_index
from setup_assistant.versions import minor

# Package → version before and after.
Changes = dict[str, tuple[str | None, str | None]]
BEFORE = "adopted-before.txt"
# What the record in an adopted environment names as its engine.
ENGINE = "adopted"


def is_foreign(folder: Path) -> bool:
    """Whether a whole environment lies there that this tool has no record in."""
    return prefix.kind(folder) is not None and not (folder / ".setup-assistant.json").exists()


def fitted(wishes: Wishes) -> Wishes:
    """Return wishes that suit the environment they name, where it is one of somebody else's.

    Its Python is the one to plan for, since another would make every compiled package a wrong
    one; and it is made already, so no engine makes it.
    """
    if not wishes.env:
        return wishes
    folder = Path(wishes.env).expanduser().absolute()
    theirs = is_foreign(folder) or read_marker(folder).get("engine") == ENGINE
    version = prefix.python_version(folder) if theirs else None
    return replace(wishes, python=minor(version), backend="uv") if version else wishes


def unmet(wishes: Wishes, fit: Wishes) -> Iterator[Reason]:
    """Yield a warning for each wish that an environment of somebody else's does not meet."""
    path = wishes.env
    if wishes.python and minor(wishes.python) != minor(fit.python):
        asked, has = wishes.python, fit.python
        yield Reason(about="python", message=msg(
            "Python {asked} was asked for; {path} has {has} and keeps it.",
            asked=asked, path=path, has=has,
        ))  # fmt: skip
    if wishes.backend not in ("auto", fit.backend):
        yield Reason(about="backend", message=msg(
            "{backend} was asked for; {path} is there already and is not made again.",
            backend=wishes.backend, path=path,
        ))  # fmt: skip


def as_it_is(plan: Plan, folder: Path) -> Plan:
    """Return a plan that keeps every version that the environment already has."""
    torch = prefix.torch(folder)
    present = prefix.packages(folder)
    if torch:
        present["torch"] = f"{torch.version}+{torch.build or ''}"
    said = msg("{path} was there before and keeps its packages.", path=str(folder))
    return replace(
        with_versions(plan, present),
        # Nothing of it is fetched again.
        sizes=replace(plan.sizes, packages_download_bytes=0, packages_installed_bytes=0),
        warnings=tuple(w for w in plan.warnings if w.about != "sizes"),
        reasons=(*plan.reasons, Reason(about="environment", message=said)),
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


def differing(context: Context, wrong: Mapping[str, str | None]) -> Changes:
    """Return the packages that would change. That needs consent.

    Raises:
        SetupError: `environment_differs`, naming every package that would change.
    """
    folder = context.site.env
    look_at(folder)
    found = changes(folder, context.plan, wrong, context.wishes)
    if not context.wishes.adopt:
        refuse_changes(folder, found, flag="--adopt")
    return found


def changes(folder: Path, plan: Plan, wrong: Mapping[str, str | None], wishes: Wishes) -> Changes:
    """Return each package that bringing an environment to a plan would change, with both versions.

    Args:
        folder: the environment.
        plan: the plan.
        wrong: the planned packages that are not there in their version; without any, nothing
            is installed. What these depend on is asked of the resolver.
        wishes: where packages may come from.
    """
    from setup_assistant.steps.backends import uv

    if not wrong:
        return {}
    with temporary.folder() as place:
        requirements = place / "requirements.txt"
        requirements.write_text(render_requirements(plan), encoding="utf-8")
        wheelhouse = Path(wishes.wheelhouse).expanduser().absolute() if wishes.wheelhouse else None
        job = Job(
            prefix=folder, python=plan.python, conda_channel="", requirements=requirements,
            environment_yml=place / "environment.yml", lock=place / "requirements.lock",
            offline=wishes.offline, wheelhouse=wheelhouse, scratch=place, expected_bytes=0,
            tell=Silent(), prefer_present=True,
        )  # fmt: skip
        found = uv.would_change(job)
    wanted = planned(plan)
    # Where no index answers, at least what the plan itself names.
    return found or {name: (old, wanted.get(name)) for name, old in sorted(wrong.items())}


def listed(found: Changes) -> str:
    """Return changes as one line."""
    return ", ".join(f"{n} {old or '-'} → {new or '-'}" for n, (old, new) in sorted(found.items()))


def refuse_changes(folder: Path, found: Changes, *, flag: str) -> None:
    """Stop where packages would change; `flag` is what agrees to it.

    Raises:
        SetupError: `environment_differs`, naming every package that would change.
    """
    if found:
        raise SetupError("environment_differs", path=str(folder), detail=listed(found), flag=flag)


def take(context: Context, marker: Path, job: Job, change: Changes) -> None:
    """Record the adoption, and bring the packages that were agreed to to the plan's versions."""
    ledger, root = context.ledger, context.site.root
    ledger.made("environment", marker, "file")
    before = prefix.packages(job.prefix)
    if change:
        from setup_assistant.steps.backends import uv

        ledger.made("environment", remember(job.prefix, root), "file")
        ledger.record("environment", "started", changed=change)
        uv.install(replace(job, prefer_present=True))
    if begun := ledger.begun("changed"):
        # With what runs had changed that were killed.
        earlier = {n: v for n, v in changed(job.prefix, root).items() if n in begun}
        done = earlier | _between(before, prefix.packages(job.prefix))
        ledger.record("environment", "done", changed=done)


def remember(folder: Path, site: Path) -> Path:
    """Keep the list of what was installed before anything is changed; return its file."""
    lines = [f"{name}=={version}\n" for name, version in sorted(prefix.packages(folder).items())]
    path = site / BEFORE
    if not path.exists():
        files.write_text(path, "".join(lines))
    return path


def changed(folder: Path, site: Path) -> Changes:
    """Return each package that differs from before the adoption: its version then and now."""
    try:
        lines = (site / BEFORE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    before = dict(line.split("==", 1) for line in lines if "==" in line)
    return _between(before, prefix.packages(folder))


def _between(before: Mapping[str, str], now: Mapping[str, str]) -> Changes:
    names = sorted({*before, *now})
    return {n: (before.get(n), now.get(n)) for n in names if before.get(n) != now.get(n)}


def differences(layout: Layout) -> tuple[Changes, Changes]:
    """Return what differs from before the adoption: what it changed, and what a person did since.

    Each is package → version before and now. A run that was killed has told no changes; then all
    of them count as its own.
    """
    found = changed(layout.env, layout.root)
    told: dict[str, str | None] = {}
    for entry in Ledger(layout.ledger).entries():
        said = entry.data.get("changed")
        if isinstance(said, dict):
            told |= {n: v[1] for n, v in said.items() if isinstance(v, list) and len(v) == 2}
    own = {n: v for n, v in found.items() if not told or (n in told and told[n] == v[1])}
    return own, {n: v for n, v in found.items() if n not in own}


def take_back(layout: Layout, found: Changes) -> None:
    """Bring packages back to their versions before the adoption, and nothing else.

    Raises:
        SetupError: `install_failed` with what uv says; the same once more goes on from there.
    """
    folder, torch, ledger = layout.env, found.get("torch", (None, None))[0], Ledger(layout.ledger)
    if found:
        ledger.record("environment", "started", taken_back={n: v[::-1] for n, v in found.items()})
    new = [name for name, (old, _now) in found.items() if old is None]
    pins = {name: old for name, (old, _now) in found.items() if old is not None}
    # The index options of the site's requirements.
    options = [x for x in lenient.text(layout.requirements).splitlines() if x.startswith("--")]
    indexes = {torch_index(torch or "", old, None) for old in pins.values() if "+" in old}
    if new:
        _uv(folder, ["uninstall", *new], "")
    if pins:
        wanted = [f"{name}=={old}" for name, old in pins.items()]
        more = [word for index in sorted(indexes - {""}) for word in ("--index", index)]
        _uv(folder, ["install", "--no-deps", *wanted, *more], "\n".join(options))
    now = prefix.packages(folder)
    files.write_json(folder / MARKER, {**read_marker(folder), "packages": now})
    # What was agreed to before is not done again unasked.
    wishes = replace(read_site(layout.root).wishes, adopt=False)
    files.write_text(layout.answers, render_answers(wishes, layout.answers))
    if begun := ledger.begun("taken_back"):
        ledger.record("environment", "done", taken_back=begun)


def _uv(folder: Path, words: list[str], requirements: str) -> None:
    from setup_assistant.steps.backends import uv

    with temporary.folder() as scratch:
        outcome = run.run(
            [uv.uv_program(), "pip", words[0], "--python", python_in(folder), *words[1:],
             *requirements.split()],
            deadline=None,
            env=uv.environment(scratch, requirements=requirements),
        )  # fmt: skip
    if not outcome.ok:
        raise failure("install_failed", outcome)
