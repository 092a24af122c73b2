"""The child's side of the conversation: one JSON line per event, flushed at once."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Dict  # noqa: UP035

# Not `dict[str, Any]`: Python 3.8, which the oldest stack has, cannot say that at run time.
JSON = Dict[str, Any]  # noqa: UP006

_EVIDENCE_LIMIT = 400


class Fault(Exception):  # noqa: N818 - what is wrong with the target, not with this program
    """A check failed for a known cause. `values` fill the cause's sentence."""

    def __init__(self, cause: str, *evidence: str, **values: object) -> None:
        super().__init__(cause)
        self.cause = cause
        self.evidence = [shorten(e) for e in evidence if e]
        self.values = {k: _value(k, str(v)) for k, v in values.items()}
        self.fields: JSON = {}


class Lines:
    """Writes events to the real standard output; everything else that prints goes to stderr."""

    def __init__(self) -> None:
        # Libraries print where they like; the conversation needs a stream of its own.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)
        sys.stdout = sys.stderr

    def send(self, event: str, **fields: object) -> None:
        """Write one event."""
        self._out.write(json.dumps({"event": event, **fields}, allow_nan=False) + "\n")
        self._out.flush()

    def hint(self, cause: str, *evidence: str, **values: object) -> None:
        """Say what will be the cause if this process dies in the check under way."""
        fault = Fault(cause, *evidence, **values)
        self.send("hint", cause=fault.cause, evidence=fault.evidence, values=fault.values)

    def check(self, spec: JSON, body: Callable[[], JSON]) -> bool:
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

    def skip(self, spec: JSON, status: str, cause: str | None = None) -> None:
        """Report a check that was not run: `skipped` or `blocked`, and by which cause."""
        self.send("check", **{**spec, "status": status, "cause": cause})


def _value(key: str, text: str) -> str:
    """Return a value for a sentence; of a library's long complaint its first sentence."""
    flat = shorten(text)
    return flat.split(". ", maxsplit=1)[0] if key == "detail" else flat


def failed(fault: Fault) -> JSON:
    """Return the fields of a failed check, those that the fault carries included."""
    return {
        "status": "fail",
        "cause": fault.cause,
        "evidence": fault.evidence,
        "values": fault.values,
        **fault.fields,
    }


def shorten(text: str) -> str:
    """Return `text` on one line, cut to a length that a terminal can show."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= _EVIDENCE_LIMIT else flat[: _EVIDENCE_LIMIT - 1] + "…"
