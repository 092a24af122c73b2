"""`answers.toml`: out and back, and what is wrong in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import Exit, SetupError
from setup_assistant.site.answers import load_answers, merge, read_answers, render_answers

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda s: "://" not in s and "=" not in s and "hf_" not in s and "ms-" not in s
)


@settings(deadline=None)
@given(
    model=_text,
    site=_text,
    python=st.sampled_from(["", "3.10", "3.12"]),
    gpus=st.lists(_text, max_size=3),
    strict=st.booleans(),
    purpose=st.sampled_from(["try", "images", "video"]),
)
def test_wishes_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    model: str,
    site: str,
    python: str,
    gpus: list[str],
    strict: bool,
    purpose: str,
) -> None:
    wanted = Wishes(
        model=model,
        site=site,
        python=python,
        gpus=tuple(gpus),
        strict_cuda=strict,
        purpose=purpose,  # type: ignore[arg-type]
    )
    path = tmp_path_factory.mktemp("a") / "answers.toml"
    path.write_text(render_answers(wanted, path), encoding="utf-8")
    assert load_answers(path) == wanted


def _file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('modle = "auto"\n', ("modle", "model")),
        ('zzz = "auto"\n', ("zzz", "purpose")),
        ('gpus = "0"\n', ("gpus", "array")),
        ("strict_cuda = 1\n", ("strict_cuda", "bool")),
        ("gpus = [1]\n", ("gpus[0]", "str")),
        ('purpose = "all"\n', ("purpose", "all")),
        ('model = "auto\n', ("line 1",)),
        ("[model]\nid = 1\n", ("model", "str")),
    ],
)
def test_what_is_wrong_names_file_and_key(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(SetupError) as caught:
        load_answers(path)
    assert caught.value.code == "answers_invalid"
    assert caught.value.exit == Exit.USAGE
    for word in (str(path), *words):
        assert word in caught.value.message.english


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        load_answers(tmp_path / "none.toml")
    assert caught.value.code == "file_missing"


def test_only_what_the_file_says_is_answered(tmp_path: Path) -> None:
    path = _file(tmp_path, 'model = "canary"\ngpus = ["1"]\n')
    assert read_answers(path) == {"model": "canary", "gpus": ("1",)}


def test_flags_win_over_answers_and_answers_over_defaults() -> None:
    answers = {"model": "canary", "mirror": "cn", "strict_cuda": True}
    got = merge({"model": "auto", "mirror": None, "strict_cuda": False, "env": None}, answers)
    assert got == Wishes(model="auto", mirror="cn", strict_cuda=False)
    assert merge({}) == Wishes()


def test_every_key_has_its_remark_in_both_languages() -> None:
    text = render_answers(Wishes(), Path("answers.toml"))
    for field in dataclasses.fields(Wishes):
        assert f"\n{field.name} = " in text
        before = text.split(f"\n{field.name} = ")[0].splitlines()[-1]
        assert before.startswith("# "), field.name
    assert "重现" in text


def test_a_mirror_with_a_password_is_written_without_it(tmp_path: Path) -> None:
    text = render_answers(
        Wishes(mirror="https://me:secret@own.example.org/simple"), tmp_path / "answers.toml"
    )
    assert "secret" not in text
    assert load_answers(_file(tmp_path, text)).mirror == "https://own.example.org/simple"
