"""What a proof holds for: the same files of a newer copy of this tool, but no others."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from setup_assistant.choose.wishes import Wishes
from setup_assistant.host import files, paths
from setup_assistant.messages import Message
from setup_assistant.site.layout import Layout
from setup_assistant.steps import check_steps
from setup_assistant.steps.check_steps import CanaryStep, fingerprint
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Context, Silent
from setup_assistant.verify.results import Check
from tests.choose.described import described, plan_for


def test_another_copy_of_the_tool_asks_no_canary_again(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(paths.recipes_folder() / "canary", folder / "canary")
    os.utime(second / "canary" / "model/tokenizer.json", (1, 1))
    site = Layout(tmp_path / "site")
    context = Context(
        machine=described(None),
        plan=plan_for(None, model="canary"),
        wishes=Wishes(),
        site=site,
        ledger=Ledger(site.ledger),
        recipes=first,
    )
    proved = {"status": "ok", "fingerprint": fingerprint(context, first / "canary")}
    files.write_json(site.canary_result, proved)
    newer = replace(context, recipes=second)
    assert CanaryStep().check(newer)
    (second / "canary" / "model/tokenizer.json").write_text("{}")
    assert not CanaryStep().check(newer)


def test_a_check_that_was_ended_at_its_limit_is_told_as_that(tmp_path: Path) -> None:
    """Not by the last line that it happened to print."""

    said: list[str] = []

    class Heard(Silent):
        def result(self, text: Message, ok: bool) -> None:
            said.append(f"{text} {ok}")

    site = Layout(tmp_path / "site")
    context = Context(
        machine=described(None),
        plan=plan_for(None, model="canary"),
        wishes=Wishes(),
        site=site,
        ledger=Ledger(site.ledger),
        recipes=tmp_path,
        tell=Heard(),
    )
    values = {"check": "imports", "seconds": 1200}
    ended = Check(name="imports", kind="imports", status="fail", cause="timeout", values=values,
                  evidence=("while importing torchvision", "Error in cpuinfo"))  # fmt: skip
    check_steps._tell(context, ended)
    check_steps._tell(context, replace(ended, cause="killed"))
    assert said == [
        "imports: The check imports was still running after 1200 s. False",
        "imports: while importing torchvision, Error in cpuinfo False",
    ]
