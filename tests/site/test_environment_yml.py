"""`environment.yml`: what conda's own reader finds in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from setup_assistant.site.conda_explicit import exact_pins, render_explicit
from setup_assistant.site.environment_yml import CREATE, render_environment_yml
from setup_assistant.site.requirements import options, pins
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
    assert comments.count(CREATE) == 2
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


def conda_record(folder: Path, name: str, version: str, **more: str) -> None:
    (folder / "conda-meta").mkdir(parents=True, exist_ok=True)
    file = f"{name}-{version}-0.conda"
    url = f"https://me:secret@conda.example/t/tk-0123456789abcdef/conda-forge/noarch/{file}"
    value = {"name": name, "version": version, "url": url, "md5": "0" * 31 + "a", **more}
    (folder / "conda-meta" / f"{file}.json").write_text(json.dumps(value))


def test_an_environment_of_conda_makes_it_exact(tmp_path: Path) -> None:
    for name, version in (("python", "3.12.4"), ("pip", "25.1"), ("ca-certificates", "2026.1")):
        conda_record(tmp_path, name, version)
    pins_ = exact_pins(tmp_path, "3.12")
    assert pins_ == ("python=3.12.4", "pip=25.1")
    # Of another Python than the plan's nothing is known.
    assert exact_pins(tmp_path, "3.13") == ()
    text = render_environment_yml(plan(), "lab", pins_)
    assert _load(text)["dependencies"][:2] == list(pins_)
    assert "--override-channels --channel conda-forge python=3.12.4 pip=25.1\n" in text
    lock = render_explicit(tmp_path, "lab") or ""
    head, _, urls = lock.partition("@EXPLICIT\n")
    assert all(line.startswith("#") for line in head.splitlines())
    assert len(urls.splitlines()) == 3
    assert "secret" not in lock
    assert "0123456789abcdef" not in lock
    assert all(u.endswith("#" + "0" * 31 + "a") for u in urls.splitlines())
    # One that cannot be told makes the whole no lock.
    conda_record(tmp_path, "odd", "1.0", md5="")
    assert render_explicit(tmp_path, "lab") is None
