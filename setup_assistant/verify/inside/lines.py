"""The child's side of the conversation: one JSON line per event, flushed at once."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback

_EVIDENCE_LIMIT = 400


class Fault(Exception):
    """A check failed for a known cause. `values` fill the cause's sentence."""

    def __init__(self, cause, *evidence, **values):
        super().__init__(cause)
        self.cause = cause
        self.evidence = [shorten(e) for e in evidence if e]
        self.values = {k: shorten(str(v)) for k, v in values.items()}


class Lines:
    """Writes events to the real standard output; everything else that prints goes to stderr."""

    def __init__(self):
        # Libraries print where they like; the conversation needs a stream of its own.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, event, **fields):
        """Write one event."""
        self._out.write(json.dumps({"event": event, **fields}, allow_nan=False) + "\n")
        self._out.flush()

    def hint(self, cause, *evidence, **values):
        """Say what will be the cause if this process dies in the check under way."""
        fault = Fault(cause, *evidence, **values)
        self.send("hint", cause=fault.cause, evidence=fault.evidence, values=fault.values)

    def check(self, spec, body):
        """Run one check and report it; return whether it passed.

        `spec` holds the fields known beforehand (name, kind, ...); `body` returns a dictionary
        of further fields, or raises `Fault`, or anything else.
        """
        self.send("start", name=spec["name"])
        started = time.monotonic()
        try:
            fields = {"status": "ok", **body()}
        except Fault as fault:
            fields = failed(fault)
        except Exception as error:
            from inside.explain import explain

            traceback.print_exc()
            fields = failed(explain(error))
        fields["seconds"] = round(time.monotonic() - started, 4)
        self.send("check", **{**spec, **fields})
        return fields["status"] == "ok"

    def skip(self, spec, status, cause=None):
        """Report a check that was not run: `skipped` or `blocked`, and by which cause."""
        self.send("check", **{**spec, "status": status, "cause": cause})


def failed(fault):
    """Return the fields of a failed check. A `fields` value on the fault is kept."""
    extra = getattr(fault, "fields", {})
    return {
        "status": "fail",
        "cause": fault.cause,
        "evidence": fault.evidence,
        "values": fault.values,
        **extra,
    }


def shorten(text):
    """Return `text` on one line, cut to a length that a terminal can show."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= _EVIDENCE_LIMIT else flat[: _EVIDENCE_LIMIT - 1] + "…"
