"""The environment step under every fault: a clear error or completion, the old one untouched.

Real runs of the command line, real uv; only the packages are small (see `index`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.built import ROOT, Place
from tests.steps.index import Index, arguments, serving, small_recipes, tree

pytestmark = pytest.mark.e2e

Done = dict[str, Any]
# Dies as by kill -9 before or after the first time that something called NAME is renamed.
KILLED_AT = """
import os, signal, sys
from pathlib import Path
real = Path.rename
def rename(self, target):
    if self.name == sys.argv[1]:
        if sys.argv[2] == "after":
            real(self, target)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, target)
Path.rename = rename
from setup_assistant.cli.app import main
main(sys.argv[3:])
"""


class Bench:
    """Two generations of recipes, an index that has both, and a place to run in."""

    def __init__(self, folder: Path, index: Index, old: Path, new: Path) -> None:
        self.folder, self.index, self.old, self.new = folder, index, old, new
        self.place = Place(folder / "home", folder / "cache")
        self.place.home.mkdir()

    def run(self, site: Path, *more: str, recipes: Path | None = None, **variables: str) -> Done:
        """Run `up` against the index with the new recipes, or those given."""
        return self.place.json(
            *arguments(site, self.index, *more),
            SETUP_ASSISTANT_RECIPES=str(recipes or self.new), **variables,
        )  # fmt: skip

    def start(self, site: Path, *more: str, **variables: str) -> subprocess.Popen[bytes]:
        """Begin such a run."""
        return subprocess.Popen(
            self.place.command(*arguments(site, self.index, *more)), cwd=ROOT,
            env=self.place.environment(SETUP_ASSISTANT_RECIPES=str(self.new), **variables),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @contextmanager
    def stalled(self, *parts: str) -> Iterator[None]:
        """Let the index stop in the middle of these answers."""
        self.index.stalled = set(parts)
        self.index.reached.clear()
        self.index.go.clear()
        try:
            yield
        finally:
            self.index.stalled = set()
            self.index.go.set()


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    base = tmp_path_factory.mktemp("recipes")
    newer = {'accelerate = "1.15.0"': 'accelerate = "1.16.0"'}
    return small_recipes(base / "old"), small_recipes(base / "new", **newer)


@pytest.fixture
def bench(tmp_path: Path, recipes: tuple[Path, Path]) -> Iterator[Bench]:
    folder = tmp_path / "有 空格 的 folder"
    folder.mkdir()
    with serving(recipes[0]) as index:
        index.packages["accelerate"].add("1.16.0")
        yield Bench(folder, index, *recipes)


def environment_of(done: Done) -> str:
    """Return what became of the environment step (the canary cannot pass on empty packages)."""
    return next((s["status"] for s in done["data"].get("steps", []) if s["name"] == "environment"),
                "not begun")  # fmt: skip


def code_of(done: Done) -> str:
    return str(done["errors"][0]["code"])


def accelerate(prefix: Path) -> str:
    found = [p.name for p in prefix.glob("lib/python3*/site-packages/accelerate-*.dist-info")]
    return ", ".join(n.split("-")[1].removesuffix(".dist") for n in found)


def beside(site: Path) -> list[str]:
    return sorted(p.name for p in site.iterdir() if p.name.startswith(("env.", ".work")))


def test_killed_in_any_phase_the_old_one_is_whole_and_the_rerun_completes(bench: Bench) -> None:
    site = bench.folder / "site"
    assert environment_of(bench.run(site, recipes=bench.old)) == "done"
    before = tree(site / "env")
    for phase in ("simple/transformers", "files/accelerate"):  # resolving, downloading
        with bench.stalled(phase):
            process = bench.start(site, "--replan", SETUP_ASSISTANT_CACHE=str(bench.folder / phase))
            assert bench.index.reached.wait(60), phase
            process.kill()
            process.wait()
        assert tree(site / "env") == before, phase
    for name, when in (("env", "before"), ("env", "after"), ("env.part", "before")):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED_AT, name, when,
             *arguments(site, bench.index, "--replan")], cwd=ROOT, check=False, timeout=900,
            env=bench.place.environment(SETUP_ASSISTANT_RECIPES=str(bench.new)),
        )  # fmt: skip
        assert killed.returncode == -9
        # Between the two renames it waits beside its place, and the next run puts it back.
        assert tree(next(p for p in (site / "env", site / "env.old") if p.exists())) == before
    with bench.stalled("simple/transformers"):
        process = bench.start(site, SETUP_ASSISTANT_CACHE=str(bench.folder / "cache-3"))
        assert bench.index.reached.wait(60)
        process.kill()
        process.wait()
    assert tree(site / "env") == before
    assert environment_of(bench.run(site)) == "done"
    assert accelerate(site / "env") == "1.16.0"
    assert beside(site) == []


def test_killed_after_the_swap_the_rerun_only_cleans_up(bench: Bench) -> None:
    site = bench.folder / "site"
    bench.run(site, recipes=bench.old)
    subprocess.run(
        [sys.executable, "-c", KILLED_AT, "env.part", "after",
         *arguments(site, bench.index, "--replan")], cwd=ROOT, check=False, timeout=900,
        env=bench.place.environment(SETUP_ASSISTANT_RECIPES=str(bench.new)),
    )  # fmt: skip
    assert beside(site) == [".work", "env.old"]
    swapped = tree(site / "env")
    assert environment_of(bench.run(site)) == "done"
    assert beside(site) == []
    assert {k for k, v in tree(site / "env").items() if swapped.get(k) != v} <= {
        ".setup-assistant.json"
    }


@contextmanager
def small_disk(folder: Path, kib: int) -> Iterator[Callable[[], None]]:
    """Mount a disk of its own at `folder`; yields what makes it large."""
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only the administrator may mount a disk")
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield lambda: subprocess.run(
            ["mount", "-o", "remount,size=400m", str(folder)], check=True, capture_output=True
        )
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    ("role", "kib"),
    [("site", 20), ("site", 600), ("site", 9000), ("env", 600), ("cache", 20), ("cache", 3000)],
)
def test_a_full_disk_is_named_and_the_rerun_completes(bench: Bench, role: str, kib: int) -> None:
    bench.index.sizes = dict.fromkeys(bench.index.packages, 2_000_000)
    disk = bench.folder / "disk"
    with small_disk(disk, kib) as enlarge:
        site = (disk if role == "site" else bench.folder) / "site"
        more = ("--env", str(disk / "env")) if role == "env" else ()
        cache = {"SETUP_ASSISTANT_CACHE": str(disk / "cache")} if role == "cache" else {}
        done = bench.run(site, *more, **cache)
        assert (code_of(done), done["exit_code"]) == ("disk_filled", 3)
        assert str(disk) in done["errors"][0]["message"]
        enlarge()
        assert environment_of(bench.run(site, *more, **cache)) == "done"


def test_a_disk_that_fills_leaves_the_old_one_alone(bench: Bench) -> None:
    disk = bench.folder / "disk"
    with small_disk(disk, 40_000):
        site = disk / "site"
        assert environment_of(bench.run(site, recipes=bench.old)) == "done"
        before = tree(site / "env")
        bench.index.sizes = {"accelerate": 60_000_000}
        assert code_of(bench.run(site, "--replan")) == "disk_filled"
        assert tree(site / "env") == before
        assert beside(site) == []


def _file(path: Path) -> None:
    path.write_text("mine")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "mine").write_text("x")


def _nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("a-disk-that-is-not-mounted"))


def _linked(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


def _half(path: Path) -> None:
    _folder(path.with_name(path.name + ".part"))


@pytest.mark.parametrize("kind", [_file, _folder, _nowhere, _linked, _half])
def test_what_lies_in_the_way_is_left_alone(bench: Bench, kind: Callable[[Path], None]) -> None:
    env = bench.folder / "env"
    kind(env)
    before = sorted((p.name, p.is_symlink()) for p in bench.folder.rglob("*") if "env" in p.name)
    done = bench.run(bench.folder / "site", "--env", str(env))
    assert (code_of(done), done["exit_code"]) == ("environment_foreign", 1)
    assert str(env) in done["errors"][0]["message"]
    after = sorted((p.name, p.is_symlink()) for p in bench.folder.rglob("*") if "env" in p.name)
    assert [p for p in after if p[0] != "environment.yml"] == before


def test_another_sites_environment_is_shared_or_left_alone(bench: Bench) -> None:
    site, env = bench.folder / "site", bench.folder / "site" / "env"
    bench.run(site, recipes=bench.old)
    before = tree(env)
    same = bench.run(bench.folder / "same", "--env", str(env), recipes=bench.old)
    assert environment_of(same) == "already"
    other = bench.run(bench.folder / "other", "--env", str(env))
    assert code_of(other) == "environment_of_site"
    assert str(site) in other["errors"][0]["message"]
    assert tree(env) == before


def test_two_at_once_the_second_says_so(bench: Bench) -> None:
    site, env = bench.folder / "site", bench.folder / "env"
    with bench.stalled("files/torch"):
        first = bench.start(site, "--env", str(env))
        assert bench.index.reached.wait(60)
        assert code_of(bench.run(site, "--env", str(env))) == "site_busy"
        assert code_of(bench.run(bench.folder / "other", "--env", str(env))) == "site_busy"
    first.wait(60)
    assert accelerate(env) == "1.16.0"
    assert sorted(p.name for p in bench.folder.glob(".env*")) == []


def forbidden(command: list[str]) -> list[str]:
    """Return a command that permissions hold for, the administrator's too."""
    if os.geteuid():
        return command
    if not shutil.which("setpriv"):
        pytest.skip("the administrator may write everywhere")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]


@pytest.mark.parametrize("what", ["site", "env", "cache"])
def test_without_permission_the_folder_is_named(bench: Bench, what: str) -> None:
    closed = bench.folder / "closed"
    closed.mkdir(mode=0o555)
    site = (closed if what == "site" else bench.folder) / "site"
    more = ("--env", str(closed / "env")) if what == "env" else ()
    cache = {"UV_CACHE_DIR": str(closed)} if what == "cache" else {}
    done = subprocess.run(
        forbidden(bench.place.command(*arguments(site, bench.index, *more), "--json")), cwd=ROOT,
        env={**bench.place.environment(SETUP_ASSISTANT_RECIPES=str(bench.new)), **cache},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    envelope = json.loads(done.stdout)
    assert (code_of(envelope), done.returncode) == ("not_writable", 4)
    assert str(closed) in envelope["errors"][0]["message"]
    flag = {"site": "--site", "env": "--env", "cache": "UV_CACHE_DIR"}[what]
    assert flag in envelope["errors"][0]["hint"]
    assert list(closed.iterdir()) == []
