"""The line that a host answers with: what it says, and what proves whose answer it is."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

from setup_assistant.host import lenient

MARKER = "SETUP-ASSISTANT-ANSWER"


def say(nonce: str, answer: dict[str, Any], home: str) -> None:
    """Print the answer with what proves whose it is: the nonce, the machine, a sum over all."""
    body = json.dumps(answer, ensure_ascii=True)
    machine = machine_id()
    value = {
        "nonce": nonce,
        "machine": machine,
        "host": platform.node(),
        "state": answer["state"],
        "clock": round(time.time()),
        "home": home,
        "body": body,
        "proof": proof(nonce, machine, body),
    }
    sys.stdout.write(f"\n{MARKER} {json.dumps(value)}\n")
    sys.stdout.flush()


def proof(nonce: str, machine: str, body: str) -> str:
    """Return the sum that ties an answer to the question and to the machine."""
    return hashlib.sha256(f"{nonce}\n{machine}\n{body}".encode()).hexdigest()


def machine_id() -> str:
    """Return a sum that names this machine, without giving its machine-id away."""
    for name in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        text = lenient.text(Path(name))
        if text:
            break
    else:
        text = platform.node()
    return hashlib.sha256(f"setup-assistant {text}".encode()).hexdigest()[:16]
