"""A source that dies while the environment is built: the next of its leg goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.choose.plan import Fallback, Plan
from setup_assistant.errors import SetupError
from setup_assistant.messages import Message
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.uv import Uv
from setup_assistant.steps.install_job import following, moved
from setup_assistant.steps.install_job import install_from as install
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.step import Silent
from tests.choose.described import described, planned
from tests.steps.index import serving, small_recipes

TORCH = "https://t.example/whl/cpu"


class Telling(Silent):
    """Keeps the results."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def result(self, text: Message, ok: bool) -> None:
        self.said.append(f"{text.english} {ok}")


def job(folder: Path, text: str, tell: Silent) -> Job:
    requirements = folder / "requirements.txt"
    requirements.write_text(text)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return Job(
        prefix=folder / "env", python="3", conda_channel="", environment_yml=folder / "e.yml",
        requirements=requirements, lock=folder / "r.lock", scratch=scratch, expected_bytes=1,
        tell=tell,
    )  # fmt: skip


def plan(packages: str, torch: str, *fallbacks: Fallback) -> Plan:
    from dataclasses import replace

    made = planned(described(None), model="canary")
    sources = replace(made.sources, packages=packages, fallbacks=fallbacks)
    return replace(made, sources=sources, torch=replace(made.torch, index_url=torch))


def test_a_job_is_moved_by_its_lines(tmp_path: Path) -> None:
    text = f"--index-url https://p.example/simple/\n--extra-index-url {TORCH}\ntorch==2.9\n"
    here = job(tmp_path, text, Silent())
    links = Fallback(leg="torch", url="https://m.example/cpu/", form="find-links")
    assert moved(here, TORCH, links).requirements.read_text() == (
        "--index-url https://p.example/simple/\n--find-links https://m.example/cpu/\ntorch==2.9\n"
    )
    other = Fallback(leg="packages", url="https://q.example/simple", form="index")
    assert moved(here, "https://p.example/simple", other).requirements.read_text() == (
        f"--index-url https://q.example/simple\n--extra-index-url {TORCH}\ntorch==2.9\n"
    )
    assert here.requirements.read_text() == text


@pytest.mark.parametrize(
    ("words", "leg"),
    [
        ("Failed to fetch: `https://t.example/whl/cpu/torch/`", "torch"),
        ("Failed to fetch: `https://p.example/simple/numpy/`", "packages"),
        ("Failed to download `nvidia-cudnn-cu12==9`, https://r2.example/x.whl", "torch"),
        ("Failed to download `numpy==2.1`, https://files.example/x.whl", "packages"),
    ],
)
def test_the_failure_names_the_leg(words: str, leg: str) -> None:
    left = [
        Fallback(leg="packages", url="https://q.example", form="index"),
        Fallback(leg="torch", url="https://u.example", form="index"),
    ]
    here = {"packages": "https://p.example/simple", "torch": TORCH}
    found = following(SetupError("packages_unreachable", detail=words), here, left)
    assert found is not None
    assert found.leg == leg


@pytest.mark.e2e
def test_the_next_source_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    recipes = small_recipes(tmp_path / "recipes")
    tell, ledger = Telling(), Ledger(tmp_path / "ledger.jsonl")
    with serving(recipes) as packages, serving(recipes) as dying, serving(recipes) as good:
        del packages.packages["torch"]
        version = max(good.packages["torch"])
        dying.dying.add("files/torch")
        # The same file in both places: what was locked from the first is compared.
        dying.sizes["torch"] = good.sizes["torch"] = 200_000
        text = (
            f"--index-url {packages.url}\n--extra-index-url {dying.url}\n"
            f"torch=={version}\naccelerate==1.15.0\n"
        )
        wanted = job(tmp_path, text, tell)
        Uv().create(wanted)
        fallback = Fallback(leg="torch", url=good.url, form="index")
        install(wanted, plan(packages.url, dying.url, fallback), ledger, Uv().install)
        assert list(tmp_path.glob(f"env/lib/python3*/site-packages/torch-{version}.dist-info"))
        assert tell.said == [f"{dying.url} failed; going on with {good.url}. True"]
        (entry,) = [e for e in ledger.entries() if e.event == "source"]
        assert (entry.data["failed"], entry.data["url"]) == (dying.url, good.url)


@pytest.mark.e2e
def test_without_another_the_first_failure_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    dead = "http://127.0.0.1:9/simple"
    wanted = job(tmp_path, f"--index-url {dead}\naccelerate==1.15.0\n", Silent())
    Uv().create(wanted)
    also = Fallback(leg="packages", url="http://127.0.0.1:7/simple", form="index")
    with pytest.raises(SetupError) as raised:
        install(wanted, plan(dead, TORCH, also), Ledger(tmp_path / "l.jsonl"), Uv().install)
    assert raised.value.code == "packages_unreachable"
    assert ":9/" in str(raised.value)


@pytest.mark.e2e
def test_a_dead_further_index_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip skips it with a warning; uv would stop."""
    from dataclasses import replace

    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://127.0.0.1:9/simple/")
    with serving(small_recipes(tmp_path / "recipes")) as index:
        text = f"--index-url {index.url}\naccelerate==1.15.0\n"
        wanted = replace(job(tmp_path, text, Silent()), left_out=("http://127.0.0.1:9/simple",))
        Uv().create(wanted)
        Uv().install(wanted)
    assert list(tmp_path.glob("env/lib/python3*/site-packages/accelerate-1.15.0.dist-info"))


@pytest.mark.e2e
def test_an_old_system_takes_the_newest_release_with_a_wheel(tmp_path: Path) -> None:
    """The newest numpy has no wheel for glibc 2.17: it would be compiled, or fail to be."""
    from dataclasses import replace

    name = "of-two"
    with serving(small_recipes(tmp_path / "recipes")) as index:
        index.packages[name] = {"1.0", "1.1"}
        index.sources[name] = "9.0"
        wanted = job(tmp_path, f"--index-url {index.url}\n{name}\n", Silent())
        wanted = replace(wanted, only_wheels=True)
        Uv().create(wanted)
        Uv().install(wanted)
    found = name.replace("-", "_")
    assert list(tmp_path.glob(f"env/lib/python3*/site-packages/{found}-1.1.dist-info"))
