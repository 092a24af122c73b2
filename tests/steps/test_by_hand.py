"""Packages that a person changed, added or removed: shown, decided, recorded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.host import prefix
from setup_assistant.steps.backends.uv import uv_program
from setup_assistant.steps.ledger import Ledger
from tests.steps.test_killed import NEW, OLD, Lab, lab, made

__all__ = ["lab", "made"]

pytestmark = pytest.mark.e2e


def by_hand(lab: Lab, *words: str) -> None:
    """Do with uv what a person would."""
    index = ["--index-url", lab.index.url] if words[0] == "install" else []
    env = {**os.environ, "UV_CACHE_DIR": str(lab.folder / "theirs")}
    python = str(lab.layout.env / "bin" / "python")
    subprocess.run(
        [uv_program(), "pip", words[0], "--python", python, *index, *words[1:]],
        env=env, check=True, capture_output=True,
    )  # fmt: skip


def ledger(lab: Lab, key: str) -> list[Any]:
    return [e.data[key] for e in Ledger(lab.layout.ledger).entries() if key in e.data]


def receipt(lab: Lab) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lab.layout.receipt.read_text())["environment"]
    return found


def up(lab: Lab, *more: str) -> dict[str, Any]:
    done = lab.run("up", "--yes", "--site", str(lab.site), "--json", *more, recipes="old")
    value: dict[str, Any] = json.loads(done.stdout)
    assert value["exit_code"] == 0, value
    found: dict[str, Any] = value["data"]
    return found


def change_all(lab: Lab) -> None:
    lab.index.packages["mine"] = {"1.5"}
    by_hand(lab, "install", "--no-deps", f"transformers=={NEW}", "mine==1.5")
    by_hand(lab, "uninstall", "accelerate")


def test_what_was_changed_is_shown_and_put_back(lab: Lab) -> None:
    change_all(lab)
    said = "\n".join(up(lab, "--dry-run")["notes"])
    assert f"transformers {NEW} → {OLD}, as planned" in said
    assert "accelerate" in said
    assert "mine 1.5" in said
    assert prefix.packages(lab.layout.env)["transformers"] == NEW
    assert f"transformers {NEW} → {OLD}, as planned" in "\n".join(up(lab)["notes"])
    now = prefix.packages(lab.layout.env)
    assert (now["transformers"], now["mine"]) == (OLD, "1.5")
    assert ledger(lab, "put_back")[-1]["transformers"] == [NEW, OLD]
    assert receipt(lab)["put_back"]["transformers"] == [NEW, OLD]
    assert receipt(lab)["by_hand"] == {"mine": [None, "1.5"]}
    assert f"transformers: {NEW} → {OLD}" in lab.layout.report.read_text().replace("\\", "")
    again = up(lab)
    assert {s["status"] for s in again["steps"]} == {"already"}
    assert again["notes"] == ["Added by hand, and left: mine 1.5"]


def test_what_was_changed_can_be_kept(lab: Lab) -> None:
    change_all(lab)
    assert f"transformers {NEW} is kept" in "\n".join(up(lab, "--keep")["notes"])
    now = prefix.packages(lab.layout.env)
    assert now["transformers"] == NEW
    assert "accelerate" not in now
    assert ledger(lab, "kept")[-1]["transformers"] == [OLD, NEW]
    assert receipt(lab)["by_hand"]["transformers"] == [OLD, NEW]
    # The decision holds until another is made.
    assert {s["status"] for s in up(lab)["steps"]} == {"already"}
    up(lab, "--no-keep")
    assert prefix.packages(lab.layout.env)["transformers"] == OLD


def test_what_was_added_survives_an_upgrade(lab: Lab, tmp_path: Path) -> None:
    lab.index.packages["mine"] = {"1.5"}
    by_hand(lab, "install", "mine==1.5")
    (info,) = lab.layout.env.glob("lib/python3*/site-packages/mine-1.5.dist-info")
    (info.parent / "nowhere-2.0.dist-info").mkdir()
    shown = lab.run("env", "upgrade", "site", "--dry-run", "--json")
    data = json.loads(shown.stdout)["data"]
    assert data["installed_again"] == ["mine==1.5"]
    assert data["lost"] == ["nowhere==2.0"]
    done = lab.run("env", "upgrade", "site", "--yes")
    assert done.returncode == 0, done.stderr
    assert "nowhere==2.0" in done.stderr + done.stdout
    now = prefix.packages(lab.layout.env)
    assert (now["transformers"], now["mine"]) == (NEW, "1.5")
    assert receipt(lab)["by_hand"] == {"mine": [None, "1.5"]}
    back = lab.run("env", "rollback", "site", "--json")
    assert "nowhere - → 2.0" in "\n".join(json.loads(back.stdout)["data"]["notes"])


def test_an_upgrade_keeps_what_was_changed_where_that_was_asked_for(lab: Lab) -> None:
    change_all(lab)
    by_hand(lab, "install", "--no-deps", "modelscope==1.37.1", f"transformers=={OLD}")
    shown = lab.run("env", "upgrade", "site", "--dry-run", "--json")
    said = json.loads(shown.stdout)["data"]
    assert "modelscope 1.37.1 → 1.40.2, as planned" in said["notes"][0]
    done = lab.run("env", "upgrade", "site", "--yes", "--keep")
    assert done.returncode == 0, done.stderr
    now = prefix.packages(lab.layout.env)
    assert (now["transformers"], now["modelscope"], now["mine"]) == (NEW, "1.37.1", "1.5")
    assert "accelerate 1.15.0 is installed again" in done.stderr + done.stdout
    assert "modelscope==1.37.1" in lab.layout.requirements.read_text()
    assert ledger(lab, "kept")[-1] == {"modelscope": ["1.40.2", "1.37.1"]}
    assert ledger(lab, "put_back")[-1] == {"accelerate": [None, "1.15.0"]}
    assert "kept: modelscope 1.37.1" in lab.layout.plan.read_text()
    # The decision holds, in `up` as in another upgrade, until another is made.
    assert {s["status"] for s in up(lab)["steps"]} == {"already"}
    again = json.loads(lab.run("env", "upgrade", "site", "--json").stdout)["data"]
    assert again["changes"] == []
    other = lab.run("env", "upgrade", "site", "--dry-run", "--no-keep", "--json")
    (change,) = json.loads(other.stdout)["data"]["changes"]
    assert (change["name"], change["new"]) == ("modelscope", "1.40.2")
