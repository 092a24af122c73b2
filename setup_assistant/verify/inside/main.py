"""Program: every check of an environment and a model; the canary's answers or any model's."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable

from inside import chat, kernels, loopback, memory, packages, video_reader
from inside.asking import Asker, spec
from inside.explain import explain, learn
from inside.lines import JSON, Fault, Lines
from inside.versions import versions


class Session:
    """One run of all checks, in an order in which a crash takes the fewest others with it."""

    def __init__(self, request: JSON) -> None:
        self.request = request
        self.lines = Lines()
        self.device = "cpu"
        self.dtype = "float32"
        self.asker: Asker | None = None
        self.decoder_fault: Fault | None = None

    def run(self) -> None:
        """Run every check."""
        cases = self.request["cases"]
        if not self.check("imports", lambda: packages.check(self.lines)):
            self.block("imports", ("device", "model", "decoder"), cases)
            return
        for name in self.request.get("beside", ()):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        if self.request.get("only_imports"):
            return
        if not self.check("device", self.check_device):
            self.check("decoder", self.check_decoder)
            self.block("device", ("model",), cases)
            return
        stopped = self.request.get("blocked_by")
        if stopped:
            self.block(stopped, ("model",), [])
        elif not self.check("model", self.check_model):
            stopped = "model"
        self.ask([c for c in cases if c["kind"] != "video"], stopped)
        # Decoders are the part most likely to kill or hang the process: they come last.
        self.check("decoder", self.check_decoder)
        self.ask([c for c in cases if c["kind"] == "video"], stopped)
        if self.asker:
            self.asker.close()

    def check(self, name: str, body: Callable[[], JSON]) -> bool:
        """Run one of the checks that come before the questions."""
        return self.lines.check({"name": name, "kind": name}, body)

    def block(self, by: str, names: tuple[str, ...], cases: list[JSON]) -> None:
        """Report what cannot be run because of the failed check, or the cause, `by`."""
        for name in names:
            self.lines.skip({"name": name, "kind": name}, "blocked", by)
        for case in cases:
            self.lines.skip(spec(case), "blocked", by)

    def ask(self, cases: list[JSON], stopped: str | None) -> None:
        """Ask the questions of some cases."""
        if self.asker is None:
            self.block(stopped or "model", (), cases)
            return
        self.asker.decoder_fault = self.decoder_fault
        for case in cases:
            if case.get("served") and not loopback.is_up():
                self.lines.skip(spec(case), "skipped", "loopback-down")
            else:
                self.lines.check(spec(case), lambda case=case: self.asker.ask(case))

    def check_device(self) -> JSON:
        """Choose the device and dtype, and run kernels there."""
        import torch

        if self.request.get("threads"):
            torch.set_num_threads(self.request["threads"])
        self.device = kernels.choose(self.request["device"])
        self.dtype = self.request.get("dtype") or kernels.usual_dtype(self.device)
        return {
            **kernels.check(self.device, self.dtype),
            "device": self.device,
            "dtype": self.dtype,
            "peak_memory_bytes": memory.peak_bytes(self.device),
        }

    def check_model(self) -> JSON:
        """Load the model and, for the canary, the recorded logits."""
        memory.reset(self.device)
        folder = self.request["model"]
        try:
            loaded = chat.Chat(
                folder,
                self.device,
                self.dtype,
                self.request.get("max_memory"),
                self.request.get("quantization") or "none",
            )
            self.asker = Asker(self.request, loaded, self.recorded())
        except Exception as error:
            fault = error
            if not isinstance(fault, Fault):
                fault = explain(error, "model-unreadable")
            found = versions()
            known = {"folder": folder, "file": folder, "need": "?",
                     "torch": found.get("torch", "?"),
                     "transformers": found.get("transformers", "?")}  # fmt: skip
            fault.values = {**known, **fault.values}
            raise fault from error
        return {
            "device": self.device,
            "dtype": self.dtype,
            "peak_memory_bytes": memory.peak_bytes(self.device),
            "evidence": [f"{loaded.parameters} parameters"],
        }

    def recorded(self) -> JSON:
        """Return case → recorded logits; empty for any model but the canary."""
        if not self.request.get("reference"):
            return {}
        from safetensors.torch import load_file

        return load_file(self.request["reference"])

    def check_decoder(self) -> JSON:
        """Read one clip, so that a video question fails for its own reason only."""
        request = self.request
        try:
            return video_reader.check(
                request.get("reader"), request["decoder_package"], request["clip"]
            )
        except Fault as fault:
            self.decoder_fault = fault
            raise


def main() -> None:
    """Read the request and run it."""
    request = json.loads(sys.stdin.read())
    learn(request)
    session = Session(request)
    session.run()
    session.lines.send("end")
    # Everything is said; tearing down torch takes a second that nobody needs.
    os._exit(0)
