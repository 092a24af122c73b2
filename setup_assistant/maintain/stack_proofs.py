"""Write what a proof found into the text of `stacks.toml`; everything else stays as it is."""

from __future__ import annotations

import json
import re
from dataclasses import fields

from setup_assistant.catalog.stacks import Found
from setup_assistant.errors import SetupError

_FOUND = "[proof.found]"


def with_found(text: str, name: str, found: Found) -> str:
    """Return the text with the table `[proof.found]` of the proof called `name` made anew.

    Comments, order and every other row are kept as they stand.

    Raises:
        SetupError: `recipe_invalid` where no proof has that name.
    """
    lines = text.splitlines()
    start, end = _block(lines, name)
    old = next((i for i in range(start, end) if lines[i].strip() == _FOUND), None)
    body = lines[start : end if old is None else old]
    while body and not body[-1].strip():
        body.pop()
    made = [*lines[:start], *body, "", *_table(found)]
    rest = lines[end:]
    return "\n".join([*made, "", *rest] if rest else made) + "\n"


def _block(lines: list[str], name: str) -> tuple[int, int]:
    """Return the lines of one proof: from its heading to what belongs to the next table.

    Comments right above the next heading are that one's.
    """
    heads = [i for i, line in enumerate(lines) if re.match(r"\s*\[", line)]
    for head in heads:
        if lines[head].strip() != "[[proof]]":
            continue
        after = [h for h in heads if h > head and lines[h].strip() != _FOUND]
        end = after[0] if after else len(lines)
        while end < len(lines) and end - 1 > head and lines[end - 1].lstrip().startswith("#"):
            end -= 1
        if any(_is_name(line, name) for line in lines[head:end]):
            return head, end
    raise SetupError("recipe_invalid", file="stacks.toml", detail=f"there is no proof {name!r}")


def _is_name(line: str, name: str) -> bool:
    key, equals, value = line.partition("=")
    return bool(equals) and key.strip() == "name" and value.strip() == json.dumps(name)


def _table(found: Found) -> list[str]:
    rows = [_FOUND]
    for field in fields(found):
        value = getattr(found, field.name)
        if value != field.default:
            rows.append(f"{field.name} = {_value(value)}")
    return rows


def _value(value: object) -> str:
    """Return a value in TOML; JSON writes strings and numbers the same way."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value, ensure_ascii=False)
