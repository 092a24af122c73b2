"""Every command that is printed works where it is read: from an empty folder, in a new shell."""

from __future__ import annotations

import html
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from setup_assistant.catalog import causes
from setup_assistant.cli import app
from setup_assistant.cli.help import TOPICS, page_text
from setup_assistant.cli.result import Problem
from setup_assistant.cli.up.up_summary import next_commands
from setup_assistant.errors import ERRORS, SetupError
from setup_assistant.host import paths
from setup_assistant.host.program import program, spell
from setup_assistant.site.layout import Layout
from setup_assistant.site.receipts import write_receipt
from setup_assistant.site.write import write_site
from tests.built import Built
from tests.report.samples import receipt
from tests.site import samples

# How a command of a real site is tried where it would take long or change something.
LIGHT = {"ask": "--help", "serve": "--help", "verify": "--help",
         "up": "--dry-run", "uninstall": "--dry-run"}  # fmt: skip


def fresh(line: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a new shell of somebody who has activated nothing, in an empty folder."""
    folder = home / "empty"
    folder.mkdir(parents=True, exist_ok=True)
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
           "SETUP_ASSISTANT_CACHE": str(home / "cache"), "OMP_NUM_THREADS": "1"}  # fmt: skip
    return subprocess.run(["/bin/sh", "-c", line], env=env, cwd=folder, capture_output=True,
                          text=True, timeout=900, check=False)  # fmt: skip


def commands(text: str) -> Iterator[str]:
    """Yield the rest of every command of this tool in a text, as far as its line goes."""
    assert not re.search(
        r"(?<![\w/.-])(?:setup-assistant|python3? -m setup_assistant) [a-z-]", text
    )
    found = re.findall(re.escape(program()) + r" ([a-z-][^`\n]*)", text)
    # In a table of Markdown the cell ends behind it.
    yield from (rest.removesuffix(" |") for rest in found)


def _printed() -> Iterator[str]:
    """Yield every text that is shown to people without a machine or a site behind it."""
    for topic in TOPICS:
        yield from (spell(page_text(topic, language)) for language in ("en", "zh_CN"))
    for kind in ERRORS:
        yield Problem.of(SetupError(kind)).hint
    for _layer, cause in causes.every():
        for text in (*cause.advice, *cause.sentences):
            yield from (spell(text.en), spell(text.zh))
    group = app._group()
    for verb in app.VERBS:
        yield group.get_command(click.Context(group), verb).epilog or ""  # type: ignore[union-attr]


def _verb(rest: str) -> str:
    """Return the verb that a command line begins with."""
    first, *more = re.split(r"[^a-z-]+", rest)
    command = app._group().get_command(click.Context(app._group()), first)
    assert command is not None, rest
    inner = isinstance(command, click.Group) and more and more[0] in command.commands
    return f"{first} {more[0]}" if inner else first


def test_every_printed_verb_exists_and_its_program_starts_anywhere(tmp_path: Path) -> None:
    found = {
        _verb(rest) for text in _printed() for rest in commands(text) if not rest.startswith("-")
    }
    assert {"up", "doctor", "ask", "env activate", "probe"} <= found
    done = fresh(f"{program()} env activate --help", tmp_path)
    assert done.returncode == 0, done.stderr


def _of_site(site: Path) -> Iterator[str]:
    """Yield every command line of the files of a site and of the closing advice."""
    for name in ("README.txt", "answers.toml", "report.html", "report.md"):
        text = html.unescape(re.sub(r"<[^>]+>", "\n", (site / name).read_text(encoding="utf-8")))
        yield from (f"{program()} {rest}" for rest in commands(text))
        yield from re.findall(r"^ +(\S+/python\S* \S+\.py)$", text, re.MULTILINE)
    yield from (command for _said, command in next_commands(Layout(site), only_test=False))


def _light(line: str) -> str:
    """Return a line as it is tried: with nothing opened, and quick."""
    words = shlex.split(line)
    if words[0] == shlex.split(program())[0]:
        more = LIGHT.get(words[1])
        return f"{line} {more}" if more else line.replace(" --open", "")
    return line


def test_the_commands_of_a_site_work_from_anywhere(tmp_path: Path) -> None:
    site = tmp_path / "my site"
    write_site(samples.plan(), samples.machine(), samples.wishes(), Layout(site),
               paths.recipes_folder())  # fmt: skip
    write_receipt(Layout(site), receipt())
    lines = [line for line in _of_site(site) if program() in line]
    assert len(lines) > 10
    for line in sorted({_light(line).replace("--dry-run", "--help") for line in lines}):
        done = fresh(line, tmp_path)
        assert done.returncode == 0, (line, done.stderr)


@pytest.mark.e2e
def test_the_commands_of_a_real_site_work_from_anywhere(built: Built, tmp_path: Path) -> None:
    lines = sorted({_light(line) for line in _of_site(built.site)})
    assert sum(line.endswith(".py") for line in lines) == 3
    for line in lines:
        done = fresh(line, tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        assert done.stdout.strip()
