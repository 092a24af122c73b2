"""`download`: a model's weights into a folder, every file proved."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.options import token_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _, msg

if TYPE_CHECKING:
    from setup_assistant.cli.download.download_display import Arriving
    from setup_assistant.steps.download.job import Job, Source
    from setup_assistant.weights.folder_record import Manifest

_REVISION = re.compile(r"(?!.*\.\.)[\w][\w./-]{0,199}")
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
        "or a folder on this machine. Given several times, each delivers what those before it do "
        "not, as far as a sha256 proves that it is the same file; without any, ModelScope is "
        "asked first and the other hubs after it. No environment is needed.\n\n"
        "With --json, standard error has one JSON object a line for each thing that happens: "
        "listed, start, progress, verifying, file, damaged, source, waiting, retry, "
        "leftover; --quiet leaves them out."
    ),
    examples=(
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --to models/2b",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --to models/2b --verify",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --source http://lab-server:8000",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --source modelscope --source /mnt/usb",
    ),
)
@click.argument("model")
@click.option(
    "--to",
    "--local-dir",
    "--local_dir",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help=_("Folder of the files; default: inside the default site."),
)
@click.option(
    "--source",
    "sources",
    metavar="modelscope|huggingface|URL|DIR",
    multiple=True,
    help=_("Where the files come from (repeatable, in order); default: modelscope, then others."),
)
@click.option(
    "--endpoint",
    metavar="URL",
    help=_("The hub's address; wins over MODELSCOPE_ENDPOINT and HF_ENDPOINT."),
)
@click.option(
    "--revision",
    metavar="NAME",
    help=_(
        "Branch, tag or commit on the hub; default: that of the folder's record, or the newest."
    ),
)
@token_option
@click.option(
    "--verify",
    is_flag=True,
    help=_("Read all files again, compare them with the source, and replace damaged ones."),
)
@click.option("--dry-run", is_flag=True, help=_("Ask the source and show what would be fetched."))
def command(
    *,
    model: str,
    to: Path | None,
    sources: tuple[str, ...],
    endpoint: str | None,
    revision: str | None,
    verify: bool,
    dry_run: bool,
) -> Result:
    """Download one model."""
    from setup_assistant.host import clock
    from setup_assistant.host.secrets import redact

    if not _MODEL.fullmatch(model):
        detail = _("MODEL must look like OWNER/NAME; {given} does not.", given=model)
        raise SetupError("usage", detail=detail, verb="download")
    if revision is not None and not _REVISION.fullmatch(revision):
        raise _wrong(_("--revision must be a branch, tag or commit; {given} is none.",
                       given=ascii(revision)))  # fmt: skip
    started = clock.monotonic()
    wish = _Wish(
        model=model, to=to, sources=sources, endpoint=endpoint, revision=revision or "",
        verify=verify,
    )  # fmt: skip
    folder = _folder(wish)
    wish = replace(wish, revision=wish.revision or _recorded_revision(wish, folder))
    if dry_run:
        from setup_assistant.cli.download.download_display import Arriving
        from setup_assistant.cli.download.dry_run import foreseen

        return foreseen(_job(wish, folder, Arriving()))
    record, received, unasked = _bring(wish, folder)
    named = [redact(s) for s in sources] or ["modelscope"]
    data = {
        **_data(record, folder),
        "compared_with": "record" if unasked else "source",
        "received_bytes": received,
        "source": named[0],
        "sources": named,
        "seconds": round(clock.monotonic() - started, 2),
    }
    return Result("download", data, text=lambda: _show(record, folder, unasked))


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What the command line says."""

    model: str
    to: Path | None
    sources: tuple[str, ...]
    endpoint: str | None
    revision: str
    verify: bool


def _folder(wish: _Wish) -> Path:
    from setup_assistant.host import paths
    from setup_assistant.site.layout import Layout

    folder = wish.to or Layout(paths.default_site()).weights(wish.model)
    return folder.expanduser().absolute()


def _recorded_revision(wish: _Wish, folder: Path) -> str:
    """Return the revision with which the folder was begun; "" where there is none."""
    from setup_assistant.weights import folder_record

    record = folder_record.load(folder)
    return record.revision if record and record.model == wish.model else ""


def _bring(wish: _Wish, folder: Path) -> tuple[Manifest, int, str]:
    """Return the folder's record, the bytes received for it, and why no source was asked."""
    from setup_assistant.weights import folder_record

    # Nothing that talks to hubs is loaded where all is there.
    whole = None if wish.verify else folder_record.whole(folder, wish.model)
    if whole and whole.revision == wish.revision:
        return whole, 0, ""
    from setup_assistant.cli.download.download_display import Arriving
    from setup_assistant.steps.download.folder import bring

    job = _job(wish, folder, arriving := Arriving())
    show.note(f"{show.ellipsis()} {_('Downloading {model}', model=wish.model)}")
    try:
        brought = bring(job)
    finally:
        arriving.close()
    return brought.record, brought.received_bytes, brought.unasked


def _job(wish: _Wish, folder: Path, arriving: Arriving) -> Job:
    from setup_assistant.steps.download.folder import Job

    source, *others = _sources(wish, folder)
    return Job(
        model=wish.model,
        source=source,
        others=tuple(others),
        # The known sums are those of the newest state.
        known=lambda: {} if wish.revision else _known(wish.model),
        revision=wish.revision,
        folder=folder,
        flag="--to",
        verify=wish.verify,
        note=arriving.note,
        event=arriving.event,
        wait=True,
    )


def _sources(wish: _Wish, folder: Path) -> list[Source]:
    from setup_assistant.steps.download import named_source

    hubs = [s for s in wish.sources if s in named_source.HUBS]
    if wish.endpoint and wish.sources and len(hubs) != 1:
        raise _wrong(_("--endpoint is for --source modelscope or huggingface."))
    again = ["setup-assistant", "download", wish.model, "--to", str(folder)]
    if wish.sources != (named_source.MODELSCOPE,):
        again += [part for s in wish.sources for part in ("--source", s)]
    ending = ["--endpoint", wish.endpoint] if wish.endpoint else []
    found = named_source.places_of(wish.sources, wish.endpoint, _official())
    resume = [*again, *ending]
    return [
        named_source.source_of(
            place.kind, place.address, model=wish.model, resume=resume, flag="--to",
            alone=len(found) == 1, revision=wish.revision,
        )
        for place in found
    ]  # fmt: skip


def _wrong(detail: str) -> SetupError:
    return SetupError("usage", detail=detail, verb="download")


def _known(model: str) -> dict[str, str]:
    from setup_assistant.catalog.models import known_sums

    return known_sums(model)


def _official() -> dict[str, str]:
    """Return the addresses of the hubs that the recipes know, by name."""
    from setup_assistant.catalog import mirrors

    return {m.name: m.url for m in mirrors.load() if m.leg == "weights"}


def _data(record: Manifest, folder: Path) -> dict[str, Any]:
    return {
        "model": record.model,
        "endpoint": record.source,
        "revision": record.revision,
        "folder": str(folder),
        "total_bytes": record.total_bytes,
        "files": [
            {
                "path": k.path,
                "size_bytes": k.size,
                "sha256": k.sha256,
                "checked": k.checked,
                "source": k.source or record.source,
            }
            for k in record.files
        ],
    }


def _show(record: Manifest, folder: Path, unasked: str) -> None:
    from setup_assistant.units_text import size_text
    from setup_assistant.weights.folder_record import doubts

    line = msg(
        "{model} is complete in {folder}: {count} [file|files], {size}",
        model=record.model,
        folder=str(folder),
        count=len(record.files),
        size=size_text(record.total_bytes),
    )
    show.line(f"{show.mark(True)} {line}")
    for doubt in doubts(record, unasked):
        show.line(str(doubt))
