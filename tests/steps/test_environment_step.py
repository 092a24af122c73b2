"""The environment step: when it is done, what it builds and mends, and what stands in its way.

An engine of a test stands in for uv and conda: it makes folders with the records of packages.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.host.prefix import packages
from setup_assistant.steps import adopt, environment, environment_preflight, swap
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.environment import EnvironmentStep
from setup_assistant.steps.environment_preflight import MARKER, read_marker
from setup_assistant.steps.environment_record import planned
from setup_assistant.steps.step import Context
from tests.steps.made import Made


def put(folder: Path, found: Mapping[str, str]) -> None:
    """Write the records of packages into an environment."""
    place = folder / "lib" / "python3.12" / "site-packages"
    place.mkdir(parents=True, exist_ok=True)
    for name, version in found.items():
        for old in place.glob(f"{name.replace('-', '_')}-*.dist-info"):
            shutil.rmtree(old)
        info = place / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text("x,,\n")


def lose(folder: Path, name: str) -> None:
    for path in folder.rglob(f"{name}-*.dist-info"):
        shutil.rmtree(path)


def drift(site: Site) -> None:
    """Let the record agree with what is there, and neither with the plan."""
    put(site.env, {"accelerate": "9.9"})
    site.mark(packages=packages(site.env))


class Engine:
    """Installs what is planned, but for `without`; `jobs` tells what it was asked for."""

    name = "stand-in"

    def __init__(self, wanted: Mapping[str, str], *, movable: bool = True) -> None:
        self.wanted, self.movable = dict(wanted), movable
        self.jobs: list[tuple[str, str]] = []

    def create(self, job: Job) -> None:
        self.jobs.append(("create", job.prefix.name))
        (job.prefix / "bin").mkdir(parents=True)
        (job.prefix / "pyvenv.cfg").write_text("version = 3.12.1\n")
        (job.prefix / "bin" / "python").symlink_to(sys.executable)

    def install(self, job: Job) -> None:
        self.jobs.append(("install", job.prefix.name))
        assert read_marker(job.prefix)["complete"] is False
        put(job.prefix, self.wanted)


class Site:
    """A made site, its step, and an engine."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = Made(root)
        self.env = self.made.layout.env
        self.context = self.made.context
        self.engine = Engine(planned(self.context.plan))
        self.step = EnvironmentStep()
        monkeypatch.setattr(environment, "choose_backend", lambda _context: self.engine)

    def fill(self) -> None:
        """Let what `Made` has put there be whole, with every package."""
        (self.env / "bin" / "python").unlink()
        (self.env / "bin" / "python").symlink_to(sys.executable)
        put(self.env, self.engine.wanted)
        self.mark(packages=self.engine.wanted)

    def mark(self, **changes: object) -> None:
        files.write_json(self.env / MARKER, {**read_marker(self.env), **changes})

    def wish(self, **changes: Any) -> Context:
        return replace(self.context, wishes=replace(self.context.wishes, **changes))

    def told(self, key: str) -> list[object]:
        return [e.data[key] for e in self.made.ledger.entries() if key in e.data]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path / "site", monkeypatch)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(SetupError) as caught:
        call()
    return str(caught.value.code)


SPOILT: tuple[tuple[Callable[[Site], object], bool], ...] = (
    (lambda _site: None, True),
    (lambda site: site.mark(requirements="another"), False),
    (lambda site: site.mark(complete=False), False),
    (lambda site: site.mark(complete="yes"), False),
    (lambda site: (site.env / "bin" / "python").unlink(), False),
    (lambda site: lose(site.env, "accelerate"), False),
    (lambda site: put(site.env, {"accelerate": "9.9"}), False),
    (lambda site: put(site.env, {"left": "1"}), True),
    (drift, False),
    (lambda site: (site.env / MARKER).unlink(), False),
)


def test_when_it_is_done(site: Site, tmp_path: Path) -> None:
    site.fill()
    shutil.copytree(site.env, tmp_path / "whole", symlinks=True)
    for row, (spoil, done) in enumerate(SPOILT):
        spoil(site)
        assert site.step.check(site.context) is done, row
        shutil.rmtree(site.env)
        shutil.copytree(tmp_path / "whole", site.env, symlinks=True)
    # A name beside it that this site has not begun, and one that it has.
    swap.old(site.env).mkdir()
    assert site.step.check(site.context)
    swap.part(site.env).mkdir()
    assert not site.step.check(site.context)


def test_a_change_that_is_to_be_kept_is_done_once_it_is_written_down(site: Site) -> None:
    site.fill()
    put(site.env, {"accelerate": "9.9"})
    keeps = site.wish(keep=True)
    assert not site.step.check(keeps)
    site.step.do(keeps)
    assert site.engine.jobs == []
    assert read_marker(site.env)["kept"] == {"accelerate": "9.9"}
    assert site.told("kept") == [{"accelerate": ["1.12.0", "9.9"]}]
    assert site.step.check(keeps)
    assert not site.step.check(site.context)


@pytest.mark.parametrize("movable", [True, False])
@pytest.mark.parametrize("there", ["nothing", "older", "empty"])
def test_it_is_built(site: Site, movable: bool, there: str) -> None:
    site.engine.movable = movable
    if there == "older":
        site.fill()
        site.mark(requirements="another")
    else:
        shutil.rmtree(site.env)
    if there == "empty":
        site.env.mkdir()
    site.step.do(site.context)
    built = swap.part(site.env).name if movable else site.env.name
    assert site.engine.jobs == [("create", built), ("install", built)]
    assert site.step.check(site.context)
    assert packages(site.env) == site.engine.wanted == read_marker(site.env)["packages"]
    assert read_marker(site.env)["engine"] == "stand-in"
    assert not swap.there(swap.part(site.env))
    assert not swap.there(swap.old(site.env))
    listed = {str(p) for p in (site.env, swap.part(site.env), swap.old(site.env))}
    assert {*listed, str(paths.package_cache())} <= environment_preflight.made(site.context)
    assert list(site.made.layout.work.parent.glob(".work*")) == []


def test_what_a_person_took_out_is_put_back_in_place(site: Site) -> None:
    site.fill()
    lose(site.env, "accelerate")
    put(site.env, {"numpy": "2.0", "transformers": "4.0"})
    site.step.do(site.context)
    assert site.engine.jobs == [("install", "env")]
    assert site.step.check(site.context)
    back = {"accelerate": [None, "1.12.0"], "transformers": ["4.0", "5.23.0"]}
    assert site.told("put_back") == [back, back]
    # What was added stays, and stays the person's.
    assert "numpy" not in dict(read_marker(site.env)["packages"])  # type: ignore[call-overload]
    assert packages(site.env)["numpy"] == "2.0"


def test_a_python_that_does_not_run_is_no_environment_to_mend(site: Site) -> None:
    site.fill()
    (site.env / "bin" / "python").unlink()
    site.step.do(site.context)
    assert site.engine.jobs[0] == ("create", "env.part")


def test_a_set_that_is_not_whole_is_an_error_and_the_old_one_stays(site: Site) -> None:
    site.fill()
    site.mark(requirements="another")
    site.engine.wanted = {n: v for n, v in site.engine.wanted.items() if n != "decord2"}
    site.engine.wanted["accelerate"] = "0.1"
    with pytest.raises(SetupError) as caught:
        site.step.do(site.context)
    assert caught.value.code == "install_incomplete"
    assert caught.value.args_["detail"] == "accelerate 0.1, decord2 -"
    assert packages(site.env) == planned(site.context.plan)
    assert not swap.there(swap.part(site.env))


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_kill_left_beside_it(site: Site, whole: bool) -> None:
    site.fill()
    site.made.ledger.made("environment", swap.old(site.env), "folder")
    shutil.copytree(site.env, swap.old(site.env), symlinks=True)
    (site.env / "new").touch()
    if not whole:
        (site.env / MARKER).unlink()
    assert not site.step.check(site.context)
    site.step.do(site.context)
    assert site.step.check(site.context)
    assert (site.env / "new").exists() is whole
    assert site.engine.jobs == [("install", "env")]


def _file(path: Path) -> None:
    path.write_text("mine")


def _link(path: Path) -> None:
    path.symlink_to(path.parent)


def _full(path: Path) -> None:
    path.mkdir()
    (path / "thesis.txt").touch()


def _of(site: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.mkdir()
        (path / MARKER).write_text(json.dumps({"site": str(path.parents[2] / site)}))

    return make


THERE: tuple[tuple[Callable[[Path], None], str], ...] = (
    (_file, "environment_foreign"), (_link, "environment_foreign"),
    (_full, "environment_foreign"), (Path.mkdir, ""), (_of("site"), ""),
    (_of("neighbour"), "environment_of_site"), (_of("gone"), ""),
)  # fmt: skip


def test_what_is_not_ours_is_not_replaced(site: Site, tmp_path: Path) -> None:
    (tmp_path / "neighbour").mkdir()
    for row, (put_there, code) in enumerate(THERE):
        for name in ("env", "env.part", "env.old"):
            path = tmp_path / "site" / f"{name} {row}" / name
            path.parent.mkdir()
            put_there(path)
            layout = replace(site.context.site, env_override=str(path.with_name("env")))
            context = replace(site.context, site=layout)

            def look(context: Context = context) -> None:
                environment_preflight.refuse_foreign(context, in_place=False)

            if not code:
                look()
                continue
            assert code_of(look) == code, (row, name)
            # The ledger names what this site began; at the place itself, what is built there.
            site.made.ledger.made("environment", path, "folder")
            if name == "env":
                assert code_of(look) == code
            environment_preflight.refuse_foreign(context, in_place=True)


def test_room_is_asked_for_before_anything_is_fetched(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    need = site.context.plan.sizes.packages_installed_bytes
    monkeypatch.setattr(files, "free_bytes", lambda _path: need)
    environment_preflight.check_space(site.context)
    monkeypatch.setattr(files, "free_bytes", lambda _path: need - 1)
    assert code_of(lambda: environment_preflight.check_space(site.context)) == "no_space"
    paths.package_cache().mkdir(parents=True)
    (paths.package_cache() / "wheel").write_bytes(b"x")  # what is cached is linked
    environment_preflight.check_space(site.context)


def test_a_cache_that_is_no_folder_is_named_by_what_set_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for flag in ("SETUP_ASSISTANT_CACHE", "UV_CACHE_DIR"):
        monkeypatch.setenv(flag, str(tmp_path / "file"))
        with pytest.raises(SetupError) as caught:
            environment_preflight.check_cache()
        assert flag in str(caught.value.args_.values())


def test_one_outside_of_the_site_is_held_meanwhile(site: Site, tmp_path: Path) -> None:
    with environment_preflight.lock(site.context):
        assert list(tmp_path.rglob("*.lock")) == []
    apart = replace(site.context, site=replace(site.context.site, env_override=str(tmp_path / "x")))
    with environment_preflight.lock(apart):
        assert (tmp_path / ".x.lock").exists()
        with pytest.raises(SetupError), environment_preflight.lock(apart):
            raise AssertionError("it was not held")
    assert not (tmp_path / ".x.lock").exists()


def test_one_of_somebody_elses_is_taken_over_and_changed_with_consent_only(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.fill()
    (site.env / MARKER).unlink()
    # What this site's own ledger begun in place is half made, not somebody's.
    shutil.move(site.env, site.env.with_name("theirs"))
    layout = replace(site.context.site, env_override=str(site.env.with_name("theirs")))
    context = replace(site.context, site=layout)
    put(layout.env, {"accelerate": "0.9", "mine": "1"})
    monkeypatch.setattr(uv, "would_change", lambda _job: {})
    assert code_of(lambda: site.step.do(context)) == "environment_differs"
    assert packages(layout.env)["accelerate"] == "0.9"
    assert not (layout.env / MARKER).exists()
    asked: list[bool] = []

    def install(job: Job, **_more: object) -> None:
        asked.append(job.prefer_present)
        put(job.prefix, {"accelerate": "1.12.0"})

    monkeypatch.setattr(uv, "install", install)
    agrees = replace(context, wishes=replace(context.wishes, adopt=True))
    site.step.do(agrees)
    assert (asked, site.engine.jobs) == ([True], [])
    assert site.step.check(agrees)
    marker = read_marker(layout.env)
    assert (marker["engine"], marker["complete"]) == (adopt.ENGINE, True)
    assert (layout.root / adopt.BEFORE).read_text().startswith("accelerate==0.9\n")
    change = {"accelerate": ["0.9", "1.12.0"]}
    assert site.told("changed") == [change, change]
    assert str(layout.env / MARKER) in environment_preflight.made(context)
    # What drifts later needs consent again; nothing to change needs none.
    site.step.do(context)
    assert len(asked) == 1
    put(layout.env, {"accelerate": "0.9"})
    assert not site.step.check(context)
    assert code_of(lambda: site.step.do(context)) == "environment_differs"
