"""What `doctor --fix` may remove: inside the folder of its finding, as it was shown."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from setup_assistant.doctor.finding import Finding, Fix, keeps_everything
from setup_assistant.doctor.fix import Attempt, mend, roots_of
from setup_assistant.doctor.redownload import missing, removed
from setup_assistant.messages import msg
from setup_assistant.weights.model_folder import INDEX, ModelFolder
from tests.doctor.body import Body, sound


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    return tmp_path / "mine"


def tried(roots: tuple[Path, ...], *commands: str, swap: object = None) -> tuple[Attempt, str]:
    fix = Fix(advice=msg("x"), commands=commands, automatic=True)
    finding = Finding(id="x", layer="weights", status="fail", fix=fix)
    told: list[str] = []

    def agree(_finding: Finding, _changes: object) -> bool:
        if callable(swap):
            swap()
        return True

    done = mend(finding, agree=agree, judge=lambda _f: "", tell=told.append,
                roots=roots)  # fmt: skip
    return done, "\n".join(told)


@pytest.mark.parametrize(
    "place", ["../mine/thesis.txt", "../mine", "link/thesis.txt", ".", "..", "/etc/hostname"]
)
def test_nothing_outside_goes(tmp_path: Path, mine: Path, place: str) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "link").symlink_to(mine)
    done, told = tried((model,), shlex.join(["rm", "-r", "--", f"{model}/{place}"]))
    assert done.state == ("mended" if place.startswith("/") else "failed"), told
    assert (mine / "thesis.txt").exists()
    assert Path("/etc/hostname").exists()
    assert model.is_dir()


def test_without_a_folder_nothing_goes(mine: Path) -> None:
    done, told = tried((), f"rm -- {mine / 'thesis.txt'}")
    assert done.state == "failed"
    assert "thesis.txt" in told
    assert (mine / "thesis.txt").exists()


def test_what_was_exchanged_after_it_was_shown_stays(tmp_path: Path, mine: Path) -> None:
    bad = tmp_path / "model" / "bad.bin"
    bad.parent.mkdir()
    bad.write_text("bad")

    def swap() -> None:
        bad.rename(bad.with_name("old"))
        (mine / "thesis.txt").rename(bad)

    done, _told = tried((bad.parent,), f"rm -- {bad}", swap=swap)
    assert done.state == "failed"
    assert bad.read_text() == "years of work"


def test_a_folder_goes_only_where_the_command_says_so(tmp_path: Path) -> None:
    (tmp_path / "model" / "a" / "b").mkdir(parents=True)
    for command, state in (("rm --", "failed"), ("rm -r --", "mended")):
        done, _told = tried((tmp_path / "model",), f"{command} {tmp_path}/model/a")
        assert done.state == state
    assert not (tmp_path / "model" / "a").exists()


@pytest.mark.parametrize("name", ["../mine/thesis.txt", "/etc/passwd", "..", "sub/x.bin", "a\nb"])
def test_no_command_names_a_place_outside_of_the_model(
    tmp_path: Path, mine: Path, name: str
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "sub").symlink_to(mine)
    folder = ModelFolder(model)
    commands = (*removed(folder, name), *missing(folder, name))
    assert not [c for c in commands if c.startswith("rm ")]


@pytest.mark.parametrize("name", ["../mine/thesis.txt", "/etc/passwd", 5, None, ["a"], "x/../y"])
def test_an_index_that_leads_elsewhere_is_a_finding(tmp_path: Path, name: object) -> None:
    body = sound(tmp_path / "body")
    body.with_model = True
    index = {"weight_map": {"good": "model.safetensors", "odd": name}}
    (body.model / INDEX).write_text(json.dumps(index))
    (first, *_others) = body.diagnose().failed
    assert first.id == "config-invalid"
    assert first.fix is not None
    assert not [c for c in first.fix.commands if c.startswith("rm ")]
    assert ModelFolder(body.model).shards == ("model.safetensors",)


def test_the_folders_of_findings(tmp_path: Path) -> None:
    body: Body = sound(tmp_path / "body")
    body.with_model = True
    case = body.case()

    def of(layer: str, name: str = "x") -> tuple[Path, ...]:
        finding = Finding(id=name, layer=layer, status="fail")  # type: ignore[arg-type]
        return roots_of(finding, case)

    assert of("weights") == (body.model,)
    assert body.env in of("packages")
    assert of("environment", "redirected-output") == (case.cwd,)
    assert of("environment") == of("driver") == of("disk") == ()


@pytest.mark.parametrize(
    ("command", "kept"),
    [("rm -- a", False), ("rm -r -- 'a b'", False), ("python -m pip uninstall -y x", False),
     ("uv pip uninstall x", False), ("conda remove -p /e x", False), ("pip install rm", True),
     ("setup-assistant download a --to /b", True)],
)  # fmt: skip
def test_a_deletion_is_not_called_reversible(command: str, kept: bool) -> None:
    assert keeps_everything(("pip install x", command)) is kept


def test_no_finding_that_removes_is_reversible(tmp_path: Path) -> None:
    body = sound(tmp_path / "body")
    (body.packages / "~orch").mkdir()
    (first, *_others) = body.diagnose().failed
    assert first.fix is not None
    assert first.fix.commands[0].startswith("rm ")
    assert first.fix.reversible is False
