"""Where an environment may lie, and what a killed run leaves running in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import prefix, sites
from setup_assistant.host.paths import check_name
from setup_assistant.steps import environment_preflight
from setup_assistant.steps.backends.base import suited, suited_to_conda
from setup_assistant.steps.gather_wishes import layout_of


def straggler(folder: Path, seconds: str) -> subprocess.Popen[bytes]:
    """Start a program of an environment, as a grandchild of a killed run is."""
    folder.mkdir()
    program = shutil.which("sleep")
    assert program
    return subprocess.Popen([shutil.copy(program, folder / "python"), seconds])


def test_what_still_runs_in_a_half_made_one_is_waited_for(tmp_path: Path) -> None:
    process = straggler(tmp_path / "env.part", "0.3")
    environment_preflight.wait_for_stragglers(tmp_path / "env", tmp_path / "env.part")
    assert process.wait(0) == 0


def test_what_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment_preflight, "_STRAGGLER_SECONDS", 0.0)
    process = straggler(tmp_path / "env", "30")
    try:
        with pytest.raises(SetupError) as caught:
            environment_preflight.wait_for_stragglers(tmp_path / "env")
    finally:
        process.kill()
        process.wait()
    assert caught.value.code == "env_in_use"
    assert f"({process.pid})" in str(caught.value)


@pytest.mark.parametrize("check", [suited, suited_to_conda])
def test_a_folder_that_no_search_path_can_name(check: object, tmp_path: Path) -> None:
    assert callable(check)
    check(tmp_path / "有 空格 $x")
    with pytest.raises(SetupError) as caught:
        check(tmp_path / f"a{os.pathsep}b")
    assert caught.value.code == "prefix_divided"
    assert repr(os.pathsep) in str(caught.value)


@pytest.mark.parametrize("site", ["x" * 256, "/".join(["y" * 200] * 20)])
def test_a_name_that_no_folder_can_have(tmp_path: Path, site: str) -> None:
    with pytest.raises(SetupError) as caught:
        layout_of(Wishes(site=str(tmp_path / site)))
    assert caught.value.code == "not_writable"
    assert "too long" in str(caught.value)


@pytest.mark.parametrize("key", ["site", "env", "weights"])
@pytest.mark.parametrize("name", ["a\u202eb", "a\nb", "a\x1b[31mb"])
def test_a_name_that_would_be_shown_as_another(tmp_path: Path, key: str, name: str) -> None:
    wishes = {"site": str(tmp_path / "site"), key: str(tmp_path / name)}
    with pytest.raises(SetupError, match="a character that no file name may have") as caught:
        layout_of(Wishes(**wishes))
    assert ascii(name)[1:-1] in str(caught.value)
    layout_of(Wishes(site=str(tmp_path / "千问 é 👩\u200d🔬 \udcff")))


def test_links_in_a_circle_are_a_name_like_another(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    for path in (tmp_path / "a", tmp_path / "a" / "below", tmp_path / "none" / "below"):
        check_name(path)
    with pytest.raises(OSError, match="too long"):
        check_name(tmp_path / ("x" * 256))


def test_a_cache_that_cannot_be_written_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SetupError) as caught:
        sites.register(tmp_path)
    assert "SETUP_ASSISTANT_CACHE" in caught.value.hint.english


def test_what_may_not_be_looked_into_is_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    # The administrator may look into everything, so the system's answer is made here.
    monkeypatch.setattr(Path, "is_file", refuse)
    assert prefix.kind(tmp_path) is None
