"""The receipt: what was done on a machine, and what was measured, as one frozen value.

It is the last file of a site and the only source of every report. Sizes are bytes, times
seconds, versions strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import msgspec

from setup_assistant.choose.plan import Plan
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import Message
from setup_assistant.verify.results import Check

SCHEMA = "setup-assistant/receipt/1"
Status = Literal["done", "partial"]


@dataclass(frozen=True, kw_only=True)
class GpuLine:
    """One card of the machine."""

    name: str
    uuid: str | None = None
    compute_capability: str | None = None
    memory_total_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class MachineLine:
    """The machine in short; `machine.json` has the rest."""

    os: str
    arch: str
    distribution: str | None = None
    cpu: str | None = None
    memory_bytes: int | None = None
    driver: str | None = None
    cuda: str | None = None
    gpus: tuple[GpuLine, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TorchLine:
    """The torch that was planned."""

    version: str
    build: str
    index_url: str
    compatibility: str


@dataclass(frozen=True, kw_only=True)
class ModelLine:
    """The model that was planned, and how it runs."""

    id: str
    quantization: str
    dtype: str
    max_pixels: int
    device: str
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlanLine:
    """The plan in short: `versions` is package → version; `plan.json` has the reasons.

    `warnings` are those of the plan, wishes that were not met among them.
    """

    torch: TorchLine
    versions: dict[str, str]
    model: ModelLine
    backend: str
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The environment as it is: `packages` is package → installed version.

    `by_hand` is what differs from how this tool left it: package → version then, version now.
    `put_back` is what the last repair or adoption changed: package → version before, version since.
    """

    prefix: str
    python: str | None = None
    packages: dict[str, str] = field(default_factory=dict)
    by_hand: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    put_back: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One step of the road. `seconds` is None where it was found done."""

    name: str
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class CheckLine(Check):
    """One question with a known answer, as `verify` gave it, and the suite it belongs to."""

    suite: Literal["canary", "smoke"] = "canary"


@dataclass(frozen=True, kw_only=True)
class MemoryLine:
    """Memory of the model's device: by formula, with dummy weights, with real ones.

    `predicted_bytes` and `rehearsed_bytes` are of the largest pictures and videos planned for;
    `asked_bytes` is by formula too, but of what the smoke test asked, as is `measured_bytes`.
    `trial_bytes` is by formula of what was rehearsed, on a CPU smaller pictures than planned.
    """

    predicted_bytes: int | None = None
    rehearsed_bytes: int | None = None
    measured_bytes: int | None = None
    budget_bytes: int | None = None
    asked_bytes: int | None = None
    trial_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class SizeLine:
    """Bytes that were expected, and that are on the disk."""

    packages_download_bytes: int | None = None
    packages_installed_bytes: int | None = None
    weights_bytes: int | None = None
    environment_on_disk_bytes: int | None = None
    weights_on_disk_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The final statement of one run. `next` is the command that resumes a partial one."""

    when: str
    tool_version: str
    status: Status
    machine: MachineLine
    plan: PlanLine
    environment: Environment
    steps: tuple[StepLine, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    memory: MemoryLine = MemoryLine()
    sizes: SizeLine = SizeLine()
    limits: tuple[str, ...] = ()
    next: str | None = None
    schema: str = SCHEMA


def to_json(receipt: Receipt) -> dict[str, Any]:
    """Return the receipt as plain JSON values, `schema` first."""
    # Through asdict, since msgspec leaves out the defaults of a value that it has read itself.
    value: dict[str, Any] = msgspec.to_builtins(asdict(receipt))
    return {"schema": value.pop("schema"), **value}


def from_json(value: object) -> Receipt:
    """Return the receipt in a JSON value.

    Raises:
        msgspec.ValidationError: naming the key that is wrong.
    """
    return msgspec.convert(value, Receipt)


def settle(new: Receipt, old: Receipt | None) -> Receipt:
    """Return `old` where the same was found again, so that a rerun changes nothing.

    Times of day, durations and the free-standing measurements differ from run to run even where
    nothing changed; they do not make a new receipt.
    """
    return old if old is not None and _essence(new) == _essence(old) else new


def _essence(receipt: Receipt) -> Receipt:
    checks = tuple(
        replace(
            c,
            seconds=None,
            peak_memory_bytes=None,
            logits_distance=None,
            values={k: v for k, v in c.values.items() if k != "reserved_bytes"},
        )
        for c in receipt.checks
    )
    return replace(
        receipt,
        when="",
        steps=tuple(replace(s, seconds=None) for s in receipt.steps),
        checks=checks,
        memory=replace(
            receipt.memory,
            measured_bytes=None,
            # That there was a rehearsal is news, its exact figure is not.
            rehearsed_bytes=0 if receipt.memory.rehearsed_bytes else None,
        ),
        sizes=SizeLine(),
    )


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What lies beside a receipt, as values; each may be missing.

    `pictures` maps a file's base name to its bytes (a clip's film strip is
    `NAME.strip.png`); `sums` maps a file's name to its SHA-256; `site` is the folder of the site.
    """

    plan: Plan | None = None
    machine: Machine | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)
    site: str = ""
