"""Program: a model's real architecture with dummy weights, given dummy pictures of real sizes.

It has a request of its own; the lines are those of `main`. Nothing is downloaded:
the configuration comes with the request, and the weights are one constant.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from inside import kernels, memory
from inside.dummies import build, inputs
from inside.explain import explain, learn
from inside.lines import JSON, Fault, Lines
from inside.versions import versions

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Rehearsal:
    """One run: import, device, build, then each case once."""

    def __init__(self, request: JSON) -> None:
        self.request = request
        self.lines = Lines()
        self.device = "cpu"
        self.model: PreTrainedModel | None = None

    def run(self) -> None:
        """Run until something fails; what follows it is blocked."""
        for name, body in (
            ("imports", self.load),
            ("device", self.choose),
            ("build", self.build),
        ):
            if not self.lines.check({"name": name, "kind": name}, body):
                return
        for case in self.request["cases"]:
            spec = {key: case[key] for key in ("name", "kind", "language", "question")}
            if not self.lines.check(spec, lambda case=case: self.rehearse(case)):
                return

    def load(self) -> JSON:
        """Import what the model needs."""
        import torch  # noqa: F401
        import transformers  # noqa: F401

        return {"versions": versions()}

    def choose(self) -> JSON:
        """Choose the device."""
        self.device = kernels.choose(self.request["device"])
        return {
            "evidence": [kernels.describe(self.device)],
            "device": self.device,
            "dtype": self.request["dtype"],
        }

    def build(self) -> JSON:
        """Make the model on its device."""
        try:
            self.model, places = build(self.request, self.device)
        except Exception as error:
            raise explain(error, "question-failed") from error
        count = sum(p.numel() for p in self.model.parameters())
        return {
            "device": self.device,
            "dtype": self.request["dtype"],
            "peak_memory_bytes": memory.peak_bytes(self.device),
            "evidence": [f"{count} parameters", *places],
            "values": {"parameters": count},
        }

    def rehearse(self, case: JSON) -> JSON:
        """Let the model read one prompt and write a few tokens."""
        import torch

        given = inputs(case, self.request, self.model)
        memory.reset(self.device)
        times: list[float] = []
        watch = _Watch(times)
        started = time.monotonic()
        try:
            with torch.inference_mode():
                made = self.model.generate(
                    **given,
                    max_new_tokens=case["new_tokens"],
                    min_new_tokens=case["new_tokens"],
                    do_sample=False,
                    pad_token_id=0,
                    streamer=watch,
                )
        except Exception as error:
            raise explain(error, "question-failed") from error
        ends = [moment - started for moment in times]
        tokens = made.shape[1] - given["input_ids"].shape[1]
        later = (ends[-1] - ends[0]) / (len(ends) - 1) if len(ends) > 1 else None
        return {
            "device": self.device,
            "dtype": self.request["dtype"],
            "peak_memory_bytes": memory.peak_bytes(self.device),
            "values": {
                "reserved_bytes": memory.reserved_bytes(self.device),
                "prompt_tokens": given["input_ids"].shape[1],
                "new_tokens": tokens,
                "prompt_seconds": round(ends[0], 4) if ends else None,
                "seconds_per_token": None if later is None else round(later, 4),
            },
        }


class _Watch:
    """Takes the time of each new token; `generate` calls it with the prompt first."""

    def __init__(self, times: list[float]) -> None:
        self._times = times
        self._prompt = True

    def put(self, value: object) -> None:
        """Take one token (or the prompt)."""
        del value
        if not self._prompt:
            self._times.append(time.monotonic())
        self._prompt = False

    def end(self) -> None:
        """Nothing is held back."""


def main() -> None:
    """Read the request and run it."""
    request = json.loads(sys.stdin.read())
    learn(request)
    rehearsal = Rehearsal(request)
    try:
        rehearsal.run()
    except Fault as fault:
        print(fault, file=sys.stderr)
    rehearsal.lines.send("end")
    os._exit(0)
