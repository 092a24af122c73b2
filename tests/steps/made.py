"""A site as `up` leaves it, with small folders in place of its environment and weights."""

from __future__ import annotations

import json
from pathlib import Path

from setup_assistant.choose.wishes import Wishes
from setup_assistant.host import paths, sites
from setup_assistant.site.layout import Layout
from setup_assistant.site.write import write_site
from setup_assistant.steps.environment_record import write_marker
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import sign
from setup_assistant.steps.step import Context
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest
from tests.site.samples import machine, plan

MODEL = "Qwen/Qwen2-VL-2B-Instruct"


class Made:
    """One site. `env` and `weights` are where they were wished to be, inside by default."""

    def __init__(self, root: Path, env: Path | None = None, weights: Path | None = None) -> None:
        root.mkdir(parents=True)
        wishes = Wishes(site=str(root), env=str(env or ""), weights=str(weights or ""))
        self.layout = Layout(root, wishes.env, wishes.weights)
        self.ledger = Ledger(self.layout.ledger)
        self.ledger.record("site", "started")
        self.ledger.begin()
        recipes = paths.recipes_folder()
        write_site(plan(), machine(), wishes, self.layout, recipes)
        self.context = Context(
            machine=machine(), plan=plan(), wishes=wishes, site=self.layout, ledger=self.ledger,
            recipes=recipes,
        )  # fmt: skip
        self.make_environment(self.layout.env)
        self.weights = self.layout.weights(MODEL)
        self.make_weights(self.weights)
        sites.register(root)

    def make_environment(self, folder: Path, engine: str = "uv") -> None:
        for path in (folder, folder.with_name(folder.name + ".part")):
            self.ledger.made("environment", path, "folder")
        (folder / "bin").mkdir(parents=True)
        (folder / "pyvenv.cfg").write_text("version = 3.12.1\n")
        (folder / "bin" / "python").symlink_to("/usr/bin/python3")
        write_marker(folder, self.context, engine, complete=True)

    def make_weights(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        sign(folder, self.ledger)
        self.ledger.made("weights", folder, "folder")
        self.make_files(folder)

    def make_files(self, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"weights")
        stat = (folder / "model.safetensors").stat()
        kept = Kept(path="model.safetensors", size=7, sha256="0" * 64, mtime=stat.st_mtime_ns)
        folder_record.save(
            folder, Manifest(model=MODEL, source="hub", complete=True, files=(kept,))
        )


def forge(root: Path, *made: str, kind: str = "folder") -> Layout:
    """Write a ledger as a stranger would, that claims to have made these paths."""
    root.mkdir(parents=True, exist_ok=True)
    lines = [{"time": "t", "step": "x", "event": "made", "path": p, "kind": kind} for p in made]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (root / "ledger.jsonl").write_text(text)
    return Layout(root)
