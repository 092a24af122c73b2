"""Proofs are written beside what people wrote, and stand only for the pins they were made with."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.catalog import stacks
from setup_assistant.catalog.stacks import Found, Proof
from setup_assistant.errors import SetupError
from setup_assistant.maintain.check import check
from setup_assistant.maintain.stack_proof import with_found

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "recipes" / "stacks.toml").read_text(encoding="utf-8")
NEWEST = stacks.load().stack[0]


def _proof(name: str, folder: Path | None = None) -> Proof:
    return next(p for p in stacks.load(folder).proof if p.name == name)


def _found(name: str = "newest") -> Found:
    found = _proof(name).found
    assert found
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return recipes that may be changed."""
    return shutil.copytree(ROOT / "recipes", tmp_path / "recipes",
                           ignore=shutil.ignore_patterns("canary", "causes"))  # fmt: skip


@pytest.mark.parametrize("proof", stacks.load().proof, ids=lambda p: p.name)
def test_writing_what_stands_there_changes_nothing(proof: Proof) -> None:
    assert proof.found
    assert with_found(TEXT, proof.name, proof.found) == TEXT


@pytest.mark.parametrize("proof", stacks.load().proof, ids=lambda p: p.name)
def test_another_proof_changes_its_own_row_only(proof: Proof, folder: Path) -> None:
    assert proof.found
    new = replace(proof.found, canary_seconds=123.4, cause='a "quoted" cause', dtype="")
    text = with_found(TEXT, proof.name, new)
    (folder / "stacks.toml").write_text(text, encoding="utf-8")
    assert _proof(proof.name, folder).found == new
    others = [p for p in stacks.load(folder).proof if p.name != proof.name]
    assert others == [p for p in stacks.load().proof if p.name != proof.name]
    kept = [line for line in TEXT.splitlines() if line.startswith("#")]
    assert [line for line in text.splitlines() if line.startswith("#")] == kept


def test_a_first_proof_goes_before_the_comments_of_the_next_row() -> None:
    bare = '[[proof]]\nname = "one"\n\n# About two.\n[[proof]]\nname = "two"\n'
    text = with_found(with_found(bare, "one", _found()), "two", _found())
    assert text.index("[proof.found]") < text.index("# About two.\n[[proof]]")
    assert text.count("[proof.found]") == 2
    with pytest.raises(SetupError, match="three"):
        with_found(bare, "three", _found())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda t: t.replace(f'transformers = "{NEWEST.transformers}"\n',
                             f'transformers = "{NEWEST.transformers}.1"\n', 1),
         "proof(newest).found.packages.transformers"),
        (lambda t: t.replace("passed = 30", "passed = 29", 1), "proof(newest).found.status"),
        (lambda t: t.replace('stack = "transformers-5.20"', 'stack = "transformers-5.19"'),
         "proof(python-3.10).stack"),
        (lambda t: t.replace('stack = "transformers-5.20"', f'stack = "{NEWEST.id}"'),
         "stack(transformers-5.20)"),
        (lambda t: t.replace('build = "cu126"\npython', 'build = "cu127"\npython'),
         "proof(last-cu126).build"),
        (lambda t: t.replace('torch = "2.10.0"\nbuild', 'torch = "2.10.9"\nbuild'),
         "proof(volta-blackwell).torch"),
        (lambda t: t.replace('python = "3.8"\nwhy', 'python = "3.13"\nwhy'),
         "proof(python-3.8).python"),
        (lambda t: t.replace('torch = "2.7.1"\nbuild', 'torch = "2.5.1"\nbuild'),
         "proof(cuda-11.8).torch"),
        (lambda t: re.sub(r"\n\[proof\.found\]\n(?:.+\n)+", "\n", t, count=1),
         "proof(newest).found"),
        (lambda t: t.replace('name = "cuda-11.8"', 'name = "newest"'), "proof.name"),
    ],
)  # fmt: skip
def test_a_proof_that_does_not_hold_is_a_fault(
    folder: Path, change: Callable[[str], str], key: str
) -> None:
    (folder / "stacks.toml").write_text(change(TEXT), encoding="utf-8")
    assert key in [f.key for f in check(folder).faults]
