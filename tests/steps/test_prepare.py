"""A plan is replayed on the next run, unless it was made while nothing answered."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine import probe, sources
from setup_assistant.machine.facts import Disk, Machine
from setup_assistant.steps import gather_wishes, prepare
from setup_assistant.steps.environment_preflight import MARKER
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Silent
from setup_assistant.steps.without_torch_source import planned_again
from tests.choose.described import described, reached


def _machine(*answering: str, silent: bool = False) -> Machine:
    return Machine(sources=tuple(replace(s, silent=silent) for s in reached(*answering)))


@pytest.fixture
def blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wishes:
    """A site that was planned while every source was silent."""
    monkeypatch.setattr(probe, "probe", lambda **_more: _machine())
    wishes = Wishes(site=str(tmp_path / "site"), model="canary")
    begun = prepare.prepare(wishes, machine=_machine(silent=True))
    assert begun.plan.sources.unanswered == ("packages", "torch", "weights")
    prepare.begin(begun, Silent())
    return wishes


def test_a_blind_plan_is_made_again(blind: Wishes) -> None:
    now = prepare.prepare(blind, machine=_machine("packages/tuna"))
    assert not now.replayed
    assert (now.plan.sources.unanswered, now.plan.sources.packages) == (
        (), "https://pypi.tuna.tsinghua.edu.cn/simple"
    )  # fmt: skip


def test_what_was_built_all_the_same_stays(blind: Wishes, tmp_path: Path) -> None:
    files.write_json(tmp_path / "site/env" / MARKER, {"complete": True})
    assert prepare.prepare(blind, machine=_machine("packages/tuna")).replayed


def test_a_plan_with_an_answer_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "probe", lambda **_more: _machine())
    wishes = Wishes(site=str(tmp_path / "site"), model="canary")
    prepare.begin(prepare.prepare(wishes, machine=_machine("packages/pypi")), Silent())
    assert prepare.prepare(wishes, machine=_machine("packages/tuna")).replayed


def test_a_new_plan_counts_what_was_downloaded_as_free(tmp_path: Path) -> None:
    layout = gather_wishes.layout_of(Wishes(site=str(tmp_path / "site")))
    disks = (
        Disk(role="site", path="/", free_bytes=10),
        Disk(role="cache", path="/", free_bytes=10),
    )
    before = prepare._with_own_weights(layout, Machine(disks=disks))
    assert [d.free_bytes for d in before.disks] == [10, 10]
    folder = layout.weights("Qwen/Qwen2-VL-2B-Instruct")
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"12345")
    after = prepare._with_own_weights(layout, Machine(disks=disks))
    assert [d.free_bytes for d in after.disks] == [15, 10]


@pytest.mark.parametrize(
    ("code", "detail", "mirror", "again"),
    [
        ("packages_unreachable", "Failed to download `torchvision==0.29.2+cpu`", "auto", True),
        ("packages_unreachable", "Failed to download `torch==2.15.0+cpu`", "tuna", True),
        ("packages_unreachable", "Failed to download `numpy==2.1`", "auto", False),
        ("no_space", "torch", "auto", False),
        # What was asked for is not replaced.
        ("packages_unreachable", "Failed to download `torch==2.15.0+cpu`", "torch=nju", False),
    ],
)
def test_a_torch_source_that_died_is_planned_without(
    code: str, detail: str, mirror: str, again: bool, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    wishes = Wishes(model="canary", gpus=("none",), site=str(site), mirror=mirror)
    machine = _machine("packages/pypi", "packages/tuna", "torch/pytorch", "torch/nju")
    before = prepare.prepare(wishes, machine=machine)
    assert before.plan.torch.build == "cpu"
    error = SetupError(code, detail=detail, path="/x", need="1", free="0")
    found = planned_again(before, error)
    assert (found is not None) == again
    if found:
        assert found.plan.torch.compatibility == "default-build"
        assert found.plan.torch.index_url == found.plan.sources.packages
        (entry,) = Ledger(before.layout.ledger).entries()
        assert found.notes[-1].english == (
            f"{before.plan.torch.index_url} failed; going on with {entry.data['url']}."
        )
        assert (entry.event, entry.data["url"]) == ("source", found.plan.torch.index_url)


@pytest.mark.parametrize("name", ["models", "env", ".work"])
@pytest.mark.parametrize("ledger", [True, False])
def test_a_link_in_a_site_that_was_received_leads_nowhere(
    blind: Wishes, tmp_path: Path, name: str, ledger: bool
) -> None:
    site, got = tmp_path / "site", tmp_path / "got"
    (tmp_path / "mine").mkdir()
    shutil.copytree(site, got)
    if not ledger:
        (got / "ledger.jsonl").unlink()
    before = {p: p.read_bytes() for p in got.rglob("*") if p.is_file()}
    for folder in (site, got):
        (folder / name).symlink_to(tmp_path / "mine")
    wishes = replace(blind, site=str(got))
    received = prepare.prepare(wishes, machine=_machine("packages/pypi"))
    with pytest.raises(SetupError, match=f"{re.escape(name)} is a link") as raised:
        prepare.begin(received, Silent())
    assert raised.value.code == "not_writable"
    assert {p: p.read_bytes() for p in got.rglob("*") if p.is_file()} == before
    # A person's own leads to a larger disk, perhaps.
    prepare.begin(prepare.prepare(blind, machine=_machine("packages/pypi")), Silent())


@pytest.mark.parametrize(
    ("wishes", "legs"),
    [
        (Wishes(), ["packages", "torch", "weights"]),
        (Wishes(weights_source="huggingface"), ["packages", "torch", "weights"]),
        (Wishes(weights_source="/a/folder"), ["packages", "torch"]),
        (Wishes(model="canary"), ["packages", "torch"]),
    ],
)
def test_which_sources_are_waited_for(
    wishes: Wishes, legs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    answered = reached("packages/pypi")

    def wait_for(*about: Any) -> Any:
        asked.append(about)
        return answered

    monkeypatch.setattr(sources, "wait_for", wait_for)
    machine = replace(described(None), sources=reached())
    found = prepare._heard(machine, wishes, print)
    assert found == replace(machine, sources=answered)
    assert asked == [(machine.sources, legs, prepare._LATE_SECONDS, print)]
