"""Blocks of zeros in files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from setup_assistant.weights.zero_blocks import BLOCK, zero_block, zero_sample


def content(size: int) -> bytearray:
    return bytearray(random.Random(size).randbytes(size).replace(b"\0", b"\1"))


@pytest.mark.parametrize(
    ("at", "length", "found"),
    [(0, BLOCK, 0), (3 * BLOCK, BLOCK, 3 * BLOCK), (300 * BLOCK, 9, None), (511, BLOCK, None),
     (511, 2 * BLOCK, BLOCK), (299 * BLOCK + 1, BLOCK + 500, 300 * BLOCK)],
)  # fmt: skip
def test_a_whole_block_of_zeros_is_found(
    tmp_path: Path, at: int, length: int, found: int | None
) -> None:
    data = content(300 * BLOCK + 500)
    data[at : at + length] = bytes(len(data[at : at + length]))
    (tmp_path / "f").write_bytes(data)
    assert zero_block(tmp_path / "f") == found


def test_a_short_file_of_zeros_is_one_and_an_empty_one_is_none(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(17))
    (tmp_path / "empty").touch()
    assert zero_block(tmp_path / "f") == 0
    assert zero_sample(tmp_path / "f") == 0
    assert zero_block(tmp_path / "empty") is None
    assert zero_sample(tmp_path / "empty") is None


def test_a_sample_sees_a_file_that_was_cut_off_in_the_middle(tmp_path: Path) -> None:
    data = content(5000 * BLOCK + 77)
    (tmp_path / "whole").write_bytes(data)
    data[4000 * BLOCK :] = bytes(len(data) - 4000 * BLOCK)
    (tmp_path / "cut").write_bytes(data)
    assert zero_sample(tmp_path / "whole") is None
    assert zero_sample(tmp_path / "cut") is not None
