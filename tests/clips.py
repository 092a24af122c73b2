"""Clips of any length and size, made without an encoder: motion JPEG in an AVI file.

Every frame is the same picture, so that two hours take no longer than two seconds.
"""

from __future__ import annotations

import struct
from pathlib import Path


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _list(kind: bytes, *parts: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(parts))


def write(path: Path, jpeg: bytes, *, width: int, height: int, frames: int, fps: int) -> None:
    """Write a clip of so many frames of one JPEG picture."""
    header = struct.pack(
        "<14I", 1_000_000 // fps, len(jpeg) * fps, 0, 0x10, frames, 0, 1, len(jpeg), width, height,
        0, 0, 0, 0,
    )  # fmt: skip
    stream = b"vids" + b"MJPG" + struct.pack(
        "<IHHIIIIIIIIHHHH", 0, 0, 0, 0, 1, fps, 0, frames, len(jpeg), 2**32 - 1, 0, 0, 0, width,
        height,
    )  # fmt: skip
    picture = struct.pack(
        "<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0
    )
    frame = _chunk(b"00dc", jpeg)
    index = b"".join(
        b"00dc" + struct.pack("<III", 0x10, 4 + n * len(frame), len(jpeg)) for n in range(frames)
    )
    body = b"".join([
        _list(b"hdrl", _chunk(b"avih", header),
              _list(b"strl", _chunk(b"strh", stream), _chunk(b"strf", picture))),
        _list(b"movi", frame * frames),
        _chunk(b"idx1", index),
    ])  # fmt: skip
    path.write_bytes(_chunk(b"RIFF", b"AVI " + body))
