"""`verify`: ask the canary, or a model, inside an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host import paths
from setup_assistant.host.program import spell
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.choose.plan import Plan
    from setup_assistant.report.receipt import MemoryLine
    from setup_assistant.site.layout import Layout
    from setup_assistant.site.read import Site
    from setup_assistant.verify.results import Check, Verification

_NAME_COLUMNS = 24
# Measured: 7 to 15 s of imports on two cores; weights at the pace of an ordinary disk.
_IMPORT_SECONDS, _LOADED_PER_SECOND = 15.0, 2e8


@options.ENV
@options.SITE
@click.option("--model", default="canary", metavar="canary|DIR", help=_("What to ask."))
@click.option(
    "--image", "images", multiple=True, metavar="PATH|URL", help=_("A picture of your own.")
)
@click.option("--video", "videos", multiple=True, metavar="PATH", help=_("A clip of your own."))
@click.option("--question", help=_("What to ask about your own pictures and clips."))
@options.DEVICE
@options.DTYPE
@options.deadline()
@verb(
    "verify",
    summary=_("Ask the canary, or a model folder, questions with known answers."),
    examples=(
        "setup-assistant verify --env qwen2-vl/env",
        "setup-assistant verify --env qwen2-vl/env --model qwen2-vl/models/Qwen2-VL-2B-Instruct",
        "setup-assistant verify --env qwen2-vl/env --image cat.jpg --question 'What is this?'",
    ),
)
def command(
    env: Path | None,
    site: Path | None,
    model: str,
    **options: Any,  # noqa: ANN401 - click's own options, passed on by name
) -> Result:
    """Run the checks and show them one by one."""
    prefix, plan = _where(env, site)
    root = site or prefix.expanduser().absolute().parent
    return run_verification(prefix, model=model, plan=plan, root=root, **options)


def run_verification(
    env: Path,
    *,
    model: str = "canary",
    plan: Plan | None = None,
    root: Path | None = None,
    images: tuple[str, ...] = (),
    videos: tuple[str, ...] = (),
    **options: Any,  # noqa: ANN401 - question, device, dtype, deadline of `verify`
) -> Result:
    """Verify an environment, showing each check as it ends.

    Raises:
        SetupError: `file_missing` for a folder or file that does not exist.
    """
    from setup_assistant.verify.run import verify

    _must_exist(env, "--env")
    if model != "canary":
        _must_exist(Path(model).expanduser(), "--model")
    for path in images:
        if "://" not in path:
            _must_exist(Path(path).expanduser(), "--image")
    for path in videos:
        _must_exist(Path(path).expanduser(), "--video")
    with busy(_("Asking in {env}", env=str(env)), expected_seconds=_expected_seconds(model)):
        found = verify(
            env,
            model=model,
            plan=plan,
            images=images,
            videos=videos,
            on_check=_show_check,
            **options,
        )
    return _result(found, _site(root) if plan and root and model != "canary" else None)


def _site(root: Path) -> Site | None:
    """Return the site that a model was planned in, None where its files do not say."""
    from setup_assistant.site.read import read_site

    try:
        return read_site(root)
    except SetupError:
        return None


def _where(env: Path | None, site: Path | None) -> tuple[Path, Plan | None]:
    """Return the environment to verify, and the plan it was built from where there is one."""
    from setup_assistant.site.read import read_layout

    root = site or (env.expanduser().absolute().parent if env else paths.default_site())
    layout = read_layout(root)
    prefix = env or layout.env
    if env is None and not prefix.exists():
        raise SetupError(
            "usage",
            detail=_("There is no environment in {path}; name one with --env.", path=str(prefix)),
            verb="verify",
        )
    return prefix, _plan(layout, prefix)


def _plan(layout: Layout, prefix: Path) -> Plan | None:
    """Return the plan of a site if this is the environment that it stands for."""
    from setup_assistant.site.read import read_plan

    if not layout.plan.exists() or layout.env.absolute() != prefix.expanduser().absolute():
        return None
    try:
        return read_plan(layout)
    except SetupError as error:
        show.note(str(error.message))
        return None


def _expected_seconds(model: str) -> float:
    """Return about how long it takes: importing torch and transformers, then loading weights."""
    from setup_assistant.host import files

    weights = 0 if model == "canary" else files.folder_bytes(Path(model).expanduser())
    return _IMPORT_SECONDS + weights / _LOADED_PER_SECOND


def _must_exist(path: Path, flag: str) -> None:
    if not path.exists():
        raise SetupError("file_missing", path=str(path), flag=flag)


def _result(found: Verification, site: Site | None = None) -> Result:
    from setup_assistant.cli.verify import memory_row
    from setup_assistant.frozen_json import to_builtins

    data = to_builtins(found)
    if found.model != "canary":
        from setup_assistant.verify.model_files import compared_with

        data["compared_with"] = compared_with(Path(found.model).expanduser()) or "nothing"
    memory = memory_row.memory_row(site, found.model, found)
    if memory:
        data["memory"] = to_builtins(memory)
    if found.remedy:
        data["remedy"] = spell(found.remedy)
    if found.status == "ok":
        return Result("verify", data=data, text=lambda: _show_passed(found, site, memory, data))
    failure = found.error()
    return Result("verify", data=data, exit_code=Exit.FAILED, errors=(Problem.of(failure),))


def _show_passed(
    found: Verification, site: Site | None, memory: MemoryLine | None, data: dict[str, Any]
) -> None:
    from setup_assistant.cli.verify import memory_row

    show.line(
        _(
            "{model}: all {count} [check|checks] passed in {seconds} s.",
            model=found.model,
            count=len(found.checks),
            seconds=round(found.seconds, 1),
        )
    )
    if data.get("compared_with") == "nothing":
        text = _(
            "There are no sums to compare these weights with: names, shapes and answers were "
            "looked at, not whose they are. To compare them: {command}",
            command="setup-assistant download OWNER/NAME --verify --to FOLDER",
        )
        show.line(text)
    if memory and site:
        memory_row.tell(memory, site, found)


def _show_check(check: Check) -> None:
    """Show one calm line, and for a failed check what was expected."""
    from setup_assistant.report.sections import status_message
    from setup_assistant.terminal_text import pad
    from setup_assistant.times_text import duration
    from setup_assistant.verify import causes

    if check.status == "blocked" and not show.is_verbose():
        return
    said = check.answer or (check.cause if check.status != "ok" else _detail(check)) or ""
    if check.status == "skipped" and check.cause:
        said = str(causes.sentence(check.cause, check.values))
    show.line(
        f"{pad(str(status_message(check.status)), 8)} {pad(check.name, _NAME_COLUMNS)} "
        f"{pad(duration(check.seconds), 8)} {said}".rstrip()
    )
    if thinned := check.values.get("thinned"):
        show.line(" " * 9 + str(thinned))
    if check.status == "fail" and check.answer is not None and check.expected:
        show.line(" " * 9 + _("expected: {text}", text=check.expected))
    if check.status == "fail" or show.is_verbose():
        for line in check.evidence:
            show.line(" " * 9 + line)


def _detail(check: Check) -> str:
    if check.kind == "imports":
        shown = ("torch", "transformers", "qwen-vl-utils")
        return ", ".join(f"{n} {check.versions[n]}" for n in shown if n in check.versions)
    return check.evidence[0] if check.evidence else ""
