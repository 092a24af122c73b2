"""`download` as a person calls it, with a hub on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.hub import Hub
from tests.hub.fixtures import MODEL, SHARDS, hub, model_folder

__all__ = ["hub", "model_folder"]

Assistant = Callable[..., "CompletedProcess[str]"]


@pytest.mark.parametrize("model", ["Tiny", "../../etc", "a/b/c", "Qwen/..", "-x/y", "Qwen/a?b"])
def test_what_is_no_model_id_is_wrong_use(assistant: Assistant, model: str) -> None:
    done = assistant("download", "--json", "--", model)
    assert done.returncode == 2
    assert json.loads(done.stdout)["errors"][0]["code"] == "usage"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--source", "no-such-hub"),
        ("--source", "http://lab", "--endpoint", "http://other"),
    ],
)
def test_sources_that_make_no_sense_are_wrong_use(
    assistant: Assistant, arguments: tuple[str, ...]
) -> None:
    done = assistant("download", MODEL, *arguments)
    assert done.returncode == 2
    assert "modelscope" in done.stderr.lower()


@pytest.mark.parametrize(
    "address",
    ["ftp://127.0.0.1/x", "file:///etc", "http://", "http://127.0.0.1:99999", "http://[::1",
     "http://127.0.0.1:9?@lab", "http://127.0.0.1:9#@lab", "http://127.0.0.1:9\\@lab"],
)  # fmt: skip
def test_an_endpoint_that_is_no_address_is_wrong_use(
    assistant: Assistant, tmp_path: Path, address: str
) -> None:
    done = assistant("download", MODEL, "--to", "w", MODELSCOPE_ENDPOINT=address)
    assert done.returncode == 2, done.stderr
    assert "is no address" in done.stderr
    assert not (tmp_path / "w").exists()


def test_without_an_environment_a_hub_is_enough(
    assistant: Assistant, hub: Hub, tmp_path: Path
) -> None:
    done = assistant("download", MODEL, "--to", "w", "--endpoint", hub.url, NO_PROXY="127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert f"{SHARDS[0]} is here" in done.stderr
    quiet = assistant("download", MODEL, "--to", "x", "--source", str(tmp_path / "w"), "--json")
    assert quiet.returncode == 0, quiet.stdout
    told = [json.loads(line) for line in quiet.stderr.splitlines()]
    assert [e["event"] for e in told][:2] == ["listed", "start"]
    assert {e["path"] for e in told if e["event"] == "file"} >= {SHARDS[0], "config.json"}
    silent = assistant(
        "download", MODEL, "--to", "y", "--source", str(tmp_path / "w"), "--json", "-q"
    )
    assert (silent.returncode, silent.stderr) == (0, "")
    assert (tmp_path / "x" / SHARDS[0]).read_bytes() == (tmp_path / "w" / SHARDS[0]).read_bytes()


def test_a_dry_run_tells_what_is_missing_and_writes_nothing(
    assistant: Assistant, hub: Hub, model_folder: Path, tmp_path: Path
) -> None:
    to = tmp_path / "权重 w"
    arguments = ("download", MODEL, "--to", str(to), "--dry-run", "--endpoint", hub.url)
    done = assistant(*arguments, NO_PROXY="127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert SHARDS[0] in done.stdout
    assert "Nothing was done" in done.stdout
    assert not to.exists()
    to.mkdir()
    there = (model_folder / SHARDS[0]).read_bytes()
    (to / SHARDS[0]).write_bytes(there)
    data = json.loads(assistant(*arguments, "--json", NO_PROXY="127.0.0.1").stdout)["data"]
    assert data["dry_run"] is True
    assert data["total_bytes"] == sum(f["size_bytes"] for f in data["files"])
    assert data["missing_bytes"] == data["total_bytes"] - len(there)
    assert [p.name for p in to.iterdir()] == [SHARDS[0]]
    assert not any(r for r in hub.seen if SHARDS[0] in str(r))


def test_a_second_source_delivers_what_the_first_does_not(
    assistant: Assistant, hub: Hub, model_folder: Path, tmp_path: Path
) -> None:
    hub.fail("flip", path=SHARDS[0], times=None)
    arguments = ("--to", "w", "--source", hub.url, "--source", str(model_folder), "--json")
    done = assistant("download", MODEL, *arguments, NO_PROXY="127.0.0.1")
    assert done.returncode == 0, done.stdout
    data = json.loads(done.stdout)["data"]
    origins = {f["path"]: f["source"] for f in data["files"]}
    assert origins.pop(SHARDS[0]) == str(model_folder)
    assert set(origins.values()) == {hub.url}
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [e["path"] for e in told if e["event"] == "damaged"] == [SHARDS[0]] * 2
    hub.seen.clear()
    assert assistant("download", MODEL, *arguments).returncode == 0
    assert hub.seen == []


def test_download_then_rerun_then_repair(assistant: Assistant, hub: Hub, tmp_path: Path) -> None:
    arguments = ["download", MODEL, "--to", "weights", "--endpoint", hub.url]
    first = assistant(*arguments, "--json", NO_PROXY="127.0.0.1")
    assert first.returncode == 0, first.stdout + first.stderr
    data = json.loads(first.stdout)["data"]
    assert data["folder"] == str(tmp_path / "weights")
    assert (
        data["total_bytes"] == data["received_bytes"] == sum(f["size_bytes"] for f in data["files"])
    )
    assert {f["checked"] for f in data["files"]} == {"sha256"}

    hub.seen.clear()
    again = assistant(*arguments)
    assert again.returncode == 0
    assert f"{MODEL} is complete in {tmp_path}/weights: 6 files, 1.4 MB" in again.stdout
    assert hub.seen == []

    shard = tmp_path / "weights" / SHARDS[0]
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    repaired = assistant(*arguments, "--verify", "--json", NO_PROXY="127.0.0.1")
    assert repaired.returncode == 0
    assert json.loads(repaired.stdout)["data"]["received_bytes"] == shard.stat().st_size
    assert shard.read_bytes() == (hub.models[MODEL] / SHARDS[0]).read_bytes()
    assert hub.asked(SHARDS[1]) == 0
    assert {p.name for p in (tmp_path / "home").rglob("*")} == set()


def test_no_hub_is_partly_done_with_the_command_that_resumes(
    assistant: Assistant, tmp_path: Path
) -> None:
    # Port 9 (discard) is answered by nobody.
    done = assistant(
        "download", MODEL, "--to", "weights", "--json",
        MODELSCOPE_ENDPOINT="http://127.0.0.1:9", NO_PROXY="127.0.0.1",
    )  # fmt: skip
    assert done.returncode == 3
    envelope = json.loads(done.stdout)
    assert envelope["status"] == "partial"
    error = envelope["errors"][0]
    assert error["code"] == "weights_unreachable"
    assert f"download {MODEL} --to {tmp_path}/weights" in error["hint"]
    assert not (tmp_path / "weights").exists()
