"""The weights step: what it says, records, and does where there is no hub."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest

from setup_assistant.errors import Exit, SetupError
from setup_assistant.site.layout import Layout
from setup_assistant.steps import weights
from setup_assistant.steps.download import named_source
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Context
from setup_assistant.steps.weights import WeightsStep
from tests.hub import Hub
from tests.hub.fixtures import MODEL
from tests.site import samples


def context(site: Path, *, model: str = MODEL, **changes: str) -> Context:
    layout = Layout(site, **changes)
    choice = dataclasses.replace(samples.plan().model, id=model, modelscope_id=model)
    return Context(
        machine=samples.machine(),
        plan=samples.plan(model=choice),
        wishes=samples.wishes(),
        site=layout,
        ledger=Ledger(layout.ledger),
        recipes=site,
    )


def made(context: Context) -> list[tuple[str, str]]:
    return [
        (Path(data["path"]).relative_to(context.site.root.parent).as_posix(), data["kind"])
        for data in context.ledger.owned()
    ]


def test_the_canary_needs_nothing(tmp_path: Path) -> None:
    canary = context(tmp_path / "site", model="canary")
    assert WeightsStep().check(canary) is True
    assert "canary" in str(WeightsStep().title(canary))


def test_a_model_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    assert WeightsStep().check(context(tmp_path / "site")) is False


def test_the_title_names_model_and_size(tmp_path: Path) -> None:
    title = str(WeightsStep().title(context(tmp_path / "site")))
    assert title == f"Weights: {MODEL}, 17.2 GB"


def test_a_new_folder_is_recorded_whole(tmp_path: Path) -> None:
    here = context(tmp_path / "site")
    weights._announce(here, here.site.weights(MODEL), ["config.json"])
    assert made(here) == [("site/models", "above"), ("site/models/Tiny-VL", "folder")]


def test_in_a_folder_of_the_persons_only_our_files_are_recorded(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "config.json").write_text("{}")
    here = context(tmp_path / "site", weights_override=str(theirs))
    weights._announce(here, theirs, ["config.json", "model.safetensors"])
    recorded = dict(made(here))
    assert recorded["theirs/model.safetensors"] == "file"
    assert "theirs/config.json" not in recorded
    assert "theirs" not in recorded


def test_a_second_run_records_nothing_more(tmp_path: Path) -> None:
    here = context(tmp_path / "site")
    folder = here.site.weights(MODEL)
    weights._announce(here, folder, ["config.json"])
    (folder / "config.json.sa-part").write_text("{")
    weights._announce(here, folder, ["config.json"])
    assert made(here) == [("site/models", "above"), ("site/models/Tiny-VL", "folder")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "https://plan.example"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("hub.lab", "https://hub.lab"),
        ("  ", "https://plan.example"),
    ],
)
def test_the_persons_own_hub_wins(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", given)
    assert named_source.endpoint("modelscope", "https://plan.example/") == expected


def test_the_step_downloads_and_then_passes(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    here = context(tmp_path / "site")
    step = WeightsStep()
    assert not step.check(here)
    step.do(here)
    assert step.check(here)
    assert made(here) == [("site/models", "above"), ("site/models/Tiny-VL", "folder")]
    hub.seen.clear()
    step.do(here)
    assert hub.seen == []


def test_no_hub_ends_partly_with_the_command_that_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    here = context(tmp_path / "the site")
    with pytest.raises(SetupError) as caught:
        WeightsStep().do(here)
    assert caught.value.code == "weights_unreachable"
    assert caught.value.exit == Exit.PARTLY
    assert "connection refused" in str(caught.value.message)
    assert f"setup-assistant up --yes --site '{tmp_path}/the site'" in str(caught.value.hint)
    assert made(here) == []
    assert not here.site.weights(MODEL).exists()
