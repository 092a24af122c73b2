"""`environment.yml`: what conda's own reader finds in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from setup_assistant.site.environment_yml import render_environment_yml
from setup_assistant.site.pins import options, pins
from tests.site.samples import CU128, PYPI, plan, sources, torch


def _load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_structure() -> None:
    value = _load(render_environment_yml(plan()))
    assert list(value) == ["name", "channels", "dependencies", "variables"]
    assert value["name"] == "qwen2-vl"
    assert value["channels"] == ["conda-forge"]
    python, pip, section = value["dependencies"]
    assert (python, pip) == ("python=3.12", "pip")
    assert section["pip"] == [
        f"--index-url {PYPI}",
        f"--extra-index-url {CU128}",
        *pins(plan()),
    ]
    assert value["variables"] == {"PYTHONNOUSERSITE": "1", "PYTHONPATH": ""}


def test_a_patch_release_of_python_is_not_demanded_of_conda_forge() -> None:
    value = _load(render_environment_yml(plan(python="3.12.4")))
    assert value["dependencies"][0] == "python=3.12"


def test_find_links_and_default_build() -> None:
    page = "https://mirrors.example.org/pytorch-wheels/cu128/?a=1#x: y"
    section = _load(render_environment_yml(plan(torch=torch(find_links=page))))["dependencies"][2]
    assert f"--find-links {page}" in section["pip"]
    made = plan(torch=torch(index_url=PYPI, compatibility="default-build"))
    assert "torch==2.11.0" in _load(render_environment_yml(made))["dependencies"][2]["pip"]


@pytest.mark.parametrize(
    ("given", "used"),
    [("课程 1", "课程-1"), ("a/b:c#d", "a-b-c-d"), ("yes", "yes"), ("12", "12"),
     ("base", "qwen2-vl"), ("", "qwen2-vl"), ("null", "null"), ("{x}", "{x}")],
)  # fmt: skip
def test_any_name_of_a_folder_is_a_name_for_conda(given: str, used: str) -> None:
    assert _load(render_environment_yml(plan(), given))["name"] == used


def test_it_says_in_both_languages_what_to_run() -> None:
    text = render_environment_yml(plan(), "lab")
    comments = "\n".join(x for x in text.splitlines() if x.startswith("#"))
    assert comments.count("PYTHONNOUSERSITE=1 conda env create -f environment.yml") == 2
    assert comments.count("conda activate lab") == 2
    assert "创建" in comments
    assert "Make it" in comments


def test_a_conda_mirror_is_a_hint_and_never_a_channel() -> None:
    mirror = "https://me:secret@mirrors.example.org/anaconda/cloud/conda-forge"
    text = render_environment_yml(plan(sources=sources(conda=mirror)))
    assert "CONDA_CHANNEL_ALIAS=https://mirrors.example.org/anaconda/cloud " in text
    assert "secret" not in text
    assert _load(text)["channels"] == ["conda-forge"]
    assert "CONDA_CHANNEL_ALIAS" not in render_environment_yml(plan())


def test_comments_survive_a_round_trip_and_lines_stay_short() -> None:
    text = render_environment_yml(plan())
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    import io

    out = io.StringIO()
    yaml.dump(yaml.load(text), out)
    assert out.getvalue() == text


@given(
    st.lists(
        st.from_regex(r"https?://[a-z.]{1,20}/[!-~]{0,20}", fullmatch=True), max_size=3, unique=True
    )
)
def test_every_option_and_pin_comes_back_as_the_string_it_was(urls: list[str]) -> None:
    made = plan(sources=sources(extra_index_urls=tuple(urls)))
    section = _load(render_environment_yml(made))["dependencies"][2]["pip"]
    assert section == [*options(made).lines, *pins(made)]
    for line in section:
        assert isinstance(line, str)
        if not line.startswith("--"):
            Requirement(line)
