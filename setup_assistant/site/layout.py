"""Where each file of a site lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host.prefix import python_in
from setup_assistant.relative_name import fault_of


class _In:
    """A file or folder of a site, by its name there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, layout: Layout, owner: type[Layout]) -> Path:
        return layout.root / self._name


@dataclass(frozen=True)
class Layout:
    """The folder of one deployment; every path in it has one name here."""

    root: Path
    env_override: str = ""
    weights_override: str = ""

    machine = _In("machine.json")  # the computer as it was when the plan was made
    answers = _In("answers.toml")  # replays with `--answers`
    plan = _In("plan.json")
    environment_yml = _In("environment.yml")  # for conda
    requirements = _In("requirements.txt")  # for pip and uv
    packages_lock = _In("requirements.lock")  # with hashes; another site replays it with `--lock`
    conda_explicit = _In("conda-explicit.txt")  # file by file, where conda made the environment
    scripts = _In("scripts")  # ready to run
    ledger = _In("ledger.jsonl")  # what was done, one JSON object per line
    receipt = _In("receipt.json")  # the final statement with measurements
    report = _In("report.md")  # the receipt for people
    report_html = _In("report.html")  # the same with pictures and charts
    lock = _In(".lock")  # held while a run works here
    serve_token = _In("serve.token")  # what the unit's server asks for
    work = _In(".work")  # scratch space of a run; empty between runs
    canary_result = _In("canary.json")  # what the canary answered
    smoke_result = _In("smoke.json")  # what the model answered
    rehearsal = _In("rehearsal.json")  # what the fit test measured

    @property
    def unit(self) -> Path:
        """The systemd unit of `serve --write-unit`."""
        return self.root / f"qwen-vl-{re.sub('[^A-Za-z0-9_.-]', '-', self.root.name)}.service"

    @property
    def env(self) -> Path:
        """The environment's prefix."""
        return Path(self.env_override).expanduser() if self.env_override else self.root / "env"

    @property
    def env_python(self) -> Path:
        """The environment's interpreter."""
        return python_in(self.env)

    def weights(self, model_id: str) -> Path:
        """Return the folder of a model's weights."""
        if self.weights_override:
            return Path(self.weights_override).expanduser()
        name = model_id.rsplit("/", maxsplit=1)[-1]
        # A receipt that was received may call a model "..".
        return self.root / "models" / ("unnamed" if fault_of(name) else name)
