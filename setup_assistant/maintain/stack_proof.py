"""What a proof found, read from the site it was made in, and compared with its record."""

from __future__ import annotations

import json
import re
from dataclasses import fields

from setup_assistant.catalog import drivers
from setup_assistant.catalog.stacks import Found, Proof
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, lenient, prefix
from setup_assistant.steps.environment_record import planned
from setup_assistant.steps.step import Context

# Not pinned, but they too decide whether old and new packages go together.
_ALSO = ("huggingface-hub", "numpy", "pillow", "tokenizers")


def read_found(proof: Proof, context: Context) -> Found | None:
    """Return what stands in the site of a proof; None where the canary never ended.

    Args:
        proof: the row that was proved.
        context: the road that was travelled for it.
    """
    said = lenient.json_object(context.site.canary_result)
    if "checks" not in said:
        return None
    checks = said["checks"]
    asked = [c for c in checks if c.get("device")]
    installed = prefix.torch(context.site.env)
    present = prefix.packages(context.site.env)
    names = sorted({*planned(context.plan), *_ALSO} & set(present))
    seconds = context.ledger.seconds()
    host = host_of(context.machine, drivers.load())
    distances = (
        float(c["logits_distance"]) for c in checks if c.get("logits_distance") is not None
    )
    return Found(
        status="ok" if said["status"] == "ok" else "fail",
        checks=len(checks),
        passed=sum(c["status"] in ("ok", "skipped") for c in checks),
        # Two digits say something.
        logits_distance=float(f"{max(distances, default=0.0):.2g}"),
        build=(installed.build if installed else None) or context.plan.torch.build,
        device=str(asked[-1]["device"]) if asked else context.plan.placement.device,
        dtype=str(asked[-1].get("dtype") or "") if asked else "",
        python=prefix.python_version(context.site.env) or context.plan.python,
        platform=f"{host.platform}, glibc {host.glibc}" if host.glibc else host.platform,
        environment_seconds=round(seconds.get("environment", 0.0), 1),
        canary_seconds=round(float(said["seconds"]), 1),
        source=_source(proof, context),
        date=clock.now()[:10],
        packages={name: present[name] for name in names},
        cause=str(said.get("cause") or ""),
    )


def differences(recorded: Found | None, now: Found | None) -> dict[str, tuple[str, str]]:
    """Return in what the pins or the result differ from the record: name → (then, now).

    The packages that nothing pins may be newer than those of the record: that is no difference.
    """
    if recorded is None or now is None:
        return {}
    then, here = _comparable(recorded), _comparable(now)
    return {
        name: (then.get(name, "-"), here.get(name, "-"))
        for name in sorted({*then, *here})
        if then.get(name) != here.get(name)
    }


def _comparable(found: Found) -> dict[str, str]:
    pinned = {n: v.partition("+")[0] for n, v in found.packages.items() if n not in _ALSO}
    return {**pinned, "result": f"{found.status}, {found.passed}/{found.checks}"}


def _source(proof: Proof, context: Context) -> str:
    torch, placement = context.plan.torch, context.plan.placement
    what = (
        "the package index's default build"
        if torch.compatibility == "default-build"
        else f"the build {torch.build}"
    )
    cards = [g.name for g in context.machine.gpus if g.uuid in placement.gpus]
    where = ", ".join(cards) or ("a GPU" if placement.device == "cuda" else "a CPU")
    return f"setup-assistant recipes prove {proof.name}: {what} on {where}"


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
