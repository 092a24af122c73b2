"""What a run of a fleet tells to run again: the same wishes, for the hosts that are left."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from setup_assistant.cli.fleet.again import again
from setup_assistant.cli.fleet.command import command

GIVEN = (
    "-i", "my room.ini", "--model", "canary", "--gpus", "none", "--gpus", "GPU-1",
    "--lock", "/srv/it's.lock", "--offline", "--bundle", "b1", "--bundle", "b2", "--rate", "80M",
    "--serve", "10.0.0.1", "--become", "--timeout", "90", "--forks", "3", "-u", "lab",
    "--report", "room.html", "--install-tool", "-e", "site=lab", "-K",
)  # fmt: skip


def _parsed(verb: str, words: list[str]) -> dict[str, object]:
    context = command.commands[verb].make_context(verb, list(words))
    return {k: v for k, v in context.params.items() if k != "limit"}


@pytest.mark.parametrize(
    ("verb", "words"),
    [("apply", GIVEN), ("apply", ("-i", "h,")), ("verify", ("-i", "h.yml", "--site", "/srv/x"))],
)
def test_it_means_the_same(verb: str, words: tuple[str, ...]) -> None:
    given = _parsed(verb, list(words))
    wishes = {k: v for k, v in given.items() if k not in ("bundles", "signer", "rate", "serve")}
    if given["timeout"] == command.commands[verb].make_context(verb, ["-i", "h"]).params["timeout"]:
        given = {**given, "timeout": None}
    line = again(verb, given, wishes, "@failed")
    again_words = shlex.split(line)
    start = again_words.index("fleet") + 2
    assert again_words[start - 1] == verb
    told = _parsed(verb, again_words[start:])
    assert told == _parsed(verb, list(words))
    assert line.endswith("--limit @failed")
    assert isinstance(command, click.Group)


@pytest.mark.parametrize("wish", [("--model", "canary"), ("--gpus", "none"), ("--lock", "x.lock")])
def test_a_bundle_does_not_swallow_wishes(wish: tuple[str, str], tmp_path: Path) -> None:
    found = CliRunner().invoke(
        command, ["apply", "-i", "pc01,", "--bundle", str(tmp_path), *wish, "--json"]
    )
    error = json.loads(found.stdout)["errors"][0]
    assert (found.exit_code, error["code"]) == (2, "usage")
    assert wish[0] in error["message"]
