"""The index of the plan is the one that is used, whatever pip and uv are set up for."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.uv import Uv
from setup_assistant.steps.step import Silent
from tests.steps.index import serving, small_recipes

DEAD = "http://127.0.0.1:9/simple"
pytestmark = pytest.mark.e2e


def install(folder: Path, text: str) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(text)
    job = Job(
        prefix=folder / "有 空格" / "env", python="3", conda_channel="",
        environment_yml=folder / "e.yml", requirements=requirements, lock=folder / "r.lock",
        scratch=folder, expected_bytes=1, tell=Silent(),
    )  # fmt: skip
    job.prefix.parent.mkdir()
    Uv().create(job)
    Uv().install(job)
    return next(job.prefix.glob("lib/python3*/site-packages"))


@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_a_mirror_that_was_asked_for_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, DEAD)
    with serving(small_recipes(tmp_path / "recipes")) as index:
        found = install(tmp_path, f"# x\n--index-url {index.url}\naccelerate==1.15.0\n")
    assert (found / "accelerate-1.15.0.dist-info").is_dir()


def test_one_with_a_password_is_in_no_file_and_still_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(small_recipes(tmp_path / "recipes")) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("://", "://me:word@"))
        found = install(tmp_path, f"#   --index-url {index.url}\naccelerate==1.15.0\n")
    assert (found / "accelerate-1.15.0.dist-info").is_dir()
    assert "word" not in (tmp_path / "requirements.txt").read_text()


@pytest.mark.parametrize("variable", ["PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"])
def test_an_additional_index_serves_only_what_the_first_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    recipes = small_recipes(tmp_path / "recipes")
    with serving(recipes) as index, serving(recipes) as pytorch, serving(recipes) as other:
        index.packages = {"pip": {"26.0"}, "of-two": {"1.0", "2.0"}, "torch": {"2.9.1"}}
        pytorch.packages = {"of-two": {"0.9"}, "torch": {"2.9.1+cu128"}}
        other.packages = {"of-two": {"99.0"}, "torch": {"2.9.1+cu128"}, "own": {"1.0"}}
        monkeypatch.setenv(variable, f"name={other.url}" if variable == "UV_INDEX" else other.url)
        text = (f"--index-url {index.url}\n--extra-index-url {pytorch.url}\n"
                f"--extra-index-url {other.url}\ntorch==2.9.1+cu128\nof-two\nown==1.0")  # fmt: skip
        found = install(tmp_path, text)
    names = {p.name for p in found.glob("*.dist-info")}
    assert {"of_two-2.0.dist-info", "torch-2.9.1+cu128.dist-info", "own-1.0.dist-info"} <= names


def test_a_replacement_of_the_package_index_serves_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(small_recipes(tmp_path / "recipes")) as own:
        own.packages = {"pip": {"26.0"}, "of-two": {"1.0"}}
        (tmp_path / "uv.toml").write_text(f'[[index]]\nurl = "{own.url}"\ndefault = true\n')
        monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
        found = install(tmp_path, "of-two\n")
    assert (found / "of_two-1.0.dist-info").is_dir()


def test_what_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(SetupError) as caught:
        install(tmp_path, f"--index-url {DEAD}\naccelerate==1.15.0\n")
    assert caught.value.code == "packages_unreachable"


def test_a_project_around_and_variables_change_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, nowhere = tmp_path / "project", str(tmp_path / "nowhere")
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "theirs"\nversion = "1"\n[tool.uv]\n'
        'override-dependencies = ["accelerate==1.16.0"]\nexclude-newer = "2020-01-01"\n'
    )
    monkeypatch.chdir(project)
    monkeypatch.setenv("UV_CONSTRAINT", nowhere)
    monkeypatch.setenv("UV_OVERRIDE", nowhere)
    monkeypatch.setenv("UV_WORKING_DIR", nowhere)
    monkeypatch.setenv("UV_TORCH_BACKEND", "cu118")
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    with serving(small_recipes(tmp_path / "recipes")) as index:
        index.packages["of-two"] = {"1.0", "2.0"}
        index.packages["accelerate"].add("1.16.0")
        found = install(tmp_path, f"--index-url {index.url}\naccelerate==1.15.0\nof-two\n")
    assert (found / "accelerate-1.15.0.dist-info").is_dir()
    assert (found / "of_two-2.0.dist-info").is_dir()
