"""What is remembered of an inventory: the last run's outcome, and which machine each host was.

Written as answers come, so that a run that is killed leaves what it had learned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from setup_assistant.host import clock, files, lenient, paths
from setup_assistant.host.secrets import redact_json


class Record:
    """The file of one inventory, or of several that were given together."""

    def __init__(self, inventories: tuple[str, ...]) -> None:
        place = "\n".join(
            i if "," in i else str(Path(i).expanduser().resolve()) for i in inventories
        )
        name = hashlib.sha256(place.encode()).hexdigest()[:16]
        self.path = paths.cache_folder() / "fleet" / "runs" / f"{name}.json"
        self._value = lenient.json_object(self.path)

    def failed(self) -> tuple[str, ...]:
        """Return the hosts that the last run did not finish."""
        hosts = self._value.get("hosts", {})
        return tuple(name for name, entry in hosts.items() if entry.get("status") != "ok")

    def known(self) -> bool:
        """Whether there was a run."""
        return bool(self._value.get("hosts"))

    def machine(self, host: str) -> str:
        """Return which machine answered for a host the last time; empty if none did."""
        return str(self._value.get("machines", {}).get(host, ""))

    def begin(self, verb: str, hosts: Iterable[str]) -> None:
        """A run begins: its hosts are unfinished until they answer."""
        kept = self._value.get("hosts", {}) if self._value.get("verb") == verb else {}
        fresh = {name: {"status": "unfinished"} for name in hosts}
        self._value |= {"verb": verb, "when": clock.now(), "hosts": {**kept, **fresh}}
        self._save()

    def end(self, outcomes: Iterable[Mapping[str, Any]]) -> None:
        """Keep the outcome of some hosts."""
        hosts, machines = self._value.setdefault("hosts", {}), self._value.get("machines", {})
        for outcome in outcomes:
            name = str(outcome["name"])
            hosts[name] = {"status": outcome["status"], "code": outcome["code"]}
            if outcome["machine"] and outcome["status"] == "ok":
                machines[name] = outcome["machine"]
        self._value["machines"] = machines
        self._save()

    def _save(self) -> None:
        files.write_text(self.path, json.dumps(redact_json(self._value), ensure_ascii=False) + "\n")
