"""`serve --write-unit`: a systemd unit of the person's own, so that the model is always served."""

from __future__ import annotations

import secrets
import shlex
from pathlib import Path

from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.host import files
from setup_assistant.host.program import words
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout

_UNIT = """\
# Made by Setup Assistant.
[Unit]
Description=Qwen2-VL of {site}, with OpenAI's API
After=network-online.target

[Service]
ExecStart={command}
Restart=on-failure
RestartSec=10

[Install]
WantedBy=default.target
"""


def write(layout: Layout, host: str, port: int, token_file: Path | None) -> Result:
    """Write the unit into the site, with a token of its own where none is given."""
    token = token_file.expanduser().absolute() if token_file else layout.serve_token
    if token_file is None and not token.exists():
        files.write_text(token, secrets.token_urlsafe(24) + "\n", mode=0o600)
    command = [*words(), "serve", "--yes", "--site", str(layout.root), "--host", host,
               "--port", str(port), "--token-file", str(token)]  # fmt: skip
    said = " ".join(_word(word) for word in command)
    files.write_text(layout.unit, _UNIT.format(site=_plain(str(layout.root)), command=said))
    data = {"unit": str(layout.unit), "token_file": str(token), "host": host, "port": port}
    return Result("serve", data, text=lambda: _tell(layout, token))


def _tell(layout: Layout, token: Path) -> None:
    unit, name = shlex.quote(str(layout.unit)), layout.unit.name
    show.line(_("Written: {path}", path=str(layout.unit)))
    show.line(_("The token that clients must show is in {path}.", path=str(token)))
    for said, command in (
        (_("start it now and at every login"), f"systemctl --user enable --now {unit}"),
        (_("also while nobody is logged in"), "loginctl enable-linger"),
        (_("what it says"), f"journalctl --user -u {name} -f"),
        (_("end it for good"), f"systemctl --user disable --now {name}"),
    ):
        show.line(f"  # {said}")
        show.verbatim(f"  {command}")


def _word(word: str) -> str:
    """Return one argument as systemd reads it."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    text = text.replace("\n", "\\n")
    return (
        f'"{text}"'
        if text != word or not word or any(c.isspace() or c in "';" for c in word)
        else text
    )


def _plain(text: str) -> str:
    """Return text that may stand in a description."""
    return text.replace("%", "%%").replace("\n", " ")
