"""Everything that is read of each text: every field, the gaps and their reasons, the verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.machine.captures import read
from tests.machine.captures import ALL
from tests.recorded import compare, names

HERE = Path(__file__).parent
KEPT = HERE / "recorded_readings.txt"


def texts() -> dict[str, str]:
    """Every text that the other tests read, by its title."""
    found = dict(ALL)
    for name in ("posted", "unseen"):
        read_in: dict[str, Any] = msgspec.toml.decode((HERE / f"{name}.toml").read_bytes())
        found |= {f"{name} {n:02}": case["text"] for n, case in enumerate(read_in["case"])}
    return found


def shorn(value: object) -> object:
    """Return a value without what is empty or not known, which its reasons tell."""
    if isinstance(value, dict):
        kept = {k: shorn(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", [], {}, False)}
    return [shorn(v) for v in value] if isinstance(value, list) else value


def told(text: str, path: Path) -> str:
    path.write_text(text, encoding="utf-8")
    try:
        machine = shorn(frozen_json.to_builtins(read([path])))
    except SetupError as error:
        return f"{error.code}: {error.message.english}"
    assert isinstance(machine, dict)
    del machine["probed_at"], machine["schema"]
    lines = []
    for key, value in machine.items():
        parts = value if isinstance(value, list) else [value]
        lines += [f"{key}: {json.dumps(p, ensure_ascii=False)}" for p in parts]
    return "\n".join(lines).replace(str(path.parent), "FOLDER")


def test_texts_are_read_as_they_were_recorded(tmp_path: Path) -> None:
    found = {name: told(text, tmp_path / "text.txt") for name, text in texts().items()}
    compare(KEPT, found)
    assert names(KEPT) == set(found)
