"""`serve`: the installed model behind an OpenAI-compatible address on this machine."""

from __future__ import annotations

import json
import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths, removal
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.catalog.stacks import Server as Row
    from setup_assistant.choose.plan import Plan
    from setup_assistant.site.layout import Layout
    from setup_assistant.verify.serve import Server

_PORT = 8000


@options.SITE
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help=_("Address to listen on."))  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=_PORT, show_default=True)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("File that holds the token clients must show; by default a new one is made."),
)
@click.option("--yes", "-y", is_flag=True, help=_("Install the server's packages without asking."))
@click.option(
    "--write-unit",
    "as_unit",
    is_flag=True,
    help=_("Write a systemd unit for this account instead, and say how it is started."),
)
@verb(
    "serve",
    summary=_(
        "Serve the installed model to programs and to the browser.\n\n"
        "It is transformers' own server with the API of OpenAI (/v1/chat/completions), for this "
        "machine alone unless --host says otherwise. Runs until Ctrl-C."
    ),
    examples=(
        "setup-assistant serve --site qwen2-vl --port 8000",
        "setup-assistant serve --site qwen2-vl --write-unit",
    ),
)
def command(
    *, site: Path | None, host: str, port: int, token_file: Path | None, yes: bool, as_unit: bool
) -> Result:
    """Serve until Ctrl-C."""
    from setup_assistant.site.read import read_layout, read_plan
    from setup_assistant.steps import serve_packages
    from setup_assistant.verify.serve import Order, must_be_free, serving

    layout = read_layout(site or paths.default_site())
    plan = read_plan(layout)
    row = _row(plan)
    if as_unit:
        from setup_assistant.cli import serve_unit

        if token_file:
            _token(token_file)
        return serve_unit.write(layout, host, port, token_file)
    must_be_free(host, port)
    token = _token(token_file)
    if serve_packages.missing(layout.env, row):
        if not (yes or _agreed(row)):
            said = _("Nothing was installed, and nothing is served.")
            return Result("serve", {"host": host, "port": port, "model": plan.model.id},
                          text=lambda: show.line(said))  # fmt: skip
        _install(layout, row)
    name, model = _model(layout, plan)
    order = Order(env=layout.env, model=model, name=name, plan=plan, host=host, port=port,
                  packages=serve_packages.folder_of(layout.env), token=token)  # fmt: skip
    with busy(_("Loading {model}", model=name)) as progress, serving(order) as server:
        progress.end()
        _must_answer(server)
        try:
            # Who reads the last of these lines may press the keys at once.
            _tell(order.host, port, token, name)
            server.wait()
        except KeyboardInterrupt:
            show.note(_("The server has ended."))
    return Result("serve", {"host": host, "port": port, "model": name})


def _row(plan: Plan) -> Row:
    """Return the packages of the server that was proved with this stack."""
    from setup_assistant.catalog import stacks

    recipe = stacks.load()
    versions = {s.id: s.transformers for s in recipe.stack}
    found = [r for r in recipe.server if versions.get(r.stack) == plan.transformers.version]
    if not found:
        raise SetupError("server_unproved", transformers=plan.transformers.version)
    return found[0]


def _token(path: Path | None) -> str:
    if path is None:
        return secrets.token_urlsafe(24)
    token = files.read_text(path.expanduser(), "--token-file").strip()
    if not token or not token.isascii() or not token.isprintable():
        detail = _("{path} holds no token: one line of printable ASCII.", path=str(path))
        raise SetupError("usage", detail=detail, verb="serve")
    return token


def _agreed(row: Row) -> bool:
    from setup_assistant.cli.terminal.question import Choice, Extras

    show.note(_("The server needs {packages}, in a folder of their own in the environment.",
                packages=", ".join(row.packages)))  # fmt: skip
    choices = [Choice("yes", _("Install them")), Choice("no", _("Not now"))]
    extras = Extras(why=ask.told(_("The environment's own packages stay as they are.")))
    return ask.select(_("Install them?"), choices, default="yes", flag="--yes",
                      extras=extras) == "yes"  # fmt: skip


def _install(layout: Layout, row: Row) -> None:
    """Install what the server needs, beside the environment's packages."""
    from setup_assistant.steps import serve_packages

    with (
        files.exclusive(layout.lock),
        busy(_("Installing the server's packages")),
        removal.scratch(layout.work, under=layout.root) as scratch,
    ):
        serve_packages.install(layout.env, row, scratch)


def _model(layout: Layout, plan: Plan) -> tuple[str, Path]:
    from setup_assistant.catalog import canary

    if plan.model.id == "canary":
        return "canary", canary.load().model
    folder = layout.weights(plan.model.id)
    if not folder.is_dir():
        raise SetupError("model_absent", path=str(folder), site=str(layout.root))
    return plan.model.id, folder


def _must_answer(server: Server) -> None:
    """Refuse a server that does not answer a picture through its own address."""
    status, text = server.check()
    if status != 200 or not text.strip():
        cause = _("it answered a test picture with {status}: {text}", status=status, text=text)
        raise SetupError("ask_failed", cause=cause, remedy=_("Run it again with --verbose."))
    show.note(_("It answers: a test picture was described as “{text}”", text=text.strip()))


def _tell(host: str, port: int, token: str, name: str) -> None:
    """Print the address for browsers, and requests that can be pasted."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}"
    show.line(_("In the browser:"))
    show.handed_over(f"  {base}/#{quote(token, safe='')}")
    show.line(_("For programs, as OpenAI's API:"))
    body = json.dumps({"model": name, "messages": [{"role": "user", "content": "Hello"}]})
    bearer = shlex.quote(f"Authorization: Bearer {token}")
    # Redacted, these could not be pasted.
    show.handed_over(
        f"  curl {base}/v1/chat/completions -H {bearer} \\\n"
        f"    -H 'Content-Type: application/json' -d {shlex.quote(body)}\n"
        f'  OpenAI(base_url="{base}/v1", api_key={json.dumps(token)})'
    )
    show.event({"event": "serving", "url": base, "model": name})
    if host not in ("127.0.0.1", "localhost", "::1"):
        show.note(
            _("Anybody who reaches this machine and knows the token may ask; there is no TLS.")
        )
    show.note(_("Ctrl-C ends it."))
