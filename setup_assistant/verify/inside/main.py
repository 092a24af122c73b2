"""Entry: one request on standard input, one JSON line per event on standard output.

Run as `PYTHON -I -X faulthandler main.py`. With -I nothing of the person's shell, home or
working folder is imported; this folder is put on the path only while its own modules load.
"""

from __future__ import annotations

import json
import os
import sys

_ABOVE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, _ABOVE)
# The tool's own folder may belong to somebody else: leave no bytecode in it.
_BYTECODE, sys.dont_write_bytecode = sys.dont_write_bytecode, True
try:
    from inside import chat, judge, kernels, lines, loopback, memory, packages, reader
    from inside.explain import explain
finally:
    sys.path.remove(_ABOVE)
    sys.dont_write_bytecode = _BYTECODE


class Session:
    """One run of all checks, in an order in which a crash takes the fewest others with it."""

    def __init__(self, request):
        self.request = request
        self.lines = lines.Lines()
        self.device = None
        self.dtype = None
        self.chat = None
        self.reference = {}
        self.server = None
        self.blocked = request.get("blocked_by")
        self.decoder_fault = None

    def run(self):
        """Run every check."""
        if not self.lines.check(
            {"name": "imports", "kind": "imports"}, lambda: packages.check(self.lines)
        ):
            self.block_rest("imports", ("device", "model", "decoder"))
            return
        if self.request.get("only_imports"):
            return
        if not self.lines.check({"name": "device", "kind": "device"}, self.check_device):
            self.block_rest("device", ("model",), but_decoder=True)
            return
        if self.blocked:
            self.lines.skip({"name": "model", "kind": "model"}, "blocked", self.blocked)
        elif not self.lines.check({"name": "model", "kind": "model"}, self.check_model):
            self.blocked = "model"
        cases = self.request["cases"]
        self.ask_all([c for c in cases if c["kind"] != "video"])
        # Decoders are the part most likely to kill or hang the process: they come last.
        self.check_decoder()
        self.ask_all([c for c in cases if c["kind"] == "video"])
        if self.server:
            self.server.close()

    def block_rest(self, by, names, but_decoder=False):
        """Report everything that cannot be run because of the failed check `by`."""
        if but_decoder:
            self.check_decoder()
        for name in names:
            self.lines.skip({"name": name, "kind": name}, "blocked", by)
        for case in self.request["cases"]:
            self.lines.skip(spec(case), "blocked", by)

    def check_device(self):
        """Choose the device and dtype, and run kernels there."""
        import torch

        if self.request.get("threads"):
            torch.set_num_threads(self.request["threads"])
        self.device = kernels.choose(self.request["device"])
        self.dtype = self.request.get("dtype") or default_dtype(torch, self.device)
        return {
            **kernels.check(self.device, self.dtype),
            "device": self.device,
            "dtype": self.dtype,
            "peak_memory_bytes": memory.peak_bytes(self.device),
        }

    def check_model(self):
        """Load the model and, for the canary, the recorded logits."""
        memory.reset(self.device)
        folder = self.request["model"]
        try:
            self.chat = chat.Chat(folder, self.device, self.dtype, self.request.get("max_memory"))
            if self.request.get("reference"):
                from safetensors.torch import load_file

                self.reference = load_file(self.request["reference"])
        except Exception as error:
            fault = (
                error
                if isinstance(error, lines.Fault)
                else explain(error, "model-unreadable", folder=folder)
            )
            fault.values.setdefault("transformers", packages.versions().get("transformers", "?"))
            raise fault from error
        return {
            "device": self.device,
            "dtype": self.dtype,
            "peak_memory_bytes": memory.peak_bytes(self.device),
            "evidence": [f"{self.chat.parameters} parameters"],
        }

    def check_decoder(self):
        """Read one clip, so that a video question fails for its own reason only."""
        if not self.request.get("clip"):
            return

        def body():
            try:
                return reader.check(
                    self.request.get("reader"),
                    self.request["decoder_package"],
                    self.request["clip"],
                )
            except lines.Fault as fault:
                self.decoder_fault = fault
                raise

        self.lines.check({"name": "decoder", "kind": "decoder"}, body)

    def ask_all(self, cases):
        """Ask the questions of some cases."""
        for case in cases:
            if self.blocked or self.chat is None:
                self.lines.skip(spec(case), "blocked", self.blocked or "model")
            else:
                self.lines.check(spec(case), lambda case=case: self.ask(case))

    def ask(self, case):
        """Ask one question and judge the answer."""
        memory.reset(self.device)
        files = list(case["files"])
        before = 0
        if case.get("served"):
            self.server = self.server or loopback.Loopback(self.request["served"])
            before = self.server.served
            files = [self.server.url(path) for path in case["served"]]
        try:
            answer, tokens, logits = self.chat.ask(
                case["kind"],
                files,
                case["question"],
                self.request["max_new_tokens"],
                case.get("limits") or {},
            )
        except Exception as error:
            raise self.why(case, error) from error
        fields = {
            "answer": answer,
            "device": self.device,
            "dtype": self.dtype,
            "peak_memory_bytes": memory.peak_bytes(self.device),
            "evidence": [],
        }
        if case.get("served"):
            fields["evidence"].append(f"fetched {files[0]}")
            if self.server.served == before:
                raise lines.Fault(
                    "url-failed",
                    "the loopback server was not asked",
                    url=files[0],
                    detail="a proxy or a cache answered instead",
                )
        try:
            fields.update(self.judge(case, answer, tokens, logits))
        except lines.Fault as fault:
            fault.fields = {
                **fields,
                **getattr(fault, "fields", {}),
                "evidence": [*fields["evidence"], *fault.evidence],
            }
            raise
        return fields

    def judge(self, case, answer, tokens, logits):
        """Judge an answer by what is known about the case."""
        if case.get("answer") is None:
            return judge.real(case, answer, tokens, logits)
        others = {
            c["answer"]: c["case"]
            for c in self.request["cases"]
            if (c["kind"], c["language"]) == (case["kind"], case["language"])
            and c["answer"] != case["answer"]
        }
        return judge.exact(
            case, answer, logits, self.reference.get(case["case"]), self.tolerance(), others
        )

    def tolerance(self):
        """Return the allowed difference of logits on this device in this dtype."""
        table = self.request["tolerance"]
        return table.get(f"{self.device}-{self.dtype}", table[self.dtype])

    def why(self, case, error):
        """Return the fault behind a question that could not be asked."""
        own = case.get("own")
        fault = explain(
            error,
            check=case["name"],
            file=", ".join(case["files"]),
            url=", ".join(case["files"]) if own else "127.0.0.1",
        )
        if fault.cause.startswith("decoder-"):
            if self.decoder_fault is not None:
                known = self.decoder_fault
                return lines.Fault(known.cause, *fault.evidence, **known.values)
            # The built-in clip was read, so the decoder works: it is this file.
            return lines.Fault("input-unreadable", *fault.evidence, **fault.values)
        return fault


def spec(case):
    """Return the fields of a case that are known before it is asked."""
    return {
        "name": case["name"],
        "kind": case["kind"],
        "language": case["language"],
        "case": case.get("case"),
        "question": case["question"],
        "files": case["files"],
        "expected": case.get("answer") or expected(case),
    }


def expected(case):
    """Return what a real model's answer must mention, in words."""
    return " + ".join("/".join(group) for group in case.get("words") or ()) or None


def default_dtype(torch, device):
    """Return float32 on the CPU, bfloat16 where the GPU computes in it, else float16."""
    if device == "cpu":
        return "float32"
    weakest = min(torch.cuda.get_device_capability(i) for i in range(torch.cuda.device_count()))
    return "bfloat16" if weakest >= (8, 0) else "float16"


def main():
    """Read the request and run it."""
    request = json.loads(sys.stdin.read())
    session = Session(request)
    session.run()
    session.lines.send("end")
    # Everything is said; tearing down torch takes a second that nobody needs.
    os._exit(0)


if __name__ == "__main__":
    main()
