"""Every repair of a captured text does what it exists for."""

from __future__ import annotations

import pytest

from setup_assistant.machine import clean_text, line_prefixes


@pytest.mark.parametrize("rule", clean_text.RULES, ids=lambda r: getattr(r.repair, "__name__", ""))
def test_each_rule_repairs_its_example(rule: clean_text.Rule) -> None:
    assert rule.repair(rule.example) == rule.becomes
    # All of them together do no harm to it.
    assert clean_text.clean(rule.example).rstrip("\n") == rule.becomes.rstrip("\n")


TABLE = (
    "| NVIDIA-SMI 535.183.01    Driver Version: 535.183.01    CUDA Version: 12.2 |\n"
    "|   0  Tesla T4      On   | 00000000:00:1E.0 Off |                    0 |\n"
    "| N/A   35C    P0    25W /  70W |    109MiB / 15360MiB |      0%      Default |"
)


@pytest.mark.parametrize("prefix", line_prefixes.ALL, ids=lambda p: p.example)
def test_each_prefix_is_cut(prefix: line_prefixes.Prefix) -> None:
    carried = "\n".join(f"{prefix.example}{line}" for line in TABLE.split("\n"))
    assert line_prefixes.without(carried) == TABLE


def test_line_numbers_are_cut() -> None:
    carried = "\n".join(f"{n:4d}  {line}" for n, line in enumerate(TABLE.split("\n"), 1))
    assert line_prefixes.without(carried).rstrip("\n") == TABLE


@pytest.mark.parametrize("text", [TABLE, "GPU 0: Tesla T4 (UUID: GPU-1)\nGPU 1: Tesla T4"])
def test_what_nothing_was_done_to_stays(text: str) -> None:
    assert clean_text.clean(text) == text


@pytest.mark.parametrize(
    ("quoted", "real", "read"), [(4, 1, True), (3, 1, False), (4, 2, False), (5, 2, True)]
)
def test_a_text_quoted_as_one_line_is_told_by_its_escapes(
    quoted: int, real: int, read: bool
) -> None:
    text = 'a \\"b\\"' + "\\r\\n" * quoted + "\n" * real
    wanted = 'a "b"' + "\n" * (quoted + real)
    assert clean_text._out_of_json(text) == (wanted if read else text)


@pytest.mark.parametrize(
    ("row", "line", "tail"),
    [
        ("|" + "x" * 30, "x |", True), ("+" + "x" * 30, "x +", True),
        ("|" + "x" * 29, "x |", False),  # no row of a table is so short
        ("|" + "x" * 30 + "|", "x |", True), ("|" + "x" * 30 + "|", "| x |", False),
        ("|" + "x" * 30, "| x |", True), ("|" + "x" * 30, "x", False),
        ("x" * 40, "x |", False), ("|" + "x" * 39, "x" * 39 + "|", False),
        ("|" + "x" * 39, "x" * 38 + "|", True), ("|" + "x" * 99, "x" * 10 + "|", True),
        ("|" + "x" * 99, "x" * 11 + "|", False),
    ],
)  # fmt: skip
def test_what_is_the_end_of_a_broken_row(row: str, line: str, tail: bool) -> None:
    assert clean_text._is_tail(row, line) is tail
