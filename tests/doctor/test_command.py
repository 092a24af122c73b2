"""The verb: exit statuses, the envelope, and what is shown."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.doctor.body import Body
from tests.json_schema import broken

Assistant = Callable[..., "subprocess.CompletedProcess[str]"]
CANARY = ROOT / "recipes" / "canary" / "model"


def envelope(done: subprocess.CompletedProcess[str], code: int) -> dict[str, Any]:
    assert done.returncode == code, done.stdout + done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    assert broken(value) == []
    assert value["exit_code"] == code
    return value


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CANARY, tmp_path / "model"))


def test_a_whole_model_folder_is_fine(assistant: Assistant, model: Path) -> None:
    value = envelope(assistant("doctor", "--static", "--model", str(model), "--json"), 0)
    assert value["status"] == "ok"
    assert not value["errors"]
    done = assistant("doctor", "--static", "--model", str(model))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "Nothing is wrong" in done.stdout


def test_a_damaged_model_folder_fails_with_its_cause_first(
    assistant: Assistant, model: Path
) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    value = envelope(assistant("doctor", "--static", "--model", str(model), "--json"), 1)
    first = value["data"]["findings"][0]
    assert (first["id"], first["layer"], first["status"]) == (
        "weights-truncated",
        "weights",
        "fail",
    )
    assert first["primary"]
    assert value["errors"][0]["code"] == "doctor_found"
    assert "download" in " ".join(first["fix"]["commands"])
    shown = assistant("doctor", "--static", "--model", str(model))
    assert "cut short" in shown.stdout
    assert "download" in shown.stdout


def test_wrong_use_ends_with_2(assistant: Assistant, tmp_path: Path) -> None:
    for arguments in (
        ("--env", str(tmp_path / "none")),
        ("--model", str(tmp_path / "none")),
        ("no-such-finding",),
        ("--explain", str(tmp_path / "none")),
        ("--no-such-flag",),
    ):
        assert assistant("doctor", *arguments).returncode == 2, arguments


def test_one_finding_alone(assistant: Assistant, model: Path) -> None:
    (model / "config.json").unlink()
    call = ("doctor", "--static", "--model", str(model), "--json")
    value = envelope(assistant(*call, "config-missing"), 1)
    assert [f["id"] for f in value["data"]["findings"]] == ["config-missing"]
    value = envelope(assistant(*call, "weights-truncated"), 0)
    assert [f["status"] for f in value["data"]["findings"]] == ["ok"]


def test_the_list_names_every_check(assistant: Assistant) -> None:
    value = envelope(assistant("doctor", "--list", "--json"), 0)
    ids = [row["id"] for row in value["data"]["checks"]]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 70
    shown = assistant("doctor", "--list").stdout
    assert "torchvision-mismatch" in shown


def test_explain_reads_a_file(assistant: Assistant, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    log.write_text("RuntimeError: operator torchvision::nms does not exist", encoding="utf-16")
    value = envelope(assistant("doctor", "--explain", str(log), "--json"), 1)
    assert value["data"]["findings"][0]["id"] == "torchvision-mismatch"
    assert value["data"]["findings"][0]["confidence"] == "inferred"
    log.write_text("all is well")
    value = envelope(assistant("doctor", "--explain", str(log), "--json"), 0)
    assert value["data"] == {"findings": [], "known": False}
    assert "Not known" in assistant("doctor", "--explain", str(log)).stdout


def test_fix_asks_and_names_its_flag_where_nobody_can_answer(
    assistant: Assistant, body: Body
) -> None:
    (body.packages / "~orch").mkdir()
    call = ("doctor", "--static", "--env", str(body.env), "leftovers")
    done = assistant(*call, "--fix")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    done = assistant(*call, "--fix", "--dry-run")
    assert done.returncode == 1
    assert "rm -r" in done.stdout
    assert (body.packages / "~orch").exists()
    value = envelope(assistant(*call, "--fix", "--yes", "--json"), 0)
    assert [a["state"] for a in value["data"]["attempts"]] == ["mended"]
    assert not (body.packages / "~orch").exists()


def test_a_bundle_names_nobody(assistant: Assistant, body: Body, tmp_path: Path) -> None:
    (body.packages / "~orch").mkdir()
    report = tmp_path / "report.json"
    done = assistant("doctor", "--static", "--env", str(body.env), "--bundle", str(report),
                     HTTPS_PROXY="http://someone:secret@127.0.0.1:9")  # fmt: skip
    assert done.returncode == 1
    text = report.read_text(encoding="utf-8")
    assert "leftovers" in text
    for word in (str(tmp_path), "secret", "someone"):
        assert word not in text, word


def test_a_bundle_of_a_text_holds_it_without_what_must_not_be_told(tmp_path: Path) -> None:
    from setup_assistant.cli.doctor.command import command

    (tmp_path / "error.txt").write_text(
        'RuntimeError: CUDA error: out of memory\nFile "/home/wangkai/run.py", line 3\n'
        "| user | password |\n| wangkai | lotus |\n"
    )
    report = tmp_path / "report.json"
    arguments = ["--explain", str(tmp_path / "error.txt"), "--bundle", str(report), "--json"]
    assert CliRunner().invoke(command, arguments).exit_code == 1
    value = json.loads(report.read_text())
    assert value["findings"]
    assert "| <user> | *** |" in value["text"]
    assert "wangkai" not in report.read_text()


def test_a_dead_proxy_is_named(assistant: Assistant) -> None:
    done = assistant("doctor", "proxy-dead", "--static", "--json", https_proxy="http://127.0.0.1:9")
    value = envelope(done, 1)
    assert value["data"]["findings"][0]["fix"]["commands"] == ["unset https_proxy"]


def test_checks_that_fail_themselves_never_end_well() -> None:
    from setup_assistant.cli.doctor.command import _result
    from setup_assistant.doctor.finding import Diagnosis, Finding

    well = Finding(id="leftovers", layer="packages", status="ok")
    blind = Finding(id="duplicates", layer="packages", status="unknown")
    assert _result(Diagnosis(findings=(well,))).exit_code == 0
    found = _result(Diagnosis(findings=(well, blind)))
    assert found.exit_code == 1
    assert found.errors[0].code == "doctor_blind"
