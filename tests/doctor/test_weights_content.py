"""What is said of a model's files though the model can be loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from setup_assistant.weights.bad_numbers import look
from setup_assistant.weights.json_file import read_object
from setup_assistant.weights.tensors import read_header
from tests.doctor.body import Body, sound


@pytest.fixture
def body(tmp_path: Path) -> Body:
    found = sound(tmp_path / "body")
    found.with_model = True
    return found


def warned(body: Body) -> list[str]:
    return [f.id for f in body.diagnose().findings if f.status == "warn"]


def test_a_key_that_is_there_twice(body: Body) -> None:
    path = body.model / "config.json"
    body.file(path, path.read_text().replace("{", '{"hidden_size": 1,', 1))
    assert "file-converted" in warned(body)


def test_lines_that_end_as_on_windows(body: Body) -> None:
    path = body.model / "config.json"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "file-converted" in warned(body)


def test_another_dtype_than_the_config_says(body: Body) -> None:
    path = body.model / "config.json"
    config = json.loads(path.read_text())
    config.pop("torch_dtype", None)
    body.file(path, json.dumps({**config, "dtype": "float32"}))
    assert "weights-dtype" in warned(body)


@pytest.mark.parametrize(
    ("dtype", "number", "kind"),
    [("BF16", b"\x80\x7f", "not-finite"), ("BF16", b"\x7f\x7f", None),
     ("BF16", b"\xc0\xff", "not-finite"), ("F16", b"\x00\x7c", "not-finite"),
     ("F16", b"\xff\x7b", None), ("F32", b"\x00\x00\x80\x7f", "not-finite"),
     ("F32", b"\xff\xff\x7f\x7f", None), ("F64", bytes(6) + b"\xf0\x7f", "not-finite"),
     ("F64", b"\xff" * 6 + b"\xef\x7f", None), ("I32", b"\xff" * 4, None)],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 131_071, 199_999])
def test_numbers_that_are_none(
    tmp_path: Path, dtype: str, number: bytes, kind: str | None, at: int
) -> None:
    count, width = 200_000, len(number)
    header = json.dumps({"t": {"dtype": dtype, "shape": [count],
                               "data_offsets": [0, count * width]}}).encode()  # fmt: skip
    data = bytearray(b"\x11" * (count * width))
    data[at * width : (at + 1) * width] = number
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    read = read_header(path)
    assert read.fault is None
    found = look(tmp_path, {path.name: read})
    assert found.whole
    assert [f.kind for f in found.flaws] == ([kind] if kind else [])
    for flaw in found.flaws:
        assert flaw.offset == 8 + len(header) + at * width


def test_a_large_model_is_read_in_part_and_that_is_known(tmp_path: Path) -> None:
    size = 8 << 20
    header = json.dumps({"t": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    path = tmp_path / "m.safetensors"
    data = bytearray(b"\x11" * size)
    data[-(1 << 20) :] = bytes(1 << 20)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    found = look(tmp_path, {path.name: read_header(path)}, budget=1 << 20)
    assert not found.whole
    assert [f.kind for f in found.flaws] == ["zeros"]


@pytest.mark.parametrize(
    ("offsets", "said"),
    [([[0, 8], [4, 12]], "overlap"), ([[0, 8], [12, 20]], "belong to no tensor"),
     ([[4, 12], [12, 20]], "belong to no tensor"), ([[0, 8], [8, 15]], "bytes of its shape"),
     ([[0, 8], [16, 8]], "says"), ([[-8, 0], [0, 8]], "cannot be read")],
)  # fmt: skip
def test_tensors_that_do_not_fill_the_file(
    tmp_path: Path, offsets: list[list[int]], said: str
) -> None:
    rows = {n: {"dtype": "F32", "shape": [2], "data_offsets": o}
            for n, o in zip("ab", offsets, strict=True)}  # fmt: skip
    header = json.dumps(rows).encode()
    end = max(o[1] for o in offsets) + (8 if "says" in said else 0)
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x11" * end)
    assert said in str(read_header(path).fault)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"[" * 300_000, "nested"), (b"\xef\xbb\xbf{}", "byte order"), (b"[1]", "no JSON object"),
     ("{}".encode("utf-16"), "UTF-16"), ("{}".encode("utf-16-le"), "UTF-16"),
     (bytes(99), "zeros"), (b'{"a": \xff}', "UTF-8"), (b'{"a"', "line 1"), (b"", "line 1"),
     (b'{"a": ' + b"1" * 9000 + b"}", "digits")],
)  # fmt: skip
def test_files_that_are_no_json_object(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "config.json").write_bytes(data)
    assert said in str(read_object(tmp_path / "config.json").fault)
