"""A receipt of a whole run on the canary, and of a partial one."""

from __future__ import annotations

from typing import Any

from setup_assistant.frozen_json import to_builtins
from setup_assistant.report.build import build_receipt
from setup_assistant.report.receipt import Environment, Receipt
from setup_assistant.verify.results import Check
from tests.site.samples import GIB, machine, plan

KINDS = ("image", "image-url", "multi-image", "video")
ANSWERS = {"en": "a red circle", "zh": "红色圆形"}


def checks(**changes: Any) -> tuple[dict[str, Any], ...]:
    """Return the canary's checks as the verifier writes them; `changes` go into the last."""
    found = [
        Check(
            name=f"{kind}-{language}",
            status="ok",
            kind=kind,
            language=language,
            question="What is it?",
            expected=answer,
            answer=answer,
            seconds=0.25,
            device="cpu",
            dtype="float32",
            peak_memory_bytes=400 << 20,
            logits_distance=1.5e-6,
        )
        for kind in KINDS
        for language, answer in ANSWERS.items()
    ]
    values: list[dict[str, Any]] = [to_builtins(c) for c in found]
    values[-1] |= changes
    return tuple(values)


def receipt(**changes: Any) -> Receipt:
    """Return a receipt; `changes` are arguments of `build_receipt`."""
    arguments: dict[str, Any] = {
        "when": "2026-11-22T20:00:00Z",
        "tool_version": "0.1.0",
        "machine": machine(),
        "plan": plan(),
        "environment": Environment(
            prefix="/srv/qwen/env", python="3.12.4", packages={"torch": "2.11.0+cu128"}
        ),
        "steps": {"environment": 61.5, "canary": 9.25, "weights": None, "smoke": 30.0},
        "canary": checks(),
        "smoke": ({"name": "image", "status": "ok", "peak_memory_bytes": 17 * GIB},),
        "environment_on_disk_bytes": 7 * GIB,
    }
    return build_receipt(**{**arguments, **changes})
