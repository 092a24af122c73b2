"""Where each file of a site lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host.prefix import python_in
from setup_assistant.relative_name import fault_of


@dataclass(frozen=True)
class Layout:
    """The folder of one deployment; every path in it has one name here."""

    root: Path
    env_override: str = ""
    weights_override: str = ""

    @property
    def machine(self) -> Path:
        """What was true of the computer when the plan was made."""
        return self.root / "machine.json"

    @property
    def answers(self) -> Path:
        """What the person wanted; replays with `--answers`."""
        return self.root / "answers.toml"

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.root / "plan.json"

    @property
    def environment_yml(self) -> Path:
        """The conda environment file."""
        return self.root / "environment.yml"

    @property
    def requirements(self) -> Path:
        """The pinned packages, for pip and uv."""
        return self.root / "requirements.txt"

    @property
    def packages_lock(self) -> Path:
        """Every package with its hashes ; another site replays it with `--lock`."""
        return self.root / "requirements.lock"

    @property
    def conda_explicit(self) -> Path:
        """The conda packages of the environment, file by file, where conda made it."""
        return self.root / "conda-explicit.txt"

    @property
    def scripts(self) -> Path:
        """Ready-to-run inference scripts."""
        return self.root / "scripts"

    @property
    def ledger(self) -> Path:
        """What was done, one JSON object per line."""
        return self.root / "ledger.jsonl"

    @property
    def receipt(self) -> Path:
        """The final statement with measurements."""
        return self.root / "receipt.json"

    @property
    def report(self) -> Path:
        """The receipt for people, in Markdown."""
        return self.root / "report.md"

    @property
    def report_html(self) -> Path:
        """The receipt for people, as one HTML file with pictures and charts."""
        return self.root / "report.html"

    @property
    def lock(self) -> Path:
        """Held while a run works in this site."""
        return self.root / ".lock"

    @property
    def unit(self) -> Path:
        """The systemd unit of `serve --write-unit`."""
        return self.root / f"qwen-vl-{re.sub('[^A-Za-z0-9_.-]', '-', self.root.name)}.service"

    @property
    def serve_token(self) -> Path:
        """The token that the unit's server asks for."""
        return self.root / "serve.token"

    @property
    def work(self) -> Path:
        """Scratch space of a run; empty between runs."""
        return self.root / ".work"

    @property
    def env(self) -> Path:
        """The environment's prefix."""
        return Path(self.env_override).expanduser() if self.env_override else self.root / "env"

    @property
    def env_python(self) -> Path:
        """The environment's interpreter."""
        return python_in(self.env)

    @property
    def canary_result(self) -> Path:
        """What the canary answered in this environment."""
        return self.root / "canary.json"

    @property
    def smoke_result(self) -> Path:
        """What the model answered."""
        return self.root / "smoke.json"

    @property
    def rehearsal(self) -> Path:
        """What the fit test measured."""
        return self.root / "rehearsal.json"

    def weights(self, model_id: str) -> Path:
        """Return the folder of a model's weights."""
        if self.weights_override:
            return Path(self.weights_override).expanduser()
        name = model_id.rsplit("/", maxsplit=1)[-1]
        # A receipt that was received may call a model "..".
        return self.root / "models" / ("unnamed" if fault_of(name) else name)
