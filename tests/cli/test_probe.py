"""`probe` on the command line: its envelope, its text, its files, its deadline."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

Assistant = Callable[..., "subprocess.CompletedProcess[str]"]
OWN = Path(__file__).resolve().parents[1] / "machines"


def test_the_envelope_keeps_its_contract(assistant: Assistant) -> None:
    done = assistant("probe", "--json", "--no-sources")
    assert done.returncode == 0, done.stderr
    envelope = json.loads(done.stdout)
    assert (envelope["schema"], envelope["command"]) == ("setup-assistant/1", "probe")
    assert (envelope["status"], envelope["exit_code"], envelope["errors"]) == ("ok", 0, [])
    data = envelope["data"]
    assert {"version", "cuda"} <= data["driver"].keys()
    assert isinstance(data["gpus"], list)
    assert all(u["field"] and u["reason"] for u in data["unknown"])
    assert [d["role"] for d in data["disks"]] == ["site", "cache", "temp"]
    assert data["memory"]["total_bytes"] > 0
    assert {"python", "uv"} <= {t["name"] for t in data["tools"]}


def test_captured_files_replace_the_machine(assistant: Assistant) -> None:
    done = assistant("probe", "--json", "--from", str(OWN / "two-cards.txt"))
    data = json.loads(done.stdout)["data"]
    assert done.returncode == 0
    assert data["driver"]["version"] == "535.183.01"
    assert data["driver"]["cuda"] == "12.2"
    keys = ("name", "uuid", "compute_capability", "memory_total_bytes", "memory_free_bytes", "mig")
    assert [tuple(g[k] for k in keys) for g in data["gpus"]] == [
        ("NVIDIA GeForce RTX 3090", None, "8.6", 24576 << 20, 24116 << 20, None),
        ("Tesla V100-PCIE-16GB", None, "7.0", 16384 << 20, 16384 << 20, None),
    ]
    assert data["tools"] == []


def test_save_writes_a_machine_that_from_reads(assistant: Assistant, tmp_path: Path) -> None:
    saved = tmp_path / "machine.json"
    first = assistant(
        "probe", "--json", "--from", str(OWN / "banner-610.txt"), "--save", str(saved)
    )
    again = assistant("probe", "--json", "--from", str(saved))
    assert json.loads(again.stdout)["data"] == json.loads(first.stdout)["data"]
    assert json.loads(saved.read_text()) == json.loads(first.stdout)["data"]


def test_text_shows_gpus_verdicts_and_remedies(assistant: Assistant) -> None:
    shown = assistant("probe", "--from", str(OWN / "two-cards.txt"), COLUMNS="120").stdout
    assert "535.183.01, up to CUDA 12.2" in shown
    assert "23.6 GiB" in shown
    assert "drives a display" in shown
    broken = assistant("probe", "--from", str(OWN / "mismatch.txt"), COLUMNS="120").stdout
    assert "different versions" in broken
    assert "NVML library version: 580.95" in broken
    assert "Reboot" in broken


def test_a_file_that_is_not_there(assistant: Assistant) -> None:
    done = assistant("probe", "--json", "--from", "none.txt")
    assert done.returncode == 2
    assert json.loads(done.stdout)["errors"][0]["code"] == "file_missing"


def test_a_file_of_something_else(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Hello\n")
    done = assistant("probe", "--json", "--from", "letter.txt")
    assert done.returncode == 1
    assert json.loads(done.stdout)["errors"][0]["code"] == "file_invalid"


def test_a_deaf_nvidia_smi_does_not_hold_the_command(assistant: Assistant, tmp_path: Path) -> None:
    """It never ends by itself and ignores a polite end: only the deadline ends this test."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "libnvidia-ml.so.1").write_text("not a library")
    program = broken / "nvidia-smi"
    program.write_text(
        f"#!/bin/sh\ntrap '' TERM\necho $$ >{tmp_path}/group\n"
        "while :; do /bin/sleep 1000 & wait; done\n"
    )
    program.chmod(0o755)
    done = assistant(
        "probe", "--json", "--no-sources", "--deadline", "2",
        PATH=str(broken), LD_LIBRARY_PATH=str(broken),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert {"nvml_hangs", "nvidia_smi_hangs"} & {v["id"] for v in data["verdicts"]}
    assert not _alive(int((tmp_path / "group").read_text()))


def _alive(group: int) -> bool:
    """Whether a process of a group still runs, for up to some seconds."""
    for _ in range(3000):
        found = [p for p in psutil.process_iter(["status"]) if _group(p.pid) == group]
        if all(p.info["status"] == psutil.STATUS_ZOMBIE for p in found):
            return False
        time.sleep(0.1)
    return True


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return -1
