"""`download`: a model's weights into a folder, every file proved."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import show
from setup_assistant.cli.common import verb
from setup_assistant.errors import SetupError
from setup_assistant.result import Result
from setup_assistant.words import _, msg

if TYPE_CHECKING:
    from setup_assistant.steps.download.folder import Brought, Job
    from setup_assistant.steps.download.source import Source
    from setup_assistant.steps.step import Teller

_MODEL = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@verb(
    "download",
    summary=_(
        "Download a model's weights, verified.\n\n"
        "MODEL is its id on the hub, e.g. Qwen/Qwen2-VL-2B-Instruct. What is there already is not "
        "fetched again; an interrupted download goes on where it stopped. Every file is compared "
        "with the sha256 that the hub lists, and the folder is complete only when every shard of "
        "the model's index is there.\n\n"
        "SOURCE is modelscope, huggingface, the address of a hub or of a folder with the files, "
        "or a folder on this machine. No environment is needed; with --env, that environment's "
        "own modelscope client downloads."
    ),
    examples=(
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --to models/2b",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --to models/2b --verify",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --source http://lab-server:8000",
    ),
)
@click.argument("model")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("Folder of the files; default: inside the default site."),
)
@click.option(
    "--env",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("Download with the modelscope client of this environment."),
)
@click.option(
    "--source",
    metavar="modelscope|huggingface|URL|DIR",
    default="modelscope",
    show_default=True,
    help=_("Where the files come from."),
)
@click.option(
    "--endpoint",
    metavar="URL",
    help=_("The hub's address; wins over MODELSCOPE_ENDPOINT and HF_ENDPOINT."),
)
@click.option("--verify", is_flag=True, help=_("Read all files again and replace damaged ones."))
def command(
    *,
    model: str,
    to: Path | None,
    env: Path | None,
    source: str,
    endpoint: str | None,
    verify: bool,
) -> Result:
    """Download one model."""
    from setup_assistant.cli.guide import Guide
    from setup_assistant.host import clock
    from setup_assistant.steps.download.folder import bring

    if not _MODEL.fullmatch(model):
        detail = _("MODEL must look like OWNER/NAME; {given} does not.", given=model)
        raise SetupError("usage", detail=detail, verb="download")
    started = clock.monotonic()
    guide = Guide()
    job = _job(
        model=model, to=to, env=env, kind=source, endpoint=endpoint, verify=verify, tell=guide
    )
    guide.begin(msg("Downloading {model}", model=model))
    try:
        brought = bring(job)
    finally:
        guide.close()
    seconds = round(clock.monotonic() - started, 2)
    data = {**_data(job, brought), "source": source, "seconds": seconds}
    return Result("download", data, text=lambda: _show(job, brought))


def _job(
    *,
    model: str,
    to: Path | None,
    env: Path | None,
    kind: str,
    endpoint: str | None,
    verify: bool,
    tell: Teller,
) -> Job:
    from setup_assistant.host import paths
    from setup_assistant.site.layout import Layout
    from setup_assistant.steps.download import places
    from setup_assistant.steps.download.folder import Job

    site = Layout(paths.default_site())
    folder = (to or site.weights(model)).expanduser().absolute()
    again = ["setup-assistant", "download", model, "--to", str(folder)]
    again += [] if kind == places.MODELSCOPE else ["--source", kind]
    if endpoint and kind not in (places.MODELSCOPE, places.HUGGING_FACE):
        detail = _("--endpoint is for --source modelscope or huggingface.")
        raise SetupError("usage", detail=detail, verb="download")
    address = places.with_scheme(endpoint) if endpoint else places.endpoint(kind, _official(kind))
    ending = ["--endpoint", endpoint] if endpoint else []
    if env is None:
        resume = shlex.join([*again, *ending])
        source = places.source_of(kind, address, model=model, resume=resume, flag="--to")
    else:
        if kind != places.MODELSCOPE:
            detail = _("--env downloads from ModelScope; leave it out for --source {kind}.",
                       kind=kind)  # fmt: skip
            raise SetupError("usage", detail=detail, verb="download")
        prefix = env.expanduser().absolute()
        resume = shlex.join([*again, "--env", str(prefix), *ending])
        source = _by_client(model=model, folder=folder, prefix=prefix, name=address, resume=resume)
    return Job(
        model=model,
        source=source,
        folder=folder,
        flag="--to",
        verify=verify,
        tell=tell,
        note=lambda text: show.note(f"  {text}"),
        wait=True,
    )


def _by_client(*, model: str, folder: Path, prefix: Path, name: str, resume: str) -> Source:
    """Return the hub as the modelscope client of an environment reaches it."""
    from hashlib import sha256

    from setup_assistant.host import paths
    from setup_assistant.site.layout import python_in
    from setup_assistant.steps.download.modelscope import ModelScope

    return ModelScope(
        model=model,
        name=name,
        python=python_in(prefix),
        # One folder per target: two downloads at once do not clear each other's locks away.
        work=paths.cache_folder() / "modelscope" / sha256(str(folder).encode()).hexdigest()[:16],
        resume=resume,
        flag="--to",
    )


def _official(kind: str) -> str:
    """Return the address of a hub itself; none for other kinds of source."""
    from setup_assistant.catalog import mirrors

    known = (m.url for m in mirrors.load() if m.leg == "weights" and m.name == kind)
    return next(known, "")


def _data(job: Job, brought: Brought) -> dict[str, Any]:
    return {
        "model": job.model,
        "endpoint": brought.record.source,
        "folder": str(job.folder),
        "total_bytes": brought.total_bytes,
        "received_bytes": brought.received_bytes,
        "files": [
            {"path": k.path, "size_bytes": k.size, "sha256": k.sha256, "checked": k.checked}
            for k in brought.record.files
        ],
    }


def _show(job: Job, brought: Brought) -> None:
    from setup_assistant.sizes import size_text

    files = brought.record.files
    unsure = sum(k.checked == "size" for k in files)
    line = msg(
        "{model} is complete in {folder}: {count} files, {size}",
        model=job.model,
        folder=str(job.folder),
        count=len(files),
        size=size_text(brought.total_bytes),
    )
    show.line(f"{show.mark(True)} {line}")
    if unsure:
        show.line(_("The hub names no sha256 for {count} files: only sizes agree.", count=unsure))
