"""`mirror`: one machine downloads, the room copies from it."""

from __future__ import annotations

from pathlib import Path

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.options import size_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import _


@click.group("mirror", help=_("Serve downloaded models to other machines."))
def command() -> None:
    """Group of the mirror's verbs."""


@verb(
    "mirror serve",
    summary=_(
        "Serve the models in a folder as ModelScope and Hugging Face do, read-only.\n\n"
        "DIR is one model's folder, or a folder of such folders. Other machines fetch from it "
        "with this tool, with modelscope or with hf. It serves until Ctrl-C, and only to this "
        "machine unless --host says otherwise."
    ),
    examples=(
        "setup-assistant mirror serve models --host 192.168.1.5 --port 8000",
        "setup-assistant mirror serve models --host 0.0.0.0 --token-file mirror-token.txt",
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
    show_envvar=True,
    help=_(
        "Serve only those who send this token. Other accounts can read it in the list of "
        "processes: --token-file or the variable keeps it to you."
    ),
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Serve only those who send the token in this file."),
)
@click.option(
    "--rate",
    callback=size_option,
    metavar="SIZE",
    help=_("Bytes a second for all clients together, e.g. 80M."),
)
def serve(
    *, folder: Path, host: str, port: int, token: str | None, token_file: Path | None, rate: int
) -> Result:
    """Serve until interrupted."""
    from setup_assistant.mirror.server import EVERYWHERE, MirrorServer, addresses
    from setup_assistant.mirror.shelf import Shelf

    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="DIR")
    wanted = _token(token, token_file)
    shelf = Shelf(folder.absolute())
    shelf.prepare(lambda model: show.note(_("Reading {model}", model=model)))
    try:
        server = MirrorServer((host, port), shelf, wanted, rate=rate)
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError("mirror_address", host=host, port=port, detail=detail) from error
    with server:
        _say(addresses(host, server.server_address[1]), sorted(shelf.models), token=bool(wanted))
        if host in EVERYWHERE and not wanted:
            show.note(_("Everyone who reaches this machine can fetch them; use --token-file."))
        server.serve_forever(poll_interval=0.2)
    return Result("mirror serve", {})


def _token(token: str | None, file: Path | None) -> str:
    """Return the token that is asked for; empty: none.

    Raises:
        SetupError: the file cannot be read, or holds no token.
    """
    if file is None:
        return token or ""
    said = files.read_text(file, "--token-file").strip()
    if not said or len(said.split()) > 1:
        detail = _("it must hold one token and nothing else")
        raise SetupError("file_invalid", path=str(file), detail=detail)
    return said


def _say(served: list[str], models: list[str], *, token: bool) -> None:
    address = served[0]
    show.note(_("Serving {count} [model|models] at {address}; end with Ctrl-C", count=len(models),
                address=address))  # fmt: skip
    for other in served[1:]:
        show.note("  " + _("also at {address}", address=other))
    for model in models:
        show.note(f"  setup-assistant download {model} --source {address}")
        show.note(f"  MODELSCOPE_ENDPOINT={address} modelscope download {model}")
        show.note(f"  HF_ENDPOINT={address} hf download {model}")
    if token:
        show.note(_("They need the token in MODELSCOPE_API_TOKEN, or for hf in HF_TOKEN."))


command.add_command(serve)
