"""Questions where nobody can be asked: the remedy names what that verb takes, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from setup_assistant.cli import app
from setup_assistant.cli.terminal import ask
from setup_assistant.errors import SetupError

CLI = Path(app.__file__).parent
ASKS = {"select", "text", "confirm", "password", "paste", "need_terminal"}
# The wizard and the doctor's part of it say `no_terminal` before their first question.
WIZARD = {"wizard"}


def _asked_in(path: Path) -> Iterator[str]:
    """Yield the flags that answer the questions of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in ASKS:
                continue
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "flag")]
            yield from (
                v.value for v in given if isinstance(v, ast.Constant) and isinstance(v.value, str)
            )


def _leaves(command: click.Command | None) -> Iterator[click.Command]:
    assert command is not None
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _leaves(inner)
    else:
        yield command


def _options(command: click.Command) -> set[str]:
    return {o for p in command.params for o in (*p.opts, *p.secondary_opts)}


def _questions() -> Iterator[tuple[str, str]]:
    """Yield (folder or module of `cli`, flag) of every question outside the wizard."""
    for path in sorted(CLI.rglob("*.py")):
        where = path.relative_to(CLI).parts[0].removesuffix(".py")
        if where not in WIZARD | {"terminal"}:
            yield from ((where, flag) for flag in sorted(set(_asked_in(path))) if flag[0] == "-")


def _verbs_of(where: str) -> list[click.Command]:
    group = app._group()
    context = click.Context(group)
    names = [v for v, (module, _h) in app.VERBS.items() if module.split(".")[2] == where]
    return [leaf for name in names for leaf in _leaves(group.get_command(context, name))]


@pytest.mark.parametrize(("where", "flag"), sorted(set(_questions())))
def test_the_remedy_names_what_the_verb_takes(where: str, flag: str) -> None:
    able = [v for v in _verbs_of(where) if flag in _options(v)]
    assert able, f"no verb of {where} has {flag}"
    for command in able:
        with click.Context(command), pytest.raises(SetupError) as refused:
            ask.need_terminal(flag)
        named = set(re.findall(r"--[a-z][a-z-]+", f"{refused.value} {refused.value.hint}"))
        assert flag in named
        assert named <= _options(command), (command.name, str(refused.value.hint))


def test_the_verbs_that_ask_are_found() -> None:
    found = set(_questions())
    assert {w for w, _flag in found} >= {
        "ask",
        "doctor",
        "env",
        "fleet",
        "serve",
        "uninstall",
        "up",
    }
    assert ("fleet", "--vault-password-file") in found
