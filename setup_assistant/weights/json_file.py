"""A JSON file of a model folder, read so that no content of it can stop or hang the reader."""

from __future__ import annotations

import codecs
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setup_assistant.messages import Message, msg

# The tokenizers of today have 20 MB.
_LARGEST = 256_000_000


@dataclass(frozen=True)
class JsonFile:
    """What a file holds: an object, or `fault`. `doubts` are said though it can be read."""

    value: dict[str, Any] = field(default_factory=dict)
    fault: Message | None = None
    doubts: tuple[Message, ...] = ()


def kind_fault(path: Path) -> Message | None:
    """Return what lies at `path` in place of a file; None for a file, and where nothing is."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        return msg("it is a folder")
    return None if stat.S_ISREG(mode) else msg("it is a pipe, socket or device, not a file")


def read_bytes(path: Path, most: int) -> bytes | Message:
    """Return the bytes of a regular file, or why it has none; a pipe is not waited for."""
    if fault := kind_fault(path):
        return fault
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as stream:  # noqa: PTH123 - opened already
            if os.fstat(handle).st_size > most:
                return msg("it is too large")
            return stream.read(most)
    except OSError as error:
        return msg("{detail}", detail=error.strerror or str(error))


def read_object(path: Path) -> JsonFile:
    """Return the JSON object in a file, or what keeps a library from reading it."""
    data = read_bytes(path, _LARGEST)
    return parsed(data) if isinstance(data, bytes) else JsonFile(fault=data)


def parsed(data: bytes) -> JsonFile:
    """Return the JSON object that bytes are, or what is wrong with them."""
    doubts: list[Message] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(found)
        if len(value) < len(found) and not doubts:
            keys = [key for key, _value in found]
            twice = next(k for k in keys if keys.count(k) > 1)
            doubts.append(msg("the key {key} is there twice", key=ascii(twice)[:80]))
        return value

    if fault := _encoding_fault(data):
        return JsonFile(fault=fault)
    try:
        value = json.loads(data, object_pairs_hook=pairs)
    except (RecursionError, ValueError) as error:
        return JsonFile(fault=_why(error))
    if not isinstance(value, dict):
        return JsonFile(fault=msg("it is no JSON object"))
    if b"\r\n" in data:
        doubts.append(msg("its lines end as on Windows (CRLF): it was converted"))
    return JsonFile(value=value, doubts=tuple(doubts))


def _encoding_fault(data: bytes) -> Message | None:
    if data.startswith(codecs.BOM_UTF8):
        return msg("it begins with a byte order mark, as Windows editors write it")
    if data and not data.strip(b"\0"):
        return msg("it is all zeros")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:2]:
        return msg("it is UTF-16, not UTF-8")
    return None


def _why(error: RecursionError | ValueError) -> Message:
    if isinstance(error, RecursionError):
        return msg("it is nested without end")
    if isinstance(error, UnicodeDecodeError):
        return msg("it is no text in UTF-8 (byte {place})", place=error.start)
    if isinstance(error, json.JSONDecodeError):
        line, column = error.lineno, error.colno
        return msg("it is no JSON (line {line}, column {column})", line=line, column=column)
    return msg("{detail}", detail=str(error))  # a number of too many digits
