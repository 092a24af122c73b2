"""From failed checks to one cause, and to the command that mends it."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.catalog import checks, smoke
from setup_assistant.verify import causes, installs
from setup_assistant.verify.files_check import Fault, FilesReport
from setup_assistant.verify.results import Check
from setup_assistant.verify.verdict import Facts, conclude, finish
from tests.recorded import compare
from tests.site.samples import plan

ENV = Path("/nowhere/env")
NONE = FilesReport(checks=(), blames={})
PLAN = plan()
PLANNED = {"torch": "2.11.0+cu128", "torchvision": PLAN.torchvision.version}


def facts(**changes: Any) -> Facts:
    usual: dict[str, Any] = {
        "env": ENV, "plan": PLAN, "report": NONE, "decoder": smoke.load().decoder,
        "canary": Path("/nowhere/canary"),
    }  # fmt: skip
    return Facts(**{**usual, **changes})


def failed(cause: str, name: str = "image-en", **changes: Any) -> Check:
    return Check(name=name, status="fail", cause=cause, **changes)


def command(check: Check, **changes: Any) -> list[str]:
    return shlex.split(str(finish(check, facts(**changes)).values.get("command", "")))


@pytest.mark.parametrize(
    ("check", "planned", "ends"),
    [
        (failed("package-missing", values={"package": "accelerate"}), True, ["accelerate==1.12.0"]),
        (failed("package-missing", values={"package": "accelerate"}), False, ["accelerate"]),
        (failed("package-missing", values={"package": "nobodys"}), True, ["nobodys"]),
        (failed("import-failed", values={"package": "accelerate"}), True,
         ["--reinstall", "--no-deps", "accelerate==1.12.0"]),
        (failed("dependency-version", values={"package": "peft"}, versions={"peft": "0.9"}), True,
         ["peft"]),
        (failed("dependency-version", values={"package": "peft"}, versions={"peft": "0.9"}), False,
         ["peft==0.9"]),
        (failed("dependency-version", values={"package": "accelerate"},
                versions={"accelerate": "0.9"}), True, ["accelerate==1.12.0"]),
        (failed("dependency-version", values={"package": "peft"}), False, ["peft"]),
        (failed("transformers-mismatch"), True, ["transformers==5.23.0"]),
        (failed("transformers-mismatch"), False, ["--upgrade", "transformers"]),
        (failed("reader-too-old"), False, ["--upgrade", "qwen-vl-utils"]),
        (failed("decoder-missing"), True, ["decord2==3.0.0"]),
        (failed("decoder-broken"), True, ["--reinstall", "--no-deps", "decord2==3.0.0"]),
        (failed("decoder-missing"), False, ["decord2"]),
    ],
)  # fmt: skip
def test_what_is_installed_for_a_cause(check: Check, planned: bool, ends: list[str]) -> None:
    words = command(check, plan=PLAN if planned else None)
    at = words.index("--python") + 2
    assert words[at:] == ends


@pytest.mark.parametrize(
    ("versions", "status", "fails"),
    [
        (PLANNED, "ok", False),
        ({**PLANNED, "torchvision": "0.1.0"}, "ok", True),
        ({**PLANNED, "torchvision": PLANNED["torchvision"] + "+cpu"}, "ok", False),
        ({"torch": "1.0.0", "torchvision": "0.1.0"}, "ok", False),
        ({**PLANNED, "torchvision": "0.1.0"}, "fail", False),
    ],
)
def test_a_torchvision_that_the_plan_does_not_pair(
    versions: dict[str, str], status: Any, fails: bool
) -> None:
    check = Check(name="imports", status=status, versions=versions)
    found = finish(check, facts())
    assert (found.cause == "torchvision-mismatch") is fails
    assert finish(check, facts(plan=None)).cause is None
    assert finish(replace(check, name="device"), facts()).cause is None
    if fails:
        words = shlex.split(str(found.values["command"]))
        assert f"torchvision=={PLANNED['torchvision']}" in words
        assert words[-2:] == ["--index-url", PLAN.torch.index_url]
        assert "0.26.0 (cu128)" in str(found.values["wanted"])


def test_a_damaged_file_is_blamed_for_what_follows_from_it() -> None:
    clip = Fault(cause="fixture-changed", touched=("/c/a.mp4",), evidence=("a.mp4: 3 bytes",))
    weights = Fault(cause="weights-changed", touched=("/c/w",), evidence=("w: other sum",))
    report = FilesReport(checks=(), blames={"/c/a.mp4": clip, "/c/w": weights})
    odd = failed("wrong-answer", files=("/c/b.png", "/c/a.mp4"), evidence=("said: a dog",))
    found = finish(odd, facts(report=report))
    assert found.cause == "fixture-changed"
    assert found.evidence == ("said: a dog", "a.mp4: 3 bytes")
    # Damaged weights speak from every answer; another damaged picture does not.
    assert finish(replace(odd, files=("/c/b.png",)), facts(report=report)).cause == (
        "weights-changed"
    )
    alone = FilesReport(checks=(), blames={"/c/a.mp4": clip})
    assert finish(replace(odd, files=("/c/b.png",)), facts(report=alone)).cause == "wrong-answer"
    # What does not follow from files keeps its own cause.
    missing = failed("package-missing", files=("/c/a.mp4",), values={"package": "x"})
    assert finish(missing, facts(report=report)).cause == "package-missing"


def test_files_are_brought_back_from_where_they_came() -> None:
    model = Path("/models/Qwen/Qwen2-VL-2B-Instruct")
    assert "download" in command(failed("weights-changed"), model=model)
    assert "download" not in command(failed("weights-changed"))
    assert command(failed("weights-changed"))


def test_the_failure_nearest_the_root_is_the_cause() -> None:
    answers = failed("wrong-answer", versions={"torch": "2"})
    imports = failed("package-missing", "imports", values={"package": "torch"}, remedy="Do.")
    said = conclude([answers, imports], facts(), model="canary", seconds=1.234)
    assert (said.status, said.cause, said.remedy) == ("fail", "package-missing", "Do.")
    assert (said.seconds, said.versions) == (1.23, {"torch": "2"})
    well = Check(name="imports", status="ok")
    assert conclude([well], facts(), model="canary", seconds=0).status == "ok"
    assert conclude([], facts(), model="canary", seconds=0).status == "fail"


SETTINGS: dict[str, dict[str, Any]] = {
    "planned": {}, "no plan": {"plan": None}, "a model": {"model": Path("/models/qwen")},
}  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_mends_each_cause_is_as_it_was_recorded(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cause that a check may name, with values as the scripts inside give them."""
    monkeypatch.setattr(installs.shutil, "which", lambda _name: "/bin/uv")
    monkeypatch.setattr(sys, "executable", "THIS")
    values: dict[str, Any] = {
        "package": "accelerate", "torch": "2.9.1+cu128", "torchvision": "0.25.0", "build": "cu128",
        "check": "image-en", "detail": "it said so", "file": "f", "folder": "d",
    }  # fmt: skip
    lines = []
    for cause in checks.load().order:
        check = failed(cause, values=values, versions={"accelerate": "1", "torch": "2.9.1+cu128"})
        found = finish(check, facts(**SETTINGS[setting]))
        more = {k: v for k, v in found.values.items() if values.get(k) != v}
        assert found.remedy == str(causes.remedy(cause, found.values))
        lines.append(f"{cause}: {json.dumps(more)}")
    compare(Path(__file__).with_name("recorded_verdicts.txt"), {setting: "\n".join(lines)})


def test_a_pair_of_unknown_releases() -> None:
    odd = failed("torchvision-mismatch", values={"torch": "9.9.9", "build": "cu128"})
    found = finish(odd, facts(plan=None)).values
    assert found["wanted"] == "torchvision ? (cu128)"
    assert str(found["command"]).endswith("--no-deps torchvision")
    bare = failed("torchvision-mismatch", values={"torch": "2.9.1"})
    assert finish(bare, facts(plan=None)).values["wanted"] == "torchvision==0.24.1"


def test_what_passed_or_nobody_knows_is_left_as_it_is() -> None:
    for check in (
        Check(name="a", status="ok"), Check(name="a", status="blocked", cause="wrong-answer"),
        failed("nobody-knows"), Check(name="weights", kind="files", status="ok"),
    ):  # fmt: skip
        assert finish(check, facts()) is check


def test_a_file_is_not_blamed_for_what_was_found_in_files() -> None:
    weights = Fault(cause="weights-changed", touched=("/c/w",))
    report = FilesReport(checks=(), blames={"/c/w": weights})
    found = finish(failed("wrong-answer", kind="files"), facts(report=report))
    assert found.cause == "wrong-answer"
    assert finish(failed("wrong-answer"), facts(report=report)).cause == "weights-changed"


def test_the_first_of_equal_causes_is_told() -> None:
    one = failed("wrong-answer", "a", values={"check": "a", "expected": "x", "answer": "y"})
    two = replace(one, name="b", values={**one.values, "check": "b"}, versions={"torch": "3"})
    said = conclude([one, two], facts(model=Path("/m")), model="/m", seconds=2)
    assert (said.model, said.env, said.checks) == ("/m", str(ENV), (one, two))
    assert said.evidence == str(causes.sentence("wrong-answer", one.values))
    assert said.versions == {"torch": "3"}
    error = said.error()
    assert (error.code, error.args_["what"], error.args_["cause"]) == (
        "proof_failed", "/m", said.evidence,
    )  # fmt: skip
    assert said.error("the canary").args_["what"] == "the canary"
    well = conclude([Check(name="a", status="ok")], facts(), model="m", seconds=0)
    assert (well.cause, well.evidence, well.remedy) == (None, "", None)
