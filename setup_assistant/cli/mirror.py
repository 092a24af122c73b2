"""`mirror`: one machine downloads, the room copies from it."""

from __future__ import annotations

from pathlib import Path

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.size_option import size_option
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, never the default


@click.group("mirror", help=_("Serve downloaded models to other machines."))
def command() -> None:
    """Group of the mirror's verbs."""


@verb(
    "mirror serve",
    summary=_(
        "Serve the models in a folder as ModelScope does, read-only.\n\n"
        "DIR is one model's folder, or a folder of such folders. Other machines fetch from it "
        "with this tool or with the modelscope client. It serves until Ctrl-C, and only to this "
        "machine unless --host says otherwise."
    ),
    examples=(
        "setup-assistant mirror serve models --host 192.168.1.5 --port 8000",
        "setup-assistant download Qwen/Qwen2-VL-2B-Instruct --source http://192.168.1.5:8000",
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help=_("Address to listen on; 0.0.0.0 for every network of this machine."),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help=_("Port to listen on; 0 for any that is free."),
)
@click.option(
    "--token",
    envvar="SETUP_ASSISTANT_MIRROR_TOKEN",
    help=_("Serve only those who send this token (as MODELSCOPE_API_TOKEN)."),
)
@click.option(
    "--rate",
    callback=size_option,
    metavar="SIZE",
    help=_("Bytes a second for all clients together, e.g. 80M."),
)
def serve(*, folder: Path, host: str, port: int, token: str | None, rate: int) -> Result:
    """Serve until interrupted."""
    from setup_assistant.mirror.server import MirrorServer
    from setup_assistant.mirror.shelf import Shelf

    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="DIR")
    shelf = Shelf(folder.absolute())
    shelf.prepare(lambda model: show.note(_("Reading {model}", model=model)))
    try:
        server = MirrorServer((host, port), shelf, token or "", rate=rate)
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError("mirror_address", host=host, port=port, detail=detail) from error
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{server.server_address[1]}"
    with server:
        _say(address, sorted(shelf.models), open_to_all=host in _EVERYWHERE and not token)
        server.serve_forever(poll_interval=0.2)
    return Result("mirror serve", {})


def _say(address: str, models: list[str], *, open_to_all: bool) -> None:
    show.note(_("Serving {count} models at {address}; end with Ctrl-C", count=len(models),
                address=address))  # fmt: skip
    for model in models:
        show.note(f"  setup-assistant download {model} --source {address}")
        show.note(f"  MODELSCOPE_ENDPOINT={address} modelscope download {model}")
    if open_to_all:
        show.note(_("Everyone who reaches this machine can fetch them; --token asks for a token."))


command.add_command(serve)
