"""What is said of a model's files though the model can be loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from setup_assistant.weights.bad_numbers import look
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
