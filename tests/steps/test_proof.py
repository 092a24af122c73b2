"""What a proof holds for: the same files of a newer copy of this tool, but no others."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.messages import Message
from setup_assistant.site.layout import Layout
from setup_assistant.steps import check_steps
from setup_assistant.steps.check_steps import CanaryStep, SmokeStep, fingerprint
from setup_assistant.steps.environment_preflight import MARKER
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Context, Silent
from setup_assistant.verify.results import Check, Verification
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


def smoke(folder: Path, model: str = "Qwen/Qwen2-VL-2B-Instruct") -> tuple[Context, Path]:
    """Return the road of a site, and the folder of its weights with a file in it."""
    site = Layout(folder / "site")
    context = Context(
        machine=described(None, ram_gib=64), plan=plan_for(None, model=model, ram_gib=64),
        wishes=Wishes(), site=site, ledger=Ledger(site.ledger), recipes=folder / "recipes",
    )  # fmt: skip
    weights = site.weights(context.plan.model.modelscope_id)
    weights.mkdir(parents=True)
    (weights / "a.safetensors").write_bytes(b"x")
    return context, weights


def test_a_proof_holds_for_its_environment_files_and_place(tmp_path: Path) -> None:
    context, weights = smoke(tmp_path)
    step = SmokeStep()
    assert not step.check(context)

    def prove(status: str = "ok") -> None:
        said = {"status": status, "fingerprint": fingerprint(context, weights)}
        files.write_json(context.site.smoke_result, said)

    prove("fail")
    assert not step.check(context)
    prove()
    assert step.check(context)
    (weights / "__pycache__").mkdir()
    (weights / "__pycache__" / "a.pyc").touch()
    assert step.check(context)
    (weights / "b").touch()
    assert not step.check(context)
    prove()
    os.utime(weights / "b", (1, 1))
    assert not step.check(context)
    prove()
    context.site.env.mkdir(parents=True)
    (context.site.env / MARKER).write_text("{}")
    assert not step.check(context)
    prove()
    placement = replace(context.plan.placement, gpus=("GPU-1",))
    other = replace(context, plan=replace(context.plan, placement=placement))
    assert (step.check(context), step.check(other)) == (True, False)
    # The canary is its own proof.
    assert step.check(smoke(tmp_path / "second", "canary")[0])


@pytest.mark.parametrize("canary", [True, False])
@pytest.mark.parametrize("status", ["ok", "fail"])
def test_what_is_proved_is_kept_whole(
    canary: bool, status: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, weights = smoke(tmp_path)
    said: list[str] = []

    class Heard(Silent):
        def result(self, text: Message, ok: bool) -> None:
            said.append(f"{text} {ok}")

    context = replace(context, tell=Heard())
    asked: list[Any] = []
    checks = (
        Check(name="imports", status="ok", evidence=("a", "b")),
        Check(name="image", status="ok", answer="red", evidence=("c",)),
        Check(name="device", status="skipped"), Check(name="video", status="blocked"),
        Check(name="last", status="fail", cause="timeout", values={"check": "last", "seconds": 9}),
    )  # fmt: skip

    def verify(env: Path, **about: Any) -> Verification:
        asked.append((env, about.pop("on_check"), about))
        for check in checks:
            asked[0][1](check)
        return Verification(
            status=status, model="m", env=str(env), checks=(), seconds=1.0, evidence="It broke.",
            remedy="Mend it.",
        )  # fmt: skip

    monkeypatch.setattr("setup_assistant.verify.run.verify", verify)
    step, result = (
        (CanaryStep(), context.site.canary_result) if canary
        else (SmokeStep(), context.site.smoke_result)
    )  # fmt: skip
    assert not step.check(context)
    if status == "ok":
        step.do(context)
    else:
        with pytest.raises(SetupError) as caught:
            step.do(context)
        assert caught.value.args_ == {
            "what": "canary" if canary else context.plan.model.id, "cause": "It broke.",
            "remedy": "Mend it.",
        }  # fmt: skip
    assert step.check(context) is (status == "ok")
    assert json.loads(result.read_text())["evidence"] == "It broke."
    assert said == [
        "imports: a, b True", "image: red True", "device: skipped True",
        "last: The check last was still running after 9 s. False",
    ]  # fmt: skip
    ((env, _tell, about),) = asked
    assert env == context.site.env
    assert about == {
        "model": "canary" if canary else str(weights), "plan": context.plan,
        "recipes": context.recipes, "trust_unchanged": True,
    }  # fmt: skip
    title = str(step.title(context))
    assert (context.plan.model.id in title) is not canary
