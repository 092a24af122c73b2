"""What adopting somebody's environment keeps, changes and gives back: told without any engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient
from setup_assistant.host.prefix import Change, packages
from setup_assistant.messages import Message
from setup_assistant.steps import adopt, by_hand
from setup_assistant.steps.environment_preflight import MARKER
from tests.site.samples import plan
from tests.steps.made import Made
from tests.steps.test_environment_step import lose, put

CHANGED = (
    Change(name="accelerate", old="1.12.0", new="1.13.0"),
    Change(name="numpy", old=None, new="2.0"),
    Change(name="tqdm", old="4.0", new=None),
)


def theirs(folder: Path, version: str = "3.11.4", **found: str) -> Path:
    """Make an environment as somebody's venv leaves it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text(f"version = {version}\n")
    put(folder, found)
    return folder


def said(lines: Iterator[Message]) -> list[str]:
    return [str(line) for line in lines]


def test_only_a_whole_one_without_our_record_is_somebodys(tmp_path: Path) -> None:
    assert not adopt.is_foreign(tmp_path)
    env = theirs(tmp_path / "env")
    assert adopt.is_foreign(env)
    assert adopt.fitted(Wishes(env=str(env), python="3.12.1", backend="conda")) == Wishes(
        env=str(env), python="3.11", backend="uv"
    )
    (env / MARKER).write_text("{}")
    assert not adopt.is_foreign(env)
    ours = Wishes(env=str(env), python="3.12", backend="conda")
    assert adopt.fitted(ours) == ours
    files.write_json(env / MARKER, {"engine": adopt.ENGINE})
    assert adopt.fitted(ours).backend == "uv"
    assert adopt.fitted(Wishes(python="3.9")) == Wishes(python="3.9")


@pytest.mark.parametrize(
    ("python", "backend", "about"),
    [
        ("", "auto", []), ("3.11.9", "uv", []), ("3.12", "uv", ["python"]),
        ("3.11", "conda", ["backend"]), ("3.12", "pip", ["python", "backend"]),
    ],
)  # fmt: skip
def test_wishes_that_it_does_not_meet_are_said(python: str, backend: str, about: list[str]) -> None:
    wishes = Wishes(env="/e", python=python, backend=backend)  # type: ignore[arg-type]
    found = list(adopt.unmet(wishes, replace(wishes, python="3.11", backend="uv")))
    assert [r.about for r in found] == about
    for reason in found:
        assert (python if reason.about == "python" else backend) in str(reason.message)


def test_it_keeps_what_it_has_and_nothing_is_fetched(tmp_path: Path) -> None:
    env = theirs(tmp_path / "env", accelerate="1.0.0", torchcodec="0.9")
    place = env / "lib" / "python3.12" / "site-packages" / "torch"
    place.mkdir()
    (place / "version.py").write_text("__version__ = '2.9.1+cu126'\ncuda = '12.6'\n")
    put(env, {"torch": "2.9.1"})
    kept = adopt.as_it_is(plan(), env)
    assert (kept.torch.version, kept.torch.build) == ("2.9.1", "cu126")
    assert kept.torch.index_url.endswith("/cu126")
    assert (kept.accelerate.version, kept.transformers.version) == ("1.0.0", "5.23.0")
    assert (kept.decoder.package, kept.decoder.version, kept.decoder.reader) == (
        "torchcodec", "0.9", "torchcodec",
    )  # fmt: skip
    assert (kept.sizes.packages_download_bytes, kept.sizes.packages_installed_bytes) == (0, 0)
    assert kept.sizes.weights_bytes == plan().sizes.weights_bytes
    assert str(env) in str(kept.reasons[-1].message)


def test_without_consent_every_change_is_named(tmp_path: Path) -> None:
    adopt.refuse_changes(tmp_path, {}, flag="--adopt")
    found = {"b": ("1", None), "a": (None, "2")}
    with pytest.raises(SetupError) as caught:
        adopt.refuse_changes(tmp_path, found, flag="--adopt")
    assert caught.value.args_ == {
        "path": str(tmp_path), "detail": "a - → 2, b 1 → -", "flag": "--adopt",
    }  # fmt: skip
    with pytest.raises(SetupError) as caught:
        adopt.look_at(tmp_path)
    assert caught.value.code == "env_none"
    broken = theirs(tmp_path / "env")
    (broken / "bin" / "python").unlink()
    (broken / "bin" / "python").write_text("#!/bin/sh\necho one >&2\necho two >&2\nexit 3\n")
    (broken / "bin" / "python").chmod(0o755)
    with pytest.raises(SetupError) as caught:
        adopt.look_at(broken)
    assert (caught.value.code, caught.value.args_["detail"]) == ("env_broken", "two")
    (broken / "bin" / "python").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SetupError, match="exit status 3"):
        adopt.look_at(broken)


def test_what_was_there_is_remembered_once_and_compared(tmp_path: Path) -> None:
    made = Made(tmp_path / "site")
    env, root = made.layout.env, made.layout.root
    assert adopt.changed(env, root) == {}
    put(env, {"numpy": "1.0", "tqdm": "4.0", "kept": "1"})
    assert adopt.remember(env, root).read_text() == "kept==1\nnumpy==1.0\ntqdm==4.0\n"
    put(env, {"numpy": "2.0", "added": "3"})
    lose(env, "tqdm")
    adopt.remember(env, root)
    found = {"added": (None, "3"), "numpy": ("1.0", "2.0"), "tqdm": ("4.0", None)}
    assert adopt.changed(env, root) == found
    # A run that was killed has told nothing: all of it counts as its own.
    assert adopt.differences(made.layout) == (found, {})
    for told in ({"numpy": ["1.0", "2.0"]}, {"added": [None, "9"]}, {"tqdm": "odd"}):
        made.ledger.record("environment", "done", changed=told)
    own, later = adopt.differences(made.layout)
    assert own == {"numpy": ("1.0", "2.0")}
    assert later == {"added": (None, "3"), "tqdm": ("4.0", None)}


def test_giving_back_changes_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path / "site")
    env = made.layout.env
    text = "--index-url https://a.example/simple\n--extra-index-url https://b.example\nnumpy\n"
    made.layout.requirements.write_text(text)
    calls: list[tuple[list[str], str]] = []
    monkeypatch.setattr(adopt, "_uv", lambda _env, words, more: calls.append((words, more)))
    found = {"torch": ("2.9.1+cu126", "2.11.0"), "new": (None, "1"), "numpy": ("1.0", None)}
    put(env, {"numpy": "1.0"})
    adopt.take_back(made.layout, found)
    index = "https://download.pytorch.org/whl/cu126"
    assert calls == [
        (["uninstall", "new"], ""),
        (["install", "--no-deps", "torch==2.9.1+cu126", "numpy==1.0", "--index", index],
         "--index-url https://a.example/simple\n--extra-index-url https://b.example"),
    ]  # fmt: skip
    back = {"torch": ["2.11.0", "2.9.1+cu126"], "new": ["1", None], "numpy": [None, "1.0"]}
    assert [e.data["taken_back"] for e in made.ledger.entries() if "taken_back" in e.data] == [
        back, back,
    ]  # fmt: skip
    assert lenient.json_object(env / MARKER)["packages"] == packages(env) == {"numpy": "1.0"}
    calls.clear()
    adopt.take_back(made.layout, {})
    assert calls == []


def test_what_was_changed_by_hand_is_told_apart() -> None:
    assert by_hand.to_put_back(CHANGED) == (CHANGED[0], CHANGED[2])
    assert by_hand.added(CHANGED) == {"numpy": "2.0"}
    assert by_hand.changed(CHANGED) == {"accelerate": "1.13.0"}
    assert by_hand.outcome(CHANGED, {"accelerate": "1.13.0", "tqdm": "4.0"}) == {
        "kept": {"accelerate": ["1.12.0", "1.13.0"]}, "put_back": {"tqdm": [None, "4.0"]},
    }  # fmt: skip
    assert by_hand.outcome((), {}) == {}


def test_a_plan_that_keeps_says_so_where_it_keeps_anything() -> None:
    kept = by_hand.keeping(plan(), CHANGED)
    assert kept.accelerate.version == "1.13.0"
    assert str(kept.reasons[-1].message) == "Changed by hand, and kept: accelerate 1.13.0"
    assert by_hand.keeping(plan(), CHANGED[1:]) == plan()


def test_every_change_has_its_line() -> None:
    added = "Added by hand, and left: numpy 2.0"
    assert said(by_hand.notes(CHANGED, keep=False)) == [
        "accelerate 1.13.0 → 1.12.0, as planned: changed by hand (--keep leaves it).",
        "tqdm 4.0 is installed again, as planned: removed by hand.", added,
    ]  # fmt: skip
    assert said(by_hand.notes(CHANGED, keep=True)) == [
        "accelerate 1.13.0 is kept; the plan has 1.12.0: changed by hand.",
        "tqdm - is kept; the plan has 4.0: changed by hand.", added,
    ]  # fmt: skip
    assert said(by_hand.told(CHANGED)) == [
        "Changed by hand: accelerate 1.12.0 → 1.13.0", "Changed by hand: numpy - → 2.0",
        "Changed by hand: tqdm 4.0 → -",
    ]  # fmt: skip
    # A removed one comes back whatever is kept, and what the new plan has anyway is no news.
    assert said(by_hand.notes_anew(CHANGED, {"accelerate": "1.14"}, keep=True)) == [
        "accelerate 1.13.0 is kept; the plan has 1.14: changed by hand.",
        "tqdm 4.0 is installed again, as planned: removed by hand.",
    ]  # fmt: skip
    assert said(by_hand.notes_anew(CHANGED[:1], {"accelerate": "1.13.0"}, keep=False)) == []


def test_without_a_record_of_packages_the_plan_tells_what_was_changed(tmp_path: Path) -> None:
    for name, version in (("torch", "2.9.1+cu128"), ("tqdm", "4.1"), ("other", "1")):
        info = tmp_path / "lib/python3.12/site-packages" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    planned = {"torch": "2.9.1", "tqdm": "4.0", "numpy": "2.0"}
    changed = [("numpy", "2.0", None), ("tqdm", "4.0", "4.1")]
    for complete, found in ((True, changed), (False, []), (None, []), ("yes", [])):
        (tmp_path / MARKER).write_text(json.dumps({"complete": complete}))
        told = by_hand.departures(tmp_path, planned)
        assert [(c.name, c.old, c.new) for c in told] == found
    (tmp_path / MARKER).write_text(json.dumps({"packages": {"torch": "2.9.1+cu128"}}))
    told = by_hand.departures(tmp_path, planned)
    assert [(c.name, c.old, c.new) for c in told] == [
        ("other", None, "1"), ("tqdm", None, "4.1"),
    ]  # fmt: skip
