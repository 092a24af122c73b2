"""How texts are read: each way on its own, on every short text that this room's tests know.

Whole threads are left to `test_explain`, which keeps what is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType

from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import log_text, text_facts, text_reason
from setup_assistant.doctor.inferred import Inferred
from tests.doctor import (
    test_explain_reading,
    test_explain_remedies,
    test_text_calls,
    test_text_kinds,
    test_text_reason,
)
from tests.doctor.samples import SAMPLES, UNSEEN
from tests.doctor.test_explain import titled
from tests.recorded import compare, names

WITH_TEXTS = (test_explain_reading, test_explain_remedies, test_text_calls, test_text_kinds,
              test_text_reason)  # fmt: skip
# What no text says; where it stays, nothing was read.
ELSEWHERE = Situation(os="?", arch="?", family="?", glibc="1.0", python="?", driver="?", cuda="?",
                      parts=("?",), has_gpu=True)  # fmt: skip


def rows_of(module: ModuleType) -> Iterator[str]:
    """Yield the texts that the tests of a module are given, one by one."""
    for test in list(vars(module).values()):
        for mark in getattr(test, "pytestmark", ()) if callable(test) else ():
            called = mark.args[0] if mark.name == "parametrize" else ()
            called = [called] if isinstance(called, str) else list(called)
            if "text" in called:
                at = called.index("text")
                yield from (row if len(called) == 1 else row[at] for row in mark.args[1])


def texts() -> Iterator[str]:
    yield from (text for _wanted, text in (*SAMPLES, *UNSEEN))
    for module in WITH_TEXTS:
        yield from rows_of(module)


def facts_of(text: str) -> str:
    """Return what a text says of the machine it comes from."""
    found = text_facts.situation_of(text, ELSEWHERE)
    pairs = ((f.name, getattr(found, f.name)) for f in fields(found))
    return " ".join(f"{k}={v}" for k, v in pairs if v != getattr(ELSEWHERE, k))


def thought(way: str, one: Inferred) -> Iterator[str]:
    values = ", ".join(f"{k} {' '.join(v.split())}" for k, v in sorted(one.values.items()))
    yield f"{way}: {one.cause} at {one.start}{' (vague)' * one.vague}: {values}"
    for remedy in one.remedy:
        asked = (f"{f.name}={v}" for f in fields(remedy) if (v := getattr(remedy, f.name)))
        yield f"  > {' '.join(asked)}"
    yield from (f"  - {said.english}" for said in one.chain)


def read(text: str) -> str:
    """Return what is read of a text, whichever way."""
    plain = log_text.clean(text)
    ways = {getattr(way, "__name__", "?"): way for way in text_reason._WAYS}
    ways |= {"unbuilt": text_reason.text_installs.unbuilt, "asked": text_reason.text_demands.asked}
    lines = [f"facts: {facts}"] if (facts := facts_of(plain)) else []
    for name, way in ways.items():
        lines += [line for one in way(plain) for line in thought(name, one)]
    return "\n".join(lines)


def test_each_way_reads_every_text_as_before() -> None:
    kept = Path(__file__).with_name("recorded_ways.txt")
    found = {titled(text): said for text in texts() if (said := read(text))}
    assert len(found) >= 150
    compare(kept, found)
    assert names(kept) == set(found)
