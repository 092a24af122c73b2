"""What a safetensors file says of itself, and a tokenizer of its model: whole or not, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.weights import tensors
from setup_assistant.weights.model_folder import tokenizer_fault
from setup_assistant.weights.tensors import LONGEST_HEADER, misplaced, read_header


def tensor(begin: int, end: int, shape: tuple[int, ...] = (2,), dtype: str = "F16") -> Any:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def written(path: Path, header: object, data: int, length: int | None = None) -> Path:
    """Write a file with a header, `data` bytes behind it, and the length that it claims."""
    text = json.dumps(header).encode()
    claimed = len(text) if length is None else length
    path.write_bytes(claimed.to_bytes(8, "little") + text + bytes(data))
    return path


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        ({"a": tensor(0, 4)}, 4, None),
        ({"a": tensor(0, 4), "b": tensor(4, 8)}, 8, None),
        ({"b": tensor(4, 8), "a": tensor(0, 4)}, 8, None),
        ({"a": tensor(0, 4), "__metadata__": {"format": "pt"}}, 4, None),
        ({"a": tensor(0, 3, (6,), "F4")}, 3, None),
        ({"a": tensor(0, 3, (9,), "of another time")}, 3, None),
        ({"a": tensor(0, 0, (0,))}, 0, None),
        ({}, 0, None),
        ({}, 1, "its header says"),
        ({"a": tensor(0, 4)}, 3, "its header says"),
        ({"a": tensor(0, 4)}, 5, "its header says"),
        ({"a": tensor(0, 4, (3,))}, 4, "'a' does not have the bytes of its shape [3]"),
        ({"a": tensor(0, 4, (1, 4), "I8")}, 4, None),
        ({"a": tensor(4, 0), "b": tensor(0, 4)}, 4, "'a' does not have the bytes"),
        ({"a": tensor(2, 6)}, 6, "bytes before 'a' belong to no tensor"),
        ({"a": tensor(0, 4), "b": tensor(3, 7)}, 7, "'a' and 'b' overlap"),
        ({"a": tensor(0, 4), "b": tensor(5, 9)}, 9, "bytes between 'a' and 'b'"),
        ({"a": tensor(0, 4, (-2,))}, 4, "its header cannot be read"),
        ({"a": tensor(-4, 0)}, 4, "its header cannot be read"),
        ({"a": {"dtype": "F16", "shape": [2]}}, 4, "its header cannot be read"),
        ({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 2, 4]}}, 4, "cannot be read"),
        ({"a": "F16"}, 4, "its header cannot be read"),
        ({"b": tensor(-4, 0), "a": tensor(0, 4)}, 4, "its header cannot be read: ValueError('b')"),
        ({"a": tensor(0, True, (1,), "U8")}, 1, "its header cannot be read: ValueError('a')"),
        ([], 0, "its header cannot be read: it is no JSON object"),
    ],
)
def test_each_byte_belongs_to_one_tensor(
    tmp_path: Path, header: object, data: int, said: str | None
) -> None:
    found = read_header(written(tmp_path / "m.safetensors", header, data))
    if said is None:
        assert found.fault is None
        assert set(found.tensors) == set(header) - {"__metadata__"}  # type: ignore[call-overload]
        for one in found.tensors.values():
            begin, end = header[one.name]["data_offsets"]  # type: ignore[index]
            start = found.size - data
            assert (one.begin, one.end) == (start + begin, start + end)
    else:
        assert said in str(found.fault and found.fault.english)


def test_numbers_are_so_wide(tmp_path: Path) -> None:
    bits = {"F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
            "BF16": 16, "I16": 16, "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8,
            "U8": 8, "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}  # fmt: skip
    for dtype, wide in bits.items():
        for size in (wide, wide + 1):
            row = {"a": tensor(0, size, (2, 4), dtype)}
            found = read_header(written(tmp_path / "m.safetensors", row, size))
            assert (found.fault is None) is (size == wide), dtype
            assert found.shapes == {"a": [2, 4]}


@pytest.mark.parametrize(
    ("more", "said"),
    [(0, None), (1, "its header claims"), (-1, "its header cannot be read")],
)
def test_a_header_is_as_long_as_it_claims(tmp_path: Path, more: int, said: str | None) -> None:
    length = len(json.dumps({}).encode())
    found = read_header(written(tmp_path / "m.safetensors", {}, 0, length + more)).fault
    assert found is None if said is None else said in str(found and found.english)


def test_what_no_library_would_read_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(bytes(7))
    assert "its header claims" in str(read_header(path).fault)
    with path.open("wb") as stream:  # a hole: it takes no room on the disk
        stream.write((LONGEST_HEADER + 1).to_bytes(8, "little"))
        stream.truncate(LONGEST_HEADER + 100)
    assert "more than may be" in str(read_header(path).fault)
    assert read_header(tmp_path / "gone").fault is not None
    assert read_header(tmp_path).fault is not None


def test_a_tensor_lies_in_the_file_that_the_index_names(tmp_path: Path) -> None:
    one = read_header(written(tmp_path / "1", {"a": tensor(0, 4)}, 4))
    two = read_header(written(tmp_path / "2", {"b": tensor(0, 4)}, 4))
    headers = {"1": one, "2": two}
    assert misplaced({"a": "1", "b": "2"}, headers) is None
    assert misplaced({"a": "1", "b": "2", "c": "3"}, headers) is None, "another file is not there"
    assert misplaced({"a": "2", "b": "2"}, headers) == ("a", "2", "")
    assert misplaced({"b": "2", "a": "9"}, headers) == ("a", "1", "9")
    assert misplaced({"a": "1"}, headers) is None, "of what it does not name it says nothing"


WORDS = {"<|vision_start|>": 7, "<|image_pad|>": 8, "x": 9}
MARKS = {"image_token_id": 8, "vision_start_token_id": 7}


@pytest.mark.parametrize(
    ("tokenizer", "config", "said"),
    [
        ({"model": {"vocab": WORDS}}, {"vocab_size": 10, **MARKS}, None),
        ({"model": {"vocab": WORDS}}, {"text_config": {"vocab_size": 10}, **MARKS}, None),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 9}, "a word 9, config.json only 9 words"),
        ({"model": {"vocab": WORDS}}, {"text_config": {"vocab_size": 8}}, "a word 9"),
        ({"model": {"vocab": WORDS}}, {}, None),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 20, "image_token_id": 11},
         "it lacks the word 11 of image_token_id"),
        ({"model": {"vocab": WORDS}, "added_tokens": [{"id": 11, "content": "<|image_pad|>"}]},
         {"vocab_size": 20, "image_token_id": 11}, None),
        ({"model": {"vocab": WORDS}, "added_tokens": {"id": 11}},
         {"vocab_size": 20, "image_token_id": 11}, "it lacks the word 11"),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 10, "image_token_id": 9},
         "image_token_id is 9, which is 'x' there"),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 10, "vision_end_token_id": 8},
         "vision_end_token_id is 8"),
        ({"model": {"vocab": {**WORDS, "y" * 99: 6}}}, {"vocab_size": 10, "image_token_id": 6},
         f"which is '{'y' * 79} there"),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 10, "image_token_id": "8"}, None),
        ({"model": {"vocab": WORDS}}, {"vocab_size": 10, "image_token_id": True}, None),
        ({"model": {"vocab": WORDS}}, {"vocab_size": "9"}, None),
        ({"model": {}}, {"vocab_size": 1}, None),
        ([], {"vocab_size": 1}, None),
    ],
)  # fmt: skip
def test_a_tokenizer_has_the_words_of_its_configuration(
    tmp_path: Path, tokenizer: object, config: dict[str, Any], said: str | None
) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    found = tokenizer_fault(tmp_path, config)
    assert found is None if said is None else said in str(found and found.english)


def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensors, "kind_fault", lambda _path: None)
    found = read_header(tmp_path / "gone.safetensors")
    assert (str(found.fault), found.size) == ("No such file or directory", 0)

    class Odd:
        def open(self, _mode: str) -> None:
            raise OSError("odd")

    odd: Any = Odd()
    assert str(read_header(odd).fault) == "odd"
