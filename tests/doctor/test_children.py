"""What children say of a run, and what is asked of them: chains, folders, hooks, devices."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.doctor import (
    examine,
    fresh,
    gather,
    interpreter,
    surroundings_child,
    watch_child,
)
from setup_assistant.doctor.case import QWEN, TORCH_ONLY
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.surroundings import see
from setup_assistant.doctor.torch_run import run
from setup_assistant.machine.facts import System
from tests.doctor.body import Body
from tests.doctor.tables import case_of


def raised(depth: int, text: str = "") -> BaseException:
    """Return an exception with so many behind it, each the cause of the next."""
    error: BaseException | None = None
    for number in range(depth):
        try:
            raise ValueError(f"{number}{text}") from error  # noqa: TRY301 - for its frame
        except ValueError as caught:
            error = caught
    assert error is not None
    return error


@pytest.mark.parametrize(("depth", "links"), [(1, 1), (3, 3), (8, 8), (9, 8)])
def test_a_chain_is_told_up_to_its_eighth_link(depth: int, links: int) -> None:
    assert surroundings_child.frames(raised(depth)) == [__file__] * links
    found = watch_child.chain_of(raised(depth))
    assert [link["text"] for link in found] == [str(depth - 1 - n) for n in range(links)]
    assert all(link["type"] == "ValueError" for link in found)
    assert [len(str(link["text"])) for link in watch_child.chain_of(raised(1, "x" * 3_000))] == [
        2_000
    ]


def test_what_lies_behind_an_exception_is_told_unless_it_is_suppressed() -> None:
    def fails(*, quietly: bool) -> BaseException:
        try:
            try:
                raise KeyError("inner")  # noqa: TRY301 - for its frame
            except KeyError:
                if quietly:
                    raise ValueError("outer") from None
                raise ValueError("outer")  # noqa: B904 - one that is behind it by itself
        except ValueError as error:
            return error

    for quietly, kinds in ((False, ["ValueError", "KeyError"]), (True, ["ValueError"])):
        found = watch_child.chain_of(fails(quietly=quietly))
        assert [link["type"] for link in found] == kinds
        assert found[0]["frames"] == [[__file__, found[0]["frames"][0][1], "fails"]]  # type: ignore[index]
    assert len(surroundings_child.frames(fails(quietly=False))) == 2


def test_only_the_folders_of_models_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_child, "_folders", {})
    for event, path in (("open", "/m/config.json"), ("open", "/m/tokenizer.json"), ("open", 7),
                        ("open", "/n/a.safetensors"), ("open", "/o/model.safetensors.index.json"),
                        ("open", "/p/other.json"), ("import", "/q/config.json")):  # fmt: skip
        watch_child.watch(event, (path, "r"))
    watch_child.watch("open", ())
    assert list(watch_child._folders) == ["/m", "/n", "/o"]


def test_a_hook_is_run_as_python_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "a.pth").write_text("named\nimport sys; sys.modules['hooked'] = sys\n")
    (tmp_path / "ownhook.py").write_text("value = 7\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    surroundings_child.run_hook(str(tmp_path / "a.pth"))
    surroundings_child.run_hook(str(tmp_path / "ownhook.py"))
    assert sys.path == [str(tmp_path), str(tmp_path / "named")]
    assert "hooked" in sys.modules
    assert sys.modules["ownhook"].value == 7


def answering(body: Body, script: str) -> Body:
    """Let the interpreter of a body be a script that shows what it is asked."""
    python = body.env / "bin/python"
    python.unlink()
    body.file(python, f"#!/bin/sh\n{script}\n").chmod(0o755)
    return body


def test_a_child_is_asked_with_the_persons_variables_or_alone(body: Body) -> None:
    answering(body, 'for last; do :; done; echo "$last" >&2')
    for env, hooks in (({"LAB_A": "1"}, None), (None, None), (None, {"hooks": ["h"]})):
        seen = see(body.env, ("a", "b.c"), env, body.folder, hooks)
        assert seen.failed == ""
        assert json.loads(seen.error) == {"modules": ["a", "b.c"], **(hooks or {})}
    body.file(body.env / "bin/python", '#!/bin/sh\necho "$PWD|$LAB_A|$1|${2%%[!-SIc]*}" >&2\n')
    asked: tuple[tuple[dict[str, str] | None, Path | None, dict[str, list[str]] | None], ...] = (
        ({"LAB_A": "1"}, body.folder, None), (None, None, None), (None, None, {}))  # fmt: skip
    said = [see(body.env, ("a",), env, cwd, hooks).error for env, cwd, hooks in asked]
    assert said == [f"{body.folder}|1|-c|", f"{body.env}||-I|-c", f"{body.env}||-I|-S"]


@pytest.mark.parametrize(
    ("script", "ok", "text", "last"),
    [("echo torch; echo vision; echo no >&2; exit 1", False, "no", "vision"),
     ("exit 0", True, "", "torch"), ("kill -9 $$", False, "python ended with signal 9", "torch"),
     ("for n in $(seq 70); do echo $n >&2; done; exit 1", False,
      "\n".join(map(str, range(11, 71))), "torch")],
)  # fmt: skip
def test_the_last_words_of_a_run_are_kept(
    body: Body, script: str, ok: bool, text: str, last: str
) -> None:
    found = run(answering(body, script).env, ("vision",), "cpu", {"PATH": "/usr/bin:/bin"})
    assert (found.ok, found.text, found.last) == (ok, text, last)


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo first >&2; echo last >&2; exit 3", "last"), ("exit 3", "3"), ("exit 0", None)],
)
def test_an_interpreter_that_does_not_start_has_the_last_word(
    body: Body, script: str, said: str | None
) -> None:
    case = case_of(answering(body, script), live=True)
    for look in (interpreter.python_broken, interpreter.python_without_part):
        found = look(case)
        wanted = look is interpreter.python_broken and said
        assert (found.values["detail"] if isinstance(found, Trouble) else None) == (wanted or None)
    answering(body, "echo other >&2; echo 'ImportError: _bz2' >&2; exit 1")
    part = interpreter.python_without_part(case)
    assert isinstance(part, Trouble)
    assert (part.values["part"], part.evidence[0][1]) == ("bz2", "ImportError: _bz2")


def test_a_run_is_asked_for_what_is_there(body: Body) -> None:
    answering(body, 'shift 2; echo "$@" >&2; exit 1')
    variables = {"PATH": "/usr/bin:/bin"}
    case = case_of(body, variables, live=True, purpose=TORCH_ONLY)
    no_card = replace(case, machine=replace(case.machine, gpus=()))
    said = [(found.device, found.text) for each in (case, no_card)
            if (found := gather._torch_run(each))]  # fmt: skip
    assert said == [("cuda", "cuda torchvision transformers"),
                    ("cpu", "cpu torchvision transformers")]  # fmt: skip
    for other in (replace(case, live=False), replace(case, purpose=QWEN),
                  replace(case, install=None)):  # fmt: skip
        assert gather._torch_run(other) is None
    for quiet in (replace(case, live=False), replace(case, install=None)):
        assert gather._surroundings(quiet) is None
        assert gather._verification(replace(quiet, purpose=QWEN)) is None
    assert gather._verification(case) is None
    assert gather._cuda(replace(case, live=False)) is None
    around = gather._surroundings(case)
    assert around is not None
    assert around.person.failed == ""


def test_what_is_gathered_is_gathered_once_and_after_what_it_needs(body: Body) -> None:
    case = gather.gather(case_of(body), ("model_run", "unmet"))
    assert case.gathered == {"cuda", "verification", "model_run", "unmet"}
    known = replace(case, linked=(), gathered=case.gathered | {"linked"})
    assert gather.gather(known, ("linked",)).linked == ()
    assert gather._open(body.env)
    assert not gather._open(body.env / "gone")
    assert gather._unmet(replace(case, install=None)) == ()


def test_the_environment_that_is_meant(body: Body, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(examine.paths, "default_site", lambda: body.folder / "site")
    assert examine.active_environment() is None
    assert examine.usual_environment() is None
    (body.folder / "site/env").mkdir(parents=True)
    assert examine.usual_environment() == body.folder / "site/env"
    monkeypatch.setenv("CONDA_PREFIX", str(body.env))
    assert examine.active_environment() == examine.usual_environment() == body.env
    monkeypatch.setenv("VIRTUAL_ENV", str(body.folder))
    assert examine.active_environment() == body.folder
    assert examine.usual_environment() == body.folder / "site/env"
    monkeypatch.setenv("VIRTUAL_ENV", "/gone")
    assert examine.active_environment() == body.env
    assert not examine.in_site(body.env)
    (body.folder / "plan.json").touch()
    assert examine.in_site(body.env)


def test_no_environment_is_made_where_none_can_be_planned(
    body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh.paths, "cache_folder", lambda: body.folder / "cache")
    nowhere = replace(body.machine, system=System(os="Plan 9", arch="vax"), gpus=())
    assert fresh.answers(case_of(body, machine=nowhere)) is None
    assert list((body.folder / "cache").iterdir()) == []
    assert fresh.answers_beside(case_of(body, prefix=None), ("a",))
