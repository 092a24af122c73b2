"""A newer release is proved as a stack of its own, and written with all that it does not prove."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.catalog import stacks
from setup_assistant.catalog.recipes import load_all
from setup_assistant.errors import SetupError
from setup_assistant.maintain.candidate import Candidate, candidate
from setup_assistant.maintain.check import check
from setup_assistant.maintain.stack_proof import with_found

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "recipes" / "stacks.toml").read_text(encoding="utf-8")
DAY = "2031-02-03"


def _candidate(*wanted: str) -> Candidate:
    return candidate(load_all(), wanted, DAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return recipes that may be changed, without the causes, whose check takes longest."""
    left_out = shutil.ignore_patterns("canary", "causes")
    return shutil.copytree(ROOT / "recipes", tmp_path / "recipes", ignore=left_out)


def test_a_candidate_is_written_with_its_own_proofs_and_passes_the_check(folder: Path) -> None:
    newer = _candidate("transformers==5.99.1", "accelerate==1.99.0")
    text = newer.written(TEXT)
    for row in newer.proofs(load_all()):
        old = next(p for p in stacks.load().proof if p.name == row.name).found
        assert old
        pins = {"transformers": "5.99.1", "accelerate": "1.99.0"}
        text = with_found(text, row.name, replace(old, packages={**old.packages, **pins}))
    (folder / "stacks.toml").write_text(text, encoding="utf-8")
    assert [f for f in check(folder).faults if f.file == "stacks.toml"] == []
    after, before = stacks.load(folder), stacks.load()
    assert after.stack[0] == newer.new
    assert (after.stack[0].id, after.stack[0].date) == ("transformers-5.99", DAY)
    assert after.stack[1:] == before.stack[1:]
    assert [p.stack for p in after.proof] == [
        newer.new.id if p.stack == newer.old.id else p.stack for p in before.proof
    ]
    # What was asked with the old pins proves nothing of the new ones.
    assert after.stack[0].proved == ()
    assert newer.old.id not in [s.stack for s in after.server]
    assert after.decoder == before.decoder
    assert [x for x in text.splitlines() if x.startswith("#")] == [
        x for x in TEXT.splitlines() if x.startswith("#")
    ]


def test_written_alone_the_check_asks_for_the_proofs(folder: Path) -> None:
    (folder / "stacks.toml").write_text(_candidate("modelscope==1.99.0").written(TEXT))
    keys = {f.key for f in check(folder).faults}
    assert "proof(newest).found.packages.modelscope" in keys
    assert "proof(oldest).found.packages.modelscope" not in keys


@pytest.mark.parametrize(
    "wanted",
    ["torch==9.0.0", "transformers", "transformers==", "transformers==x", "accelerate==0.1.0",
     f"transformers=={load_all().stacks.stack[0].transformers}", "transformers>=9"],
)  # fmt: skip
def test_what_is_no_newer_release_of_a_stack_is_refused(wanted: str) -> None:
    with pytest.raises(SetupError) as raised:
        _candidate(wanted)
    assert raised.value.code == "candidate_refused"
    assert wanted in str(raised.value)
