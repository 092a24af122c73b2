"""Every example of every `--help`, and every command of the README, runs or at least parses."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from setup_assistant.cli import app
from setup_assistant.site.layout import Layout
from setup_assistant.site.receipts import write_receipt
from tests.choose.described import described
from tests.report.samples import receipt

ROOT = Path(__file__).resolve().parents[1]
Call = Callable[..., "CompletedProcess[str]"]

# What is parsed and not run here, and who runs it. The longest beginning that fits counts.
PARSED = {
    "": "the wizard asks; tests/e2e/test_wizard.py answers it",
    "--lang": "the wizard asks; tests/e2e/test_wizard.py answers it",
    "up": "builds an environment; tests/e2e/test_road.py runs it",
    "download": "needs a hub; tests/cli/test_download.py runs it against one of its own",
    "verify": "needs a built environment; tests/verify run it",
    "rehearse": "needs a built environment",
    "doctor --env": "needs a built environment",
    "doctor --model": "needs a downloaded model",
    "ask": "needs an environment and a model; tests/e2e/test_ask.py runs it",
    "serve": "serves until it is stopped; tests/e2e/test_serve.py runs it",
    "bundle": "fetches or needs gigabytes; tests/bundle run it on a small index",
    "fleet": "needs an inventory of hosts; tests/fleet run it against SSH servers",
    "mirror": "serves until it is stopped, from a folder of weights",
    "recipes prove": "builds environments; tests/e2e/test_road.py builds one",
    "env activate": "needs an environment; tests/cli/test_env_life.py runs it",
    "env adopt": "needs somebody's environment; tests/steps/test_adopt.py adopts one",
    "env export": "needs an environment; tests/cli/test_env_life.py runs it",
    "export": "needs a site with a lock; tests/site/test_exports.py runs each",
    "env rollback": "needs an upgraded site; tests/steps/test_upgrade.py runs it",
    "env upgrade": "builds an environment; tests/steps/test_upgrade.py runs it",
    "env remove": "needs an environment to remove; tests/cli/test_env.py runs it",
    "uninstall": "needs a finished site; tests/e2e/test_road.py runs it",
}
RUN = ("up --dry-run", "recipes prove --list")
# Status 1 of a doctor is a diagnosis.
ENDS = {"doctor": {0, 1}}


def _lines() -> Iterator[tuple[str, str]]:
    """Yield (where, command line without the program's name)."""
    group = app._group()
    for verb in app.VERBS:
        yield from _of_command(verb, group.get_command(click.Context(group), verb))
    pages = (ROOT / "setup_assistant" / "pages").rglob("*.md")
    for path in (ROOT / "README.md", *sorted(pages)):
        name, text = path.name, path.read_text(encoding="utf-8")
        for block in re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            yield from ((name, line) for line in _commands(block))


def _of_command(name: str, command: click.Command | None) -> Iterator[tuple[str, str]]:
    assert command is not None
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _of_command(f"{name} {inner.name}", inner)
        return
    found = list(_commands(command.epilog or ""))
    assert found, f"{name} --help has no example"
    yield from ((name, line) for line in found)


def _commands(text: str) -> Iterator[str]:
    """Yield what follows the program's name, without the pipes and quotes around it."""
    for line in text.splitlines():
        found = re.search(r"(?:python3 -m setup_assistant|\bsetup-assistant)(?![\w/-])(.*)$", line)
        if found:
            yield re.split(r"\)\"|\s\|\s|\s#\s", found[1])[0].strip()


def _reason(line: str) -> str | None:
    """Return why a line is only parsed; None where it runs."""
    if line.startswith(RUN):
        return None
    fits = [start for start in PARSED if start and line.startswith(start)]
    return PARSED[max(fits, key=len)] if fits else PARSED[""] if not line else None


EXAMPLES = sorted(set(_lines()))


@pytest.mark.parametrize(("where", "line"), EXAMPLES, ids=lambda v: v[:60])
def test_it_parses(where: str, line: str) -> None:
    command: click.Command = app._group()
    rest = shlex.split(line)
    while isinstance(command, click.Group):
        context = command.make_context(where, rest)
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None
        command = inner
    command.make_context(where, rest)


@pytest.mark.parametrize(
    "line",
    sorted({line for _where, line in EXAMPLES if _reason(line) is None}),
    ids=lambda v: v[:60],
)
def test_it_runs(assistant: Call, tmp_path: Path, line: str) -> None:
    _things_named_in_examples(tmp_path, line)
    done = assistant(*shlex.split(line))
    allowed = ENDS.get(line.split(maxsplit=1)[0], {0})
    assert done.returncode in allowed, (done.stdout[-800:], done.stderr[-800:])
    assert done.stdout


def _things_named_in_examples(folder: Path, line: str) -> None:
    """Make the files that the examples speak of, in the folder they run in."""
    write_receipt(Layout(folder / "qwen2-vl"), receipt())
    if line == "report":  # reads the usual folder in the home that `assistant` gives
        write_receipt(Layout(folder / "home" / "qwen2-vl"), receipt())
    card = "NVIDIA GeForce RTX 4090,8.9,24564,23900"
    (folder / "machine.json").write_text(json.dumps(asdict(described("535.104.05", card))))
    banner = (ROOT / "tests" / "machines" / "two-cards.txt").read_text()
    for name in ("nvidia-smi.txt", "nvidia-smi-L.txt"):
        (folder / name).write_text(banner)
    (folder / "error.txt").write_text("ModuleNotFoundError: No module named 'torchvision'\n")
    (folder / "answers.toml").write_text('model = "canary"\n')


def test_the_table_names_nothing_that_is_gone() -> None:
    for start in (s for s in PARSED if s):
        assert any(line.startswith(start) for _where, line in EXAMPLES), start
