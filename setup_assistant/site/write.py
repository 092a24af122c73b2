"""Write the files of a site: everything a plan stands for, before anything is installed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.secrets import without_login_json
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _
from setup_assistant.site.answers import render_answers
from setup_assistant.site.conda_explicit import exact_pins, render_explicit
from setup_assistant.site.environment_yml import conda_name, render_environment_yml
from setup_assistant.site.layout import Layout
from setup_assistant.site.readme import render_readme
from setup_assistant.site.requirements import render_requirements


def write_site(
    plan: Plan, machine: Machine, wishes: Wishes, layout: Layout, recipes: Path
) -> list[Path]:
    """Write the site's files; return those that changed.

    A file that already is as it should be is left alone, so that a rerun changes nothing.

    Raises:
        SetupError: `not_writable`, naming the folder, or a link in it that leads elsewhere.
    """
    wanted = site_files(plan, machine, wishes, layout, recipes)
    refuse_links(layout.root, {path.parent for path in wanted})
    return [path for path, text in wanted.items() if files.write_text(path, text)]


def refuse_links(root: Path, folders: Iterable[Path]) -> None:
    """Refuse to write into folders of a site that links lead out of it.

    Raises:
        SetupError: `not_writable`, naming the link.
    """
    for folder in sorted(folders):
        if link := files.linked(root, folder):
            detail = _("{link} is a link", link=str(link))
            raise SetupError("not_writable", path=str(root), detail=detail, flag="--site")


def site_files(
    plan: Plan, machine: Machine, wishes: Wishes, layout: Layout, recipes: Path
) -> dict[Path, str]:
    """Return path → text of every file the plan stands for. No credentials are in any of them."""
    from setup_assistant.choose import plan_json

    scripts = _scripts(plan, layout, recipes)
    plan_text = _json(plan_json.to_json(plan))
    wanted = {
        layout.answers: render_answers(wishes, layout.answers),
        **conda_files(plan, layout),
        layout.requirements: render_requirements(plan),
        layout.root / "README.txt": render_readme(
            plan, layout, recipes, machine.system.os, scripts
        ),
        **keep_edits(layout.scripts, scripts),
    }
    if not (layout.machine.exists() and _has(layout.plan, plan_text)):
        # The machine as it was when this plan was made; free memory changes by the second.
        wanted[layout.machine] = _json(dataclasses.asdict(machine))
    # Last: whoever finds a plan finds everything it stands for.
    wanted[layout.plan] = plan_text
    return wanted


def conda_files(plan: Plan, layout: Layout) -> dict[Path, str]:
    """Return the files for conda: exact, where a conda environment is there already."""
    # After the site, so that two sites do not collide.
    name = conda_name(layout.root.name or "qwen2-vl")
    explicit = render_explicit(layout.env, name)
    exact = exact_pins(layout.env, plan.python)
    found = {layout.environment_yml: render_environment_yml(plan, name, exact)}
    return found | ({layout.conda_explicit: explicit} if explicit else {})


def _scripts(plan: Plan, layout: Layout, recipes: Path) -> Mapping[str, str]:
    from setup_assistant.site.scripts import render_scripts

    return render_scripts(plan, layout, recipes)


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(without_login_json(value), indent=2, ensure_ascii=False) + "\n"


def _has(path: Path, text: str) -> bool:
    try:
        return files.plain(path).read_bytes() == text.encode()
    except OSError:
        return False


RECORD = ".written.json"


def keep_edits(folder: Path, rendered: Mapping[str, str]) -> dict[Path, str]:
    """Return path → text of what to write so that `folder` holds `rendered`, edits kept.

    The record of sums comes last: a run killed before it finds its own text and goes on.

    Args:
        folder: the folder of the scripts.
        rendered: relative name → text.
    """
    known = _record(folder / RECORD)
    wanted: dict[Path, str] = {}
    for name, text in rendered.items():
        path = _place_of(folder / name, text, known.get(name))
        if path:
            wanted[path] = text
    sums = {name: _sum(text.encode()) for name, text in rendered.items()}
    wanted[folder / RECORD] = json.dumps(sums, indent=2, ensure_ascii=False) + "\n"
    return wanted


def _place_of(path: Path, text: str, known: str | None) -> Path | None:
    """Return where `text` goes; None where the person's edit stands and nothing is new."""
    try:
        current = _sum(files.plain(path).read_bytes())
    except OSError:
        return path
    new = _sum(text.encode())
    if current in (known, new):
        return path
    return None if new == known else path.with_name(f"{path.stem}.new{path.suffix}")


def _record(path: Path) -> dict[str, str]:
    """Return the sums of the last writing; with a lost or damaged record, all count as edited."""
    try:
        value = json.loads(files.plain(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _sum(data: bytes) -> str:
    return sha256(data).hexdigest()
