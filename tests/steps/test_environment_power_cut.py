"""The power goes while an environment is made, or just after: the same command heals it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from setup_assistant.host.prefix import emptied
from tests.steps.index import serving, small_recipes
from tests.steps.test_environment_faults import Bench, environment_of
from tests.weights.disk import Disk, disk_or_skip

pytestmark = pytest.mark.e2e


@contextmanager
def bench_in(folder: Path, recipes: Path) -> Iterator[Bench]:
    with serving(recipes) as index:
        yield Bench(folder, index, recipes, recipes)


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    return small_recipes(tmp_path / "recipes")


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return disk_or_skip(tmp_path)


def test_files_that_were_emptied_in_the_cache_are_fetched_again(
    tmp_path: Path, recipes: Path
) -> None:
    (tmp_path / "bench").mkdir()
    with bench_in(tmp_path / "bench", recipes) as bench:
        site = bench.folder / "site"
        assert environment_of(bench.run(site)) == "done"
        cached = sorted(bench.folder.glob("cache/uv/archive-v0/*/accelerate/__init__.py"))
        assert cached
        for path in cached:
            path.unlink()
            path.touch()
        other = bench.folder / "other"
        assert environment_of(bench.run(other)) == "done"
        assert emptied(other / "env") == []


@pytest.mark.parametrize("moment", ["done", "begun"])
def test_after_a_power_cut_the_same_command_ends_with_a_whole_environment(
    disk: Disk, recipes: Path, moment: str
) -> None:
    with disk.mounted() as root, bench_in(root, recipes) as bench:
        if moment == "done":
            assert environment_of(bench.run(root / "site")) == "done"
            cut = disk.cut()
        else:
            with bench.stalled("files/accelerate"):
                run = bench.start(root / "site")
                assert bench.index.reached.wait(60)
                cut = disk.cut()
                run.kill()
                run.wait()
    disk.replace(cut)
    with disk.mounted() as root:
        if moment == "done":
            assert emptied(root / "site/env") == []
            assert (root / "site/plan.json").read_text().endswith("}\n")
            assert (root / "site/ledger.jsonl").read_text().endswith("}\n")
        (root / "home").mkdir(exist_ok=True)  # nothing waits for a home that is a test's own
        with serving(recipes) as bench.index:
            assert environment_of(bench.run(root / "site")) in ("done", "kept")
        assert emptied(root / "site/env") == []
